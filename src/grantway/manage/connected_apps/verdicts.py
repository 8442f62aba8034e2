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
from grantway.manage.connected_apps.rules import Names, names_in, warnings_knowing
from grantway.manage.desk import Desk
from grantway.store.apps import Apps

# So many apps are read at once; after them other requests have their turn.
_STRIDE: Final = 50
# More than this are not remembered: it bounds memory.
_MOST: Final = 200_000


class Versions(NamedTuple):
    """An app of a list, and the versions of it and of its policies."""

    app_id: str
    app: int
    policy: int


# The version of an org, and the names of its profiles and permission sets.
_Around = tuple[int, Names]


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
        names = await names_in(desk, org.id)
        around = self._around.get(org.id)
        if around is None or around != (org.version, names):
            around = self._around[org.id] = (org.version, names)
        now = desk.clock.now_ms()
        needing: dict[str, bool] = {}
        unknown: list[Versions] = []
        for one in listed:
            known = self._known.get((org.id, one.app_id))
            if (
                known is None
                or known.versions != one
                or known.around is not around
                or (known.until is not None and known.until <= now)
            ):
                unknown.append(one)
            else:
                needing[one.app_id] = known.needs
        for start in range(0, len(unknown), _STRIDE):
            for verdict in await self._look(desk, org, unknown[start : start + _STRIDE], around):
                needing[verdict.versions.app_id] = verdict.needs
            await asyncio.sleep(0)
        return [one.app_id for one in listed if needing[one.app_id]]

    async def _look(self, desk: Desk, org: Org, those: Sequence[Versions], around: _Around) -> list[_Verdict]:
        read = await Apps(desk.ring).several(desk.session, [one.app_id for one in those], org.id)
        apps = {app.id: app for app in read}
        now, found = desk.clock.now_ms(), []
        for one in those:
            app = apps.get(one.app_id)
            needs = app is not None and bool(warnings_knowing(app, around[1], now))
            ends = app is not None and bool(app[s.CERTIFICATE] or app[s.SAML_CERTIFICATE])
            found.append(_Verdict(one, around, now + HOUR_MS if ends else None, needs))
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[org.id, one.app_id] = found[-1]
        return found
