"""Step-by-step transactions on PostgreSQL, for administration: they run one after the other, as on SQLite.

READ COMMITTED under one advisory lock rather than SERIALIZABLE: administration reads and then writes, so two must not
overlap; but a block of Python cannot be repeated after a serialization failure, and hot-path writes, which do not take
part in serialization, would make the guarantee hollow anyway. Each statement sees what is committed when it begins.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Self, TypeVar

from grantway.store.postgres_connection import HeldConnection, as_ours, is_lost
from grantway.store.postgres_outcome import commit
from grantway.store.statement import Row, SqlValue, Statement, Step, Unavailable

if TYPE_CHECKING:
    from grantway.store.postgres_connection import Connection

T = TypeVar("T")
_BEGIN: Final = "BEGIN; SELECT pg_advisory_xact_lock(7305808869229537)"


class PostgresTransaction:
    """One transaction. After a statement has failed nothing of it can be kept: committing raises the failure again."""

    def __init__(self, held: HeldConnection, connection: "Connection", deadline_s: float) -> None:
        self._held: Final = held
        self._connection: Final = connection
        self._deadline_s: Final = deadline_s
        self._failure: Exception | None = None
        self._written: Final[list[Step]] = []

    @classmethod
    async def begin(cls, held: HeldConnection, deadline_s: float) -> Self:
        """Begin, when no other transaction runs.

        Raises:
            Unavailable: the database does not answer, or another transaction does not end in time.
        """
        while True:
            was_open = held.is_open
            try:
                async with asyncio.timeout(deadline_s):
                    connection = await held.begin(_BEGIN)
            except BaseException as problem:
                held.drop()
                if was_open and is_lost(problem):
                    continue  # it was lost while nobody looked
                if isinstance(problem, Exception):
                    raise as_ours(problem) from None
                raise
            return cls(held, connection, deadline_s)

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        rows = await self._execute(statement, values)
        return rows[0] if rows else None

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        return await self._execute(statement, values)

    async def each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row | None]:
        """Return the first row, or None, for each of many rows of values: step by step, as all in a transaction."""
        return [await self.one(statement, *values) for values in many]

    async def run(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Change something, and return the rows of a RETURNING clause."""
        rows = await self._execute(statement, values)
        self._written.append(Step(statement, values))
        return rows

    async def script(self, text: str) -> None:
        """Run DDL; an index may take longer to build than a request may wait, so this has no deadline."""
        await self._step(lambda connection: connection.execute(text), deadline_s=None)

    async def commit(self) -> None:
        """Make it durable.

        Raises:
            Unavailable: nothing of it was done; or, with `unknown` set, it may have been.
            Conflict: a statement had failed with it, so nothing was done.
        """
        failure = self._failure
        if failure is not None:
            await self.roll_back()
            raise failure
        try:
            async with asyncio.timeout(self._deadline_s):
                await commit(self._held, self._written)
        except Exception as problem:
            raise as_ours(problem) from None
        finally:
            self._held.end()

    async def roll_back(self) -> None:
        """Undo all of it."""
        if self._held.is_open:
            try:
                async with asyncio.timeout(self._deadline_s):
                    await self._connection.execute("ROLLBACK")
                self._held.end()
            except BaseException as problem:
                self._held.drop()
                if not isinstance(problem, Exception):
                    raise

    async def _execute(self, statement: Statement, values: Row) -> Sequence[Row]:
        records = await self._step(
            lambda connection: connection.fetch(statement.postgres, *values), deadline_s=self._deadline_s
        )
        return [tuple(record) for record in records]

    async def _step(self, work: "Callable[[Connection], Awaitable[T]]", *, deadline_s: float | None) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            async with asyncio.timeout(deadline_s):
                return await work(self._connection)
        except BaseException as problem:
            if not self._held.is_usable_after(problem):
                self._held.drop()
            self._failure = as_ours(problem) if isinstance(problem, Exception) else Unavailable("interrupted")
            if isinstance(problem, Exception):
                raise self._failure from None
            raise
