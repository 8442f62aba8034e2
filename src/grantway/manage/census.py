"""How many grants are live in each org: counted in the background, a stretch at a time, at most once a minute.

Lines of tokens have no index by org, which every grant would pay for; a page that wants the number shows the last one.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass
from typing import Final, cast

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.kit.clock import MINUTE_MS
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.store.database import Database
from grantway.store.statement import Statement

_WINDOW: Final = 1_000
_BREATH_S: Final = 0.002
# Who opens a page waits this long for a number that is nearly there.
_PATIENCE_S: Final = 0.25
_LOOK: Final = Statement(
    "SELECT f.id, f.org_id, f.app_id, CASE WHEN f.revoked_at IS NULL AND f.has_refresh = 1"  # noqa: S608 - our own number
    " AND f.created_at > o.not_before AND f.created_at > u.not_before"
    " AND f.created_at > COALESCE(p.not_before, 0) THEN 1 ELSE 0 END"
    " FROM token_family f JOIN org o ON o.id = f.org_id JOIN person u ON u.id = f.user_id"
    " LEFT JOIN app_policy p ON p.app_id = f.app_id AND p.org_id = f.org_id"
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
        """Return how many lines with a refresh token an org has that were not taken back, for apps of the kinds that
        the caller may read; None until first counted.

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
        after = ""
        try:
            while True:
                rows = await db.all(_LOOK, after)
                for _, org_id, app_id, live in rows:
                    numbers[cast(str, org_id), AppKind.of_id(cast(str, app_id))] += cast(int, live)
                if len(rows) < _WINDOW:
                    break
                after = cast(str, rows[-1][0])
                await asyncio.sleep(_BREATH_S)
        except Exception as problem:  # whatever it was: the page shows the number before, and asks again
            _log.warning("live grants could not be counted: %s", type(problem).__name__)
            return
        self._numbers, self._at_ms = numbers, now_ms
