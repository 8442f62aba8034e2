"""Refresh Token Flow: rotation off, on, and with the overlap; what ends a line and what does not (decision 3)."""

import json
import os
from dataclasses import replace

import pytest

from grantway import settings as s
from grantway.kit.secrets import KeyRing
from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.raw import Wire

EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
TIE = {"error": "invalid_grant", "error_description": "token request is already being processed"}


@pytest.mark.enforces("refresh_token_rotation")
async def test_without_rotation_the_same_refresh_token_goes_on(house: House) -> None:
    app = await house.app()
    first = await house.sign_in(app)

    for _ in range(3):
        status, answer = await house.refresh(app, first["refresh_token"])
        assert status == 200
        assert "refresh_token" not in answer
        assert answer["access_token"] != first["access_token"]


@pytest.mark.enforces("refresh_token_rotation")
async def test_with_rotation_each_use_gives_a_new_refresh_token(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app)

    _, second = await house.refresh(app, first["refresh_token"])
    house.clock.advance(seconds=1)
    status, third = await house.refresh(app, second["refresh_token"])

    assert status == 200
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3


@pytest.mark.requirement("S14")
async def test_a_rotated_out_refresh_token_ends_its_line(house: House) -> None:
    """A replay gets the plain error, and every token of the line dies."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app)
    _, second = await house.refresh(app, first["refresh_token"])
    assert await house.is_active(app, second["access_token"])
    house.clock.advance(ms=1)

    assert await house.refresh(app, first["refresh_token"]) == (400, EXPIRED)

    assert not await house.is_active(app, first["access_token"])
    assert not await house.is_active(app, second["access_token"])
    assert await house.refresh(app, second["refresh_token"]) == (400, EXPIRED)
    assert await house.reasons() == ["refresh.reused", "refresh.revoked"]


@pytest.mark.requirement("S14")
async def test_a_request_that_arrived_before_the_winners_commit_is_a_tie_and_harms_nobody(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app)
    arrived = house.clock.now_us()
    house.clock.advance(ms=5)
    _, second = await house.refresh(app, first["refresh_token"])
    house.clock.advance(seconds=3)

    assert await house.refresh(app, first["refresh_token"], arrived_us=arrived) == (400, TIE)

    assert await house.is_active(app, second["access_token"])
    assert (await house.refresh(app, second["refresh_token"]))[0] == 200


@pytest.mark.enforces("rotation_overlap")
async def test_within_the_overlap_the_predecessor_gets_the_same_successor_again(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.ROTATION_OVERLAP: 30})
    first = await house.sign_in(app)
    _, lost = await house.refresh(app, first["refresh_token"])
    house.clock.advance(seconds=29)

    status, again = await house.refresh(app, first["refresh_token"])

    assert status == 200
    assert again["refresh_token"] == lost["refresh_token"]
    assert again["access_token"] != lost["access_token"]


@pytest.mark.enforces("rotation_overlap")
@pytest.mark.parametrize("keys", [["new", "old"], ["newest", "new", "old"]])
async def test_within_the_overlap_a_new_key_file_still_gives_the_same_successor(house: House, keys: list[str]) -> None:
    """The successor is derived under a key of the file; a key that was put before it since must not change it."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.ROTATION_OVERLAP: 30})
    raw = {name: os.urandom(32) for name in keys}
    house.server = replace(house.server, ring=KeyRing([raw["old"]]))
    first = await house.sign_in(app)
    _, lost = await house.refresh(app, first["refresh_token"])

    house.server = replace(house.server, ring=KeyRing([raw[name] for name in keys]))
    _, again = await house.refresh(app, first["refresh_token"])

    assert again["refresh_token"] == lost["refresh_token"]
    assert (await house.refresh(app, again["refresh_token"]))[0] == 200


async def test_within_the_overlap_a_lost_key_gives_no_other_token_and_harms_nobody(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.ROTATION_OVERLAP: 30})
    first = await house.sign_in(app)
    _, second = await house.refresh(app, first["refresh_token"])

    house.server = replace(house.server, ring=KeyRing([os.urandom(32)]))
    reply = await Wire(house).post(
        f"{SALESFORCE}/token",
        {
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
            "client_id": app.consumer_key,
            "client_secret": app.consumer_secret,
        },
    )

    assert (reply.status, json.loads(reply.body)) == (400, EXPIRED)
    assert (await house.refresh(app, second["refresh_token"]))[0] == 200


@pytest.mark.enforces("rotation_overlap")
async def test_after_the_overlap_the_predecessor_is_a_replay(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.ROTATION_OVERLAP: 30})
    first = await house.sign_in(app)
    _, second = await house.refresh(app, first["refresh_token"])
    house.clock.advance(seconds=30)

    assert await house.refresh(app, first["refresh_token"]) == (400, EXPIRED)
    assert await house.refresh(app, second["refresh_token"]) == (400, EXPIRED)


