"""Custom scopes and custom permissions, read for decisions and answers."""

import contextlib
import time
from typing import Any, Final, cast

from grantway.domain.app import InstalledApp, read_values
from grantway.domain.custom import CustomScope
from grantway.domain.org import User
from grantway.settings.custom import CUSTOM_ATTRIBUTES
from grantway.settings.oauth import SCOPES
from grantway.settings.org import CLIENT_ID_DOCUMENTS
from grantway.settings.scopes import expand
from grantway.store.database import Session
from grantway.store.orgs import default_org_id
from grantway.store.statement import Statement, Unavailable, columns_of

_SCOPES: Final = Statement(f"SELECT {columns_of(CustomScope)} FROM custom_scope WHERE org_id = :org_id ORDER BY name")
_PUBLIC: Final = Statement("SELECT name FROM custom_scope WHERE org_id = :org_id AND is_public = 1 ORDER BY name")
_SETTINGS: Final = Statement("SELECT settings FROM org WHERE id = :org_id")
_HELD: Final = Statement(
    "SELECT c.name FROM custom_permission c WHERE c.org_id = :org_id AND (c.app_id = '' OR c.app_id = :app_id)"
    " AND EXISTS (SELECT 1 FROM custom_permission_holder h WHERE h.permission_id = c.id AND (h.holder_id = :profile_id"
    " OR h.holder_id IN (SELECT m.permission_set_id FROM permission_set_assignment m WHERE m.person_id = :person_id)))"
)
_FRESH_S: Final = 1.0


async def custom_scopes_of(db: Session, org_id: str) -> tuple[CustomScope, ...]:
    """Return an org's custom scopes, by name."""
    return tuple(CustomScope(*cast(Any, row)) for row in await db.all(_SCOPES, org_id))


def is_told_of_custom_permissions(app: InstalledApp) -> bool:
    """Tell whether an app is ever told which custom permissions a user holds: by its scopes or by its attributes."""
    if app.policy is None:
        return False
    scopes: tuple[str, ...] = app[SCOPES]
    return "custom_permissions" in expand(scopes) or any(
        one.formula.refers_to("Permission") for one in app[CUSTOM_ATTRIBUTES]
    )


async def custom_permissions_that_count(db: Session, app: InstalledApp, user: User) -> frozenset[str]:
    """Return the custom permissions that a user holds and the app may be told of; read only where it ever is."""
    if not is_told_of_custom_permissions(app):
        return frozenset()
    rows = await db.all(_HELD, user.org_id, app.id, user.profile_id, user.id)
    return frozenset(cast(str, row[0]) for row in rows)


class PublicScopes:
    """What discovery says of the org that it speaks for, at most a second old (R11): its public custom scopes.

    `by_document`: as of the last time names were asked for, whether clients may be known by their metadata documents.
    """

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self.by_document = False
        self._read_at = float("-inf")

    async def names(self, db: Session) -> tuple[str, ...]:
        """Return their names; those known last where the database does not answer."""
        if time.monotonic() - self._read_at >= _FRESH_S:
            with contextlib.suppress(Unavailable):
                org_id = await default_org_id(db)
                self._names = tuple(cast(str, row[0]) for row in await db.all(_PUBLIC, org_id or ""))
                row = await db.one(_SETTINGS, org_id or "")
                values = read_values(cast(str, row[0])) if row else {}
                self.by_document = bool(values.get(CLIENT_ID_DOCUMENTS))
            self._read_at = time.monotonic()
        return self._names
