"""/setup/custom-permissions, and what profiles and permission sets give: ticked, cleared, found where it is used."""

import re

import pytest

from grantway import settings as s
from grantway.domain.custom import CustomPermission
from grantway.domain.permissions import CUSTOMIZE_APPLICATION, MANAGE_PROFILES, VIEW_SETUP
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions
from grantway.manage.custom.custom_permissions import NewPermission
from grantway.manage.people import holders
from grantway.manage.problem import NotFound
from grantway.settings.choices import PermittedUsers
from tests.console.app_forms import form_of, post
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.house import House

PATH = "/setup/custom-permissions"


@pytest.fixture
async def permission(house: House) -> CustomPermission:
    """A custom permission that nobody holds yet."""
    asked = NewPermission(name="Open_Gate", label="Open <gates>")
    return await custom_permissions.create(house.desk, house.org, asked)


async def profile(house: House, name: str = "Standard") -> str:
    """Return the path of a profile's page."""
    return f"/setup/profiles/{(await holders.find(house.desk, holders.PROFILES, house.org_id, name)).id}"


async def test_one_is_made_listed_and_told_to_nobody_yet(setup: Setup) -> None:
    assert "None yet" in (await setup.open(PATH)).text

    page = await setup.follow(await setup.send(f"{PATH}/new", {"name": "Open_Gate", "description": "Opens gates"}))

    assert "Open_Gate is made. Nobody holds it yet" in page.text
    assert "Nowhere yet" in page.text
    assert "Opens gates" in (await setup.open(PATH)).text


async def test_who_may_not_read_the_app_that_it_is_tied_to_changes_the_rest(house: House) -> None:
    app = await house.app()
    asked = NewPermission(name="Open_Gate", label="Gates", app=app.id)
    made = await custom_permissions.create(house.desk, house.org, asked)
    await add_user(house, "carl@harbour.example", CUSTOMIZE_APPLICATION.name, VIEW_SETUP.name)
    setup = await sign_in(house, "carl@harbour.example")
    path = f"{PATH}/{made.id}"

    opened = form_of(await setup.open(path), made.id)
    await setup.follow(await post(setup, path, opened | {"label": ["Locks"]}))

    changed = await custom_permissions.find(house.desk, house.org, made.id)
    assert (changed.label, changed.app_id) == ("Locks", app.id)


async def test_a_form_with_a_mistake_comes_back_with_what_was_typed(setup: Setup) -> None:
    page = await setup.send(f"{PATH}/new", {"name": "no-name", "description": "Typed <words>"})

    assert page.status_code == 400
    assert 'href="#name"' in page.text
    assert 'value="Typed &lt;words&gt;"' in page.text


async def test_it_is_changed_and_tied_to_one_app(house: House, setup: Setup, permission: CustomPermission) -> None:
    app = await house.app({s.LABEL: "Tide Tables"})
    path = f"{PATH}/{permission.id}"
    name = (await apps.find(house.desk, house.org, app.id)).app.name
    opened = form_of(await setup.open(path), permission.id)

    page = await setup.follow(await post(setup, path, opened | {"label": ["Gates"], "app": [name]}))
    stale = await post(setup, path, opened | {"label": ["Mine"]})

    assert f'<option value="{name}" selected>Tide Tables</option>' in page.text
    assert (await custom_permissions.find(house.desk, house.org, permission.id)).label == "Gates"
    assert stale.status_code == 409
    assert 'value="Mine"' in stale.text


