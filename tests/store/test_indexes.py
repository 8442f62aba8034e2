"""What an administrator ends or counts of one app goes by index, on both engines: other apps' tokens are not read."""

import pytest

from grantway.manage.connected_apps import install
from grantway.manage.consumer_keys import rotation
from grantway.manage.live import live_grants, single_tokens
from grantway.manage.usage import tokens
from grantway.store.database import Database
from grantway.store.postgres_connection import HeldConnection
from grantway.store.postgres_target import Target
from grantway.store.sqlite import SqliteDatabase
from grantway.store.statement import Statement

OF_ONE_APP = {
    "rotating ends lines": rotation._END_LINES,
    "rotating ends single tokens": rotation._END_ACCESS,
    "rotating looks for orgs": rotation._ORGS,
    "revoking ends lines": tokens._END_LINES_OF_APP,
    "revoking ends single tokens": tokens._END_ACCESS_OF_APP,
    "uninstalling ends single tokens": install._END_ACCESS,
    "counting live grants": live_grants._COUNT,
    "counting single tokens": single_tokens._COUNT,
}
NUMBERS = ("mark", "born", "used", "looked")
# Tables that grow with every token.
LARGE = ("token_family", "access_token")


@pytest.mark.parametrize("statement", OF_ONE_APP.values(), ids=OF_ONE_APP.keys())
async def test_what_is_asked_of_one_app_reads_no_other_apps_tokens(db: Database, statement: Statement) -> None:
    assert _reading_all(await _plan(db, statement)) == []


@pytest.mark.postgres
async def test_what_is_asked_of_many_apps_together_reads_no_other_apps_tokens(postgres_url: str) -> None:
    held = HeldConnection(Target(url=postgres_url, deadline_s=10), role="test")
    connection = await held.ready()
    counting = live_grants._COUNT
    await held.run_together(counting, [tuple(0 if name in NUMBERS else "" for name in counting.names)] * 2)
    name, types = (
        await connection.fetch(
            "SELECT name, parameter_types::text[] FROM pg_prepared_statements WHERE name LIKE 'batch%'"
        )
    )[0]
    await connection.execute("SET plan_cache_mode = force_generic_plan")

    nothing = ", ".join(f"NULL::{one}" for one in types)
    plan = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE {name} ({nothing})")]

    assert any("Index" in line and "token_family_standing" in line for line in plan)
    assert _reading_all(plan) == []
    await held.close()


async def test_a_plan_that_reads_all_is_told_from_one_that_does_not(db: Database) -> None:
    assert _reading_all(await _plan(db, Statement("SELECT hash FROM access_token WHERE user_id = :user_id")))


def _reading_all(plan: list[str]) -> list[str]:
    """Return the lines that read a large table from end to end; what SQLite reads of a subquery's rows is none."""
    rows_of_subqueries = {line.split()[1] for line in plan if line.startswith(("CO-ROUTINE ", "MATERIALIZE "))}
    return [
        line
        for line in plan
        if any(f"Seq Scan on {table}" in line for table in LARGE)
        or (line.startswith("SCAN ") and line.split()[1] in {*LARGE, "f", "t"} - rows_of_subqueries)
    ]


async def _plan(db: Database, statement: Statement) -> list[str]:
    """Return the lines of a statement's plan; on PostgreSQL the one that is kept for all values."""
    nothing = ", ".join("NULL" for _ in statement.names)
    if isinstance(db, SqliteDatabase):
        rows = await db.all(Statement(f"EXPLAIN QUERY PLAN {statement.sqlite}"), *(None for _ in statement.names))
        return [str(row[3]) for row in rows]
    async with db.transaction() as transaction:
        # Tables of a test are empty, where reading all is cheapest: the way by index is taken if there is one.
        for setting in ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"):
            await transaction.run(Statement(f"SET LOCAL {setting}"))
        await transaction.run(Statement(f"PREPARE looked_at AS {statement.postgres}"))
        rows = await transaction.all(Statement(f"EXPLAIN EXECUTE looked_at ({nothing})"))
        await transaction.run(Statement("DEALLOCATE looked_at"))
    return [str(row[0]) for row in rows]
