"""Connected apps as an org meets them, read by versions: what was parsed once serves until a version changes (R11)."""

from collections import OrderedDict
from typing import Any, Final, cast

from grantway.domain.app import App, InstalledApp, Policy, read_values
from grantway.domain.org import Org
from grantway.kit.secrets import KeyRing, Secret
from grantway.store.database import Session
from grantway.store.statement import Row, Statement, columns_of

SECRET_PURPOSE: Final = b"consumer-secret"
_APP: Final = columns_of(App, "a")
_ORG: Final = columns_of(Org, "o")
_POLICY: Final = columns_of(Policy, "p")
_APP_END: Final = len(App.__struct_fields__)
_ORG_END: Final = _APP_END + len(Org.__struct_fields__)

# What a hot statement reads to know whether the parsed app still holds: version of app, org and policy.
VERSIONS: Final = "a.version, o.version, p.version"
Versions = tuple[int, int, int | None]

_IN_ORG: Final = Statement(
    f"SELECT {_APP}, {_ORG}, {_POLICY} FROM app a JOIN org o ON o.id = :org_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = o.id WHERE a.id = :app_id"
)
_BY_KEY: Final = Statement(
    f"SELECT a.id, a.org_id, {VERSIONS} FROM app a JOIN org o ON o.id = a.org_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = a.org_id WHERE a.consumer_key = :consumer_key"
)
_KEPT: Final = 4096


class Apps:
    """Reads apps; keeps what it parsed under the versions it was parsed from."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the ring that opens consumer secrets."""
        self._ring = ring
        self._kept: OrderedDict[tuple[str, str], tuple[Versions, InstalledApp]] = OrderedDict()

    async def by_key(self, db: Session, consumer_key: str) -> InstalledApp | None:
        """Return the app with a consumer key as its home org meets it, or None."""
        row = await db.one(_BY_KEY, consumer_key)
        if row is None:
            return None
        return await self.at(db, cast(str, row[0]), cast(str, row[1]), cast(Versions, row[2:]))

    async def in_org(self, db: Session, app_id: str, org_id: str) -> InstalledApp | None:
        """Return an app as an org meets it, whether installed there or not; None when there is no such app or org."""
        row = await db.one(_IN_ORG, org_id, app_id)
        return None if row is None else self._keep(row)

    async def at(self, db: Session, app_id: str, org_id: str, versions: Versions) -> InstalledApp | None:
        """Return an app of which a statement has just read the versions; parsed only if one of them is new."""
        kept = self._kept.get((app_id, org_id))
        if kept is not None and kept[0] == versions:
            return kept[1]
        return await self.in_org(db, app_id, org_id)

    def _keep(self, row: Row) -> InstalledApp:
        app = App(*cast(Any, row[:_APP_END]))
        org = Org(*cast(Any, row[_APP_END:_ORG_END]))
        policy = Policy(*cast(Any, row[_ORG_END:])) if row[_ORG_END] is not None else None
        values = read_values(app.settings, org.settings, policy.settings if policy else "{}")
        secret = Secret(self._ring.open(app.secret_box, SECRET_PURPOSE).decode())
        installed = InstalledApp(app=app, policy=policy, org=org, secret=secret, values=values)
        self._kept[app.id, org.id] = ((app.version, org.version, policy.version if policy else None), installed)
        self._kept.move_to_end((app.id, org.id))
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return installed
