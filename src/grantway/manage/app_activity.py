"""What an app has out in an org and what it was refused: counted within bounds, so that no request waits for it.

Tables of tokens have no index for people's questions (performance.md, "Writes"). So a count looks at the newest rows
up to a bound and says when it met it: such a number is the least there is, and is shown with a plus.
"""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.refresh_life import refresh_life
from grantway.kit.clock import DAY_MS
from grantway.kit.ids import first_row_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.explain import shown_facts
from grantway.protocol.no import by_id
from grantway.protocol.refusal import Refusal
from grantway.store.statement import Row, SqlValue, Statement

LOOKED: Final = 10_000
_REFUSALS: Final = 10
# A line of one app in one org that still gives tokens; its user may have had everything taken back since.
LIVE_LINES: Final = (
    "(SELECT user_id, created_at, used_at, has_refresh, revoked_at FROM token_family"
    " WHERE app_id = :app_id AND org_id = :org_id ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) f"
    " JOIN person u ON u.id = f.user_id"
    " WHERE f.revoked_at IS NULL AND f.has_refresh = 1 AND f.created_at > CAST(:granted_after AS BIGINT)"
    " AND f.used_at > CAST(:used_after AS BIGINT) AND f.created_at > u.not_before"
)
# Access tokens that no refresh token stands behind: client credentials, and flows without the scope for it.
LIVE_ACCESS: Final = (
    "(SELECT app_id, org_id, user_id, family_id, issued_at, expires_at, revoked_at FROM access_token"
    " ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) t JOIN person u ON u.id = t.user_id"
    " LEFT JOIN token_family f ON f.id = t.family_id"
    " WHERE t.org_id = :org_id AND t.revoked_at IS NULL AND t.expires_at > CAST(:now AS BIGINT)"
    " AND t.issued_at > u.not_before AND (t.family_id = '' OR (f.has_refresh = 0 AND f.revoked_at IS NULL))"
)
_LINES: Final = Statement(
    f"SELECT COUNT(*), COUNT(DISTINCT f.user_id), COALESCE(MAX(f.used_at), 0) FROM {LIVE_LINES}"  # noqa: S608 - our own names
)
_ACCESS: Final = Statement(
    f"SELECT COUNT(*), COALESCE(MAX(t.issued_at), 0) FROM {LIVE_ACCESS} AND t.app_id = :app_id"  # noqa: S608 - our own names
    " AND t.issued_at > CAST(:marked AS BIGINT)"
)
_HOW_MANY: Final = Statement(
    "SELECT COUNT(*) FROM (SELECT id FROM token_family WHERE app_id = :app_id AND org_id = :org_id"
    " LIMIT CAST(:looked AS BIGINT)) f"
)
_ISSUED: Final = Statement(
    "SELECT COUNT(*), COALESCE(MIN(e.at), 0),"
    " COALESCE(SUM(CASE WHEN e.app_id = :app_id AND e.org_id = :org_id AND e.kind IN"
    " ('token.code', 'token.refresh', 'token.client_credentials') THEN 1 ELSE 0 END), 0),"
    " COALESCE(SUM(CASE WHEN e.at > CAST(:day AS BIGINT) AND e.app_id = :app_id AND e.org_id = :org_id AND e.kind IN"
    " ('token.code', 'token.refresh', 'token.client_credentials') THEN 1 ELSE 0 END), 0)"
    " FROM (SELECT at, app_id, org_id, kind FROM event WHERE id > :since"
    " ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) e"
)
_REFUSED: Final = Statement(
    "SELECT r.request_id, r.at, r.endpoint, r.reason, r.error, r.facts, COALESCE(u.username, '')"  # noqa: S608 - our own number
    " FROM refusal r LEFT JOIN person u ON u.id = r.user_id WHERE r.app_id = :app_id AND r.org_id = :org_id"
    f" ORDER BY r.at DESC LIMIT {_REFUSALS}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number, and whether there may be more than was looked at."""

    number: int
    or_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.or_more else ''}"

    def of(self, word: str) -> str:
        """Return the number with a word that takes an s: `1 grant`, `12 grants`."""
        return f"{self} {word}" if self.number == 1 and not self.or_more else f"{self} {word}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """What an app has out in an org: users and lines with a refresh token, access tokens that stand alone.

    `last_used` (ms): when a line was used or such a token issued last; 0 for never.
    """

    users: Count
    grants: Count
    access_tokens: Count
    last_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Tokens issued in 24 hours and in 30 days; `since` (ms) is set where only what came after it was counted."""

    day: int
    month: int
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One refused request of an app: what the client was told, what happened, the setting that refused, if one did."""

    request_id: str
    at: int
    endpoint: str
    means: str
    error: str
    setting: s.AnySetting | None
    username: str


def bounds_of(app: InstalledApp, now_ms: int) -> dict[str, SqlValue]:
    """Return what a line of an app must come after to be alive: the marks of org and policy, and its lifetime."""
    life = refresh_life(app)
    marked = max(app.org.not_before, app.policy.not_before if app.policy else 0)
    granted = marked if life.lifetime_ms is None else max(marked, now_ms - life.lifetime_ms)
    used = 0 if life.idle_ms is None else now_ms - life.idle_ms
    return {"granted_after": granted, "used_after": used, "marked": marked}


async def out_of(desk: Desk, app: InstalledApp, *, looked: int = LOOKED) -> Out:
    """Return what an app has out in an org, counted over the newest `looked` lines and access tokens.

    Raises:
        ManageProblem: the caller may see neither apps nor what they have out.
    """
    demand_sight(desk, app)
    now = desk.clock.now_ms()
    values: dict[str, SqlValue] = {
        "app_id": app.id,
        "org_id": app.org.id,
        "now": now,
        "looked": looked,
        **bounds_of(app, now),
    }
    (there,) = await _row(desk, _HOW_MANY, values)
    lines, users, used = await _row(desk, _LINES, values)
    access, issued = await _row(desk, _ACCESS, values)
    more = cast(int, there) >= looked
    return Out(
        users=Count(number=cast(int, users), or_more=more),
        grants=Count(number=cast(int, lines), or_more=more),
        access_tokens=Count(number=cast(int, access)),
        last_used=max(cast(int, used), cast(int, issued)),
    )


async def issued_to(desk: Desk, app: InstalledApp) -> Issued:
    """Return how many tokens an app was issued in an org lately.

    Raises:
        ManageProblem: no right.
    """
    demand_sight(desk, app)
    now = desk.clock.now_ms()
    values: dict[str, SqlValue] = {
        "app_id": app.id,
        "org_id": app.org.id,
        "day": now - DAY_MS,
        "since": first_row_id(max(now - 30 * DAY_MS, 0)),
        "looked": LOOKED,
    }
    looked, oldest, month, day = await _row(desk, _ISSUED, values)
    since = cast(int, oldest) if cast(int, looked) >= LOOKED else 0
    return Issued(day=cast(int, day), month=cast(int, month), since=since)


async def refused_to(desk: Desk, app: InstalledApp) -> tuple[Refused, ...]:
    """Return the last refused requests of an app in an org, the newest first.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.READ_APPS, app.org.id, app.kind)
    found = []
    rows = await desk.session.all(_REFUSED, app.id, app.org.id)
    for request_id, at, endpoint, reason_id, error, facts, username in rows:
        reason = by_id(cast(str, reason_id))
        means = Refusal(reason=reason, facts=shown_facts(cast(str, facts))).explanation() if reason else ""
        found.append(
            Refused(
                request_id=cast(str, request_id),
                at=cast(int, at),
                endpoint=cast(str, endpoint),
                means=means or cast(str, reason_id),
                error=cast(str, error),
                setting=reason.setting if reason else None,
                username=cast(str, username),
            )
        )
    return tuple(found)


def demand_sight(desk: Desk, app: InstalledApp) -> None:
    """Demand one of the rights that show what an app has out: to read it, or to see users' tokens.

    Raises:
        ManageProblem: the caller has neither; names what the first lacks.
    """
    if not desk.caller.may(Right.USAGE, app.org.id):
        desk.caller.needs(Right.READ_APPS, app.org.id, app.kind)


async def _row(desk: Desk, statement: Statement, values: dict[str, SqlValue]) -> Row:
    row = await desk.session.one(statement, *(values[name] for name in statement.names))
    assert row is not None  # noqa: S101 - sums over nothing are a row too
    return row
