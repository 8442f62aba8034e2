"""The sweeper's round: every so often one pass, with a breath between windows."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from grantway.kit.clock import Clock
from grantway.store.database import Database
from grantway.store.sweep import Sweep

_EVERY_S: Final = 60.0
_BREATH_S: Final = 0.02
_log: Final = logging.getLogger("grantway")


class Sweeper:
    """Sweeps in the background for as long as the server runs."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        every_s: float = _EVERY_S,
        *,
        also: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        """Begin. `also`: what else a round does, a piece at a time; gives how much it did, 0 in the end."""
        self._db = db
        self._clock = clock
        self._every_s = every_s
        self._also = also
        self._task = asyncio.get_running_loop().create_task(self._rounds())

    async def close(self) -> None:
        """Stop."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            sweep = Sweep(self._db, self._clock.now_ms())
            try:
                while await sweep.step():  # noqa: ASYNC110 - it does a window's work, it does not wait
                    await asyncio.sleep(_BREATH_S)
                while self._also is not None and await self._also():  # noqa: ASYNC110 - as above
                    await asyncio.sleep(_BREATH_S)
            except Exception as problem:  # whatever it was: what has ended is as good as gone, and the next round comes
                _log.warning("sweeping stopped until the next round: %s", type(problem).__name__)
