"""Reads on a few held connections: alone while one is free, together with others of the same kind while none is."""

import asyncio
from collections.abc import Sequence
from typing import Final

from grantway.store.postgres_connection import HeldConnection, Target, as_ours, is_lost
from grantway.store.statement import Row, Statement, Unavailable, Unfit

# A bound on what one slow neighbour can hold up.
_TOGETHER_MAX: Final = 64
_Found = Sequence[Row]


class _Question:
    """A statement with values, and who waits for the rows."""

    __slots__ = ("answer", "first_only", "statement", "until", "values")

    def __init__(self, statement: Statement, values: Row, first_only: bool, until: float) -> None:
        self.statement = statement
        self.values = values
        self.first_only = first_only
        self.until = until
        self.answer: asyncio.Future[_Found] = asyncio.get_running_loop().create_future()

    def tell(self, found: _Found | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(found, Exception):
            self.answer.set_exception(found)
        else:
            self.answer.set_result(found)


class Readers:
    """The connections for reading, and the questions that wait for one."""

    def __init__(self, target: Target, count: int) -> None:
        self._target: Final = target
        self._all: Final = [HeldConnection(target, role="reader") for _ in range(count)]
        self._free: Final = list(self._all)
        self._waiting: dict[tuple[Statement, bool], list[_Question]] = {}
        self._serving: Final[set[asyncio.Task[None]]] = set()
        self._loop: Final = asyncio.get_running_loop()

    async def open(self) -> None:
        """Open the first connection.

        Raises:
            Unavailable: it cannot be opened.
        """
        await self._free[-1].ready()

    async def ask(self, statement: Statement, values: Row, *, first_only: bool) -> _Found:
        """Return the rows, or the first of them.

        Raises:
            Unavailable: the database does not answer in time.
        """
        question = _Question(statement, values, first_only, self._loop.time() + self._target.deadline_s)
        self._waiting.setdefault((statement, first_only), []).append(question)
        if self._free:
            held = self._free.pop()
            task = self._loop.create_task(self._serve(held))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await question.answer

    async def close(self) -> None:
        """Answer what waits, then close the connections."""
        while self._serving:
            await asyncio.wait(self._serving)
        for held in self._all:
            await held.close()

    async def _serve(self, held: HeldConnection) -> None:
        """Answer questions on one connection until none waits."""
        try:
            while self._waiting:
                kind = next(iter(self._waiting))
                questions = self._waiting.pop(kind)
                if len(questions) > 1 and not _may_go_together(questions[0]):
                    self._waiting[kind] = questions[1:]
                    questions = questions[:1]
                elif len(questions) > _TOGETHER_MAX:
                    self._waiting[kind] = questions[_TOGETHER_MAX:]
                    questions = questions[:_TOGETHER_MAX]
                await self._answer(held, questions)
        finally:
            self._free.append(held)

    async def _answer(self, held: HeldConnection, questions: list[_Question]) -> None:
        try:
            found = await self._look_up(held, questions)
        except Exception as problem:
            ours = as_ours(problem)
            if isinstance(ours, Unfit):
                if len(questions) > 1:
                    for question in questions:
                        await self._answer(held, [question])
                    return
                questions[0].tell(())  # what cannot be stored cannot be found
                return
            for question in questions:
                question.tell(Unavailable(str(ours)) if isinstance(ours, Unavailable) else ours)
        except BaseException:
            held.drop()
            for question in questions:
                question.answer.cancel()
            raise
        else:
            for question, rows in zip(questions, found, strict=True):
                question.tell(rows)

    async def _look_up(self, held: HeldConnection, questions: list[_Question]) -> Sequence[_Found]:
        """Ask the database; once more on a new connection when the held one turns out to be lost."""
        for may_try_again in (True, False):
            try:
                async with asyncio.timeout_at(questions[0].until):
                    return await _rows_of(held, questions)
            except TimeoutError:
                held.drop()
                raise
            except Exception as problem:
                if not is_lost(problem):
                    raise
                held.drop()
                if not may_try_again:
                    raise
        raise AssertionError


async def _rows_of(held: HeldConnection, questions: list[_Question]) -> Sequence[_Found]:
    first = questions[0]
    if len(questions) > 1:
        found: list[_Found] = [()] * len(questions)
        for row in await held.run_together(first.statement, [question.values for question in questions]):
            found[int(str(row[-1])) - 1] = (row[:-1],)
        return found
    if not first.first_only:
        return [await held.rows(first.statement, first.values)]
    row_or_none = await held.row(first.statement, first.values)
    return [() if row_or_none is None else (row_or_none,)]


def _may_go_together(question: _Question) -> bool:
    return question.first_only and bool(question.values) and question.statement.postgres.startswith("SELECT ")
