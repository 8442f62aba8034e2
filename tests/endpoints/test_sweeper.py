"""Housekeeping: what has ended leaves a little at a time, what lives stays, and replays stay recognizable (R8)."""

import asyncio

import pytest

from grantway import settings as s
from grantway.endpoints.people import userinfo
from grantway.endpoints.sweeper import Sweeper
from grantway.kit.clock import DAY_MS
from grantway.kit.ids import new_row_id
from grantway.store.events import add_event
from grantway.store.statement import Insert, Statement, Step, Write
from grantway.store.sweep import WINDOW, Sweep
from tests.endpoints.house import BASE, SALESFORCE, House

EXPIRED = (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"})
BROWSER = Insert("browser", ["id", "hash", "created_at", "seen_at"])
SESSION = Insert(
    "browser_session",
    ["id", "browser_id", "org_id", "person_id", "auth_time", "seen_at", "expires_at", "ended_at"],
)
REQUEST = Insert("authorization_request", ["id", "browser_id", "request", "created_at", "done_at"])


@pytest.fixture
def house(house_on_each_engine: House) -> House:
    """Every test here runs on both engines."""
    return house_on_each_engine


async def count(house: House, table: str) -> int:
    row = await house.db.one(Statement(f"SELECT count(*) FROM {table}"))
    assert row is not None
    return int(row[0] or 0)


async def test_access_tokens_leave_an_hour_after_their_end(house: House) -> None:
    app = await house.app({s.SESSION_TIMEOUT: 60, s.SCOPES: ("api",)})
    await house.sign_in(app, scopes="api")
    house.clock.advance(minutes=119)
    young = await house.sign_in(app, scopes="api")
    await house.sweep()
    assert await count(house, "access_token") == 2

    house.clock.advance(minutes=2)
    await house.sweep()

    assert await count(house, "access_token") == 1
    assert await house.is_active(app, young["access_token"])


async def test_an_old_access_token_that_is_kept_in_use_stays(house: House) -> None:
    app = await house.app({s.SESSION_TIMEOUT: 60})
    used = (await house.sign_in(app))["access_token"]

    for _ in range(6):
        house.clock.advance(minutes=50)
        bearer = (b"authorization", f"Bearer {used}".encode())
        reply = await userinfo(
            house.call(f"{SALESFORCE}/userinfo", method="GET", headers=(bearer,)), house.server, BASE
        )
        assert reply.status == 200
        await house.sweep()

    assert await house.is_active(app, used)


async def test_a_spent_code_stays_while_its_replay_can_be_told(house: House) -> None:
    """A code cannot be replayed after its own end, so it stays until then, and an hour more to be explained."""
    app = await house.app()
    code = await house.code(app)
    _, answer = await house.redeem(app, code)
    house.clock.advance(minutes=14)
    await house.sweep()

    assert (await house.redeem(app, code))[1]["error_description"] == "expired authorization code"
    assert not await house.is_active(app, answer["access_token"])
    house.clock.advance(minutes=60)
    await house.sweep()
    assert await count(house, "authorization_code") == 1
    house.clock.advance(minutes=2)
    await house.sweep()
    assert await count(house, "authorization_code") == 0
    assert (await house.redeem(app, code))[1]["error_description"] == "invalid authorization code"


async def test_a_family_with_a_living_refresh_token_stays_for_years(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    newest = (await house.sign_in(app))["refresh_token"]

    for _ in range(3):
        house.clock.advance(days=400)
        await house.sweep()
        status, answer = await house.refresh(app, newest)
        assert status == 200
        newest = answer["refresh_token"]

    assert await count(house, "token_family") == 1


@pytest.mark.requirement("S14")
async def test_a_spent_refresh_token_is_recognized_for_thirty_days_however_old_it_is(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    lines = [await house.sign_in(app) for _ in range(2)]
    house.clock.advance(days=25)
    newest = [(await house.refresh(app, line["refresh_token"]))[1] for line in lines]
    house.clock.advance(days=29)
    await house.sweep()

    assert await house.refresh(app, lines[0]["refresh_token"]) == EXPIRED
    assert await house.refresh(app, newest[0]["refresh_token"]) == EXPIRED
    house.clock.advance(days=2)
    await house.sweep()
    assert await house.refresh(app, lines[1]["refresh_token"]) == EXPIRED
    assert (await house.refresh(app, newest[1]["refresh_token"]))[0] == 200
    assert await house.reasons() == ["refresh.reused", "refresh.revoked", "refresh.unknown"]


async def test_a_revoked_line_leaves_with_all_its_tokens_and_none_of_them_lives_again(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.SESSION_TIMEOUT: 1440})
    first = await house.sign_in(app)
    _, second = await house.refresh(app, first["refresh_token"])
    await house.revoke(second["refresh_token"])

    for _ in range(32):
        house.clock.advance(days=1)
        await house.sweep()
        assert not await house.is_active(app, second["access_token"])
        assert await house.refresh(app, second["refresh_token"]) == EXPIRED

    assert [await count(house, table) for table in ("token_family", "refresh_token", "access_token")] == [0, 0, 0]


async def test_an_access_token_outlives_its_line_by_nothing(house: House) -> None:
    """A revoked line may leave before a token of it that was kept in use: the token counts as revoked."""
    app = await house.app()
    token = (await house.sign_in(app))["access_token"]
    await house.change("UPDATE access_token SET expires_at = expires_at + 8640000000")
    await house.change("UPDATE token_family SET revoked_at = created_at")
    house.clock.advance(days=31)
    await house.sweep()

    assert await count(house, "token_family") == 0
    assert await count(house, "access_token") == 1
    assert not await house.is_active(app, token)


async def test_browsers_sessions_and_requests_leave_in_their_time(house: House) -> None:
    now = house.clock.now_ms()
    browser = new_row_id(now)
    steps = (
        Step(BROWSER, (browser, b"hash", now, now)),
        Step(SESSION, (new_row_id(now), browser, house.org_id, house.user_ids["ada"], now, now, now + DAY_MS, None)),
        Step(REQUEST, (new_row_id(now), browser, "{}", now, None)),
        add_event("token.code", at=now, org_id=house.org_id, app_id="", user_id="", address="", request_id=""),
    )
    await house.db.commit(Write(steps))
    left = {}

    for days in range(1, 183):
        house.clock.advance(days=1)
        await house.sweep()
        for table in ("browser", "browser_session", "authorization_request", "event"):
            if table not in left and await count(house, table) == 0:
                left[table] = days

    assert left == {"authorization_request": 2, "browser_session": 3, "browser": 3, "event": 181}


async def test_a_sweep_goes_in_small_steps_and_leaves_what_lives_among_what_has_ended(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    async with asyncio.timeout(60):
        await asyncio.gather(*(house.token(form) for _ in range(2 * WINDOW + 50)))
    tokens = [str(row[0]) for row in await house.db.all(Statement("SELECT id FROM access_token ORDER BY id"))]
    living = tokens[:: len(tokens) // 7]
    for token in living:
        await house.change("UPDATE access_token SET expires_at = expires_at + 8640000000 WHERE id = :id", token)
    house.clock.advance(days=1)

    sweep = Sweep(house.db, house.clock.now_ms())
    steps: list[int] = []
    while await sweep.step():
        steps.append(sweep.deleted - sum(steps))

    assert max(steps) <= WINDOW
    assert sum(1 for step in steps if step) == 3
    rows = await house.db.all(Statement("SELECT id FROM access_token ORDER BY id"))
    assert [row[0] for row in rows] == living


async def test_what_is_renewed_between_look_and_delete_stays(house: House) -> None:
    """A token used at the very moment of the sweep: the delete asks once more whether it has ended."""
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)
    house.clock.advance(days=1)
    renewal = Statement("UPDATE access_token SET expires_at = :expires_at")

    await asyncio.gather(
        house.db.commit(Write((Step(renewal, (house.clock.now_ms() + DAY_MS,)),))),
        Sweep(house.db, house.clock.now_ms()).step(),
    )

    assert await count(house, "access_token") == 1


async def test_the_sweeper_comes_round_by_itself_and_again_after_an_outage(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)
    house.clock.advance(days=200)
    await _run(house, "ALTER TABLE event RENAME TO elsewhere;\n")
    sweeper = Sweeper(house.db, house.clock, every_s=0.01)
    try:
        async with asyncio.timeout(20):
            while "sweeping stopped until the next round" not in caplog.text:  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.01)
            await _run(house, "ALTER TABLE elsewhere RENAME TO event;\n")
            while await count(house, "event"):  # noqa: ASYNC110 - nothing tells of the end of a round
                await asyncio.sleep(0.01)
    finally:
        await sweeper.close()

    assert await count(house, "access_token") == 0


async def _run(house: House, script: str) -> None:
    async with house.db.transaction() as transaction:
        await transaction.script(script)
