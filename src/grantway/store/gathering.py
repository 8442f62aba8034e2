"""`Gathering`: work for which many can be served at once, and those who come meanwhile wait for the next round."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")


class Gathering(Generic[T]):
    """Hands over what waits, one round at a time: an idle one begins at once, a busy one gathers meanwhile.

    So a commit takes with it what arrived during the one before, and nobody waits for company (performance.md).
    """

    def __init__(self, work: Callable[[list[T]], Awaitable[None]], most: int) -> None:
        """Take what serves a round of at most `most` items; it must not raise."""
        self._work: Final = work
        self._most: Final = most
        self._waiting: list[T] = []
        self._running: asyncio.Task[None] | None = None
        self._loop: Final = asyncio.get_running_loop()

    def add(self, item: T) -> None:
        """Let an item take part in the next round."""
        self._waiting.append(item)
        if self._running is None:
            self._running = self._loop.create_task(self._run())

    async def finish(self) -> None:
        """Wait until nothing waits."""
        while self._running is not None:
            await asyncio.wait((self._running,))

    async def _run(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._work(now)
        finally:
            self._running = None
