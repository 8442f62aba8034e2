"""Step-by-step transactions: they wait for each other, and end as a whole or not at all."""

import asyncio

import pytest

from grantway.store.database import Database
from grantway.store.statement import Conflict, Statement, Write
from tests.conftest import Opener
from tests.store import rows

_COUNT = Statement("SELECT failures FROM login_failure WHERE principal = 'ada'")
_SET = Statement("UPDATE login_failure SET failures = :failures WHERE principal = 'ada'")


async def test_what_a_transaction_did_is_seen_when_it_has_ended(db: Database, open_another: Opener) -> None:
    other = await open_another()
    async with db.transaction() as transaction:
        await transaction.run(rows.ADD, *rows.add("one").values)
        assert await transaction.one(rows.FIND, "one") is not None
        assert await rows.ids(other) == []

    assert await rows.ids(other) == ["one"]


async def test_a_block_that_raises_changes_nothing(db: Database) -> None:
    async def raises() -> None:
        async with db.transaction() as transaction:
            await transaction.run(rows.ADD, *rows.add("one").values)
            raise KeyError

    with pytest.raises(KeyError):
        await raises()

    assert await rows.ids(db) == []
    async with db.transaction() as transaction:
        assert await transaction.all(rows.ALL) == []


async def test_a_cancelled_block_changes_nothing(db: Database) -> None:
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with db.transaction() as transaction:
            await transaction.run(rows.ADD, *rows.add("one").values)
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(never_ends())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])

    assert await rows.ids(db) == []
    assert await db.commit(Write((rows.add("two"),)))


@pytest.mark.parametrize("turns", range(6))
async def test_whoever_is_cancelled_on_the_way_leaves_no_transaction_open(db: Database, turns: int) -> None:
    async def add() -> None:
        async with db.transaction() as transaction:
            await transaction.run(rows.ADD, *rows.add("one").values)

    task = asyncio.ensure_future(add())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert await db.commit(Write((rows.add("two"),)))
    async with db.transaction() as transaction:
        assert await transaction.one(rows.FIND, "two") is not None


async def test_returned_rows_come_back(db: Database) -> None:
    await db.commit(Write((rows.add("one"),)))
    async with db.transaction() as transaction:
        assert await transaction.run(rows.SPEND, 1, "", "one") == [("one",)]
        assert await transaction.run(rows.SPEND, 1, "", "one") == []


async def test_a_failed_statement_spoils_the_whole_transaction_even_when_it_is_caught(db: Database) -> None:
    await db.commit(Write((rows.add("one"),)))

    async def goes_on() -> None:
        async with db.transaction() as transaction:
            await transaction.run(rows.ADD, *rows.add("two").values)
            with pytest.raises(Conflict):
                await transaction.run(rows.ADD, *rows.add("one").values)

    with pytest.raises(Conflict):
        await goes_on()

    assert await rows.ids(db) == ["one"]
    async with db.transaction() as transaction:
        await transaction.run(rows.ADD, *rows.add("three").values)
    assert await rows.ids(db) == ["one", "three"]


async def test_reading_and_then_writing_loses_no_update(db: Database, open_another: Opener) -> None:
    others = [db, await open_another(), await open_another()]
    async with db.transaction() as transaction:
        await transaction.run(rows.FAIL, "ada", 0, 0)

    async def count_up(database: Database) -> None:
        for _ in range(8):
            async with database.transaction() as transaction:
                row = await transaction.one(_COUNT)
                assert row is not None
                await asyncio.sleep(0)
                await transaction.run(_SET, int(str(row[0])) + 1)

    await asyncio.gather(*[count_up(database) for database in others])

    assert await db.one(_COUNT) == (24,)


async def test_commits_go_on_beside_a_transaction_on_other_rows(db: Database, engine: str) -> None:
    if engine == "sqlite":
        pytest.skip("SQLite has one writer at a time: a commit waits for the transaction")
    async with db.transaction() as transaction:
        await transaction.run(rows.ADD, *rows.add("one").values)
        assert await db.commit(Write((rows.add("two"),)))
        assert await rows.ids(db) == ["two"]