async def test_a_profile_gives_and_takes_it_and_what_somebody_else_ticked_stays(
    house: House, setup: Setup, permission: CustomPermission
) -> None:
    path = await profile(house)
    opened = form_of(await setup.open(path), path)
    await custom_permissions.create(house.desk, house.org, NewPermission(name="Theirs"))
    await custom_permissions.give(house.desk, house.org, holders.PROFILES, "Standard", ("Theirs",))

    page = await setup.follow(await post(setup, path, opened | {"custom": ["Open_Gate"]}))

    given = await custom_permissions.given_by(house.desk, house.org, holders.PROFILES, "Standard")
    assert given == ("Open_Gate", "Theirs")
    assert "Open &lt;gates&gt;" in page.text
    used = await setup.open(f"{PATH}/{permission.id}")
    assert re.search(rf'href="{path}"><bdi>Standard</bdi></a></th><td>Profile</td><td>1 user<', used.text)
    await setup.follow(await post(setup, path, {**form_of(page, path), "custom": ["Theirs"]}))
    assert await custom_permissions.given_by(house.desk, house.org, holders.PROFILES, "Standard") == ("Theirs",)


async def test_one_that_requires_another_is_not_given_alone_and_the_form_says_so(
    house: House, setup: Setup, permission: CustomPermission
) -> None:
    asked = NewPermission(name="Close_Gate", required=(permission.name,))
    await custom_permissions.create(house.desk, house.org, asked)
    path = await profile(house)
    opened = form_of(await setup.open(path), path)

    page = await post(setup, path, opened | {"custom": ["Close_Gate"]})

    assert page.status_code == 400
    assert "Close_Gate requires Open_Gate: give both, or neither" in page.text
    assert 'value="Close_Gate" checked' in page.text


async def test_deleting_says_first_who_loses_it(house: House, setup: Setup, permission: CustomPermission) -> None:
    await custom_permissions.give(house.desk, house.org, holders.PROFILES, "Standard", (permission.name,))

    asked = await setup.open(f"{PATH}/{permission.id}/delete")
    await setup.follow(await setup.send(f"{PATH}/{permission.id}/delete", {}))

    assert "<bdi>Standard</bdi>" in asked.text
    with pytest.raises(NotFound):
        await custom_permissions.find(house.desk, house.org, permission.id)


async def test_an_app_is_assigned_on_the_profile_and_on_the_permission_set(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Tide Tables", s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED})
    clerk = await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())

    for path in (await profile(house), f"/setup/permsets/{clerk.id}"):
        opened = await setup.open(path)
        assert "Tide Tables" in opened.text
        await setup.follow(await post(setup, path, form_of(opened, path) | {"app": [app.id]}))

    found = await apps.find(house.desk, house.org, app.id)
    assert (found[s.PROFILES], found[s.PERMISSION_SETS]) == (("Standard",), ("Clerk",))


async def test_taking_an_app_away_says_first_how_many_grants_stop(house: House, setup: Setup) -> None:
    app = await house.app({s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED, s.PROFILES: ("Standard",)})
    tokens = await house.sign_in(app)
    path = await profile(house)
    opened = form_of(await setup.open(path), path)

    asked = await post(setup, path, opened | {"app": []})
    told = form_of(asked, path)
    page = await setup.follow(await post(setup, path, told | {"confirm": ["1"]}))

    assert asked.status_code == 409
    assert "1 grant is refused from the next request on" in asked.text
    assert "confirm" not in told
    assert "1 grant is refused from now on" in page.text
    assert (await house.refresh(app, tokens["refresh_token"]))[0] == 400
    await setup.follow(await post(setup, path, form_of(page, path) | {"app": [app.id]}))
    assert (await house.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_who_may_not_assign_apps_has_no_tick_for_them_and_is_refused(house: House) -> None:
    app = await house.app({s.LABEL: "Tide Tables", s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED})
    await add_user(house, "mia@harbour.example", VIEW_SETUP.name, MANAGE_PROFILES.name, CUSTOMIZE_APPLICATION.name)
    mia = await sign_in(house, "mia@harbour.example")
    path = await profile(house)

    opened = await mia.open(path)
    reply = await mia.send(path, {"seen": field_of(opened, "seen"), "app": [app.id]})

    assert f'value="{app.id}"' not in opened.text
    assert reply.status_code == 403
    assert (await apps.find(house.desk, house.org, app.id))[s.PROFILES] == ()
