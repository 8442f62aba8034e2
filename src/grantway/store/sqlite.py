"""SQLite: reads on the event loop's own connection, writes by one thread that commits what waits in groups."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Final

from grantway.kit.clock import Clock
from grantway.store.sqlite_connection import UNFIT, as_ours, connect, create_private, is_away, let_go
from grantway.store.sqlite_transaction import SqliteTransaction
from grantway.store.statement import Row, SqlValue, Statement, Step, Unavailable, Write

# A group is as large as what waited during the last fsync, up to here: a bound on the work lost to one bad write.
_GROUP_MAX: Final = 512
_Waiting = tuple[Write, "asyncio.Future[bool]"]


class SqliteDatabase:
    """One SQLite file. Must be made and used on one event loop; the file may be shared by many processes."""

    name = "sqlite"
    # BEGIN IMMEDIATE is the lock already.
    schema_lock = Statement("SELECT 1")
    table_exists = Statement("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name")

    def __init__(self, path: str, clock: Clock) -> None:
        """Open or create the file (0600, in a folder 0700).

        Raises:
            Unavailable: the file cannot be opened.
        """
        self._path = path
        self._clock = clock
        try:
            create_private(path)
            self._reader = connect(path)
            self._writer = connect(path)
        except (sqlite3.Error, OSError) as problem:
            raise Unavailable(f"cannot open {path}: {problem}") from problem
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_groups, name="sqlite-writer", daemon=True)
        self._thread.start()
        self._admin: SqliteTransaction | None = None
        self._admin_lock = asyncio.Lock()
        self._closed = False

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        try:
            row: Row | None = self._reader.execute(statement.sqlite, values).fetchone()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem
        except UNFIT:
            return None  # what cannot be stored cannot be found
        return row

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        try:
            return self._reader.execute(statement.sqlite, values).fetchall()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem
        except UNFIT:
            return ()

    async def commit(self, write: Write) -> bool:
        """Carry out a write durably; see `Database.commit`."""
        if self._closed:
            raise Unavailable("the database is closed")
        done: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.put((write, done))
        return await done

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """Begin a transaction on a connection and thread of its own."""
        async with self._admin_lock:
            if self._closed:
                raise Unavailable("the database is closed")
            if self._admin is None:
                self._admin = SqliteTransaction(self._path)
            try:
                await self._admin.begin()
                yield self._admin
                await self._admin.commit()
            except BaseException:
                await self._admin.roll_back()
                raise

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
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._admin is not None:
            self._admin.close()
        let_go(self._reader)

    def _write_groups(self) -> None:
        """Take all that waits, commit it together, tell those who wait; the writer thread's whole life."""
        stopping = False
        while not stopping:
            first = self._waiting.get()
            if first is None:
                break
            group = [first]
            while len(group) < _GROUP_MAX:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    stopping = True
                    break
                group.append(following)
            outcomes = self._commit_group(group)
            # The loop is gone only when the process is going down; nobody waits for an answer then.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_tell, group, outcomes)
        let_go(self._writer)

    def _commit_group(self, group: list[_Waiting]) -> list[bool | Exception]:
        try:
            outcomes: list[bool | Exception] = list(self._attempt([write for write, _ in group]))
        except Exception as problem:
            if len(group) == 1:
                return [as_ours(problem)]
            if is_away(problem):
                # It is nobody's fault, and each would wait as long again.
                return [as_ours(problem) for _ in group]
            # One bad write must not fail its neighbours: each gets a transaction of its own.
            return [outcome for waiting in group for outcome in self._commit_group([waiting])]
        return outcomes

    def _attempt(self, writes: list[Write]) -> list[bool]:
        connection = self._writer
        outcomes: list[bool] = []
        many: dict[Statement, list[Row]] = {}
        settling: list[Step] = []
        connection.execute("BEGIN IMMEDIATE")
        try:
            for write in writes:
                guard = write.guard
                won = guard is None or connection.execute(guard.statement.sqlite, guard.values).fetchone() is not None
                outcomes.append(won)
                if not won:
                    continue
                for step in write.steps:
                    many.setdefault(step.statement, []).append(step.values)
                if write.settles is not None:
                    settling.append(write.settles)
            for statement, rows in many.items():
                self._run_many(statement, rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if settling:
            self._settle(settling)
        return outcomes

    def _run_many(self, statement: Statement, rows: list[Row]) -> None:
        if " RETURNING " in statement.sqlite:
            # executemany refuses statements that give rows.
            for row in rows:
                self._writer.execute(statement.sqlite, row).fetchone()
        else:
            self._writer.executemany(statement.sqlite, rows)

    def _settle(self, steps: list[Step]) -> None:
        """Note when the group was on disk. Visible at once, not worth an fsync (NORMAL still syncs at a checkpoint)."""
        connection = self._writer
        now_us = self._clock.now_us()
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            for step in steps:
                connection.execute(step.statement.sqlite, (now_us, *step.values)).fetchone()
            connection.execute("COMMIT")
        except (sqlite3.Error, *UNFIT):
            # The acknowledged part is on disk; without the note a tie may be taken for a replay, never the reverse.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            connection.execute("PRAGMA synchronous = FULL")


def _tell(group: list[_Waiting], outcomes: list[bool | Exception]) -> None:
    for (_, done), outcome in zip(group, outcomes, strict=True):
        if done.cancelled():
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
