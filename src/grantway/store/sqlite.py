"""SQLite: reads on the event loop's own connection, writes by one thread that commits what waits in groups."""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from grantway.kit.clock import Clock
from grantway.store.statement import Conflict, Row, SqlValue, Statement, Step, Unavailable, Write

T = TypeVar("T")
BUSY_TIMEOUT_S: Final = 10
# A group is as large as what waited during the last fsync, up to here: a bound on the work lost to one bad write.
_GROUP_MAX: Final = 512
_Waiting = tuple[Write, "asyncio.Future[bool]"]


def connect(path: str) -> sqlite3.Connection:
    """Open a connection with the settings that make an acknowledged write durable (R1): WAL and synchronous=FULL."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _close(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.close()


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
            _create_private(path)
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

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        try:
            row: Row | None = self._reader.execute(statement.sqlite, values).fetchone()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem
        return row

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        try:
            return self._reader.execute(statement.sqlite, values).fetchall()
        except sqlite3.Error as problem:
            raise Unavailable(str(problem)) from problem

    async def commit(self, write: Write) -> bool:
        """Carry out a write durably; see `Database.commit`."""
        done: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.put((write, done))
        return await done

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteTransaction"]:
        """Begin a transaction on a connection and thread of its own."""
        async with self._admin_lock:
            if self._admin is None:
                self._admin = SqliteTransaction(self._path)
            await self._admin.execute("BEGIN IMMEDIATE")
            try:
                yield self._admin
            except BaseException:
                await self._admin.execute("ROLLBACK")
                raise
            await self._admin.execute("COMMIT")

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
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._admin is not None:
            self._admin.close()
        _close(self._reader)

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
        _close(self._writer)

    def _commit_group(self, group: list[_Waiting]) -> list[bool | Exception]:
        try:
            outcomes: list[bool | Exception] = list(self._attempt([write for write, _ in group]))
        except sqlite3.Error as problem:
            if len(group) == 1:
                return [_as_ours(problem)]
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
        except sqlite3.Error:
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
        except sqlite3.Error:
            # The acknowledged part is on disk; without the note a tie may be taken for a replay, never the reverse.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            connection.execute("PRAGMA synchronous = FULL")


class SqliteTransaction:
    """The connection for step-by-step transactions, on a thread of its own: waiting for the lock blocks nobody."""

    def __init__(self, path: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-admin")
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def execute(self, text: str, values: Row = ()) -> Sequence[Row]:
        """Run one statement and return its rows."""
        return await self._in_thread(lambda connection: connection.execute(text, values).fetchall())

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        rows = await self.execute(statement.sqlite, values)
        return rows[0] if rows else None

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        return await self.execute(statement.sqlite, values)

    async def run(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Change something, and return the rows of a RETURNING clause."""
        return await self.execute(statement.sqlite, values)

    async def script(self, text: str) -> None:
        """Run DDL statement by statement: `executescript` would commit what stands open."""
        for statement in text.split(";\n"):
            if statement.strip():
                await self.execute(statement)

    async def _in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def do() -> T:
            if self._connection is None:
                self._connection = connect(self._path)
            return work(self._connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, do)
        except sqlite3.Error as problem:
            raise _as_ours(problem) from problem

    def close(self) -> None:
        """Close the connection and end the thread."""
        if self._connection is not None:
            _close(self._connection)
        self._pool.shutdown()


def _tell(group: list[_Waiting], outcomes: list[bool | Exception]) -> None:
    for (_, done), outcome in zip(group, outcomes, strict=True):
        if done.cancelled():
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _as_ours(problem: sqlite3.Error) -> Exception:
    if isinstance(problem, sqlite3.IntegrityError):
        return Conflict(str(problem))
    if isinstance(problem, sqlite3.OperationalError):
        return Unavailable(str(problem))
    return problem


def _create_private(path: str) -> None:
    folder = Path(path).resolve().parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    # SQLite gives -wal and -shm the mode of the database file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
