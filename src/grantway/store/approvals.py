"""What users have approved: one row a user and app, with the scopes allowed so far."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.token import StandingGrant
from grantway.settings.basic import LABEL
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step

RESOURCES_KEPT: Final = 50
"""How many resources an approval remembers, the newest; for others the person is asked again."""


class Approval(msgspec.Struct, frozen=True, gc=False):
    """The scopes and resources (joined by blanks) that a user allowed an app, the last time at `last_at` (ms)."""

    scopes: str
    last_at: int
    resources: str = ""


class _Labelled(msgspec.Struct, gc=False):
    """Of an app's settings only the label, so that the rest need not be parsed."""

    label: str = msgspec.field(default="", name=LABEL.name)


_LABEL: Final = msgspec.json.Decoder(_Labelled)
_OF: Final = Statement(
    "SELECT scopes, last_at, resources FROM approval WHERE person_id = :person_id AND app_id = :app_id"
)
_GRANTS: Final = Statement(
    "SELECT scopes, created_at, used_at FROM token_family"
    " WHERE user_id = :user_id AND app_id = :app_id AND has_refresh = 1 AND revoked_at IS NULL ORDER BY id"
)
_APPROVE: Final = Insert(
    "approval",
    ["person_id", "app_id", "scopes", "first_at", "last_at", "resources"],
    "(person_id, app_id) DO UPDATE SET scopes = excluded.scopes, last_at = excluded.last_at,"
    " resources = excluded.resources",
)
_INSTALLED: Final = Statement(
    "SELECT a.name, a.settings FROM app_policy p JOIN app a ON a.id = p.app_id"
    " WHERE p.org_id = :org_id AND a.id <> :app_id"
)


async def approval_of(db: Session, user_id: str, app_id: str) -> Approval | None:
    """Return what a user has approved for an app; None when the user never has."""
    row = await db.one(_OF, user_id, app_id)
    return None if row is None else Approval(*cast(Any, row))


async def standing_grants(db: Session, user_id: str, app_id: str) -> tuple[StandingGrant, ...]:
    """Return the grants with a refresh token that a user gave an app and nobody revoked, the oldest first."""
    return tuple(StandingGrant(*cast(Any, row)) for row in await db.all(_GRANTS, user_id, app_id))


def approve(user_id: str, app_id: str, scopes: str, now_ms: int, resources: str = "") -> Step:
    """Remember an approval; `scopes` and `resources` are all that hold from now on."""
    return Step(_APPROVE, (user_id, app_id, scopes, now_ms, now_ms, resources))


async def names_of_other_apps(db: Session, org_id: str, app_id: str) -> tuple[str, ...]:
    """Return the names that people know the other apps installed in an org by."""
    rows = await db.all(_INSTALLED, org_id, app_id)
    return tuple(_LABEL.decode(cast(str, text)).label or cast(str, name) for name, text in rows)
