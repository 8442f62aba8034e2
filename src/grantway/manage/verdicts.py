"""Which apps of an org need attention: each app's settings are looked at once, and again when something has changed.

To look takes a tenth of a millisecond an app and more, which over thousands of apps nobody should wait for twice. What
was found holds for the versions of the app, of its policies and of the org, and as long as the org's profiles and
permission sets have the names they had; where a certificate may end meanwhile, for an hour.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from grantway import settings as s
from grantway.domain.org import Org
from grantway.kit.clock import HOUR_MS
from grantway.manage.desk import Desk
from grantway.manage.rules import warnings_about
from grantway.store.apps import Apps
from grantway.store.statement import Row, Statement

_NAMES: Final = Statement(
    "SELECT 'profile', name FROM profile WHERE org_id = :org_id"
    " UNION ALL SELECT 'set', name FROM permission_set WHERE org_id = :org_id ORDER BY 1, 2"
)
# After so many apps other requests have their turn.
_STRIDE: Final = 20
# More than this are not remembered: it bounds memory.
_MOST: Final = 200_000


class Versions(NamedTuple):
    """An app of a list, and the versions of it and of its policies."""

    app_id: str
    app: int
    policy: int


# The version of an org, and the names of its profiles and permission sets.
_Around = tuple[int, tuple[Row, ...]]


class _Verdict(NamedTuple):
    versions: Versions
    around: _Around
    until: int | None
    needs: bool


class Verdicts:
    """What a server knows about the apps it has looked at."""

    def __init__(self) -> None:
        self._known: Final[dict[tuple[str, str], _Verdict]] = {}
        # One object an org, which its verdicts share.
        self._around: Final[dict[str, _Around]] = {}

    async def needing_attention(self, desk: Desk, org: Org, listed: Sequence[Versions]) -> list[str]:
        """Return the ids of the listed apps about which there are warnings, in the same order."""
        names = tuple(await desk.session.all(_NAMES, org.id))
        around = self._around.get(org.id)
        if around is None or around != (org.version, names):
            around = self._around[org.id] = (org.version, names)
        now = desk.clock.now_ms()
        found, looked = [], 0
        for one in listed:
            known = self._known.get((org.id, one.app_id))
            if (
                known is None
                or known.versions != one
                or known.around is not around
                or (known.until is not None and known.until <= now)
            ):
                known = await self._look(desk, org, one, around)
                looked += 1
                if looked % _STRIDE == 0:
                    await asyncio.sleep(0)
            if known.needs:
                found.append(one.app_id)
        return found

    async def _look(self, desk: Desk, org: Org, one: Versions, around: _Around) -> _Verdict:
        app = await Apps(desk.ring).in_org(desk.session, one.app_id, org.id)
        needs = app is not None and bool(await warnings_about(desk, app))
        ends = app is not None and bool(app[s.CERTIFICATE] or app[s.SAML_CERTIFICATE])
        verdict = _Verdict(one, around, desk.clock.now_ms() + HOUR_MS if ends else None, needs)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[org.id, one.app_id] = verdict
        return verdict
