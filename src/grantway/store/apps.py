"""Connected apps as an org meets them, read and parsed; `Directory` keeps them while they hold."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import App, Credential, InstalledApp, Policy, as_child, as_open, read_values
from grantway.domain.org import Org
from grantway.kit.secrets import KeyRing, Secret
from grantway.store.database import Session
from grantway.store.statement import Row, Statement, columns_of

SECRET_PURPOSE: Final = b"consumer-secret"
_SELECT: Final = (
    f"SELECT {columns_of(App, 'a')}, {columns_of(Org, 'o')}, {columns_of(Policy, 'p')}, u.name, u.settings FROM app a"
)
# An app that belongs to another has that one's policies.
POLICY_OF_APP: Final = "CASE WHEN a.parent_id = '' THEN a.id ELSE a.parent_id END"
"""The id of the app whose policies hold for app `a`, in SQL."""
_POLICY: Final = (
    f"LEFT JOIN app_policy p ON p.app_id = {POLICY_OF_APP} AND p.org_id = o.id LEFT JOIN app u ON u.id = a.parent_id"
)
_APP_END: Final = len(App.__struct_fields__)
_ORG_END: Final = _APP_END + len(Org.__struct_fields__)
_IN_ORG: Final = Statement(f"{_SELECT} JOIN org o ON o.id = :org_id {_POLICY} WHERE a.id = :app_id")
_OF_ORG: Final = Statement(
    f"{_SELECT} JOIN org o ON o.id = a.org_id {_POLICY} WHERE a.org_id = :org_id AND a.name = :name"
)
_BY_KEY: Final = Statement(f"{_SELECT} JOIN org o ON o.id = a.org_id {_POLICY} WHERE a.consumer_key = :consumer_key")

# A key that is no app's current one: staged, or replaced not long ago.
_BY_PAIR: Final = Statement(
    f"{_SELECT.replace(' FROM app a', '')}, {columns_of(Credential, 'c')} FROM app_credential c"
    f" JOIN app a ON a.id = c.app_id JOIN org o ON o.id = a.org_id {_POLICY} WHERE c.consumer_key = :consumer_key"
)
_POLICY_END: Final = _ORG_END + len(Policy.__struct_fields__)
_PARENT_END: Final = _POLICY_END + 2
# A parent that is gone takes its children with it, whoever deleted it.
_ORPHAN: Final = '{"oauth_enabled": false}'


class Apps:
    """Reads apps. Keeps nothing: a row's version is counted, and may mean another content after a failover."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the ring that opens consumer secrets."""
        self._ring: Final = ring

    async def by_key(self, db: Session, consumer_key: str) -> InstalledApp | None:
        """Return the app with a consumer key as its home org meets it, or None.

        Found by a staged or previous key it bears that one, in `pair`: whether it answers depends on the time.
        """
        row = await db.one(_BY_KEY, consumer_key) or await db.one(_BY_PAIR, consumer_key)
        return None if row is None else self._parsed(row)

    async def in_org(self, db: Session, app_id: str, org_id: str) -> InstalledApp | None:
        """Return an app as an org meets it, whether installed there or not; None when there is no such app or org."""
        row = await db.one(_IN_ORG, org_id, app_id)
        return None if row is None else self._parsed(row)

    async def several(self, db: Session, ids: Sequence[str], org_id: str) -> list[InstalledApp]:
        """Return many apps as an org meets them, in the order of their ids; those that there are not are left out."""
        rows = await db.each(_IN_ORG, [(org_id, app_id) for app_id in ids])
        return [self._parsed(row) for row in rows if row is not None]

    async def of_org(self, db: Session, org_id: str, name: str) -> InstalledApp | None:
        """Return the app that an org made under an API name, as that org meets it; None when there is none."""
        row = await db.one(_OF_ORG, org_id, name)
        return None if row is None else self._parsed(row)

    def _parsed(self, row: Row) -> InstalledApp:
        app = App(*cast(Any, row[:_APP_END]))
        org = Org(*cast(Any, row[_APP_END:_ORG_END]))
        policy = Policy(*cast(Any, row[_ORG_END:_POLICY_END])) if row[_ORG_END] is not None else None
        pair = Credential(*cast(Any, row[_PARENT_END:])) if len(row) > _PARENT_END else None
        if pair is not None:
            app = msgspec.structs.replace(
                app, consumer_key=pair.consumer_key, secret_mac=pair.secret_mac, secret_box=pair.secret_box
            )
        parent, parent_settings = cast("tuple[str | None, str | None]", row[_POLICY_END:_PARENT_END])
        rules = (org.settings, policy.settings if policy else "{}")
        values = read_values(app.settings, *rules)
        if app.parent_id:
            values = as_child(values, read_values(parent_settings or _ORPHAN, *rules))
        elif app.auth_method:
            values = as_open(values)
        secret = Secret(self._ring.open(app.secret_box, SECRET_PURPOSE).decode())
        return InstalledApp(
            app=app, policy=policy, org=org, secret=secret, values=values, pair=pair, parent=parent or ""
        )