async def test_within_the_overlap_a_predecessor_whose_successor_was_used_is_a_replay(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.ROTATION_OVERLAP: 30})
    first = await house.sign_in(app)
    _, second = await house.refresh(app, first["refresh_token"])
    house.clock.advance(seconds=1)
    _, third = await house.refresh(app, second["refresh_token"])
    house.clock.advance(seconds=1)

    assert await house.refresh(app, first["refresh_token"]) == (400, EXPIRED)
    assert not await house.is_active(app, third["access_token"])


@pytest.mark.enforces("refresh_token_policy")
@pytest.mark.parametrize(
    ("policy", "lives_days", "ends_days"),
    [
        ("specific_lifetime:10:DAYS", 9, 10),
        ("specific_inactivity:30:DAYS", 29, 30),
        ("specific_lifetime:36:HOURS", 1, 2),
        ("specific_inactivity:1:MONTHS", 29, 30),
    ],
)
async def test_a_refresh_token_ends_as_its_policy_says(
    house: House, policy: str, lives_days: int, ends_days: int
) -> None:
    app = await house.app({s.REFRESH_TOKEN_POLICY: s.REFRESH_TOKEN_POLICY.kind.parse(policy)})
    kept, left = await house.sign_in(app), await house.sign_in(app)

    house.clock.advance(days=lives_days)
    assert (await house.refresh(app, kept["refresh_token"]))[0] == 200
    house.clock.advance(days=ends_days - lives_days)
    assert await house.refresh(app, left["refresh_token"]) == (400, EXPIRED)
    assert await house.reasons() == ["refresh.expired"]


@pytest.mark.enforces("refresh_token_policy")
async def test_each_use_starts_the_idle_time_again_but_never_moves_an_absolute_end(house: House) -> None:
    idle = await house.app({s.REFRESH_TOKEN_POLICY: s.REFRESH_TOKEN_POLICY.kind.parse("specific_inactivity:3:DAYS")})
    absolute = await house.app({s.REFRESH_TOKEN_POLICY: s.REFRESH_TOKEN_POLICY.kind.parse("specific_lifetime:3:DAYS")})
    of_idle, of_absolute = await house.sign_in(idle), await house.sign_in(absolute)
    last = (0, {"": ""})

    for _ in range(2):
        house.clock.advance(days=2)
        assert (await house.refresh(idle, of_idle["refresh_token"]))[0] == 200
        last = await house.refresh(absolute, of_absolute["refresh_token"])

    assert last == (400, EXPIRED)


@pytest.mark.enforces("limit_idle_refresh_tokens")
@pytest.mark.enforces("limit_idle_refresh_tokens_of_all_apps")
@pytest.mark.parametrize("of_org", [False, True])
@pytest.mark.parametrize(
    ("policy", "ended_by"),
    [
        ("infinite", "cap"),
        ("specific_inactivity:90:DAYS", "cap"),
        ("specific_lifetime:365:DAYS", "cap"),
        ("specific_inactivity:10:DAYS", "policy"),
        ("specific_inactivity:30:DAYS", "policy"),
        ("zero", "policy"),
    ],
)
async def test_the_cap_ends_what_nobody_uses_for_30_days_and_leaves_stricter_policies_alone(
    house: House, of_org: bool, policy: str, ended_by: str
) -> None:
    """A sliding 30 days over whatever the policy says (connected-apps.md 3.4)."""
    rule = s.REFRESH_TOKEN_POLICY.kind.parse(policy)
    app = await house.app({s.REFRESH_TOKEN_POLICY: rule, s.LIMIT_IDLE_REFRESH_TOKENS: not of_org})
    if of_org:
        await house.change(
            """UPDATE org SET settings = '{"limit_idle_refresh_tokens_of_all_apps": true}', version = 2"""
        )
    first = await house.sign_in(app)

    house.clock.advance(days=30)

    assert await house.refresh(app, first["refresh_token"]) == (400, EXPIRED)
    assert not await house.is_active(app, first["refresh_token"])
    expected = "refresh.expired" if ended_by == "policy" else "refresh.idle_in_org" if of_org else "refresh.idle"
    assert await house.reasons() == [expected]


@pytest.mark.enforces("limit_idle_refresh_tokens")
@pytest.mark.enforces("limit_idle_refresh_tokens_of_all_apps")
async def test_each_use_starts_the_30_days_again_and_without_the_cap_there_are_none(house: House) -> None:
    infinite = s.RefreshTokenPolicy(form="infinite")
    year = s.REFRESH_TOKEN_POLICY.kind.parse("specific_lifetime:50:DAYS")
    capped = await house.app({s.REFRESH_TOKEN_POLICY: infinite, s.LIMIT_IDLE_REFRESH_TOKENS: True})
    both = await house.app({s.REFRESH_TOKEN_POLICY: year, s.LIMIT_IDLE_REFRESH_TOKENS: True})
    free = await house.app({s.REFRESH_TOKEN_POLICY: infinite})
    of_capped, of_both, of_free = [(await house.sign_in(app))["refresh_token"] for app in (capped, both, free)]

    house.clock.advance(days=29)
    assert (await house.refresh(capped, of_capped))[0] == 200
    assert (await house.refresh(both, of_both))[0] == 200
    house.clock.advance(days=29)

    assert (await house.refresh(capped, of_capped))[0] == 200
    assert await house.refresh(both, of_both) == (400, EXPIRED), "the policy's 50 days are not moved"
    assert (await house.refresh(free, of_free))[0] == 200


