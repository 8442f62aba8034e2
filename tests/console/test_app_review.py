"""Review before saving: what changes, whom it meets, what ends, and that nothing ends unagreed."""

import re
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.people import holders, users
from grantway.store.statement import Statement
from tests.console.app_forms import form_of, post, review, save
from tests.console.setup import ADMIN, Setup, sign_in
from tests.endpoints.browsing import Browser, give_passwords
from tests.endpoints.house import CALLBACK, House, TestApp

_AUDIT = Statement("SELECT detail FROM event WHERE kind = 'admin.app.change' ORDER BY id")
ADMIN_APPROVED: dict[str, Any] = {"permitted_users": "admin_approved"}


@pytest.fixture
async def app(house: House) -> TestApp:
    """An app that asks for a refresh token."""
    return await house.app({s.LABEL: "Shipment Sync", s.CONTACT_EMAIL: "it@harbour.example"})


async def name_of(house: House, app: TestApp) -> str:
    """Return an app's API name."""
    return (await apps.find(house.desk, house.org, app.id)).app.name


async def test_the_review_shows_each_setting_before_and_after_and_saves_nothing(
    house: House, setup: Setup, app: TestApp
) -> None:
    page = await review(setup, app.id, {"require_pkce": "true", "description": "<b>New</b>"})

    assert "Review 2 changes to Shipment Sync" in page.text
    assert "<del>off</del>" in page.text
    assert "<ins>&lt;b&gt;New&lt;/b&gt;</ins>" in page.text
    assert "No grant ends." in page.text
    assert (await apps.find(house.desk, house.org, app.id)).version == "1.1"


async def test_going_back_from_the_review_keeps_everything_typed(setup: Setup, app: TestApp) -> None:
    page = await review(setup, app.id, {"description": "typed", "scopes": ["api", "web"], "require_pkce": "true"})

    back = await post(setup, f"/setup/apps/{app.id}/edit", form_of(page, "/edit"))

    fields = form_of(back, "/edit")
    assert back.status_code == 200
    assert fields["description"] == ["typed"]
    assert sorted(fields["scopes"]) == ["api", "web"]
    assert fields["require_pkce"] == ["true"]


async def test_saving_says_how_many_changes_since_when_and_that_no_grant_ended(setup: Setup, app: TestApp) -> None:
    reply = await save(setup, app.id, await review(setup, app.id, {"require_pkce": "true"}))

    said = await setup.open("/setup/apps")
    assert reply.status_code == 303
    assert re.search(r"Saved: 1 change, in force since \d\d:\d\d:\d\d UTC\. No grant ended\.", said.text)


async def test_admin_approval_ends_the_grants_of_users_who_are_not_assigned_once_that_is_agreed_to(
    house: House, setup: Setup, app: TestApp
) -> None:
    ada, again, ben = [await house.sign_in(app, user) for user in ("ada", "ada", "ben")]
    page = await review(setup, app.id, ADMIN_APPROVED | {"profiles": ["Standard"]})
    assert "ends 1 grant" in page.text
    assert "ben@harbour.example" in page.text
    assert "ada@harbour.example" not in page.text

    assert (await save(setup, app.id, page)).status_code == 409
    assert await house.is_active(app, ben["access_token"])
    reply = await save(setup, app.id, page, confirm="1")

    assert reply.status_code == 303, reply.text
    assert (await house.refresh(app, ben["refresh_token"]))[0] == 400
    for tokens in (ada, again):
        assert (await house.refresh(app, tokens["refresh_token"]))[0] == 200
    # Going back does not bring them back: they ended.
    await apps.change(house.desk, house.org, app.id, {"permitted_users": "self_authorize"})
    assert (await house.refresh(app, ben["refresh_token"]))[1]["error"] == "invalid_grant"
    rows = await house.db.all(_AUDIT)
    assert '"grants_ended":1' in str(rows[0][0])


