"""What users granted an app that still stands: lines of tokens with a refresh token, counted and named.

A line that ended, was taken back, or whose refresh token is past its policy is none. Access tokens that stand alone
live on for minutes, and are not counted.
"""

from dataclasses import dataclass
from typing import Any, Final, cast

from grantway.domain.app import InstalledApp
from grantway.domain.refresh_life import RefreshLife, refresh_life
from grantway.manage.desk import Desk
from grantway.store.statement import SqlValue, Statement

_OF: Final = "FROM token_family f JOIN person u ON u.id = f.user_id"
_WHERE: Final = "WHERE f.app_id = :app_id AND f.org_id = :org_id"
LIVE: Final = (
    "f.revoked_at IS NULL AND f.has_refresh = 1 AND f.created_at > :mark AND f.created_at > u.not_before"
    " AND f.created_at > :born AND f.used_at > :used"
)
_COUNT: Final = Statement(
    f"SELECT COUNT(DISTINCT CASE WHEN {LIVE} THEN f.user_id END), COUNT(CASE WHEN {LIVE} THEN 1 END),"
    f" MAX(f.used_at) {_OF} {_WHERE}"
)
_PAST: Final = Statement(
    f"SELECT COUNT(*) {_OF} {_WHERE} AND {LIVE} AND (f.created_at <= :born_after OR f.used_at <= :used_after)"
)
_SCOPES: Final = Statement(f"SELECT f.scopes, COUNT(*) {_OF} {_WHERE} AND {LIVE} GROUP BY f.scopes")
_HOLDERS: Final = Statement(
    "SELECT u.id, u.username, u.first_name, u.last_name, r.name,"
    f" COUNT(CASE WHEN {LIVE} THEN 1 END), MAX(f.used_at) {_OF} JOIN profile r ON r.id = u.profile_id"
    f" {_WHERE} AND f.revoked_at IS NULL GROUP BY u.id, u.username, u.first_name, u.last_name, r.name"
)
_NEVER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of an app stands in an org, and when a line of it was used last (ms; None: never, or long swept)."""

    users: int
    grants: int
    last_used: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantHolder:
    """A user with lines of an app that were not ended; `grants` of them are live. Times in ms."""

    user_id: str
    username: str
    first_name: str
    last_name: str
    profile: str
    grants: int
    last_used: int

    @property
    def name(self) -> str:
        """First and last name, or the username when there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


def live_values(desk: Desk, app: InstalledApp) -> dict[str, SqlValue]:
    """Return the values of `LIVE`: what stands, as the app's policies have it now."""
    born, used = cutoffs(refresh_life(app), desk.clock.now_ms())
    mark = max(app.org.not_before, app.policy.not_before if app.policy else 0)
    return {"app_id": app.id, "org_id": app.org.id, "mark": mark, "born": born, "used": used}


def cutoffs(life: RefreshLife, now_ms: int) -> tuple[int, int]:
    """Return the times (ms) after which a line must have begun, and have been used, to be within its bounds now."""
    born = _NEVER if life.lifetime_ms is None else now_ms - life.lifetime_ms
    used = _NEVER if life.idle_ms is None else now_ms - life.idle_ms
    return born, used


async def count(desk: Desk, app: InstalledApp) -> Counted:
    """Count what stands of an app in an org."""
    values = live_values(desk, app)
    row = await desk.session.one(_COUNT, *(values[name] for name in _COUNT.names))
    assert row is not None  # noqa: S101 - counting gives a row
    users, grants, last_used = cast(tuple[int, int, int | None], row)
    return Counted(users=users, grants=grants, last_used=last_used)


async def past(desk: Desk, app: InstalledApp, life: RefreshLife) -> int:
    """Count the grants that stand now and would be past their end under other bounds."""
    born, used = cutoffs(life, desk.clock.now_ms())
    values = live_values(desk, app) | {"born_after": born, "used_after": used}
    row = await desk.session.one(_PAST, *(values[name] for name in _PAST.names))
    return cast(int, row[0]) if row else 0


async def holding_scopes(desk: Desk, app: InstalledApp, scopes: frozenset[str]) -> int:
    """Count the grants that hold one of these scopes."""
    values = live_values(desk, app)
    rows = await desk.session.all(_SCOPES, *(values[name] for name in _SCOPES.names))
    return sum(cast(int, number) for held, number in rows if not scopes.isdisjoint(cast(str, held).split()))


async def holders_of(desk: Desk, app: InstalledApp) -> tuple[GrantHolder, ...]:
    """Return the users who have lines of an app that were not ended, whoever has most live ones first."""
    values = live_values(desk, app)
    names = ("user_id", "username", "first_name", "last_name", "profile", "grants", "last_used")
    rows = await desk.session.all(_HOLDERS, *(values[name] for name in _HOLDERS.names))
    found = [GrantHolder(**cast(Any, dict(zip(names, row, strict=True)))) for row in rows]
    return tuple(sorted(found, key=lambda one: (-one.grants, one.username)))