@pytest.mark.enforces("refresh_token_policy")
async def test_immediately_expire_makes_refresh_tokens_useless(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_POLICY: s.RefreshTokenPolicy(form="zero")})
    first = await house.sign_in(app)

    assert await house.refresh(app, first["refresh_token"]) == (400, EXPIRED)


async def test_scope_is_refused_at_salesforces_door_and_narrows_at_the_standards_door(house: House) -> None:
    app = await house.app()
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    refused = await house.refresh(app, here["refresh_token"], scope="api")
    narrowed = await house.refresh(app, there["refresh_token"], door=STANDARDS, scope="api")
    widened = await house.refresh(app, there["refresh_token"], door=STANDARDS, scope="api web")

    assert refused == (400, {"error": "invalid_request", "error_description": "scope parameter not supported"})
    assert narrowed[1]["scope"] == "api"
    assert widened[1]["error"] == "invalid_scope"


@pytest.mark.enforces("require_secret_for_refresh_token_flow")
async def test_the_secret_is_needed_to_refresh_unless_the_setting_is_cleared_and_checked_when_sent(
    house: House,
) -> None:
    strict = await house.app()
    public = await house.app({s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False})
    of_strict, of_public = await house.sign_in(strict), await house.sign_in(public)

    without = await house.refresh(strict, of_strict["refresh_token"], client_secret="")
    wrong = await house.refresh(public, of_public["refresh_token"], client_secret="wrong")
    none = await house.refresh(public, of_public["refresh_token"], client_secret="")

    invalid = {"error": "invalid_client", "error_description": "invalid client credentials"}
    assert without == (400, invalid)
    assert wrong == (400, invalid)
    assert none[0] == 200
    assert await house.reasons() == ["client.secret_missing_refresh", "client.secret_wrong"]


async def test_another_apps_refresh_token_is_as_good_as_none_and_stays_alive(house: House) -> None:
    mine, other = await house.app(), await house.app()
    answer = await house.sign_in(mine)

    assert await house.refresh(other, answer["refresh_token"]) == (400, EXPIRED)
    assert (await house.refresh(mine, answer["refresh_token"]))[0] == 200


async def test_a_token_of_one_door_is_unknown_at_the_other(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)

    status, refused = await house.refresh(app, answer["refresh_token"], door=STANDARDS)

    assert (status, refused["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("S15")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("UPDATE person SET is_frozen = 1", "invalid_grant"),
        ("UPDATE person SET is_active = 0", "invalid_grant"),
        ("UPDATE person SET not_before = 1795000000000", "invalid_grant"),
        ("UPDATE org SET not_before = 1795000000000, version = version + 1", "invalid_grant"),
        ("UPDATE app_policy SET not_before = 1795000000000, version = version + 1", "invalid_grant"),
        ("UPDATE app_policy SET is_blocked = 1, version = version + 1", "OAUTH_APP_BLOCKED"),
        ("""UPDATE app_policy SET settings = '{"enabled_in_org": false}', version = 2""", "OAUTH_APP_BLOCKED"),
        ("DELETE FROM app_policy", "invalid_client"),
        ("""UPDATE app SET settings = '{"oauth_enabled": false}', version = version + 1""", "invalid_client_id"),
        (
            """UPDATE app_policy SET settings = '{"permitted_users": "admin_approved"}', version = version + 1""",
            "invalid_app_access",
        ),
    ],
)
async def test_what_is_taken_back_stops_a_refresh_at_once(house: House, change: str, error: str) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    await house.change(change)

    status, refused = await house.refresh(app, answer["refresh_token"])

    assert (status, refused["error"]) == (400, error)
    assert not await house.is_active(app, answer["access_token"])


async def test_the_sixth_approval_drops_the_oldest(house: House) -> None:
    app = await house.app()
    lines = []
    for _ in range(6):
        lines.append(await house.sign_in(app))
        house.clock.advance(ms=5)

    outcomes = [(await house.refresh(app, line["refresh_token"]))[0] for line in lines]

    assert outcomes == [400, 200, 200, 200, 200, 200]


@pytest.mark.requirement("S14")
async def test_a_request_that_began_before_the_winner_was_decided_is_no_overlap(house: House) -> None:
    """Without an overlap a loser gets nothing, even if its clock reading lies before the winner's."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app)
    await house.refresh(app, first["refresh_token"])
    await house.change(
        "UPDATE refresh_token SET spent_at = spent_at + 50, settled_us = settled_us + 50000 WHERE spent_at IS NOT NULL"
    )

    assert await house.refresh(app, first["refresh_token"]) == (400, TIE)
