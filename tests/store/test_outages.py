"""The database away, hung, locked or full: a clear `Unavailable` in time, and everything goes on afterwards (R5)."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.open import open_database
from grantway.store.postgres import PostgresDatabase
from grantway.store.sqlite import SqliteDatabase
from grantway.store.statement import Step, Unavailable, Write
from tests.store import rows
from tests.store.cutting_proxy import cutting_proxy
from tests.store.disk import no_room_beyond
from tests.toolchain import PostgresServer, need, postgres_bin

pytestmark = pytest.mark.requirement("R5")
_END_CONNECTIONS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'grantway%'"
)


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["fast", "crash"])
async def test_a_stopped_postgresql_is_unavailable_and_used_again_when_it_is_back(how: str) -> None:
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        db = await open_database(server.create_database(), SystemClock())
        await schema.upgrade(db)
        await db.commit(Write((rows.add("before"),)))

        server.stop("crash" if how == "crash" else "fast")
        for _ in range(2):
            with pytest.raises(Unavailable):
                await db.one(rows.FIND, "before")
            with pytest.raises(Unavailable):
                await db.commit(Write((rows.add("meanwhile"),)))
            with pytest.raises(Unavailable):
                async with db.transaction():
                    raise AssertionError
        assert all(isinstance(one, Unavailable) for one in await rows.together(db, [Write((rows.add("m"),))] * 20))

        server.start()
        assert await db.commit(Write((rows.add("after"),)))
        assert await rows.ids(db) == ["after", "before"]
        async with db.transaction() as transaction:
            assert await transaction.one(rows.FIND, "before") is not None
        await db.close()


@pytest.mark.postgres
async def test_a_stopped_postgresql_is_unavailable_at_the_start() -> None:
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        url = server.create_database()
        server.stop()
        with pytest.raises(Unavailable) as caught:
            await open_database(url, SystemClock())
        assert str(urlsplit(url).password) not in str(caught.value)


@pytest.mark.postgres
async def test_connections_that_end_while_idle_are_replaced_unnoticed(
    postgres: PostgresServer, postgres_url: str
) -> None:
    db = await open_database(postgres_url, SystemClock())
    await db.commit(Write((rows.add("token"),)))
    for number in range(3):
        assert int(postgres.execute(_END_CONNECTIONS)) >= 2
        assert await db.one(rows.FIND, "token") is not None
        assert await db.commit(rows.rotation("token" if number == 0 else f"next-{number}", f"next-{number + 1}"))
        async with db.transaction() as transaction:
            assert await transaction.one(rows.FIND, "token") is not None
    await db.close()


@pytest.mark.postgres
async def test_connections_that_end_under_load_cost_at_most_a_clear_refusal(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """Whatever was acknowledged is there; whatever was refused, and not unknown, is not."""
    db = await open_database(postgres_url, SystemClock())
    acknowledged: list[str] = []
    refused: list[str] = []

    async def write(writer: int) -> None:
        for number in range(60):
            name = f"{writer:02}-{number:03}"
            try:
                await db.commit(Write((rows.add(name),)))
                acknowledged.append(name)
            except Unavailable as problem:
                if not problem.unknown:
                    refused.append(name)
            with contextlib.suppress(Unavailable):
                await db.one(rows.FIND, name)

    async def end_connections() -> None:
        for _ in range(5):
            await asyncio.sleep(0.02)
            await asyncio.to_thread(postgres.execute, _END_CONNECTIONS)

    await asyncio.gather(end_connections(), *[write(writer) for writer in range(16)])

    stored = set(await rows.ids(db))
    assert set(acknowledged) <= stored
    assert not set(refused) & stored
    assert len(acknowledged) > 16 * 60 / 2
    await db.close()


@pytest.mark.postgres
async def test_a_postgresql_that_hangs_is_unavailable_within_the_deadline(postgres_url: str) -> None:
    async with cutting_proxy(postgres_url) as (proxy, url):
        db = await PostgresDatabase.connect(url, SystemClock(), deadline_s=0.4)
        await db.commit(Write((rows.add("one"),)))

        proxy.flowing.clear()
        began = time.monotonic()
        outcomes = await asyncio.gather(
            db.commit(Write((rows.add("two"),))),
            *[db.one(rows.FIND, "one") for _ in range(10)],
            _transaction(db),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Unavailable] * 12
        assert time.monotonic() - began < 1.5

        proxy.flowing.set()
        assert await db.commit(Write((rows.add("three"),)))
        assert await db.one(rows.FIND, "three") is not None
        await db.close()


@pytest.mark.postgres
async def test_a_row_that_is_locked_too_long_is_unavailable_and_then_free_again(postgres_url: str) -> None:
    db = await PostgresDatabase.connect(postgres_url, SystemClock(), deadline_s=0.4)
    other = await open_database(postgres_url, SystemClock())
    await db.commit(Write((rows.add("token"),)))

    async with other.transaction() as transaction:
        await transaction.run(rows.SPEND, 1, "", "token")
        with pytest.raises(Unavailable):
            await db.commit(Write((), rows.spend("token")))
        with pytest.raises(Unavailable):
            await _transaction(db)

    assert await db.commit(Write((), rows.spend("token"))) is False
    assert await db.commit(Write((rows.add("next"),)))
    await db.close()
    await other.close()


@pytest.mark.postgres
async def test_a_read_only_postgresql_still_reads(postgres: PostgresServer, postgres_url: str) -> None:
    name = postgres_url.rsplit("/", 1)[-1]
    await _add_one(postgres_url, "one")
    postgres.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    db = await open_database(postgres_url, SystemClock())

    assert await db.one(rows.FIND, "one") is not None
    with pytest.raises(Unavailable):
        await db.commit(Write((rows.add("two"),)))
    await db.close()


@pytest.mark.postgres
async def test_two_servers_that_change_the_same_rows_do_not_fail_each_other(postgres_url: str) -> None:
    left, right = [await open_database(postgres_url, SystemClock()) for _ in range(2)]
    names = [f"{n}" for n in range(12)]
    await left.commit(Write(tuple(rows.add(name) for name in names)))

    async def change(db: Database, order: list[str]) -> list[bool | BaseException]:
        outcomes = []
        for number in range(15):
            outcomes += await rows.together(
                db,
                [
                    Write((Step(rows.NAME_SUCCESSOR, (f"{number}", name)), Step(rows.FAIL, (name, 1, number))))
                    for name in order
                ],
            )
        return outcomes

    outcomes = await asyncio.gather(change(left, names), change(right, names[::-1]))

    assert set(outcomes[0]) | set(outcomes[1]) == {True}
    assert [row[1] for row in await left.all(rows.FAILURES)] == [30] * 12
    await left.close()
    await right.close()


async def test_a_sqlite_file_locked_too_long_is_unavailable_and_then_free_again(sqlite_url: str) -> None:
    """Those who come while others wait for the lock do not wait for their turn to wait: each has its own deadline."""
    path = sqlite_url.removeprefix("sqlite:///")
    db = SqliteDatabase(path, SystemClock(), deadline_s=1)
    await db.commit(Write((rows.add("before"),)))

    with _locked(path):
        first = asyncio.ensure_future(rows.together(db, [Write((rows.add(f"{n}"),)) for n in range(20)]))
        await asyncio.sleep(0.5)
        async with asyncio.timeout(1.4):
            later = await rows.together(db, [Write((rows.add(f"later {n}"),)) for n in range(20)])
        assert [type(outcome) for outcome in (*await first, *later)] == [Unavailable] * 40
        with pytest.raises(Unavailable):
            await _transaction(db)
        assert await rows.ids(db) == ["before"]

    assert await db.commit(Write((rows.add("after"),)))
    await _transaction(db)
    await db.close()


async def test_a_full_disk_is_unavailable_for_writes_only_and_used_again_when_there_is_room(sqlite_url: str) -> None:
    db = await open_database(sqlite_url, SystemClock())
    await db.commit(Write((rows.add("before"),)))

    with no_room_beyond(Path(sqlite_url.removeprefix("sqlite:///") + "-wal").stat().st_size + 5000):
        with pytest.raises(Unavailable):
            await db.commit(Write((rows.add("large", content=bytes(100_000)),)))
        assert await db.one(rows.FIND, "before") is not None
        with pytest.raises(Unavailable):
            async with db.transaction() as transaction:
                await transaction.run(rows.ADD, *rows.add("large", content=bytes(100_000)).values)

    assert await db.commit(Write((rows.add("large", content=bytes(100_000)),)))
    async with db.transaction() as transaction:
        await transaction.run(rows.ADD, *rows.add("other", content=bytes(100_000)).values)
    assert await rows.ids(db) == ["before", "large", "other"]
    await db.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is a letter, not a database. " * 100)
    with pytest.raises(Unavailable):
        await open_database(f"sqlite:///{tmp_path}/text.db", SystemClock())
    with pytest.raises(Unavailable):
        await open_database(f"sqlite:///{tmp_path}", SystemClock())


async def test_a_closed_database_is_unavailable(db: Database) -> None:
    await db.close()
    with pytest.raises(Unavailable):
        await db.one(rows.FIND, "one")
    with pytest.raises(Unavailable):
        await db.commit(Write((rows.add("one"),)))
    with pytest.raises(Unavailable):
        await _transaction(db)


async def _transaction(db: Database) -> None:
    async with db.transaction() as transaction:
        await transaction.all(rows.ALL)


async def _add_one(url: str, name: str) -> None:
    db = await open_database(url, SystemClock())
    await db.commit(Write((rows.add(name),)))
    await db.close()


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """Another connection holds the write lock of a SQLite file."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
