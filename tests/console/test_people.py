"""/setup/users, /setup/profiles, /setup/permsets: people and what they may do."""

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.manage.people import holders, people, users
from grantway.store.statement import Statement
from tests.console.setup import ADMIN, Setup, add_user, field_of, sign_in
from tests.endpoints.browsing import PASSWORD
from tests.endpoints.house import House

HOSTILE = "</td><script>alert(1)</script>\u202e"


async def test_users_are_found_by_a_part_of_name_username_or_address(house: House, setup: Setup) -> None:
    assert "ada@harbour.example" in (await setup.open("/setup/users?q=ADA")).text
    assert "Nobody fits" in (await setup.open("/setup/users?q=%25ada")).text
    assert "1 to 3 of 3" in (await setup.open("/setup/users")).text


async def test_a_user_is_made_and_can_log_in(house: House, setup: Setup) -> None:
    form = {"username": "leila@harbour.example", "email": "leila@harbour.example", "first_name": "Leïla"}
    form |= {"last_name": "Benali", "profile": "Standard", "password": PASSWORD, "again": PASSWORD}

    page = await setup.follow(await setup.send("/setup/users/new", form))

    assert "<h1>Leïla Benali</h1>" in page.text
    await sign_in(house, "leila@harbour.example")


async def test_a_guest_user_is_made_and_offers_no_password(house: House, setup: Setup) -> None:
    form = {"username": "guest@harbour.example", "email": "shop@harbour.example", "profile": "Standard", "guest": "1"}

    with_password = await setup.send("/setup/users/new", {**form, "password": PASSWORD, "again": PASSWORD})
    page = await setup.follow(await setup.send("/setup/users/new", form))

    assert with_password.status_code == 400
    assert "Nobody logs in as a guest user, so it has no password" in with_password.text
    assert "visitors without one act as this user" in page.text
    assert "Set password" not in page.text
    assert "Reset security token" not in page.text


async def test_a_form_with_a_mistake_comes_back_with_all_that_was_typed_but_passwords(
    house: House, setup: Setup
) -> None:
    form = {"username": "no address", "email": "x@harbour.example", "last_name": "Typed", "profile": "Standard"}

    page = await setup.send("/setup/users/new", {**form, "password": PASSWORD, "again": PASSWORD})

    assert page.status_code == 400
    assert 'href="#username"' in page.text
    assert 'id="username-err"' in page.text
    assert 'value="Typed"' in page.text
    assert PASSWORD not in page.text


async def test_two_passwords_that_differ_are_not_taken(house: House, setup: Setup) -> None:
    path = f"/setup/users/{house.user_ids['ada']}/password"

    page = await setup.send(path, {"password": PASSWORD, "again": PASSWORD + "x"})

    assert page.status_code == 400
    assert "The two passwords differ" in page.text
    assert PASSWORD not in page.text


async def test_a_new_password_ends_every_token_of_the_user(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    path = f"/setup/users/{house.user_ids['ada']}/password"

    page = await setup.follow(await setup.send(path, {"password": PASSWORD + "2", "again": PASSWORD + "2"}))

    assert "has a new password" in page.text
    assert not await house.is_active(app, answer["access_token"])


async def test_a_security_token_is_made_anew_and_shown_once(house: House, setup: Setup) -> None:
    path = f"/setup/users/{house.user_ids['ada']}"

    made = await setup.send(f"{path}/security-token", {})

    token = made.text.partition('id="security-token">')[2].partition("<")[0]
    assert (made.status_code, len(token)) == (200, 24)
    assert made.headers["cache-control"] == "no-store"
    assert token not in (await setup.open(path)).text
    trail = await house.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.user.security_token'"))
    assert len(trail) == 1
    assert token not in str(trail)


async def test_who_may_only_look_at_users_is_offered_nothing_to_do(house: House) -> None:
    await add_user(house, "vera@harbour.example", "ViewSetup")
    await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())

    page = await (await sign_in(house, "vera@harbour.example")).open(f"/setup/users/{house.user_ids['ada']}")

    for action in ("freeze", "password", "edit", "assign", "security-token"):
        assert f"{house.user_ids['ada']}/{action}" not in page.text


