"""SQLite refuses one step of a group commit: nobody waits for ever, nothing is left open, and the next write is whole.

The refusals are SQLite's own (an authorizer on the writer's connection), at steps that no full disk or lock reaches.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

import pytest

from grantway.kit.clock import SystemClock
from grantway.store.sqlite import SqliteDatabase
from grantway.store.statement import Unavailable, Write
from tests.store import rows

_IN_TIME_S: Final = 5.0


@pytest.fixture
def file(sqlite_url: str) -> str:
    return sqlite_url.removeprefix("sqlite:///")


async def test_who_settled_is_answered_and_the_next_group_waits_for_the_disk_again(file: str) -> None:
    db = SqliteDatabase(file, SystemClock())
    await db.commit(Write((rows.add("token"),)))

    _refuse(db, lambda action, what, value: (action, what, value) == (sqlite3.SQLITE_PRAGMA, "synchronous", "FULL"))
    async with asyncio.timeout(_IN_TIME_S):
        assert await db.commit(rows.rotation("token", "next"))
        with pytest.raises(Unavailable):
            await db.commit(Write((rows.add("not on disk"),)))
    _refuse(db, None)

    assert await db.commit(Write((rows.add("other"),)))
    assert db._writer._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert await rows.ids(db) == ["next", "other", "token"]
    await db.close()


async def test_a_transaction_that_could_not_be_ended_takes_no_later_write_with_it(file: str) -> None:
    db = SqliteDatabase(file, SystemClock())

    _refuse(db, lambda action, what, _: action == sqlite3.SQLITE_TRANSACTION and what in {"COMMIT", "ROLLBACK"})
    async with asyncio.timeout(_IN_TIME_S):
        with pytest.raises(Unavailable):
            await db.commit(Write((rows.add("one"),)))
    _refuse(db, None)

    assert await db.commit(Write((rows.add("two"),)))
    assert await rows.ids(db) == ["two"]
    await db.close()


async def test_several_may_close_while_a_write_waits_and_one_of_them_may_give_up(file: str) -> None:
    db = SqliteDatabase(file, SystemClock())
    write = asyncio.ensure_future(db.commit(Write((rows.add("one"),))))
    await asyncio.sleep(0)
    closing = [asyncio.ensure_future(db.close()) for _ in range(3)]
    closing[1].cancel()

    async with asyncio.timeout(_IN_TIME_S):
        await asyncio.wait(closing)

    assert [one.cancelled() for one in closing] == [False, True, False]
    assert await write


async def test_another_that_takes_the_lock_again_and_again_does_not_keep_a_writer_from_it(file: str) -> None:
    db = SqliteDatabase(file, SystemClock(), deadline_s=0.3)
    enough = threading.Event()
    busy = asyncio.ensure_future(asyncio.to_thread(_take_again_and_again, file, enough))
    try:
        for number in range(200):
            assert await db.commit(Write((rows.add(f"{number}"),)))
    finally:
        enough.set()
        await busy
    await db.close()


def _take_again_and_again(file: str, enough: threading.Event) -> None:
    """Hold the lock for 60 ms of every 63, as a busy process on a slow disk does."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=5)
    while not enough.wait(0.003):
        connection.execute("BEGIN IMMEDIATE")
        enough.wait(0.06)
        connection.execute("COMMIT")
    connection.close()


def _refuse(db: SqliteDatabase, refuses: Callable[[int, str | None, str | None], bool] | None) -> None:
    def decide(action: int, what: str | None, value: str | None, *_: str | None) -> int:
        assert refuses is not None
        return sqlite3.SQLITE_DENY if refuses(action, what, value) else sqlite3.SQLITE_OK

    db._writer._connection.set_authorizer(decide if refuses is not None else None)
