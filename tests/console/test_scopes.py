"""/setup/scopes: custom scopes are made, changed, assigned and deleted in the console."""

import re

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.domain.custom import CustomScope
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_scopes
from tests.console.app_forms import review, save
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.house import House

NEW = {"name": "shipments_read", "description": "See your shipments"}


@pytest.fixture
async def scope(house: House) -> CustomScope:
    """A custom scope that no app may ask for yet."""
    return await custom_scopes.create(
        house.desk, house.org, custom_scopes.NewScope(name=NEW["name"], description=NEW["description"])
    )


async def test_one_is_made_and_listed(setup: Setup) -> None:
    assert "None yet" in (await setup.open("/setup/scopes")).text

    page = await setup.follow(await setup.send("/setup/scopes/new", NEW))

    assert "shipments_read is made. No app may ask for it yet" in page.text
    assert "See your shipments" in (await setup.open("/setup/scopes")).text


async def test_a_form_with_a_mistake_comes_back_with_what_was_typed(setup: Setup) -> None:
    page = await setup.send("/setup/scopes/new", {"name": "api", "description": "Typed words", "is_public": "true"})

    assert page.status_code == 400
    assert 'href="#name"' in page.text
    assert 'value="Typed words"' in page.text
    assert 'value="true" aria-describedby="is_public-help" checked' in page.text


async def test_apps_are_ticked_and_cleared(house: House, setup: Setup, scope: CustomScope) -> None:
    app = await house.app({s.LABEL: "Tide Tables"})
    path = f"/setup/scopes/{scope.id}"
    form = {"label": "Shipments", "description": "All shipments", "seen": "1"}

    page = await setup.follow(await setup.send(path, form | {"app": [app.id]}))
    held = (await apps.find(house.desk, house.org, app.id))[s.CUSTOM_SCOPES]
    await setup.follow(await setup.send(path, form | {"seen": field_of(page, "seen"), "was": [app.id]}))

    assert held == ("shipments_read",)
    assert "Tide Tables" in page.text
    assert (await apps.find(house.desk, house.org, app.id))[s.CUSTOM_SCOPES] == ()


async def test_what_somebody_else_ticked_meanwhile_stays(house: House, setup: Setup, scope: CustomScope) -> None:
    mine, theirs = await house.app(), await house.app()
    await custom_scopes.assign(house.desk, house.org, scope.name, theirs.id)

    form = {"label": "Shipments", "description": "See your shipments", "app": [mine.id]}
    await setup.follow(await setup.send(f"/setup/scopes/{scope.id}", form))

    assert (await apps.find(house.desk, house.org, theirs.id))[s.CUSTOM_SCOPES] == ("shipments_read",)


async def test_a_form_filled_in_over_an_older_version_is_not_saved(
    house: House, setup: Setup, scope: CustomScope
) -> None:
    await custom_scopes.change(house.desk, house.org, scope.name, {"description": "Theirs"})

    page = await setup.send(f"/setup/scopes/{scope.id}", {"label": "L", "description": "Mine", "seen": "1"})

    assert page.status_code == 409
    assert 'value="Mine"' in page.text
    assert (await custom_scopes.find(house.desk, house.org, scope.id)).description == "Theirs"


async def test_deleting_says_first_which_apps_lose_it(house: House, setup: Setup, scope: CustomScope) -> None:
    app = await house.app({s.LABEL: "<b>Tides</b>", s.CUSTOM_SCOPES: ("shipments_read",)})
    path = f"/setup/scopes/{scope.id}/delete"

    asked = await setup.open(path)
    done = await setup.follow(await setup.send(path, {}))

    assert "&lt;b&gt;Tides&lt;/b&gt;" in asked.text
    assert "shipments_read is deleted" in done.text
    assert (await apps.find(house.desk, house.org, app.id))[s.CUSTOM_SCOPES] == ()
    await setup.open(path, 404)


@pytest.mark.usefixtures("setup")
async def test_whoever_may_not_is_told_which_permission_is_missing(house: House, scope: CustomScope) -> None:
    await add_user(house, "clerk@harbour.example", "CustomizeApplication", "ModifyAllData")
    clerk = await sign_in(house, "clerk@harbour.example")

    for path in ("/setup/scopes", "/setup/scopes/new", f"/setup/scopes/{scope.id}"):
        assert "Manage Connected Apps is missing" in (await clerk.open(path, 403)).text


@pytest.mark.parametrize("kind", AppKind)
async def test_the_form_of_either_kind_of_app_has_a_tick_for_each_custom_scope(
    house: House, setup: Setup, scope: CustomScope, kind: AppKind
) -> None:
    app = await house.app(kind=kind)

    opened = await setup.open(f"/setup/apps/{app.id}/edit")
    page = await review(setup, app.id, {"custom_scopes": [scope.name]})
    await save(setup, app.id, page)

    selected, _, after = opened.text.partition('id="setting-scopes"')[2].partition('id="setting-custom_scopes"')
    assert 'class="set' in selected
    assert re.match(r".{1,900}See your shipments</bdi><code>shipments_read</code>", after, re.DOTALL)
    assert "<ins>shipments_read</ins>" in page.text
    assert (await apps.find(house.desk, house.org, app.id))[s.CUSTOM_SCOPES] == ("shipments_read",)


async def test_the_review_tells_how_many_grants_keep_a_custom_scope_that_is_taken_from_the_app(
    house: House, setup: Setup, scope: CustomScope
) -> None:
    app = await house.app({s.CUSTOM_SCOPES: (scope.name,), s.SCOPES: ("api", "refresh_token")})
    await house.sign_in(app, scopes=f"refresh_token {scope.name}")

    page = await review(setup, app.id, {"custom_scopes": []})

    assert "1 grant keeps it" in page.text
