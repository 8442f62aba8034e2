"""Live grants: what users granted an app that still stands. Defined here once, counted and named.

A live grant is a line of tokens with a refresh token that was not ended, that nobody took back by a mark (of its user,
of the app's policies, of the org), and whose refresh token is within the app's policy now. A grant whose user is
frozen, or whose app is blocked, rests and is counted. Access tokens without a refresh token are `single_tokens`.

For the lines of one app the policy is part of the statement (`LIVE`). For those of many apps `STANDS` says the same of
all but the policy, and `Within` asks that of each line read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.refresh_life import RefreshLife, life_under, refresh_life
from grantway.manage.count import Count
from grantway.manage.desk import Desk
from grantway.store.apps import POLICY_OF_APP
from grantway.store.statement import SqlValue, Statement

# How many lines of an app are looked at where nobody may wait long for a number: the newest of those not ended.
LOOKED: Final = 10_000
# How the engines write a true of a JSON document as text.
_TRUE: Final = ("1", "true")
EVERY: Final = 1 << 62
_LINES: Final = (
    "SELECT id, app_id, org_id, user_id, scopes, created_at, used_at, uses, has_refresh, revoked_at FROM token_family"
    " WHERE app_id = :app_id AND org_id = :org_id AND has_refresh = 1 AND revoked_at IS NULL"
)
# The lines of one app in one org that were not ended, the newest of them first.
OF_APP: Final = f"({_LINES} ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) f JOIN person u ON u.id = f.user_id"
LIVE: Final = (
    "f.revoked_at IS NULL AND f.has_refresh = 1 AND f.created_at > u.not_before"
    " AND f.created_at > CAST(:mark AS BIGINT) AND f.created_at > CAST(:born AS BIGINT)"
    " AND f.used_at > CAST(:used AS BIGINT)"
)
# The lines `f` of many apps, with what may have taken them back.
WITH_MARKS: Final = (
    "JOIN app a ON a.id = f.app_id JOIN org o ON o.id = f.org_id JOIN person u ON u.id = f.user_id"
    f" LEFT JOIN app_policy p ON p.app_id = {POLICY_OF_APP} AND p.org_id = f.org_id"
)
STANDS: Final = (
    "f.revoked_at IS NULL AND f.has_refresh = 1 AND f.created_at > u.not_before AND f.created_at > o.not_before"
    " AND f.created_at > COALESCE(p.not_before, 0)"
)
# What bounds the life of such a line: the app's policy in the org, and the caps of app and org.
POLICY: Final = " || '|' || ".join(
    f"COALESCE(CAST(FIELD({column}, {setting.name}) AS TEXT), '')"
    for column, setting in (
        ("p.settings", s.REFRESH_TOKEN_POLICY),
        ("a.settings", s.LIMIT_IDLE_REFRESH_TOKENS),
        ("o.settings", s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS),
    )
)
_COUNT: Final = Statement(
    f"SELECT COUNT(*), COUNT(DISTINCT CASE WHEN {LIVE} THEN f.user_id END), COUNT(CASE WHEN {LIVE} THEN 1 END),"  # noqa: S608 - our own names
    f" COALESCE(MAX(f.used_at), 0) FROM {OF_APP}"
)
_PAST: Final = Statement(
    f"SELECT COUNT(*) FROM {OF_APP} WHERE {LIVE} AND (f.created_at <= CAST(:born_after AS BIGINT)"  # noqa: S608 - our own names
    " OR f.used_at <= CAST(:used_after AS BIGINT))"
)
_SCOPES: Final = Statement(f"SELECT f.scopes, COUNT(*) FROM {OF_APP} WHERE {LIVE} GROUP BY f.scopes")  # noqa: S608 - our own names
_HOLDERS: Final = Statement(
    "SELECT u.id, u.username, u.first_name, u.last_name, r.name,"  # noqa: S608 - our own names
    f" COUNT(CASE WHEN {LIVE} THEN 1 END), MAX(f.used_at) FROM token_family f JOIN person u ON u.id = f.user_id"
    " JOIN profile r ON r.id = u.profile_id WHERE f.app_id = :app_id AND f.org_id = :org_id AND f.revoked_at IS NULL"
    " GROUP BY u.id, u.username, u.first_name, u.last_name, r.name"
)
_NEVER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of an app stands in an org, and when a refresh token of it was used last (ms; 0: none stands)."""

    users: Count
    grants: Count
    last_used: int


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


