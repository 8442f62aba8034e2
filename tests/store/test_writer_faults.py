"""SQLite refuses one step of a group commit: nobody waits for ever, nothing is left open, and the next write is whole.

The refusals are SQLite's own (an authorizer on the writer's connection), at steps that no full disk or lock reaches.
"""

import asyncio
import sqlite3
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


def _refuse(db: SqliteDatabase, refuses: Callable[[int, str | None, str | None], bool] | None) -> None:
    def decide(action: int, what: str | None, value: str | None, *_: str | None) -> int:
        assert refuses is not None
        return sqlite3.SQLITE_DENY if refuses(action, what, value) else sqlite3.SQLITE_OK

    db._writer._connection.set_authorizer(decide if refuses is not None else None)
