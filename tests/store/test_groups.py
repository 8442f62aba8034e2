"""Group commit: what waits shares a commit, so that many writers cost the disk little more than one."""

import asyncio
import struct
from pathlib import Path

from grantway.store.database import Database
from grantway.store.statement import Statement, Step, Write
from tests.store import rows

WRITERS = 64
ROUNDS = 10
# Every transaction that writes takes a number.
_TRANSACTIONS = Statement("SELECT txid_snapshot_xmax(txid_current_snapshot())")


async def test_64_writers_need_at_most_an_eighth_as_many_commits_as_writes(db: Database, url: str) -> None:
    before = await _commits(db, url)

    async def write(writer: int) -> None:
        for number in range(ROUNDS):
            assert await db.commit(
                Write((rows.add(f"{writer}-{number}"), Step(rows.FAIL, (f"{writer % 8}", 1, number))))
            )

    await asyncio.gather(*[write(writer) for writer in range(WRITERS)])

    assert len(await rows.ids(db)) == WRITERS * ROUNDS
    assert sum(int(str(row[1])) for row in await db.all(rows.FAILURES)) == WRITERS * ROUNDS
    assert await _commits(db, url) - before <= WRITERS * ROUNDS / 8


async def test_one_writer_does_not_wait_for_company(db: Database, url: str) -> None:
    before = await _commits(db, url)

    for number in range(20):
        await db.commit(Write((rows.add(f"{number}"),)))

    # PostgreSQL counts what its own housekeeping commits meanwhile, too.
    assert 20 <= await _commits(db, url) - before < 30


async def _commits(db: Database, url: str) -> int:
    if db.name == "postgres":
        row = await db.one(_TRANSACTIONS)
        assert row is not None
        return int(str(row[0]))
    # The last frame of each transaction in SQLite's log names the size of the database.
    log = Path(url.removeprefix("sqlite:///") + "-wal").read_bytes()
    page_size = struct.unpack(">I", log[8:12])[0] if log else 0
    salt = log[16:24]
    frames = [log[at : at + 24] for at in range(32, len(log), 24 + page_size)] if log else []
    return sum(frame[4:8] != b"\0\0\0\0" for frame in frames if frame[8:16] == salt)
