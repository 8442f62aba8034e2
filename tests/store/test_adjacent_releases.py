"""Two adjacent releases on one database: an upgrade that only adds leaves the release before at work (R7)."""

import pytest

from grantway.store import schema
from grantway.store.database import Database
from grantway.store.statement import Statement

pytestmark = pytest.mark.requirement("R7")
SET = Statement("UPDATE setting_of_server SET value = :value WHERE name = :name")


async def upgraded_by_the_next_release(db: Database, serves: int) -> None:
    """Do to the database what the next release's upgrade would: add columns and a table, and say whom it serves."""
    newest = schema.migrations()[-1].number
    async with db.transaction() as transaction:
        for table in ("access_token", "token_family", "app", "person", "app_policy"):
            await transaction.script(db.ddl(f"ALTER TABLE {table} ADD COLUMN added INT64 NOT NULL DEFAULT 0;\n"))
        await transaction.script(db.ddl("CREATE TABLE added_table (\n  id TEXT NOT NULL PRIMARY KEY\n) KEYED;\n"))
        await transaction.run(SET, str(newest + 1), "schema_version")
        await transaction.run(SET, str(serves), "schema_serves")


async def test_a_schema_that_has_only_grown_serves_the_release_before(db: Database) -> None:
    await upgraded_by_the_next_release(db, schema.migrations()[-1].number)

    assert await schema.can_serve(db)
    assert await schema.pending(db) == ()
    assert await schema.upgrade(db) == ()
    assert await schema.version_of(db) == schema.migrations()[-1].number + 1


async def test_a_schema_that_has_changed_beyond_us_does_not(db: Database) -> None:
    await upgraded_by_the_next_release(db, schema.migrations()[-1].number + 1)

    assert not await schema.can_serve(db)


async def test_the_schema_says_whom_it_serves(db: Database) -> None:
    (serves,) = await db.one(Statement("SELECT value FROM setting_of_server WHERE name = 'schema_serves'")) or ("",)

    assert serves == str(schema.oldest_served(schema.migrations()))
    assert schema.migrations()[-1].serves <= schema.migrations()[-1].number


def test_a_step_that_only_adds_does_not_mend_what_an_earlier_one_broke() -> None:
    texts = {1: "", 2: "-- Serves releases from schema 1 on.", 3: "", 4: "-- Serves releases from schema 1 on."}
    steps = [schema.Migration(number=number, name="step", texts={"": text}) for number, text in texts.items()]

    assert [schema.oldest_served(steps[:number]) for number in texts] == [1, 1, 3, 3]
