"""SQLite: reads on the event loop's own connection, writes committed in groups, transactions on a thread."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final

from grantway.kit.clock import Clock
from grantway.store.database import REVISION, revision_in
from grantway.store.sqlite_connection import UNFIT, connect, create_private, let_go
from grantway.store.sqlite_transaction import SqliteTransaction
from grantway.store.sqlite_writer import SqliteWriter
from grantway.store.statement import DEADLINE_S, Row, SqlValue, Statement, Unavailable, Write

# Readers do not wait for writers; what they may wait for is brief, and they wait on the event loop.
_READER_PATIENCE_S: Final = 0.5


class SqliteDatabase:
    """One SQLite file. Must be made and used on one event loop; the file may be shared by many processes."""

    name = "sqlite"
    # BEGIN IMMEDIATE is the lock already.
    schema_lock = Statement("SELECT 1")
    table_exists = Statement("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name")

    def __init__(self, path: str, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
        """Open or create the file (0600, in a folder 0700).

        - `deadline_s`: how long a write or a transaction may wait for its turn before it is `Unavailable`.

        Raises:
            Unavailable: the file cannot be opened.
        """
        self.path = path
        self._deadline_s = deadline_s
        self._loop = asyncio.get_running_loop()
        try:
            create_private(path)
            self._reader = connect(path, _READER_PATIENCE_S)
            self._writer = SqliteWriter(path, clock, deadline_s)
        except (sqlite3.Error, OSError) as problem:
            raise Unavailable(f"cannot open {path}: {problem}") from problem
        self._reads = 0
        self._revision: str | None = None
        self._admin: SqliteTransaction | None = None
        self._admin_lock = asyncio.Lock()
        self._closed = False

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        try:
            if self._reads:
                self._share_snapshot()
            else:
                self._note_read()
            row: Row | None = self._reader.execute(statement.sqlite, values).fetchone()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem
        except UNFIT:
            return None  # what cannot be stored cannot be found
        return row

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        try:
            if self._reads:
                self._share_snapshot()
            else:
                self._note_read()
            return self._reader.execute(statement.sqlite, values).fetchall()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem
        except UNFIT:
            return ()

    async def each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row | None]:
        """Return the first row, or None, for each of many rows of values; here no question has far to go."""
        return [await self.one(statement, *values) for values in many]

    async def revision(self) -> str:
        """Return the directory's revision; asked once in a turn of the loop."""
        if self._revision is None:
            self._revision = revision_in(await self.one(REVISION))
        return self._revision

    def _note_read(self) -> None:
        self._reads = 1
        self._loop.call_soon(self._end_snapshot)

    def _share_snapshot(self) -> None:
        """Let the reads of this turn of the loop share a transaction: each alone would lock, look for changes, unlock.

        Whoever waits for a commit goes on in a later turn than the one that the snapshot belongs to: the end of the
        snapshot stands in the loop's queue before anything that a later commit could put there.
        """
        if self._reads == 1:
            self._reads = 2
            self._reader.execute("BEGIN")

    def _end_snapshot(self) -> None:
        if self._reads == 2:
            with contextlib.suppress(sqlite3.Error):
                self._reader.execute("COMMIT")
        self._reads = 0
        self._revision = None

    def commit(self, write: Write) -> Coroutine[Any, Any, bool]:
        """Carry out a write durably; see `Database.commit`."""
        return self._writer.commit(write)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """Begin a transaction on a connection and thread of its own."""
        try:
            await asyncio.wait_for(self._admin_lock.acquire(), self._deadline_s)
        except TimeoutError:
            raise Unavailable("another transaction does not end") from None
        try:
            if self._closed:
                raise Unavailable("the database is closed")
            if self._admin is None:
                self._admin = SqliteTransaction(self.path, self._deadline_s)
            try:
                await self._admin.begin()
                yield self._admin
                await self._admin.commit()
            except BaseException:
                await self._admin.roll_back()
                raise
        finally:
            self._admin_lock.release()

    def ddl(self, text: str) -> str:
        """Return a migration's text in SQLite's type names; every table is STRICT."""
        return (
            text.replace("INT64", "INTEGER")
            .replace("BYTES", "BLOB")
            .replace("SORTTEXT", "TEXT")
            .replace(") KEYED;", ") STRICT, WITHOUT ROWID;")
        )

    async def close(self) -> None:
        """Finish the writes that wait, then close every connection."""
        self._closed = True
        await self._writer.close()
        if self._admin is not None:
            self._admin.close()
        let_go(self._reader)
