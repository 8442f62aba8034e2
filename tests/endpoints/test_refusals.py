"""Refusals are kept for `explain`, behind the answer, bounded by age and by app; they never change an answer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from grantway import settings as s
from grantway.endpoints.answer import note
from grantway.endpoints.refusals import KEPT_PER_APP
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.usage.explain import explain
from grantway.protocol.door import Voice
from grantway.protocol.no import request as no
from grantway.store.statement import Statement
from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.raw import Answer, Wire

COUNT = Statement("SELECT count(*) FROM refusal")
REQUEST_IDS = Statement("SELECT request_id FROM refusal ORDER BY at, request_id")


async def be_refused(house: House, app: TestApp, door: str = SALESFORCE) -> Answer:
    """Ask for a token with a wrong secret."""
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": "wrong"}
    return await Wire(house).post(f"{door}/token", form)


async def stored(house: House) -> list[str]:
    """Return the request ids of what is stored, once everything queued has been written."""
    await house.server.refusals.flush()
    return [str(row[0]) for row in await house.db.all(REQUEST_IDS)]


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """Another process holds the write lock of the house's SQLite file."""
    with closing(sqlite3.connect(folder / "house.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_refusal_waits_for_no_write(house: House, tmp_path: Path) -> None:
    """With the database locked the client is told at once, and the refusal is stored when it can be."""
    app = await house.app()

    async with locked(tmp_path):
        answer = await be_refused(house, app)
        assert answer.status == 400
        assert await house.db.one(COUNT) == (0,)

    assert await stored(house) == [answer.headers["x-request-id"]]


@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_a_refusal_that_cannot_be_stored_is_the_same_refusal(house: House, door: str) -> None:
    app = await house.app()
    before = await be_refused(house, app, door)
    await house.server.refusals.flush()
    async with house.db.transaction() as transaction:
        await transaction.script("ALTER TABLE refusal RENAME TO elsewhere;\n")

    after = [await be_refused(house, app, door) for _ in range(3)]

    assert [(one.status, one.body) for one in after] == [(before.status, before.body)] * 3


async def test_after_an_outage_refusals_are_stored_by_themselves_again(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    async with house.db.transaction() as transaction:
        await transaction.script("ALTER TABLE refusal RENAME TO elsewhere;\n")
    await be_refused(house, app)
    with pytest.raises(Exception, match="refusal"):
        await house.server.refusals.flush()
    async with house.db.transaction() as transaction:
        await transaction.script("ALTER TABLE elsewhere RENAME TO refusal;\n")

    answer = await be_refused(house, app)

    async with asyncio.timeout(20):
        while (answer.headers["x-request-id"],) not in await house.db.all(REQUEST_IDS):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_a_refusal_that_the_database_cannot_hold_does_not_take_its_neighbours_with_it(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    app = await house.app()
    first = await be_refused(house, app)
    for text in ("\ud800", "\0"):
        refusal = no.GRANT_TYPE_UNKNOWN(grant_type=text)
        note(house.server, house.call(f"/{text}"), refusal, refusal.reason.wire(Voice.SALESFORCE))
    last = await be_refused(house, app)

    assert {first.headers["x-request-id"], last.headers["x-request-id"]} <= set(await stored(house))


async def test_refusals_are_kept_for_thirty_days(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    old = await be_refused(house, app)
    await house.server.refusals.flush()
    house.clock.advance(days=1)
    young = await be_refused(house, app)
    house.clock.advance(days=29)
    await house.sweep()
    assert await stored(house) == [old.headers["x-request-id"], young.headers["x-request-id"]]

    house.clock.advance(ms=1)
    await house.sweep()

    assert await stored(house) == [young.headers["x-request-id"]]


async def test_of_each_app_the_newest_thousand_refusals_are_kept(house_on_each_engine: House) -> None:
    """Counted in hundreds: who is refused all day drops their own oldest, and nobody else's."""
    house = house_on_each_engine
    noisy, quiet = await house.app(), await house.app()
    of_quiet = await be_refused(house, quiet)
    answers = []
    for _ in range(KEPT_PER_APP + 300):
        answers.append((await be_refused(house, noisy)).headers["x-request-id"])
        house.clock.advance(ms=1)

    found = await stored(house)

    assert found[0] == of_quiet.headers["x-request-id"]
    assert found[1:] == answers[-KEPT_PER_APP:]


async def test_what_is_queued_during_an_outage_is_bounded_and_the_oldest_give_way(house: House, tmp_path: Path) -> None:
    apps = [await house.app() for _ in range(3)]
    ids = []
    async with locked(tmp_path):
        for app in apps:
            for _ in range(800):
                ids.append((await be_refused(house, app)).headers["x-request-id"])
                house.clock.advance(ms=1)

    # One group more may have been on its way to the database.
    found = await stored(house)
    assert found[-2000:] == ids[-2000:]
    assert len(found) <= 2200


async def test_explain_tells_the_checks_the_setting_and_the_remedy(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: False})
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    answer = await Wire(house).post(f"{SALESFORCE}/token", form)
    await house.server.refusals.flush()
    desk = Desk(db=house.db, clock=house.clock, ring=house.server.ring, caller=OPERATOR)
    request_id = answer.headers["x-request-id"]

    explained = await explain(desk, request_id.lower().replace("-", " "))

    assert explained.request_id == request_id
    assert explained.endpoint == "POST /services/oauth2/token"
    assert (explained.reason, explained.error) == ("machine.client_credentials_off", "invalid_grant")
    assert explained.setting == "client_credentials"
    assert explained.address == "127.0.0.1"
    assert [(one["check"], one["refused"]) for one in explained.checks] == [
        ("Client", False),
        ("Client secret", False),
        ("Client Credentials Flow", True),
    ]


@pytest.mark.requirement("S62")
@pytest.mark.parametrize("path", ["/services/oauth2/introspect", "/oidc/introspect", "/oidc/revoke", "/oidc/token"])
@pytest.mark.parametrize(
    "proof",
    [
        {"client_secret": "wrong"},
        {"client_assertion": "x", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    ],
    ids=["secret", "assertion"],
)
async def test_a_client_that_did_not_prove_itself_is_named_so_that_its_administrators_can_ask_why(
    house: House, path: str, proof: dict[str, str]
) -> None:
    app = await house.app()
    form = {"grant_type": "client_credentials", "token": "x", "client_id": app.consumer_key, **proof}
    answer = await Wire(house).post(path, form)
    await house.server.refusals.flush()
    row = await house.db.one(Statement("SELECT app_id, org_id FROM refusal"))

    assert answer.status in (400, 401)
    assert row == (app.id, house.org.id)
