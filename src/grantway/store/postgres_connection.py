"""Connections to PostgreSQL that are held, opened again when lost, and what PostgreSQL's errors mean to us."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from grantway.store.postgres_batch import insert_many, select_many, update_many
from grantway.store.postgres_target import Target, text_of
from grantway.store.statement import Conflict, Insert, Row, Statement, Unavailable, Unfit, Update

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Prepared = PreparedStatement[asyncpg.Record]

# An operator's stronger remote_apply stays.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
# A prepared plan is kept as long as its connection: one made while a table was small must not read it whole when it
# has grown. These leave the plan that is right for one row or a handful, whatever the statistics said that day.
_BY_INDEX: Final = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
_IDLE_IN_TRANSACTION_S: Final = 60

# SQLSTATE classes and codes for "not now": the fault is the server's or the connection's, not the statement's.
_AWAY_CLASSES: Final = frozenset(("08", "28", "3D", "3F", "53", "57", "58", "F0", "XX"))
_AWAY_CODES: Final = frozenset(
    (
        "25006",  # read-only: a standby, or a disk nearly full
        "25P03",  # idle in transaction too long
        "40001",  # serialization failure, when repeating did not help
        "40P01",  # deadlock, the same
        "42703",  # the schema lacks a column: not migrated
        "42P01",  # the schema lacks a table
        "55P03",  # a lock cannot be had
    )
)
_AGAIN: Final = frozenset(("40001", "40P01"))
# The server ends the connection.
_LOST_CODES: Final = frozenset(("57P01", "57P02", "57P03", "57P05", "25P03"))
_LOST: Final = (asyncpg.PostgresConnectionError, asyncpg.InvalidCachedStatementError)
_NUL_IN_TEXT: Final = frozenset(("22021", "22P05"))


class HeldConnection:
    """One connection with its prepared statements; opened when first needed, and again after it was lost.

    For one user at a time: the protocol has no room for two questions at once.
    """

    __slots__ = ("_batches", "_connection", "_doubts", "_in_transaction", "_settings", "_singles", "_target")

    def __init__(self, target: Target, *, role: str, durable: bool = True, by_index: bool = True) -> None:
        """Take what the connection is for (shown in pg_stat_activity) and how it commits and plans."""
        self._target = target
        self._settings = {
            "application_name": f"grantway {role}",
            "default_transaction_isolation": "read committed",
            "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_S * 1000),
            "jit": "off",
        }
        if by_index:
            # The server gives up with us; one that cannot reach us any more must not keep its locks.
            self._settings |= {**_BY_INDEX, "statement_timeout": str(int(target.deadline_s * 1000))}
        if not durable:
            self._settings["synchronous_commit"] = "off"
        self._connection: Connection | None = None
        self._doubts = 0
        self._in_transaction = False
        self._singles: dict[Statement, Prepared] = {}
        self._batches: dict[Statement, Prepared] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None and not self._connection.is_closed()

    async def ready(self) -> "Connection":
        """Return the open connection.

        Raises:
            Unavailable: it cannot be opened.
            asyncpg.PostgresConnectionError: it was lost within a transaction, and so the transaction with it.
        """
        if self._connection is not None:
            is_closed = self._connection.is_closed()
            if self._in_transaction:
                if not is_closed:
                    return self._connection
                # On a new connection the rest of the transaction would be done without its beginning.
                raise asyncpg.ConnectionDoesNotExistError("the connection was lost within a transaction")
            # A server that has left one connection hanging has left all: each would cost its user the whole deadline.
            if not is_closed and self._doubts == self._target.doubts:
                return self._connection
            self._forget()
        self._doubts = self._target.doubts
        connection = await self._target.connect(self._settings)
        self._connection = connection
        if "synchronous_commit" not in self._settings:
            try:
                await connection.execute(_DURABLE)
            except BaseException:
                self.drop()
                raise
        return connection

    async def begin(self, text: str = "BEGIN") -> "Connection":
        """Begin a transaction; until its `end` the connection is not opened again behind its back."""
        connection = await self.ready()
        self._in_transaction = True
        await connection.execute(text)
        return connection

    def end(self) -> None:
        """Tell that the transaction has ended."""
        self._in_transaction = False

    async def row(self, statement: Statement, values: Row) -> Row | None:
        """Return the first row of a statement."""
        prepared = self._singles.get(statement) or await self.single(statement)
        record = await prepared.fetchrow(*values)
        return None if record is None else tuple(record)

    async def rows(self, statement: Statement, values: Row) -> Sequence[Row]:
        """Return every row of a statement."""
        prepared = self._singles.get(statement) or await self.single(statement)
        return [tuple(record) for record in await prepared.fetch(*values)]

    async def run_each(self, statement: Statement, many: Sequence[Row]) -> None:
        """Run a statement once for each of many rows of values, in their order."""
        prepared = self._singles.get(statement) or await self.single(statement)
        if len(many) == 1:
            await prepared.fetch(*many[0])
        else:
            await prepared.executemany(many)

    async def run_together(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row]:
        """Run an insert, update or select for many rows of values at once.

        Returns the keys of the rows an update changed; for a select each row found, then the number (from 1) of the
        values it was found for.
        """
        prepared = self._batches.get(statement) or await self._batch(statement)
        return [tuple(record) for record in await prepared.fetch(*zip(*many, strict=True))]

    async def single(self, statement: Statement) -> "Prepared":
        """Return the statement, prepared on this connection."""
        connection = await self.ready()
        # Without a name of its own the next statement would take its place on the server.
        prepared = await connection.prepare(statement.postgres, name=f"single_{len(self._singles)}")
        self._singles[statement] = prepared
        return prepared

    async def _batch(self, statement: Statement) -> "Prepared":
        single = self._singles.get(statement) or await self.single(statement)
        # PostgreSQL has worked out what each parameter is; an array of that has to be named.
        types = [parameter.name for parameter in single.get_parameters()]
        if isinstance(statement, Insert):
            text = insert_many(statement, types)
        elif isinstance(statement, Update):
            text = update_many(statement, types)
        else:
            text = select_many(statement, types)
        connection = await self.ready()
        prepared = self._batches[statement] = await connection.prepare(text, name=f"batch_{len(self._batches)}")
        return prepared

    async def close(self) -> None:
        """Say goodbye to the server."""
        connection, self._connection = self._connection, None
        self._singles, self._batches, self._in_transaction = {}, {}, False
        if connection is not None:
            try:
                await connection.close(timeout=1)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                connection.terminate()

    def is_usable_after(self, problem: BaseException) -> bool:
        """Tell whether the connection may go on: the server said what was wrong, or asyncpg before it asked."""
        if isinstance(problem, asyncpg.PostgresError):
            return not is_lost(problem) and self.is_open
        return isinstance(problem, Unavailable) and self.is_open

    def drop(self) -> None:
        """Let go of the connection without a word; the server rolls back what was open."""
        if self.is_open:
            self._target.doubts += 1
        self._forget()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        self._singles, self._batches, self._in_transaction = {}, {}, False
        if connection is not None:
            connection.terminate()


def is_lost(problem: BaseException) -> bool:
    """Tell whether the connection is gone, or what was prepared on it is no longer good; not: whether time is up."""
    if isinstance(problem, asyncpg.PostgresError):
        return isinstance(problem, _LOST) or problem.sqlstate in _LOST_CODES
    if isinstance(problem, asyncpg.InterfaceError | OSError):
        return not isinstance(problem, ValueError | TimeoutError)
    return isinstance(problem, asyncpg.InternalClientError)


def may_be_repeated(problem: BaseException) -> bool:
    """Tell whether the transaction may succeed when all of it is done once more."""
    return isinstance(problem, asyncpg.PostgresError) and problem.sqlstate in _AGAIN


def is_about_all(problem: Exception) -> bool:
    """Tell whether every statement would have failed now, not only the one that did."""
    if isinstance(problem, asyncpg.PostgresError) and (problem.sqlstate or "")[:2] == "42":
        return False
    return isinstance(as_ours(problem), Unavailable)


def as_ours(problem: Exception) -> Exception:
    """Return what the store's callers are told; never PostgreSQL's DETAIL or asyncpg's own text, which quote values."""
    if isinstance(problem, asyncpg.DataError) and problem.__cause__ is not None:  # asyncpg refused to send it
        if isinstance(problem.__cause__, UnicodeError | OverflowError):
            return Unfit("PostgreSQL cannot hold this value")
        return TypeError(str(problem.__cause__))
    if isinstance(problem, asyncpg.PostgresError):
        code = problem.sqlstate or ""
        if code[:2] == "23":
            return Conflict(text_of(problem))
        if code in _NUL_IN_TEXT:
            return Unfit("PostgreSQL cannot hold this text")
        if code in _AWAY_CODES or code[:2] in _AWAY_CLASSES or is_lost(problem):
            return Unavailable(text_of(problem))
        return problem
    if isinstance(problem, TimeoutError):
        return Unavailable("the database did not answer in time")
    if is_lost(problem):
        return Unavailable(text_of(problem))
    return problem
