"""Two who change the same thing at once, each in a process of their own: nothing is lost, nothing is half done."""

import asyncio
import json
from dataclasses import replace

import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.conftest import Opener
from tests.manage.conftest import Office

ADA = "ada@harbour.example"


@pytest.fixture
async def other(office: Office, open_another: Opener) -> Desk:
    """The desk of another process."""
    return replace(office.desk, db=await open_another())


async def app(office: Office) -> None:
    await apps.create(office.desk, office.org, apps.NewApp(name="Sync", values={"contact_email": "it@harbour.example"}))


@pytest.mark.requirement("S42")
async def test_different_settings_of_an_app_are_both_kept(office: Office, other: Desk) -> None:
    await app(office)
    values = ({"label": "Ours"}, {"require_pkce": "false"}, {"session_timeout": "30"}, {"introspect_all": "true"})

    await asyncio.gather(
        *(apps.change((office.desk, other)[i % 2], office.org, "Sync", value) for i, value in enumerate(values))
    )

    found = await apps.find(office.desk, office.org, "Sync")
    assert (found[s.LABEL], found[s.REQUIRE_PKCE], found[s.SESSION_TIMEOUT], found[s.INTROSPECT_ALL]) == (
        "Ours",
        False,
        30,
        True,
    )


async def test_different_fields_of_a_user_are_both_kept(office: Office, other: Desk) -> None:
    await office.user(username=ADA)

    await asyncio.gather(
        users.change(office.desk, office.org, ADA, {"phone": "1"}),
        users.change(other, office.org, ADA, {"city": "Wien"}),
        users.change(other, office.org, ADA, {"email": "new@harbour.example"}),
    )

    found = users.fields_of(await users.find(office.desk, office.org, ADA))
    assert (found["phone"], found["city"], found["email"]) == ("1", "Wien", "new@harbour.example")


async def test_different_settings_of_an_org_are_both_kept(office: Office, other: Desk) -> None:
    await asyncio.gather(
        orgs.change(office.desk, office.org, {"org_session_timeout": "60"}),
        orgs.change(other, office.org, {"require_pkce_for_all_apps": "true"}),
    )

    found = orgs.settings_of(await orgs.find(office.desk, office.org.id))
    assert (found["org_session_timeout"], found["require_pkce_for_all_apps"]) == (60, True)


async def test_of_two_things_with_one_name_one_is_made(office: Office, other: Desk) -> None:
    new = users.NewUser(username=ADA, email=ADA)
    for make in (
        lambda desk: orgs.create(desk, orgs.NewOrg(name="Northwind")),
        lambda desk: users.create(desk, office.org, new),
        lambda desk: holders.create(desk, holders.PROFILES, office.org.id, "Support", ()),
        lambda desk: apps.create(desk, office.org, apps.NewApp(name="Sync", values={"contact_email": ADA})),
    ):
        results = await asyncio.gather(make(office.desk), make(other), return_exceptions=True)

        assert [isinstance(one, ManageProblem) for one in results].count(True) == 1, results


async def test_two_apps_do_not_both_introspect_all(office: Office, other: Desk) -> None:
    await app(office)
    await apps.create(office.desk, office.org, apps.NewApp(name="Other", values={"contact_email": ADA}))

    results = await asyncio.gather(
        apps.change(office.desk, office.org, "Sync", {"introspect_all": "true"}),
        apps.change(other, office.org, "Other", {"introspect_all": "true"}),
        return_exceptions=True,
    )

    assert [isinstance(one, ManageProblem) for one in results].count(True) == 1, results


@pytest.mark.requirement("S41")
@pytest.mark.parametrize("taken", ["frozen", "weakened"])
async def test_who_lost_their_rights_a_moment_ago_changes_nothing(office: Office, taken: str) -> None:
    user = await office.user("ManageUsers")
    seated = await office.seat_of(user)
    if taken == "frozen":
        await users.freeze(office.desk, office.org, user.username, frozen=True)
    else:
        await holders.change(office.desk, holders.PROFILES, office.org.id, user.profile_name, ())

    with pytest.raises(ManageProblem, match=r"no active user|changed at this moment"):
        await users.create(seated, office.org, users.NewUser(username=ADA, email=ADA, profile=user.profile_name))


@pytest.mark.requirement("S43")
async def test_what_was_refused_half_way_leaves_no_trace(office: Office) -> None:
    async def state() -> list[object]:
        tables = ("event", "app", "app_policy", "person", "org")
        return [await office.desk.db.all(Statement(f"SELECT * FROM {table} ORDER BY 1")) for table in tables]

    await app(office)
    before = await state()

    for refused in (
        apps.change(office.desk, office.org, "Sync", {"label": "X", "run_as": "nobody@harbour.example"}),
        orgs.change(office.desk, office.org, {"name": "X", "my_domain": "not a label"}),
        users.create(office.desk, office.org, users.NewUser(username=ADA, email=ADA, profile="Nobodys")),
    ):
        with pytest.raises(ManageProblem):
            await refused

    assert await state() == before


@pytest.mark.requirement("S43")
async def test_the_record_says_who_did_what_to_whom(office: Office) -> None:
    seated = await office.seat("ManageUsers", "ApiEnabled")
    await users.create(seated, office.org, users.NewUser(username=ADA, email=ADA, password="correct horse"))
    office.clock.advance(ms=1)
    await users.set_password(seated, office.org, ADA, "battery staple")
    office.clock.advance(ms=1)
    await users.change(seated, office.org, ADA, {"phone": "1"})

    rows = await office.desk.db.all(
        Statement("SELECT kind, org_id, user_id, detail FROM event WHERE user_id <> '' ORDER BY at")
    )

    assert [row[0] for row in rows] == ["admin.user.create", "admin.user.password", "admin.user.change"]
    assert {(row[1], row[2]) for row in rows} == {(office.org.id, seated.caller.user_id)}
    details = [json.loads(str(row[3])) for row in rows]
    assert {(one["by"], one["username"]) for one in details} == {(seated.caller.username, ADA)}
    assert (details[2]["before"], details[2]["after"]) == ({"phone": ""}, {"phone": "1"})
    assert "horse" not in str(details)
    assert "staple" not in str(details)
