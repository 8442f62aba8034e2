"""`Database`: what the store's modules ask of an engine, and nothing more."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol
from uuid import uuid4

from grantway.store.statement import Row, SqlValue, Statement, Write


class Session(Protocol):
    """Where statements run: the database itself (each on its own) or a transaction."""

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None.

        Raises:
            Unavailable: the database does not answer.
        """
        ...

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row.

        Raises:
            Unavailable: the database does not answer.
        """
        ...

    async def each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row | None]:
        """Return the first row, or None, for each of many rows of values: as `one` for each, but asked together.

        The statement begins with SELECT and has at least one parameter.

        Raises:
            Unavailable: the database does not answer.
        """
        ...


class Transaction(Session, Protocol):
    """A transaction in which rows may be read and changed step by step; for administration, not for hot paths."""

    async def run(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Change something, and return the rows of a RETURNING clause.

        Raises:
            Conflict: a row that must be unique exists already.
            Unavailable: the database does not answer.
        """
        ...

    async def script(self, text: str) -> None:
        """Run DDL: statements that each end with a semicolon at the end of a line."""
        ...


REVISION: Final = Statement("SELECT revision FROM directory_revision")


def revision_in(row: Row | None) -> str:
    """Return the revision that was read; where its row is lost, changes leave no trace, so nothing is kept."""
    return str(row[0]) if row else str(uuid4())


class Database(Session, Protocol):
    """An engine: reads, durable writes that share a commit, transactions, schema."""

    name: str

    async def commit(self, write: Write) -> bool:
        """Carry out a write durably, together with others that wait at the same time.

        Returns False when its guard was lost (then nothing of it was done).

        Raises:
            Conflict: a row that must be unique exists already.
            Unavailable: nothing was acknowledged; it is not known whether it was done when `unknown` is set.
            Unfit: a value cannot be stored.
        """
        ...

    async def revision(self) -> str:
        """Return a value that stands for the present orgs, people, rights, apps and policies: each change changes it.

        Raises:
            Unavailable: the database does not answer.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a transaction; it commits when the block ends and rolls back when the block raises.

        Transactions of all processes run one after the other, so what one has read stays true until it writes, but for
        what `commit` does meanwhile. After a statement has failed nothing can be kept, even when the block catches it.

        Raises:
            Unavailable: another transaction does not end in time, or the database does not answer.
        """
        ...

    schema_lock: Statement
    """Makes schema changes of several processes wait for each other, within a transaction."""

    table_exists: Statement
    """Gives a row when the table named by its one parameter exists."""

    def ddl(self, text: str) -> str:
        """Return a migration's text in the engine's own type names."""
        ...

    async def close(self) -> None:
        """Finish what was begun, then let go of files and connections."""
        ...
