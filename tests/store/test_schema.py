"""Migrations: applied once, by whoever comes first."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.open import open_database
from grantway.store.statement import Statement

OPENER = """
import sys, time
from grantway.store.sqlite_connection import connect

print("ready", flush=True)
for line in sys.stdin:
    at, path = line.split()
    time.sleep(max(0, float(at) - time.time()))
    print(connect(path, 5).execute("PRAGMA journal_mode").fetchone()[0])
"""
PROJECT = Path(__file__).resolve().parents[2]
UPGRADER = """
import asyncio, sys
from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.open import open_database

async def main(url):
    print("ready", flush=True)
    sys.stdin.readline()
    db = await open_database(url, SystemClock())
    print(len(await schema.upgrade(db)), flush=True)
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.requirement("R7")
async def test_upgrading_twice_does_nothing_the_second_time(empty_url: str) -> None:
    db = await open_database(empty_url, SystemClock())
    known = schema.migrations()
    assert await schema.version_of(db) == 0

    assert await schema.upgrade(db) == known
    assert await schema.upgrade(db) == ()

    assert await schema.version_of(db) == known[-1].number
    assert await schema.pending(db) == ()
    await db.close()


@pytest.mark.requirement("R7")
async def test_of_several_tasks_that_upgrade_at_the_same_time_one_does_it(empty_url: str) -> None:
    opened: list[Database] = [await open_database(empty_url, SystemClock()) for _ in range(4)]

    done = await asyncio.gather(*[schema.upgrade(db) for db in opened for _ in range(2)])

    assert sorted(migration.number for applied in done for migration in applied) == [
        migration.number for migration in schema.migrations()
    ]
    for db in opened:
        await db.close()


@pytest.mark.requirement("R7")
async def test_of_several_processes_that_upgrade_at_the_same_time_one_does_it(empty_url: str) -> None:
    upgraders = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", UPGRADER, empty_url, cwd=PROJECT, stdin=-1, stdout=-1
        )
        for _ in range(4)
    ]
    for upgrader in upgraders:
        assert upgrader.stdout is not None
        assert await upgrader.stdout.readline() == b"ready\n"

    answers = await asyncio.gather(*[upgrader.communicate(b"\n") for upgrader in upgraders])

    assert [upgrader.returncode for upgrader in upgraders] == [0] * 4
    assert sum(int(output) for output, _ in answers) == len(schema.migrations())


def test_a_new_sqlite_file_is_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    openers = [
        subprocess.Popen([sys.executable, "-c", OPENER], cwd=PROJECT, stdin=-1, stdout=-1, text=True) for _ in range(6)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"

    soon = time.time() + 0.2
    paths = "".join(f"{soon + number / 100} {tmp_path / f'{number}.db'}\n" for number in range(100))
    with ThreadPoolExecutor(len(openers)) as pool:
        told = [answer for answer, _ in pool.map(lambda opener: opener.communicate(paths), openers)]

    assert told == ["wal\n" * 100] * len(openers)


async def test_a_migration_that_fails_leaves_nothing_behind(db: Database) -> None:
    version = await schema.version_of(db)
    text = (
        "CREATE TABLE half (\n  id SORTTEXT NOT NULL PRIMARY KEY\n) KEYED;\nCREATE TABLE half (\n  id TEXT\n) KEYED;\n"
    )

    with pytest.raises(Exception, match="half"):
        async with db.transaction() as transaction:
            await transaction.script(db.ddl(text))

    assert await db.one(db.table_exists, "half") is None
    assert await schema.version_of(db) == version


async def test_statements_prepared_before_a_migration_go_on_after_it(db: Database) -> None:
    everything = Statement("SELECT * FROM login_failure WHERE principal = :principal")
    async with db.transaction() as transaction:
        await transaction.run(Statement("INSERT INTO login_failure VALUES ('ada', 1, 2)"))
    assert await db.one(everything, "ada") == ("ada", 1, 2)

    async with db.transaction() as transaction:
        await transaction.script(db.ddl("ALTER TABLE login_failure ADD COLUMN reason TEXT NOT NULL DEFAULT '';\n"))

    assert await db.one(everything, "ada") == ("ada", 1, 2, "")
