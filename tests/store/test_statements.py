"""Every statement of the program is understood by both engines, which agree on what its values are."""

import gc
import importlib
import pkgutil
import sqlite3
from pathlib import Path

import asyncpg
import pytest

import grantway
from grantway.store.postgres_batch import insert_many, select_many, update_many
from grantway.store.postgres_connection import HeldConnection
from grantway.store.postgres_target import Target
from grantway.store.statement import Insert, Statement, Update
from tests.store import rows


def _statements() -> dict[str, Statement]:
    for module in pkgutil.walk_packages(grantway.__path__, "grantway."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # Wherever they are kept: in constants, records, tables.
    found = [thing for thing in gc.get_objects() if isinstance(thing, Statement)]
    return {thing.sqlite: thing for thing in found if "no_such_column" not in thing.sqlite}


def test_sqlite_understands_every_statement(migrated_file: Path) -> None:
    problems = {}
    with sqlite3.connect(migrated_file) as connection:
        for text, statement in _statements().items():
            try:
                if "pg_" not in text and "regclass" not in text and "txid" not in text:
                    connection.execute(f"EXPLAIN {text}", [None] * len(statement.names))
            except sqlite3.Error as problem:
                problems[text] = str(problem)
    connection.close()

    assert problems == {}


@pytest.mark.postgres
async def test_postgresql_understands_every_statement_and_takes_our_types(postgres_url: str) -> None:
    """An integer parameter that is compared with a small constant only would be 32 bits wide, and refuse a time."""
    problems = {}
    statements = _statements()
    connection = await asyncpg.connect(postgres_url)
    for text, statement in statements.items():
        if "sqlite_schema" in text or text.startswith("PRAGMA "):
            continue
        try:
            prepared = await connection.prepare(statement.postgres)
            types = [parameter.name for parameter in prepared.get_parameters()]
            if not set(types) <= {"int8", "text", "bytea"}:
                problems[text] = f"parameters are {types}"
            many = (
                insert_many(statement, types)
                if isinstance(statement, Insert)
                else update_many(statement, types)
                if isinstance(statement, Update)
                else select_many(statement, types)
                if text.startswith("SELECT ") and types
                else None
            )
            if many:
                await connection.prepare(many)
        except asyncpg.PostgresError as problem:
            problems[text] = str(problem)
    await connection.close()

    assert problems == {}


@pytest.mark.postgres
async def test_kept_plans_go_by_index_whatever_the_size_of_the_table_was(postgres_url: str) -> None:
    held = HeldConnection(Target(url=postgres_url, deadline_s=10), role="test")
    connection = await held.ready()
    await held.run_each(rows.ADD, [rows.add("only").values])
    await connection.execute("ANALYZE refresh_token")  # one row: nothing is cheaper than to read it all

    await held.row(rows.FIND, ("only",))
    await held.run_together(rows.FIND, [("only",), ("other",)])
    await held.run_together(rows.SPEND, [(1, "", "only"), (1, "", "other")])
    names = await connection.fetch("SELECT name, parameter_types::text[] AS types FROM pg_prepared_statements")
    for name, types in names:
        arguments = ", ".join(f"NULL::{one}" for one in types)
        for _ in range(7):  # after five times PostgreSQL may keep a general plan
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE {name} ({arguments})"))
            assert "Seq Scan on refresh_token" not in plan
    assert len(names) == 5
    await held.close()
