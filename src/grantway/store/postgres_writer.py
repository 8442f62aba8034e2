"""Durable writes to PostgreSQL: what waits is committed together, many rows to a statement (R1)."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from grantway.kit.clock import Clock
from grantway.store.gathering import Gathering
from grantway.store.postgres_batch import Grouping
from grantway.store.postgres_connection import HeldConnection, as_ours, is_about_all, is_lost, may_be_repeated
from grantway.store.postgres_outcome import commit
from grantway.store.postgres_target import Target
from grantway.store.statement import Row, SqlValue, Statement, Unavailable, Write

# A group is what waited during the last commit, up to here: a bound on the work lost to one bad write.
_GROUP_MAX: Final = 512
_ATTEMPTS: Final = 5
_Outcome = bool | Exception


class _Waiting(NamedTuple):
    write: Write
    done: "asyncio.Future[bool]"
    arrived: float


class _Settling(NamedTuple):
    statement: Statement
    values: Row
    done: "asyncio.Future[bool]"


class Writer:
    """The connection that commits groups, and the one that notes afterwards when they were on disk."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._deadline_s: Final = target.deadline_s
        self._clock: Final = clock
        self._held: Final = HeldConnection(target, role="writer")
        # Its commits are visible at once but not worth a flush; they may be lost in a crash (`Write.settles`).
        self._settler: Final = HeldConnection(target, role="settler", durable=False)
        self._loop: Final = asyncio.get_running_loop()
        self._commits: Final = Gathering(self._commit_group, _GROUP_MAX)
        self._settles: Final = Gathering(self._settle_group, _GROUP_MAX)
        self._groupings: Final[dict[Statement, Grouping]] = {}

    async def open(self) -> None:
        """Open the connection that commits.

        Raises:
            Unavailable: it cannot be opened.
        """
        await self._held.ready()

    def commit(self, write: Write) -> "asyncio.Future[bool]":
        """Carry out a write durably; see `Database.commit`."""
        done: asyncio.Future[bool] = self._loop.create_future()
        self._commits.add(_Waiting(write, done, self._loop.time()))
        return done

    async def close(self) -> None:
        """Finish the writes that wait, then close the connections."""
        await self._commits.finish()
        await self._settles.finish()
        await self._held.close()
        await self._settler.close()

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            outcomes = await self._outcomes([waiting.write for waiting in group], group[0].arrived + self._deadline_s)
        except BaseException:  # the loop is going down
            for waiting in group:
                waiting.done.cancel()
            raise
        on_disk_us = self._clock.now_us()
        for (write, done, _), outcome in zip(group, outcomes, strict=True):
            if outcome is True and write.settles is not None:
                settles = write.settles
                self._settles.add(_Settling(settles.statement, (on_disk_us, *settles.values), done))
            else:
                _tell(done, outcome)

    async def _outcomes(self, writes: list[Write], until: float) -> Sequence[_Outcome]:
        attempts_left = _ATTEMPTS
        while True:
            attempts_left -= 1
            try:
                async with asyncio.timeout_at(until):
                    return await self._attempt(writes)
            except Exception as problem:
                if attempts_left and (is_lost(problem) or may_be_repeated(problem)):
                    continue
                ours, about_all = as_ours(problem), is_about_all(problem)
            if len(writes) == 1:
                return [ours]
            if about_all:
                unknown = isinstance(ours, Unavailable) and ours.unknown
                return [Unavailable(str(ours), unknown=unknown) for _ in writes]
            # One bad write must not fail its neighbours: each gets a transaction of its own.
            return [(await self._outcomes([write], until))[0] for write in writes]

    async def _attempt(self, writes: list[Write]) -> Sequence[bool]:
        """Carry out writes in one transaction; whatever it raises, nothing of them was done, or `unknown` is set."""
        try:
            await self._held.begin()
            won = await self._guard(writes)
            many: dict[Statement, list[Row]] = {}
            for write, has_won in zip(writes, won, strict=True):
                if has_won:
                    for step in write.steps:
                        many.setdefault(step.statement, []).append(step.values)
            for statement, rows in many.items():
                await self._run(self._held, statement, rows)
        except BaseException as problem:
            await self._roll_back(problem)
            raise
        try:
            await commit(
                self._held,
                (step for write, has_won in zip(writes, won, strict=True) if has_won for step in write.steps),
            )
        finally:
            self._held.end()
        return won

    async def _roll_back(self, problem: BaseException) -> None:
        if self._held.is_usable_after(problem):
            connection = await self._held.ready()
            try:
                await connection.execute("ROLLBACK")
            except BaseException:
                self._held.drop()
                raise
            self._held.end()
        else:
            self._held.drop()

    async def _guard(self, writes: list[Write]) -> list[bool]:
        """Carry out the guards, and return which were won (and those that have none)."""
        won = [write.guard is None for write in writes]
        alike: dict[Statement, list[int]] = {}
        for number, write in enumerate(writes):
            if write.guard is not None:
                alike.setdefault(write.guard.statement, []).append(number)
        for statement, numbers in alike.items():
            rows = [guard.values for number in numbers if (guard := writes[number].guard) is not None]
            winners = await self._race(statement, rows)
            for number, has_won in zip(numbers, winners, strict=True):
                won[number] = has_won
        return won

    async def _race(self, statement: Statement, rows: list[Row]) -> list[bool]:
        grouping = self._grouping(statement)
        if len(rows) == 1 or not (grouping.together and grouping.identity):
            return [await self._held.row(statement, row) is not None for row in rows]
        won = [False] * len(rows)
        rivals: dict[SqlValue, deque[int]] = {}
        for number, row in enumerate(rows):
            rivals.setdefault(grouping.key_of(row), deque()).append(number)
        while rivals:
            heads = grouping.rounds([rows[queue[0]] for queue in rivals.values()])[0]
            changed = {row[0] for row in await self._held.run_together(statement, heads)}
            for key, queue in list(rivals.items()):
                first = queue.popleft()
                if key in changed:
                    won[first] = True
                else:
                    # The row is as it was: those who ask the same of it lose as well, without being asked.
                    asked = grouping.condition_of(rows[first])
                    while queue and grouping.condition_of(rows[queue[0]]) == asked:
                        queue.popleft()
                if not queue:
                    del rivals[key]
        return won

    async def _run(self, held: HeldConnection, statement: Statement, rows: list[Row]) -> None:
        grouping = self._grouping(statement)
        if len(rows) == 1 or not grouping.together:
            await held.run_each(statement, rows)
            return
        for together in grouping.rounds(rows):
            await held.run_together(statement, together)

    def _grouping(self, statement: Statement) -> Grouping:
        grouping = self._groupings.get(statement)
        if grouping is None:
            grouping = self._groupings[statement] = Grouping(statement)
        return grouping

    async def _settle_group(self, group: list[_Settling]) -> None:
        many: dict[Statement, list[Row]] = {}
        for statement, values, _ in group:
            many.setdefault(statement, []).append(values)
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._settler.ready()
                for statement, rows in many.items():
                    await self._run(self._settler, statement, rows)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, Unavailable, OSError):
            # The acknowledged part is on disk; without the note a tie may be taken for a replay, never the reverse.
            self._settler.drop()
        finally:
            for _, _, done in group:
                _tell(done, True)


def _tell(done: "asyncio.Future[bool]", outcome: _Outcome) -> None:
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
