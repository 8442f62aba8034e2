"""Step-by-step transactions on SQLite, for administration."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from grantway.store.sqlite_connection import UNFIT, as_ours, connect, let_go
from grantway.store.statement import Row, SqlValue, Statement, Unavailable

T = TypeVar("T")


class SqliteTransaction:
    """The connection for step-by-step transactions, on a thread of its own: waiting for the lock blocks nobody."""

    def __init__(self, path: str, deadline_s: float) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-admin")
        self._path = path
        self._deadline_s = deadline_s
        self._connection: sqlite3.Connection | None = None
        self._failure: Exception | None = None

    async def begin(self) -> None:
        """Begin, when nobody else writes."""
        self._failure = None
        await self._execute("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """Make it durable; raises again what a statement had failed with."""
        await self._execute("COMMIT")

    async def roll_back(self) -> None:
        """Undo all of it, if anything was begun: it may be called at any time, and never raises."""

        def undo(connection: sqlite3.Connection) -> None:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

        with contextlib.suppress(Unavailable):
            await self._in_thread(undo)

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        rows = await self._execute(statement.sqlite, values)
        return rows[0] if rows else None

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        return await self._execute(statement.sqlite, values)

    async def each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row | None]:
        """Return the first row, or None, for each of many rows of values: step by step, as all in a transaction."""
        return [await self.one(statement, *values) for values in many]

    async def run(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Change something, and return the rows of a RETURNING clause."""
        return await self._execute(statement.sqlite, values)

    async def script(self, text: str) -> None:
        """Run DDL statement by statement: `executescript` would commit what stands open."""
        for statement in text.split(";\n"):
            if statement.strip():
                await self._execute(statement)

    async def _execute(self, text: str, values: Row = ()) -> Sequence[Row]:
        # As on PostgreSQL, nothing of a transaction can be kept after a statement has failed.
        if self._failure is not None:
            raise self._failure
        try:
            return await self._in_thread(lambda connection: connection.execute(text, values).fetchall())
        except Exception as problem:
            self._failure = problem
            raise

    async def _in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def do() -> T:
            if self._connection is None:
                self._connection = connect(self._path, self._deadline_s)
            return work(self._connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, do)
        except (sqlite3.Error, *UNFIT) as problem:
            raise as_ours(problem) from problem

    def close(self) -> None:
        """Close the connection and end the thread."""
        if self._connection is not None:
            let_go(self._connection)
        self._pool.shutdown()
