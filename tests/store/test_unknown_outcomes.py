"""The answer to a COMMIT is lost: what became of it is looked up, never guessed, and nothing is done twice (R2)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from grantway.kit.clock import SystemClock
from grantway.store.database import Database
from grantway.store.postgres import PostgresDatabase
from grantway.store.postgres_connection import HeldConnection
from grantway.store.postgres_target import Target
from grantway.store.statement import Step, Unavailable, Write
from tests.store import rows
from tests.store.cutting_proxy import Proxy, cutting_proxy

pytestmark = [pytest.mark.postgres, pytest.mark.requirement("R2")]
# A write that would show if it were done twice, or half.
_ONE = Write((rows.add("one"), Step(rows.FAIL, ("ada", 1, 1))))


@pytest.fixture
async def proxied(postgres_url: str) -> AsyncIterator[tuple[Proxy, PostgresDatabase]]:
    async with cutting_proxy(postgres_url) as (proxy, url):
        db = await PostgresDatabase.connect(url, SystemClock(), deadline_s=2)
        await db.commit(Write((rows.add("zero"),)))
        yield proxy, db
        await db.close()


async def test_a_commit_whose_answer_is_lost_is_found_to_be_done(proxied: tuple[Proxy, Database]) -> None:
    proxy, db = proxied

    proxy.cut_after = b"COMMIT"
    assert await db.commit(_ONE)

    assert proxy.cut_after == b""
    assert await _once(db)


async def test_a_commit_that_never_arrived_is_found_not_to_be_done_and_repeated(
    proxied: tuple[Proxy, Database],
) -> None:
    proxy, db = proxied

    proxy.cut_before = b"COMMIT"
    assert await db.commit(_ONE)

    assert proxy.cut_before == b""
    assert await _once(db)


async def test_every_write_of_a_lost_group_is_told_its_own_outcome(proxied: tuple[Proxy, Database]) -> None:
    proxy, db = proxied
    await db.commit(rows.rotation("zero", "next"))

    proxy.cut_after = b"COMMIT"
    outcomes = await rows.together(db, [_ONE, rows.rotation("zero", "again"), rows.rotation("next", "third")])

    assert outcomes == [True, False, True]
    assert await rows.ids(db) == ["next", "one", "third", "zero"]


async def test_a_commit_that_the_server_still_works_at_when_the_connection_is_lost_is_not_taken_for_undone(
    proxied: tuple[Proxy, Database], postgres_url: str
) -> None:
    """The server does not hear of the loss, and waits for a lock within its COMMIT."""
    proxy, db = proxied
    other = await asyncpg.connect(postgres_url)
    await other.execute(_WAITS_AT_COMMIT)
    await other.execute("SELECT pg_advisory_lock(1)")

    write = asyncio.ensure_future(db.commit(_ONE))
    lost = await _until(other, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    proxy.lose_clients()
    await _until(other, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1)", lost)
    await other.execute("SELECT pg_advisory_unlock(1)")

    assert await write
    assert await _once(db)
    await other.close()


async def test_a_commit_that_cannot_be_looked_up_in_time_is_unknown(proxied: tuple[Proxy, Database]) -> None:
    proxy, db = proxied

    proxy.cut_after, proxy.refusing = b"COMMIT", True
    with pytest.raises(Unavailable) as caught:
        await db.commit(_ONE)
    assert caught.value.unknown

    proxy.refusing = False
    assert await _once(db)


async def test_a_commit_that_leaves_no_row_of_its_own_is_unknown(proxied: tuple[Proxy, Database]) -> None:
    """Another may have written the same values: they prove nothing."""
    proxy, db = proxied

    proxy.cut_after = b"COMMIT"
    with pytest.raises(Unavailable) as caught:
        await db.commit(Write((), rows.spend("zero")))

    assert caught.value.unknown
    assert await db.commit(Write((), rows.spend("zero"))) is False


async def test_a_write_whose_connection_is_lost_before_commit_is_repeated(proxied: tuple[Proxy, Database]) -> None:
    proxy, db = proxied

    proxy.cut_after = b"BEGIN"
    assert await db.commit(rows.rotation("zero", "next"))

    assert proxy.cut_after == b""
    assert await rows.ids(db) == ["next", "zero"]


async def test_a_transaction_whose_commit_lost_its_answer_is_found_to_be_done(proxied: tuple[Proxy, Database]) -> None:
    proxy, db = proxied

    proxy.cut_after = b"COMMIT"
    async with db.transaction() as transaction:
        await transaction.run(rows.ADD, *rows.add("one").values)

    assert proxy.cut_after == b""
    assert await rows.ids(db) == ["one", "zero"]


async def test_a_transaction_whose_commit_never_arrived_says_that_nothing_was_done(
    proxied: tuple[Proxy, Database],
) -> None:
    proxy, db = proxied

    proxy.cut_before = b"COMMIT"
    with pytest.raises(Unavailable) as caught:
        async with db.transaction() as transaction:
            await transaction.run(rows.ADD, *rows.add("one").values)

    assert not caught.value.unknown
    assert await rows.ids(db) == ["zero"]


async def test_the_rest_of_a_transaction_is_not_done_on_another_connection(postgres_url: str) -> None:
    held = HeldConnection(Target(url=postgres_url, deadline_s=5), role="writer")
    connection = await held.begin()
    await held.run_each(rows.ADD, [rows.add("one").values])

    connection.terminate()
    with pytest.raises(asyncpg.PostgresConnectionError):
        await held.run_each(rows.FAIL, [("ada", 1, 1)])

    held.drop()
    assert await held.rows(rows.ALL, ()) == []
    assert await held.rows(rows.FAILURES, ()) == []
    await held.close()


_WAITS_AT_COMMIT = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON refresh_token DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
"""


async def _until(connection: "asyncpg.Connection[asyncpg.Record]", question: str, *values: object) -> object:
    while (found := await connection.fetchval(question, *values)) is None:  # noqa: ASYNC110 - PostgreSQL tells nobody
        await asyncio.sleep(0.01)
    return found


async def _once(db: Database) -> bool:
    return await rows.ids(db) == ["one", "zero"] and await db.all(rows.FAILURES) == [("ada", 1, 1)]