async def test_a_user_is_changed_and_what_is_the_same_is_not_written(house: House, setup: Setup) -> None:
    path = f"/setup/users/{house.user_ids['ada']}"
    form = await setup.open(f"{path}/edit")
    sent = {"first_name": "Augusta", "is_active": "1", "email_verified": "1", "seen": field_of(form, "seen")}

    page = await setup.follow(await setup.send(f"{path}/edit", sent))

    assert "Saved: 1 change of ada@harbour.example" in page.text
    assert "<h1>Augusta Lovelace</h1>" in page.text


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(house: House, setup: Setup) -> None:
    path = f"/setup/users/{house.user_ids['ada']}"
    seen = field_of(await setup.open(f"{path}/edit"), "seen")
    await users.change(house.desk, house.org, house.user_ids["ada"], {"city": "London"})

    page = await setup.send(f"{path}/edit", {"first_name": "Augusta", "is_active": "1", "seen": seen})

    assert page.status_code == 409
    assert "changed by somebody else" in page.text
    assert 'value="Augusta"' in page.text
    assert (await users.find(house.desk, house.org, "ada@harbour.example")).first_name == "Ada"


async def test_freezing_stops_a_user_at_once_and_unfreezing_lets_them_go_on(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    path = f"/setup/users/{house.user_ids['ada']}"

    frozen = await setup.follow(await setup.send(f"{path}/freeze", {}))
    assert not await house.is_active(app, answer["access_token"])
    await setup.send(f"{path}/unfreeze", {})

    assert '<span class="badge bad">Frozen</span>' in frozen.text
    assert await house.is_active(app, answer["access_token"])


async def test_the_last_administrator_cannot_be_frozen_and_the_page_says_why(house: House, setup: Setup) -> None:
    admin = await users.find(house.desk, house.org, ADMIN)

    page = await setup.send(f"/setup/users/{admin.id}/freeze", {})

    assert page.status_code == 400
    assert "nobody would be left who can manage the users" in page.text


async def test_nobody_changes_a_user_with_more_rights_than_their_own(house: House, setup: Setup) -> None:
    await add_user(house, "mia@harbour.example", "ManageUsers")
    admin = await users.find(house.desk, house.org, ADMIN)
    mia = await sign_in(house, "mia@harbour.example")

    page = await mia.send(f"/setup/users/{admin.id}/password", {"password": PASSWORD, "again": PASSWORD})

    assert page.status_code == 403
    assert "mia@harbour.example cannot give nora@harbour.example a password" in page.text


async def test_a_grant_of_a_user_is_shown_and_taken_back(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    path = f"/setup/users/{house.user_ids['ada']}"
    grant = field_of(await setup.open(path), "grant")

    page = await setup.follow(await setup.send(f"{path}/revoke", {"grant": grant}))

    assert "The grant has ended" in page.text
    assert not await house.is_active(app, answer["access_token"])


async def test_a_grant_of_another_user_is_not_ended_from_this_page(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app, "ben")
    of_ben = await users.find(house.desk, house.org, "ben@harbour.example")
    (line,) = await people.grants_of(house.desk, house.org, of_ben)

    await setup.send(f"/setup/users/{house.user_ids['ada']}/revoke", {"grant": line.id})

    assert await house.is_active(app, answer["access_token"])


async def test_a_login_is_shown_and_ended(house: House, setup: Setup) -> None:
    mia_id = await add_user(house, "mia@harbour.example", "ManageUsers")
    mia = await sign_in(house, "mia@harbour.example")
    login = field_of(await setup.open(f"/setup/users/{mia_id}"), "login")

    await setup.send(f"/setup/users/{mia_id}/log-out", {"login": login})

    assert (await mia.browser.get("/setup/")).status_code == 303


async def test_permission_sets_are_assigned_and_taken_back(house: House, setup: Setup) -> None:
    made = await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ("ApiEnabled",))
    path = f"/setup/users/{house.user_ids['ada']}"

    assigned = await setup.follow(await setup.send(f"{path}/assign", {"permission_set": made.id}))
    taken = await setup.follow(await setup.send(f"{path}/unassign", {"permission_set": made.id}))

    assert "Take back Clerk" in assigned.text
    assert "Take back Clerk" not in taken.text


async def test_a_permission_set_is_made_and_changed(house: House, setup: Setup) -> None:
    form = {"name": "Clerk", "permission": ["ApiEnabled", "ManageUsers"]}
    page = await setup.follow(await setup.send("/setup/permsets/new", form))
    path = page.url.path

    saved = await setup.follow(await setup.send(path, {"permission": ["ApiEnabled"], "seen": field_of(page, "seen")}))
    stale = await setup.send(path, {"permission": ["ManageUsers"], "seen": field_of(page, "seen")})

    assert "0 users have it" in page.text
    assert 'value="ManageUsers" aria-describedby="permission-ManageUsers-help">' in saved.text
    assert stale.status_code == 409
    assert 'value="ManageUsers" aria-describedby="permission-ManageUsers-help" checked>' in stale.text


async def test_a_name_that_is_taken_is_said_at_the_field(house: House, setup: Setup) -> None:
    page = await setup.send("/setup/profiles/new", {"name": "Standard", "permission": ["ApiEnabled"]})

    assert page.status_code == 400
    assert 'id="name-err"' in page.text
    assert 'value="ApiEnabled" aria-describedby="permission-ApiEnabled-help" checked>' in page.text


async def test_the_profile_of_the_last_administrator_keeps_manage_users(house: House, setup: Setup) -> None:
    admin = await users.find(house.desk, house.org, ADMIN)

    page = await setup.send(f"/setup/profiles/{admin.profile_id}", {"permission": ["ManageProfilesPermissionsets"]})

    assert page.status_code == 400
    assert "nobody would be left" in page.text


async def test_a_profile_shows_its_members_and_the_apps_that_trust_it(house: House, setup: Setup) -> None:
    from grantway import settings as s

    await house.app({s.LABEL: "Sync", s.PROFILES: ("Standard",)})
    ada = await users.find(house.desk, house.org, "ada@harbour.example")

    page = await setup.open(f"/setup/profiles/{ada.profile_id}")

    assert "1 user has it" in page.text
    assert "<bdi>Sync</bdi>" in page.text


async def test_hostile_names_of_users_and_profiles_are_shown_as_text(house: House, setup: Setup) -> None:
    await house.change("UPDATE person SET first_name = :name WHERE username = 'ada@harbour.example'", HOSTILE)
    await house.change("UPDATE profile SET label = :name, name = :name WHERE name = 'Standard'", HOSTILE)
    ada = house.user_ids["ada"]
    profile = (await users.find(house.desk, house.org, ada)).profile_id
    app = await house.app()
    await house.sign_in(app)

    for path in (
        "/setup/users",
        f"/setup/users/{ada}",
        f"/setup/users/{ada}/edit",
        "/setup/profiles",
        f"/setup/profiles/{profile}",
    ):
        page = await setup.open(path)
        assert "<script>alert" not in page.text, path
        assert "&lt;script&gt;" in page.text, path
        assert "\u202e" not in page.text, path


async def test_a_user_of_another_org_is_as_if_unknown(house: House, setup: Setup) -> None:
    elsewhere = await house.elsewhere()
    asked = users.NewUser(username="far@else.example", email="far@else.example")
    far = await users.create(house.desk, elsewhere.org, asked)

    for path in ("", "/edit", "/password"):
        page = await setup.open(f"/setup/users/{far.id}{path}", 404)
        assert "far@else.example" not in page.text


async def test_a_user_is_found_by_username_in_the_address_too(house: House, setup: Setup) -> None:
    assert "<h1>Ada Lovelace</h1>" in (await setup.open("/setup/users/ada%40harbour.example")).text


@pytest.mark.requirement("S37")
async def test_who_manages_users_without_setup_sees_and_ends_logins_but_no_tokens(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Rate Desk"})
    await house.sign_in(app)
    await add_user(house, "kim@harbour.example", "ManageUsers")
    kim = await sign_in(house, "kim@harbour.example")
    assert "Rate Desk" in (await setup.open("/setup/users/ada@harbour.example")).text

    page = await kim.open("/setup/users/ada@harbour.example")
    refused = await kim.send("/setup/users/ada@harbour.example/revoke", {"grant": "any"})

    assert "Rate Desk" not in page.text
    assert 'id="logins"' in page.text
    assert refused.status_code == 403
    assert "View Setup and Configuration is missing" in refused.text


@pytest.mark.requirement("S37")
async def test_a_profile_shows_the_pre_authorized_apps_that_the_reader_may_see(house: House, setup: Setup) -> None:
    for label, kind in (("Inner", AppKind.CONNECTED_APP), ("Outer", AppKind.EXTERNAL_CLIENT_APP)):
        await house.app({s.LABEL: label, s.PROFILES: ("Standard",)}, kind=kind)
    profile = (await holders.find(house.desk, holders.PROFILES, house.org_id, "Standard")).id
    await add_user(house, "kim@harbour.example", "CustomizeApplication", "ExternalClientAppViewer")
    kim = await sign_in(house, "kim@harbour.example")

    shown = (await setup.open(f"/setup/profiles/{profile}")).text
    page = (await kim.open(f"/setup/profiles/{profile}")).text

    assert "<bdi>Inner</bdi>" in shown
    assert "<bdi>Outer</bdi>" in page
    assert "Inner" not in page
