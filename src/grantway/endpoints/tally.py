"""Counting what happens: tokens and refusals by the hour, and the uses of apps.

In memory, written every few seconds behind the answers.

No request waits for it and none has a statement more for it. A server that crashes loses what it counted in the last
seconds; the records themselves (events, refusals) are not affected.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from typing import Final

from grantway.domain.token import AccessToken
from grantway.kit.clock import DAY_MS, Clock
from grantway.store import app_uses
from grantway.store.app_uses import Uses, add_uses
from grantway.store.database import Database
from grantway.store.hour_counts import Key, add_counts, forget_before, hour_of
from grantway.store.statement import Unavailable, Write

KEPT_MS: Final = 30 * DAY_MS
_EVERY_S: Final = 5.0
# More kinds of things than this in a few seconds are not what happens: it bounds memory while the database is away.
_MOST: Final = 10_000
_log: Final = logging.getLogger("grantway")


class Tally:
    """Numbers that wait to be written."""

    def __init__(self, db: Database, clock: Clock, every_s: float = _EVERY_S) -> None:
        self._db = db
        self._clock = clock
        self._every_s = every_s
        self._counts: Counter[Key] = Counter()
        self._uses: dict[app_uses.Key, Uses] = {}
        self._awake = asyncio.Event()
        self._swept_hour = 0
        self._task = asyncio.get_running_loop().create_task(self._write())

    def add(self, org_id: str, what: str, name: str, at_ms: int) -> None:
        """Count one more; returns at once."""
        key = (org_id, hour_of(at_ms), what, name)
        if key in self._counts or len(self._counts) < _MOST:
            self._counts[key] += 1
            self._awake.set()

    def add_use(self, token: AccessToken, *, alone: bool) -> None:
        """Count an access token that an app was given; for its user too where no refresh token counts it (`alone`).

        Returns at once.
        """
        for user_id in ("", token.user_id) if alone else ("",):
            key = (token.app_id, token.org_id, user_id)
            uses = self._uses.get(key)
            if uses is not None:
                self._uses[key] = uses.one_more(token.issued_at)
            elif len(self._uses) < _MOST:
                self._uses[key] = Uses(token.issued_at, token.issued_at, 1)
        self._awake.set()

    async def flush(self) -> None:
        """Write what was counted.

        Raises:
            Unavailable: the database does not answer; the numbers wait for the next time, unless they may have been
                written already.
        """
        counts, self._counts = self._counts, Counter()
        uses, self._uses = self._uses, {}
        if not counts and not uses:
            return
        try:
            await self._db.commit(Write((*add_counts(counts).steps, *add_uses(uses).steps)))
        except Unavailable as problem:
            if not problem.unknown:
                self._counts += counts
                for key, one in uses.items():
                    self._uses[key] = self._uses[key] + one if key in self._uses else one
            raise
        hour = hour_of(self._clock.now_ms())
        if hour != self._swept_hour:
            self._swept_hour = hour
            await self._db.commit(forget_before(hour - KEPT_MS))

    async def catch_up(self) -> None:
        """Write what was counted, for who reads it next; where nothing can be written they read what there is."""
        with contextlib.suppress(Unavailable):
            await self.flush()

    async def close(self) -> None:
        """Write what was counted and stop."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(Exception):
            await self.flush()

    async def _write(self) -> None:
        while True:
            await self._awake.wait()
            await asyncio.sleep(self._every_s)
            self._awake.clear()
            try:
                await self.flush()
            except Exception as problem:  # whatever it was: the next numbers are worth another try
                _log.warning("counts could not be stored: %s", type(problem).__name__)