class Within:
    """Tells whether lines of many apps are within their app's policy at one moment."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms: Final = now_ms
        self._cutoffs: Final[dict[str, tuple[int, int]]] = {}

    def __call__(self, policy: str, created_at: int, used_at: int) -> bool:
        """Answer for a line: what `POLICY` gave, and when it began and was used last (ms)."""
        found = self._cutoffs.get(policy)
        if found is None:
            said, of_app, of_org = policy.rsplit("|", 2)
            setting = s.REFRESH_TOKEN_POLICY
            rule = setting.kind.parse(said) if said else setting.default
            is_capped = not {of_app, of_org}.isdisjoint(_TRUE)
            found = self._cutoffs[policy] = cutoffs(life_under(rule, is_capped=is_capped), self._now_ms)
        return created_at > found[0] and used_at > found[1]


async def count(desk: Desk, app: InstalledApp, *, looked: int = EVERY) -> Counted:
    """Count what stands of an app in an org; `looked` bounds the lines that are looked at, the newest first."""
    return (await count_each(desk, [app], looked=looked))[0]


async def count_each(desk: Desk, apps: Sequence[InstalledApp], *, looked: int) -> list[Counted]:
    """Count the same of many apps, in their order; `looked` bounds the lines of each."""
    values = [live_values(desk, app) | {"looked": looked} for app in apps]
    rows = await desk.session.each(_COUNT, [tuple(given[name] for name in _COUNT.names) for given in values])
    found = []
    for row in rows:
        there, users, grants, last_used = cast(tuple[int, ...], row)
        more = there >= looked
        found.append(
            Counted(
                users=Count(number=users, or_more=more), grants=Count(number=grants, or_more=more), last_used=last_used
            )
        )
    return found


async def past(desk: Desk, app: InstalledApp, life: RefreshLife) -> int:
    """Count the grants that stand now and would be past their end under other bounds."""
    born, used = cutoffs(life, desk.clock.now_ms())
    values = live_values(desk, app) | {"born_after": born, "used_after": used, "looked": EVERY}
    (number,) = await _row(desk, _PAST, values)
    return number


async def holding_scopes(desk: Desk, app: InstalledApp, scopes: frozenset[str]) -> int:
    """Count the grants that hold one of these scopes."""
    values = live_values(desk, app) | {"looked": EVERY}
    rows = await desk.session.all(_SCOPES, *(values[name] for name in _SCOPES.names))
    return sum(cast(int, number) for held, number in rows if not scopes.isdisjoint(cast(str, held).split()))


async def holders_of(desk: Desk, app: InstalledApp) -> tuple[GrantHolder, ...]:
    """Return the users who have lines of an app that were not ended, whoever has most live ones first."""
    values = live_values(desk, app)
    names = ("user_id", "username", "first_name", "last_name", "profile", "grants", "last_used")
    rows = await desk.session.all(_HOLDERS, *(values[name] for name in _HOLDERS.names))
    found = [GrantHolder(**cast(Any, dict(zip(names, row, strict=True)))) for row in rows]
    return tuple(sorted(found, key=lambda one: (-one.grants, one.username)))


async def _row(desk: Desk, statement: Statement, values: dict[str, SqlValue]) -> tuple[int, ...]:
    row = await desk.session.one(statement, *(values[name] for name in statement.names))
    assert row is not None  # noqa: S101 - counting gives a row
    return cast(tuple[int, ...], row)
