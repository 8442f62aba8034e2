"""How often a request of a hot path reaches the database: each statement is named here with its reason (style.md 6).

Counted where they reach SQLite. Orgs, apps and users are read by the first request and then kept under the directory's
revision (decision 6), so each request is made twice and the second one counted. What one turn of the event loop reads
shares a snapshot, which is a BEGIN and a COMMIT around the reads where there are two or more (decision 5).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.introspect import introspect
from grantway.endpoints.people import userinfo
from grantway.store.sqlite import SqliteDatabase
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.issuer import exchanging_app, handler_for, outside_token
from tests.endpoints.signer import signer
from tests.endpoints.test_jwt_bearer import claims, preauthorized, send
from tests.endpoints.test_kept_handlers import BELIEVING
from tests.endpoints.test_token_exchange import exchange

# Whether what is kept of apps, orgs and users still holds.
REVISION = "SELECT directory_revision"
# A group commit: everything between is on disk before the answer leaves.
WRITE = ["BEGIN IMMEDIATE"]
# When the commit was on disk, so that a tie is told from a replay (decision 3): without an fsync of its own, visible
# before the answer leaves.
SETTLE_CODE = ["BEGIN IMMEDIATE", "UPDATE authorization_code", "COMMIT"]
SETTLE_REFRESH = ["BEGIN IMMEDIATE", "UPDATE refresh_token", "COMMIT"]


class Counted:
    """A house whose statements are written down as they reach SQLite."""

    def __init__(self, house: House) -> None:
        assert isinstance(house.db, SqliteDatabase)
        self._connections = [house.db._reader, house.db._writer._connection]

    async def during(self, request: Callable[[], Awaitable[Any]]) -> list[str]:
        """Return the statements of one request: what is done, and to which table."""
        seen: list[str] = []
        await asyncio.sleep(0)  # the turn in which the test itself read ends
        for connection in self._connections:
            connection.set_trace_callback(seen.append)
        try:
            await request()
            await asyncio.sleep(0)  # the turn of the request ends, and its snapshot with it
        finally:
            for connection in self._connections:
                connection.set_trace_callback(None)
        # A PRAGMA is about the connection: how long it waits, and for what.
        return [_kind(text) for text in seen if not text.startswith("PRAGMA")]


def _kind(text: str) -> str:
    change = re.match(r"BEGIN IMMEDIATE|BEGIN|COMMIT|ROLLBACK|(?:INSERT INTO|UPDATE|DELETE FROM) [a-z_]+", text)
    if change:
        return change[0]
    read = re.match(r"SELECT .*? FROM ([a-z_]+)", text)
    assert read, text
    return f"SELECT {read[1]}"


async def test_client_credentials(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)

    assert await Counted(house).during(lambda: house.token(form)) == [
        REVISION,
        *WRITE,
        "INSERT INTO access_token",  # its hash, which every use looks up
        "INSERT INTO event",  # the login history
        "COMMIT",
    ]


async def test_introspection(house: House) -> None:
    app = await house.app()
    token = (await house.sign_in(app))["access_token"]
    await ask_about(house, app, token)

    assert await Counted(house).during(lambda: ask_about(house, app, token)) == [
        REVISION,
        "BEGIN",
        "SELECT access_token",  # with its family: both may have ended a moment ago
        "COMMIT",
    ]


async def test_userinfo(house: House) -> None:
    token = (await house.sign_in(await house.app()))["access_token"]

    assert await Counted(house).during(lambda: who_is(house, token)) == [
        "SELECT access_token",
        "BEGIN",
        REVISION,
        "COMMIT",
    ]


async def test_userinfo_moves_the_end_of_a_token_in_use_once_half_its_time_has_passed(house: House) -> None:
    token = (await house.sign_in(await house.app()))["access_token"]
    house.clock.advance(minutes=61)

    assert await Counted(house).during(lambda: who_is(house, token)) == [
        "SELECT access_token",
        "BEGIN",
        REVISION,
        "COMMIT",
        *WRITE,
        "UPDATE access_token",  # expiry is idle-based (salesforce-oauth.md 7)
        "COMMIT",
    ]
    assert "UPDATE access_token" not in await Counted(house).during(lambda: who_is(house, token))


async def test_refresh_with_rotation(house: House) -> None:
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    line = await house.sign_in(app, scopes="api refresh_token")
    _, line = await house.refresh(app, line["refresh_token"])

    assert await Counted(house).during(lambda: house.refresh(app, line["refresh_token"])) == [
        REVISION,
        "BEGIN",
        "SELECT refresh_token",  # with its family
        "COMMIT",
        *WRITE,
        "UPDATE refresh_token",  # the guard: exactly one request rotates it out
        "UPDATE token_family",  # its idle time starts again
        "INSERT INTO refresh_token",  # the successor
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
        *SETTLE_REFRESH,
    ]


async def test_refresh_without_rotation(house: House) -> None:
    app = await house.app()
    line = await house.sign_in(app, scopes="api refresh_token")

    assert await Counted(house).during(lambda: house.refresh(app, line["refresh_token"])) == [
        REVISION,
        "BEGIN",
        "SELECT refresh_token",
        "COMMIT",
        *WRITE,
        "UPDATE token_family",
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
    ]


async def test_code_redemption(house: House) -> None:
    app = await house.app()
    await house.sign_in(app, scopes="api refresh_token")
    code = await house.code(app, scopes="api refresh_token")

    assert await Counted(house).during(lambda: house.redeem(app, code)) == [
        REVISION,
        "BEGIN",
        "SELECT authorization_code",
        "COMMIT",
        *WRITE,
        "UPDATE authorization_code",  # the guard: exactly one request spends it
        "INSERT INTO token_family",
        "UPDATE token_family",  # the sixth approval drops the oldest
        "INSERT INTO refresh_token",
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
        *SETTLE_CODE,
    ]


async def test_jwts_cost_no_statement_more_and_use_never_moves_their_end(house: House) -> None:
    """The org names its key, and what is kept of the org holds as long as the revision does."""
    app = await house.jwt_app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    _, answer = await house.token(form)

    assert await Counted(house).during(lambda: house.token(form)) == [
        REVISION,
        *WRITE,
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
    ]
    await who_is(house, answer["access_token"])
    house.clock.advance(minutes=61)
    assert await Counted(house).during(lambda: who_is(house, answer["access_token"])) == [
        "SELECT access_token",
        "BEGIN",
        REVISION,
        "COMMIT",
    ]


async def test_jwt_bearer(house: House) -> None:
    app = await preauthorized(house)
    await send(house, signer().sign(claims(house, app, jti="first")))
    assertion = signer().sign(claims(house, app, jti="second"))

    assert await Counted(house).during(lambda: send(house, assertion)) == [
        REVISION,
        "BEGIN",
        "SELECT seen_assertion",  # it counts once; what this user approved is not asked: the app is pre-authorized
        "COMMIT",
        *WRITE,
        "INSERT INTO seen_assertion",
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
    ]


async def test_token_exchange(house: House) -> None:
    """Handlers, as whom they work and whom they name are kept as apps are; the handler verifies by a certificate."""
    app = await exchanging_app(house)
    await handler_for(house, app, BELIEVING)
    await exchange(house, app, outside_token(house), scope="api", door=STANDARDS)

    asked = Counted(house).during(lambda: exchange(house, app, outside_token(house), scope="api", door=STANDARDS))

    assert await asked == [REVISION, *WRITE, "INSERT INTO access_token", "INSERT INTO event", "COMMIT"]


async def test_token_exchange_with_a_refresh_token_in_an_app_that_users_approve_themselves(house: House) -> None:
    app = await exchanging_app(house, {s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE})
    await handler_for(house, app, BELIEVING)
    await house.sign_in(app, scopes="api refresh_token")
    await exchange(house, app, outside_token(house))

    assert await Counted(house).during(lambda: exchange(house, app, outside_token(house))) == [
        REVISION,
        "BEGIN",
        "SELECT token_family",  # what the user approved may have been taken back a moment ago
        "COMMIT",
        *WRITE,
        "INSERT INTO token_family",
        "UPDATE token_family",  # the sixth approval drops the oldest
        "INSERT INTO refresh_token",
        "INSERT INTO access_token",
        "INSERT INTO event",
        "COMMIT",
    ]


@pytest.mark.parametrize("together", [2, 16])
async def test_requests_at_the_same_time_share_a_commit(house: House, together: int) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)

    seen = await Counted(house).during(lambda: asyncio.gather(*(house.token(form) for _ in range(together))))

    assert [seen.count(kind) for kind in ("INSERT INTO access_token", "BEGIN IMMEDIATE", "COMMIT", REVISION)] == [
        together,
        1,
        1,
        1,
    ]


async def ask_about(house: House, app: TestApp, token: str) -> None:
    form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    reply = await introspect(house.call(f"{SALESFORCE}/introspect", form), house.server, BASE)
    assert b'"active":true' in reply.body


async def who_is(house: House, token: str) -> None:
    bearer = (b"authorization", f"Bearer {token}".encode())
    reply = await userinfo(house.call(f"{SALESFORCE}/userinfo", method="GET", headers=(bearer,)), house.server, BASE)
    assert reply.status == 200
