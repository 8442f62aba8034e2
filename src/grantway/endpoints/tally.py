"""Counting what happens: tokens and refusals by the hour, and the uses of apps.

In memory, written every few seconds behind the answers.

No request waits for it and none has a statement more for it. A server that crashes loses what it counted in the last
seconds; the records themselves (events, refusals) are not affected.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grantway.domain.app import AppKind
from grantway.domain.token import AccessToken
from grantway.kit.clock import DAY_MS, HOUR_MS, Clock
from grantway.store import app_uses
from grantway.store.app_uses import Uses, add_uses
from grantway.store.database import Database
from grantway.store.hour_counts import TOKENS, Key, add_counts, forget_before, hour_of, of_kind
from grantway.store.statement import Unavailable, Write

KEPT_MS: Final = 30 * DAY_MS
_EVERY_S: Final = 5.0
# More kinds of things than this in a few seconds are not what happens: it bounds memory while the database is away.
_MOST: Final = 10_000
_log: Final = logging.getLogger("grantway")
# What is counted together: org, app, user (empty where a refresh token counts for the user), flow, hours since 1970.
_Line = tuple[str, str, str, str, int]


@dataclass(slots=True)
class _Issued:
    """The first and the last of some tokens (ms), and how many."""

    first_at: int
    last_at: int
    number: int

    def and_then(self, later: "_Issued | None") -> "_Issued":
        """Return these and what was counted since."""
        if later is None:
            return self
        return _Issued(self.first_at, max(self.last_at, later.last_at), self.number + later.number)


class Tally:
    """Numbers that wait to be written."""

    def __init__(self, db: Database, clock: Clock, every_s: float = _EVERY_S) -> None:
        self._db = db
        self._clock = clock
        self._every_s = every_s
        self._counts: Counter[Key] = Counter()
        self._issued: dict[_Line, _Issued] = {}
        self._awake = asyncio.Event()
        self._swept_hour = 0
        self._task = asyncio.get_running_loop().create_task(self._write())

    def add(self, org_id: str, what: str, name: str, at_ms: int) -> None:
        """Count one more; returns at once."""
        key = (org_id, hour_of(at_ms), what, name)
        if key in self._counts or len(self._counts) < _MOST:
            self._counts[key] += 1
            self._awake.set()

    def add_token(self, token: AccessToken, event: str, *, alone: bool) -> None:
        """Count an access token that an app was given; for its user too where no refresh token counts it (`alone`).

        Returns at once.
        """
        at = token.issued_at
        line = (token.org_id, token.app_id, token.user_id if alone else "", event, at // HOUR_MS)
        seen = self._issued.get(line)
        if seen is not None:
            seen.last_at = max(seen.last_at, at)
            seen.number += 1
        elif len(self._issued) < _MOST:
            self._issued[line] = _Issued(at, at, 1)
            self._awake.set()
        elif alone:
            self.add_token(token, event, alone=False)

    async def flush(self) -> None:
        """Write what was counted.

        Raises:
            Unavailable: the database does not answer; the numbers wait for the next time, unless they may have been
                written already.
        """
        counts, self._counts = self._counts, Counter()
        issued, self._issued = self._issued, {}
        if not counts and not issued:
            return
        try:
            await self._db.commit(_written(counts, issued))
        except Unavailable as problem:
            if not problem.unknown:
                self._counts += counts
                for line, one in issued.items():
                    self._issued[line] = one.and_then(self._issued.get(line))
                self._awake.set()
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


def _written(counts: Mapping[Key, int], issued: Mapping[_Line, _Issued]) -> Write:
    """Return the numbers of hours and the uses of apps and users that follow from what was counted."""
    hours = Counter(counts)
    uses: dict[app_uses.Key, Uses] = {}
    for (org_id, app_id, user_id, event, hour), seen in issued.items():
        hours[org_id, hour * HOUR_MS, of_kind(TOKENS, AppKind.of_id(app_id)), event] += seen.number
        # The row without a user counts every token of the app.
        for of_user in {"", user_id}:
            one = Uses(seen.first_at, seen.last_at, seen.number)
            key = (app_id, org_id, of_user)
            uses[key] = uses[key] + one if key in uses else one
    return Write((*add_counts(hours).steps, *add_uses(uses).steps))
