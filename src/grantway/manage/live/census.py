"""How many grants are live in each org: counted in the background, a stretch at a time, at most once a minute.

Lines of tokens have no index by org, which every grant would pay for; a page that wants the number shows the last one.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, cast

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.kit.clock import MINUTE_MS
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.live.live_grants import POLICY, STANDS, WITH_MARKS, Within
from grantway.store.database import Database
from grantway.store.statement import Statement

_WINDOW: Final = 1_000
_BREATH_S: Final = 0.002
# Who opens a page waits this long for a number that is nearly there.
_PATIENCE_S: Final = 0.25
_LOOK: Final = Statement(
    f"SELECT f.id, f.org_id, f.app_id, CASE WHEN {STANDS} THEN 1 ELSE 0 END, {POLICY}, f.created_at, f.used_at"  # noqa: S608 - our own number
    f" FROM token_family f {WITH_MARKS}"
    f" WHERE f.id > :after ORDER BY f.id LIMIT {_WINDOW}"
)
_log: Final = logging.getLogger("grantway")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGrants:
    """The last number, and when it was counted (ms)."""

    number: int
    at_ms: int


class Census:
    """The last count of a server, of all orgs at once."""

    def __init__(self) -> None:
        self._numbers: Counter[tuple[str, AppKind]] = Counter()
        self._at_ms = 0
        self._task: asyncio.Task[None] | None = None

    async def live_grants(self, desk: Desk, org: Org) -> LiveGrants | None:
        """Return how many live grants an org has, for apps of the kinds that the caller may read; None until first
        counted.

        Raises:
            ManageProblem: no right.
        """
        kinds = desk.caller.kinds(Right.READ_APPS, org.id)
        now = desk.clock.now_ms()
        if (self._task is None or self._task.done()) and now - self._at_ms >= MINUTE_MS:
            self._task = asyncio.get_running_loop().create_task(self._count(desk.db, now))
            await asyncio.wait((self._task,), timeout=_PATIENCE_S)
        if not self._at_ms:
            return None
        return LiveGrants(number=sum(self._numbers[org.id, kind] for kind in kinds), at_ms=self._at_ms)

    async def close(self) -> None:
        """Stop counting."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _count(self, db: Database, now_ms: int) -> None:
        numbers: Counter[tuple[str, AppKind]] = Counter()
        after, within = "", Within(now_ms)
        try:
            while True:
                rows = await db.all(_LOOK, after)
                for _, org_id, app_id, stands, policy, created_at, used_at in cast(list[Any], rows):
                    if stands and within(policy, created_at, used_at):
                        numbers[org_id, AppKind.of_id(app_id)] += 1
                if len(rows) < _WINDOW:
                    break
                after = cast(str, rows[-1][0])
                await asyncio.sleep(_BREATH_S)
        except Exception as problem:  # whatever it was: the page shows the number before, and asks again
            _log.warning("live grants could not be counted: %s", type(problem).__name__)
            return
        self._numbers, self._at_ms = numbers, now_ms
