"""The audit trail: one record a changed setting, in words, found again by filters and cursors (S38, S40, S43)."""

from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.audit import AuditFilter, audit_trail
from grantway.manage.audit_words import SECURITY_SETTINGS, SETTING_ACTIONS
from grantway.manage.connected_apps import apps
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.manage.server import orgs
from tests.manage.conftest import Office


async def make(office: Office) -> str:
    values: dict[s.AnySetting, Any] = {s.LABEL: "Sync", s.CALLBACK_URL: ("https://sync.example/a",)}
    return (await apps.add(office.desk, office.org, "Sync", values)).app.id


async def test_each_changed_setting_has_its_record_with_both_values_in_words(office: Office) -> None:
    name = await make(office)
    office.clock.advance(ms=1)
    asked = {"callback_url": "https://sync.example/b", "require_pkce": True, "description": "", "session_timeout": 15}
    await apps.change(office.desk, office.org, name, asked)

    page = await audit_trail(office.desk, office.org, AuditFilter(app=name))
    changed = {one.action: one for one in page.entries if one.setting}

    assert set(changed) == {
        "changeApplicationCallbackUrl",
        "changeApplicationPkceRequired",
        "changeSessionTimeoutPolicy",
    }
    one = changed["changeApplicationCallbackUrl"]
    assert (one.before, one.after) == ("https://sync.example/a", "https://sync.example/b")
    assert "from https://sync.example/a to https://sync.example/b" in one.display
    assert one.is_security
    assert (changed["changeApplicationPkceRequired"].before, changed["changeApplicationPkceRequired"].after) == (
        "off",
        "on",
    )
    assert page.entries[-1].action == "insertApplication"
    assert page.entries[-1].display == "Created Connected App Sync"
    assert {one.username for one in page.entries} == {"operator"}


async def test_records_of_the_same_millisecond_come_in_the_order_they_were_made_in(office: Office) -> None:
    minutes = list(range(30, 42))
    for number in minutes:
        await orgs.change(office.desk, office.org, {"org_session_timeout": number})

    found: list[str] = []
    cursor, more = "", True
    while more:
        page = await audit_trail(office.desk, office.org, AuditFilter(text="timeout"), cursor=cursor, limit=1)
        found += [one.after for one in page.entries]
        cursor, more = page.cursor, bool(page.cursor)

    assert found == [f"{number} minutes" for number in reversed(minutes)]


async def test_pages_follow_each_other_by_a_cursor_that_nobody_can_make_up(office: Office) -> None:
    for number in range(5):
        office.clock.advance(ms=1)
        await orgs.change(office.desk, office.org, {"org_session_timeout": 30 + number})
    whole = [one.id for one in (await audit_trail(office.desk, office.org)).entries]
    found, cursor = [], ""
    for _ in range(len(whole)):
        page = await audit_trail(office.desk, office.org, cursor=cursor, limit=2)
        found += [one.id for one in page.entries]
        cursor = page.cursor
        if not cursor:
            break

    assert found == whole
    good = (await audit_trail(office.desk, office.org, limit=2)).cursor
    other = await office.other_org()
    for org, bad in ((office.org, "x"), (office.org, "z" + good[1:]), (other, good)):
        with pytest.raises(ManageProblem, match="cursor"):
            await audit_trail(office.desk, org, cursor=bad)


async def test_an_org_is_shown_its_own_trail_only_and_only_to_who_may(office: Office) -> None:
    await make(office)
    other = await office.other_org()

    assert all(one.app_name != "Sync" for one in (await audit_trail(office.desk, other)).entries)
    with pytest.raises(NotAllowed):
        await audit_trail(await office.seat("ApiEnabled"), office.org)
    with pytest.raises(NotAllowed):
        await audit_trail(await office.seat("CustomizeApplication"), other)


async def test_records_are_found_by_who_when_what_and_text(office: Office) -> None:
    name = await make(office)
    builder = await office.seat("CustomizeApplication", "ManageRemoteAccess")
    office.clock.advance(ms=1000)
    begin = office.clock.now_ms()
    await apps.change(builder, office.org, name, {"description": "Ships boxes"})

    async def found(wanted: AuditFilter) -> list[str]:
        return [one.action for one in (await audit_trail(office.desk, office.org, wanted)).entries]

    only = ["changeApplicationDescription"]
    assert await found(AuditFilter(username=builder.caller.username)) == only
    assert await found(AuditFilter(since=begin)) == only
    assert await found(AuditFilter(text="ships BOXES")) == only
    assert await found(AuditFilter(action="changeApplicationDescription")) == only
    assert "changeApplicationDescription" not in await found(AuditFilter(until=begin))
    assert "changeApplicationDescription" not in await found(AuditFilter(security_only=True))
    assert await found(AuditFilter(username="nobody@harbour.example")) == []


def test_the_words_of_the_trail_speak_of_settings_that_there_are() -> None:
    assert set(SETTING_ACTIONS) | SECURITY_SETTINGS <= set(s.BY_NAME)