async def test_a_code_and_an_approval_of_a_user_who_is_left_out_end_too(
    house: House, setup: Setup, app: TestApp
) -> None:
    await give_passwords(house)
    browser = Browser(house)
    told = await browser.approve(app, "ben@harbour.example")
    await house.redeem(app, told["code"])
    waiting = await house.code(app, "ben")

    page = await review(setup, app.id, ADMIN_APPROVED)
    assert (await save(setup, app.id, page, confirm="1")).status_code == 303
    await apps.change(house.desk, house.org, app.id, {"permitted_users": "self_authorize"})

    assert (await house.redeem(app, waiting))[0] == 400
    asked_again = await Browser(house).to_consent(app, "ben@harbour.example")
    assert asked_again.status_code == 200


async def test_a_permission_set_keeps_what_its_holders_granted(house: House, setup: Setup, app: TestApp) -> None:
    await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())
    await users.assign(house.desk, house.org, "ben@harbour.example", "Clerk")
    ben = await house.sign_in(app, "ben")

    page = await review(setup, app.id, ADMIN_APPROVED | {"permission_sets": ["Clerk"]})

    assert "No grant ends." in page.text
    assert (await save(setup, app.id, page)).status_code == 303
    assert (await house.refresh(app, ben["refresh_token"]))[0] == 200


async def test_the_review_comes_back_when_more_would_end_than_was_agreed_to(
    house: House, setup: Setup, app: TestApp
) -> None:
    await house.sign_in(app, "ben")
    page = await review(setup, app.id, ADMIN_APPROVED)
    late = await house.sign_in(app, "ada")

    reply = await save(setup, app.id, page, confirm="1")

    assert reply.status_code == 409
    assert "2 would end now" in reply.text
    assert (await house.refresh(app, late["refresh_token"]))[0] == 200
    assert (await save(setup, app.id, reply, confirm="2")).status_code == 303


async def test_a_shorter_refresh_token_policy_counts_the_grants_that_are_past_it(
    house: House, setup: Setup, app: TestApp
) -> None:
    old = await house.sign_in(app, "ada")
    house.clock.advance(ms=8 * 86_400_000)
    await house.sign_in(app, "ben")
    week = {
        "refresh_token_policy": ["specific_inactivity"],
        "refresh_token_policy.specific_inactivity.number": ["7"],
        "refresh_token_policy.specific_inactivity.unit": ["DAYS"],
    }
    fresh = await sign_in(house, ADMIN)

    page = await review(fresh, app.id, week)

    assert "ends 1 later" in page.text
    assert (await save(fresh, app.id, page, confirm="1")).status_code == 303
    assert (await house.refresh(app, old["refresh_token"]))[0] == 400


async def test_switching_oauth_off_stops_every_grant_while_it_is_off(house: House, setup: Setup, app: TestApp) -> None:
    ada = await house.sign_in(app, "ada")
    page = await review(setup, app.id, {"oauth_enabled": None})
    assert "stops 1 grant" in page.text

    assert (await save(setup, app.id, page, confirm="1")).status_code == 303

    assert (await house.refresh(app, ada["refresh_token"]))[0] == 400


async def test_scopes_and_callbacks_that_go_say_what_holds_them(house: House, setup: Setup, app: TestApp) -> None:
    await house.sign_in(app, "ada")
    await house.code(app, "ben")

    page = await review(setup, app.id, {"scopes": ["openid", "refresh_token"], "callback_url": "https://new.example/"})

    assert "1 grant keeps it" in page.text
    assert "ends 1 waiting code" in page.text
    assert CALLBACK in page.text


async def test_an_app_is_deleted_only_after_its_name_was_typed_and_its_grants_were_told(
    house: House, setup: Setup, app: TestApp
) -> None:
    ada = await house.sign_in(app, "ada")
    path = f"/setup/apps/{app.id}/delete"
    page = await setup.open(path)
    assert "1 live grant" in page.text
    assert (await setup.send(path, {"confirm": "no"}, page=path)).status_code == 400

    reply = await setup.send(path, {"confirm": await name_of(house, app)}, page=path)

    assert reply.status_code == 303
    assert "1 grant ended with it" in (await setup.follow(reply)).text
    assert (await house.refresh(app, ada["refresh_token"]))[0] == 400
