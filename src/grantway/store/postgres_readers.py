"""Reads on a few held connections: alone while one is free, together with others of the same kind while none is."""

import asyncio
from collections.abc import Sequence
from typing import Final

from grantway.store.postgres_connection import HeldConnection, as_ours, is_about_all, is_lost
from grantway.store.postgres_target import Target
from grantway.store.statement import Row, Statement, Unavailable, Unfit

# A bound on what one slow neighbour can hold up.
_TOGETHER_MAX: Final = 64
_Kind = tuple[Statement, bool]
_Found = Sequence[Row]
_Waiting = tuple[Row, "asyncio.Future[_Found]", float]


class Readers:
    """The connections for reading, and the questions that wait for one."""

    def __init__(self, target: Target, count: int) -> None:
        self._deadline_s: Final = target.deadline_s
        self._all: Final = [HeldConnection(target, role="reader") for _ in range(count)]
        self._free: Final = list(self._all)
        # By kind, so that those who wait for the same statement are found together; the oldest kind comes first.
        self._waiting: Final[dict[_Kind, list[_Waiting]]] = {}
        # The event loop itself does not keep its tasks alive.
        self._serving: Final[set[asyncio.Task[None]]] = set()
        self._all_free: asyncio.Future[None] | None = None
        self._loop: Final = asyncio.get_running_loop()

    async def open(self) -> None:
        """Open the connection that is used first.

        Raises:
            Unavailable: it cannot be opened.
        """
        await self._all[-1].ready()

    async def ask(self, statement: Statement, values: Row, *, first_only: bool) -> _Found:
        """Return the rows, or the first of them.

        Raises:
            Unavailable: the database does not answer in time.
        """
        kind = (statement, first_only)
        until = self._loop.time() + self._deadline_s
        if not self._free:
            return await self._wait(kind, values, until)
        held = self._free.pop()
        try:
            found = (await self._look_up(held, kind, [values], until))[0]
        except Exception as problem:
            ours = as_ours(problem)
            if isinstance(ours, Unfit):
                return ()  # what cannot be stored cannot be found
            raise ours from None
        finally:
            self._let_go(held)
        return found

    async def ask_each(self, statement: Statement, many: Sequence[Row]) -> Sequence[_Found]:
        """Return the first row for each of many rows of values; as many go together as may.

        Raises:
            Unavailable: the database does not answer in time.
        """
        found: list[_Found] = []
        for start in range(0, len(many), _TOGETHER_MAX):
            waiting = [
                self._wait((statement, True), values, self._loop.time() + self._deadline_s)
                for values in many[start : start + _TOGETHER_MAX]
            ]
            if self._free:
                self._let_go(self._free.pop())
            # Each is waited for, also after one has failed: no answer is left that nobody takes.
            for answer in await asyncio.gather(*waiting, return_exceptions=True):
                if isinstance(answer, BaseException):
                    raise answer
                found.append(answer)
        return found

    def _wait(self, kind: _Kind, values: Row, until: float) -> "asyncio.Future[_Found]":
        """Put a question among those that wait for a connection."""
        answer: asyncio.Future[_Found] = self._loop.create_future()
        self._waiting.setdefault(kind, []).append((values, answer, until))
        return answer

    async def close(self) -> None:
        """Answer what waits, then close the connections."""
        if len(self._free) < len(self._all):
            self._all_free = self._loop.create_future()
            await self._all_free
        for held in self._all:
            await held.close()

    def _put_back(self, held: HeldConnection) -> None:
        self._free.append(held)
        if self._all_free is not None and len(self._free) == len(self._all):
            self._all_free.set_result(None)

    def _let_go(self, held: HeldConnection) -> None:
        if self._waiting:
            task = self._loop.create_task(self._serve(held))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        else:
            self._put_back(held)

    async def _serve(self, held: HeldConnection) -> None:
        """Answer questions on one connection until none waits."""
        try:
            while self._waiting:
                kind = next(iter(self._waiting))
                questions = self._waiting.pop(kind)
                most = _TOGETHER_MAX if _may_go_together(kind) else 1
                if len(questions) > most:
                    self._waiting[kind] = questions[most:]
                await self._answer(held, kind, questions[:most])
        finally:
            self._put_back(held)

    async def _answer(self, held: HeldConnection, kind: _Kind, questions: list[_Waiting]) -> None:
        try:
            found = await self._look_up(held, kind, [values for values, _, _ in questions], questions[0][2])
        except Exception as problem:
            ours = as_ours(problem)
            if len(questions) == 1:
                _tell(questions[0][1], () if isinstance(ours, Unfit) else ours)
            elif is_about_all(problem):
                for _, answer, _ in questions:
                    _tell(answer, Unavailable(str(ours)))
            else:
                # One question that cannot be asked must not spoil its neighbours'.
                for question in questions:
                    await self._answer(held, kind, [question])
        except BaseException:
            for _, answer, _ in questions:
                answer.cancel()
            raise
        else:
            for (_, answer, _), rows in zip(questions, found, strict=True):
                _tell(answer, rows)

    async def _look_up(self, held: HeldConnection, kind: _Kind, many: list[Row], until: float) -> Sequence[_Found]:
        """Ask the database; once more on a new connection when the held one turns out to be lost."""
        for may_try_again in (True, False):
            try:
                async with asyncio.timeout_at(until):
                    await held.ready()
                    return await _ask(held, kind, many)
            except BaseException as problem:
                if isinstance(problem, Exception) and held.is_usable_after(problem):
                    raise
                held.drop()
                if not (may_try_again and is_lost(problem)):
                    raise
        raise AssertionError


async def _ask(held: HeldConnection, kind: _Kind, many: list[Row]) -> Sequence[_Found]:
    statement, first_only = kind
    if len(many) > 1:
        found: list[_Found] = [()] * len(many)
        for row in await held.run_together(statement, many):
            found[int(str(row[-1])) - 1] = (row[:-1],)
        return found
    if not first_only:
        return [await held.rows(statement, many[0])]
    row_or_none = await held.row(statement, many[0])
    return [() if row_or_none is None else (row_or_none,)]


def _may_go_together(kind: _Kind) -> bool:
    statement, first_only = kind
    return first_only and bool(statement.names) and statement.postgres.startswith("SELECT ")


def _tell(answer: asyncio.Future[_Found], found: _Found | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
