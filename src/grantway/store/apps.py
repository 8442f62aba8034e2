"""Connected apps as an org meets them, read and parsed; `Directory` keeps them while they hold."""

from typing import Any, Final, cast

from grantway.domain.app import App, InstalledApp, Policy, read_values
from grantway.domain.org import Org
from grantway.kit.secrets import KeyRing, Secret
from grantway.store.database import Session
from grantway.store.statement import Row, Statement, columns_of

SECRET_PURPOSE: Final = b"consumer-secret"
_SELECT: Final = f"SELECT {columns_of(App, 'a')}, {columns_of(Org, 'o')}, {columns_of(Policy, 'p')} FROM app a"
_POLICY: Final = "LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = o.id"
_APP_END: Final = len(App.__struct_fields__)
_ORG_END: Final = _APP_END + len(Org.__struct_fields__)
_IN_ORG: Final = Statement(f"{_SELECT} JOIN org o ON o.id = :org_id {_POLICY} WHERE a.id = :app_id")
_BY_KEY: Final = Statement(f"{_SELECT} JOIN org o ON o.id = a.org_id {_POLICY} WHERE a.consumer_key = :consumer_key")


class Apps:
    """Reads apps. Keeps nothing: a row's version is counted, and may mean another content after a failover."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the ring that opens consumer secrets."""
        self._ring: Final = ring

    async def by_key(self, db: Session, consumer_key: str) -> InstalledApp | None:
        """Return the app with a consumer key as its home org meets it, or None."""
        row = await db.one(_BY_KEY, consumer_key)
        return None if row is None else self._parsed(row)

    async def in_org(self, db: Session, app_id: str, org_id: str) -> InstalledApp | None:
        """Return an app as an org meets it, whether installed there or not; None when there is no such app or org."""
        row = await db.one(_IN_ORG, org_id, app_id)
        return None if row is None else self._parsed(row)

    def _parsed(self, row: Row) -> InstalledApp:
        app = App(*cast(Any, row[:_APP_END]))
        org = Org(*cast(Any, row[_APP_END:_ORG_END]))
        policy = Policy(*cast(Any, row[_ORG_END:])) if row[_ORG_END] is not None else None
        values = read_values(app.settings, org.settings, policy.settings if policy else "{}")
        secret = Secret(self._ring.open(app.secret_box, SECRET_PURPOSE).decode())
        return InstalledApp(app=app, policy=policy, org=org, secret=secret, values=values)
