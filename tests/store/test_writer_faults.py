"""SQLite refuses one step of a group commit: nobody waits for ever, nothing is left open, and the next write is whole.

The refusals are SQLite's own (an authorizer on the writer's connection), at steps that no full disk or lock reaches.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from grantway.kit.clock import SystemClock
from grantway.store.sqlite import SqliteDatabase
from grantway.store.statement import Unavailable, Write
from tests.store import rows

_IN_TIME_S: Final = 5.0
PROJECT = Path(__file__).resolve().parents[2]
BUSY = """
import asyncio, itertools, sys
from grantway.kit.clock import SystemClock
from grantway.store.sqlite import SqliteDatabase
from grantway.store.statement import Write
from tests.store import rows

async def write(db, writer):
    for number in itertools.count():
        await db.commit(Write((rows.add(f"{writer}-{number}"),)))
        if (writer, number) == (0, 1):
            print("busy", flush=True)

async def main(file):
    db = SqliteDatabase(file, SystemClock())
    await asyncio.gather(*[write(db, writer) for writer in range(64)])

asyncio.run(main(*sys.argv[1:]))
"""


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


async def test_a_process_that_never_stops_writing_does_not_keep_others_from_it(file: str) -> None:
    db = SqliteDatabase(file, SystemClock(), deadline_s=1)
    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY, file, cwd=PROJECT, stdout=-1)
    try:
        assert busy.stdout is not None
        assert await busy.stdout.readline() == b"busy\n"
        for number in range(200):
            assert await db.commit(Write((rows.add(f"other-{number}"),)))
        assert busy.returncode is None
    finally:
        busy.kill()
        await busy.wait()
    await db.close()


def _refuse(db: SqliteDatabase, refuses: Callable[[int, str | None, str | None], bool] | None) -> None:
    def decide(action: int, what: str | None, value: str | None, *_: str | None) -> int:
        assert refuses is not None
        return sqlite3.SQLITE_DENY if refuses(action, what, value) else sqlite3.SQLITE_OK

    db._writer._connection.set_authorizer(decide if refuses is not None else None)
