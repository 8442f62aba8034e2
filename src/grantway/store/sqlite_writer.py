"""Group commit on SQLite: what waits is written together, and whoever waits is told when it is on disk.

The statements run on the event loop, where nobody else competes for the interpreter: a thread that steps through
hundreds of them would hand the interpreter's lock to and fro with the loop at each one. Only what may take long happens
on a thread: waiting for another process's lock, and the COMMIT itself on a disk that is not quick (decision 5).
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from grantway.kit.clock import Clock
from grantway.store.sqlite_connection import UNFIT, as_ours, connect, is_away, is_locked, let_go
from grantway.store.statement import Row, Statement, Step, Unavailable, Write

# A group is as large as what waited during the last commit, up to here: a bound on the work lost to one bad write.
_GROUP_MAX: Final = 512
# Commits that take longer than this keep the loop from other work for too long.
_QUICK_S: Final = 0.001
# How much of the estimate the newest commit makes: one slow commit among quick ones says little.
_NEWEST: Final = 0.1
# A slow disk is given this long before a commit is tried on the loop again, doubled up to the second.
_PATIENCE_S: Final = (0.25, 30.0)
# How often a thread asks for another process's lock. SQLite's own waiting soon asks ten times a second only, and always
# finds the lock with a process that takes it again a moment after it let go.
_LOOK_AGAIN_S: Final = 0.001


class _Waiting(NamedTuple):
    write: Write
    done: "asyncio.Future[bool]"
    until: float


class _Written(NamedTuple):
    """A group that stands in an open transaction: who won, and what is to be settled when it is on disk."""

    outcomes: list[bool]
    settling: list[Step]


class SqliteWriter:
    """The one connection that this process commits with. Must be made and used on one event loop."""

    def __init__(self, path: str, clock: Clock, deadline_s: float) -> None:
        """Open the connection; `deadline_s` is how long a write may wait for another process's lock, and its turn.

        Raises:
            sqlite3.Error: the file cannot be opened.
        """
        self._connection: Final = connect(path, deadline_s)
        self._deadline_s: Final = deadline_s
        self._clock: Final = clock
        self._loop: Final = asyncio.get_running_loop()
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-writer")
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._slow_until = 0.0
        self._patience_s = _PATIENCE_S[0]
        self._commit_s = 0.0
        self._last_size = 0
        self._patient = False
        self._lazy = False
        self._lock_until = 0.0
        self._connection.execute("PRAGMA busy_timeout = 0")

    async def commit(self, write: Write) -> bool:
        """Carry out a write durably; see `Database.commit`."""
        if self._closed:
            raise Unavailable("the database is closed")
        done: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append(_Waiting(write, done, time.monotonic() + self._deadline_s))
        if not self._busy:
            self._busy = True
            # What else this turn of the loop has to write takes part.
            self._loop.call_soon(self._next_group)
        return await done

    async def close(self) -> None:
        """Finish the writes that wait, then let go."""
        self._closed = True
        if self._busy:
            # Several may wait for it, and one of them may give up.
            self._idle = self._idle or self._loop.create_future()
            await asyncio.shield(self._idle)
        self._thread.shutdown()
        let_go(self._connection)

    # On the event loop

    def _next_group(self) -> None:
        if not self._waiting:
            self._busy = False
            if self._idle is not None:
                self._idle.set_result(None)
            return
        if len(self._waiting) < self._last_size and not self._patient:
            # Many came last time: one more turn of the loop brings more, and a commit costs as much for few.
            self._patient = True
            self._loop.call_soon(self._next_group)
            return
        self._patient = False
        group, self._waiting = self._waiting[:_GROUP_MAX], self._waiting[_GROUP_MAX:]
        self._last_size = len(group)
        try:
            written = self._write(group)
        except Exception:
            # Locked by another process, or something is wrong with one of them: both may take time to find out.
            self._elsewhere(group, lambda: self._patiently(group))
            return
        if time.monotonic() < self._slow_until:
            self._elsewhere(group, lambda: self._finish(group, written))
            return
        began = time.perf_counter()
        try:
            self._commit()
        except Exception as problem:
            if is_away(problem):
                self._told(group, [as_ours(problem) for _ in group])
            else:
                self._elsewhere(group, lambda: self._patiently(group))
            return
        self._learn(time.perf_counter() - began)
        if written.settling and not self._settle(written.settling):
            self._elsewhere(group, lambda: self._settle_patiently(group, written))
            return
        self._told(group, written.outcomes)

    def _learn(self, commit_s: float) -> None:
        self._commit_s += _NEWEST * (commit_s - self._commit_s)
        if self._commit_s > _QUICK_S:
            # The next try alone tells whether it still is.
            self._commit_s = _QUICK_S * (1 - _NEWEST)
            self._slow_until = time.monotonic() + self._patience_s
            self._patience_s = min(self._patience_s * 2, _PATIENCE_S[1])
        elif commit_s < _QUICK_S:
            self._patience_s = _PATIENCE_S[0]

    def _elsewhere(self, group: list[_Waiting], work: Callable[[], Sequence[bool | Exception]]) -> None:
        def then(finished: asyncio.Future[Sequence[bool | Exception]]) -> None:
            problem = finished.exception()
            if problem is None:
                self._told(group, finished.result())
            else:  # nobody may be left waiting
                self._told(group, [as_ours(problem) if isinstance(problem, Exception) else Unavailable()] * len(group))

        self._loop.run_in_executor(self._thread, work).add_done_callback(then)

    def _told(self, group: list[_Waiting], outcomes: Sequence[bool | Exception]) -> None:
        for waiting, outcome in zip(group, outcomes, strict=True):
            if waiting.done.cancelled():
                continue
            if isinstance(outcome, Exception):
                waiting.done.set_exception(outcome)
            else:
                waiting.done.set_result(outcome)
        self._loop.call_soon(self._next_group)

    # On the thread, which waits as long as those who wait for it may; the loop leaves the connection alone meanwhile

    def _patiently(self, group: list[_Waiting]) -> list[bool | Exception]:
        """Write a group from the start, one by one where it fails as a whole."""
        with self._waiting_for_lock(group):
            return self._all_or_each(group)

    def _all_or_each(self, group: list[_Waiting]) -> list[bool | Exception]:
        try:
            written = self._write(group)
            self._commit()
        except Exception as problem:
            if len(group) == 1:
                return [as_ours(problem)]
            if is_away(problem):
                # It is nobody's fault, and each would wait as long again.
                return [as_ours(problem) for _ in group]
            # One bad write must not fail its neighbours: each gets a transaction of its own.
            return [outcome for waiting in group for outcome in self._all_or_each([waiting])]
        if written.settling:
            self._settle(written.settling)
        return list(written.outcomes)

    def _finish(self, group: list[_Waiting], written: _Written) -> Sequence[bool | Exception]:
        try:
            self._commit()
        except Exception as problem:
            return [as_ours(problem) for _ in group] if is_away(problem) else self._patiently(group)
        if written.settling:
            self._settle_patiently(group, written)
        return written.outcomes

    def _settle_patiently(self, group: list[_Waiting], written: _Written) -> Sequence[bool | Exception]:
        with self._waiting_for_lock(group):
            self._settle(written.settling)
        return written.outcomes

    @contextlib.contextmanager
    def _waiting_for_lock(self, group: list[_Waiting]) -> Iterator[None]:
        """Let the connection wait for another process's lock until the first of a group must be told."""
        self._lock_until = min(waiting.until for waiting in group)
        try:
            yield
        finally:
            self._lock_until = 0.0

    # Where the others call them

    def _write(self, group: list[_Waiting]) -> _Written:
        """Begin a transaction with all of a group in it."""
        connection = self._connection
        outcomes: list[bool] = []
        many: dict[Statement, list[Row]] = {}
        settling: list[Step] = []
        # What a commit that failed has left, should its own rollback have failed too.
        self._roll_back()
        self._wait_for_disk()
        self._begin()
        try:
            for write, _, _ in group:
                guard = write.guard
                won = guard is None or connection.execute(guard.statement.sqlite_many, guard.values).rowcount > 0
                outcomes.append(won)
                if not won:
                    continue
                for step in write.steps:
                    many.setdefault(step.statement, []).append(step.values)
                if write.settles is not None:
                    settling.append(write.settles)
            for statement, rows in many.items():
                connection.executemany(statement.sqlite_many, rows)
        except BaseException:
            self._roll_back()
            raise
        return _Written(outcomes, settling)

    def _begin(self) -> None:
        """Take the lock: at once or not at all on the loop, as long as they may wait on the thread."""
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as problem:
                if not is_locked(problem) or time.monotonic() >= self._lock_until:
                    raise
            else:
                return
            time.sleep(_LOOK_AGAIN_S)

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _settle(self, steps: list[Step]) -> bool:
        """Note when the group was on disk. Visible at once, not worth an fsync (NORMAL still syncs at a checkpoint).

        False when it could not be noted, as when another process holds the lock. The acknowledged part is on disk;
        without the note a tie may be taken for a replay, never the reverse.
        """
        connection = self._connection
        now_us = self._clock.now_us()
        try:
            self._lazy = True
            connection.execute("PRAGMA synchronous = NORMAL")
            self._begin()
            for statement in {step.statement for step in steps}:
                rows = [(now_us, *step.values) for step in steps if step.statement is statement]
                connection.executemany(statement.sqlite_many, rows)
            connection.execute("COMMIT")
        except (sqlite3.Error, *UNFIT):
            self._roll_back()
            return False
        finally:
            # Where this fails the next group does it first: none is ever written that the disk is not waited for.
            with contextlib.suppress(sqlite3.Error):
                self._wait_for_disk()
        return True

    def _wait_for_disk(self) -> None:
        """Let a commit return when it is on disk, as all do but the one that settles."""
        if self._lazy:
            self._connection.execute("PRAGMA synchronous = FULL")
            self._lazy = False

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
