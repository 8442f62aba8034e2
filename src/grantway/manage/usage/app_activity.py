"""What an app has out in an org and what it was refused: counted within bounds, so that no request waits for it.

What is live is said in `live_grants` and `single_tokens`. A count looks at the newest of what was not ended, up to a
bound, and says when it met it: such a number is the least there is, and is shown with a plus.
"""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.clock import DAY_MS
from grantway.kit.ids import first_row_id
from grantway.manage.caller import Right
from grantway.manage.count import Count
from grantway.manage.desk import Desk
from grantway.manage.live import live_grants, single_tokens
from grantway.manage.live.live_grants import LOOKED
from grantway.manage.usage.explain import shown_facts
from grantway.protocol.no import by_id
from grantway.protocol.refusal import Refusal
from grantway.store.app_uses import last_use
from grantway.store.statement import Row, SqlValue, Statement

_LOOKED_EVENTS: Final = 10_000
_REFUSALS: Final = 10
_ISSUED: Final = Statement(
    "SELECT COUNT(*), COALESCE(MIN(e.at), 0),"
    " COALESCE(SUM(CASE WHEN e.app_id = :app_id AND e.org_id = :org_id AND e.kind LIKE 'token.%'"
    " AND e.kind <> 'token.revoked' THEN 1 ELSE 0 END), 0),"
    " COALESCE(SUM(CASE WHEN e.at > CAST(:day AS BIGINT) AND e.app_id = :app_id"
    " AND e.org_id = :org_id AND e.kind LIKE 'token.%'"
    " AND e.kind <> 'token.revoked' THEN 1 ELSE 0 END), 0)"
    " FROM (SELECT at, app_id, org_id, kind FROM event WHERE id > :since"
    " ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) e"
)
_REFUSED: Final = Statement(
    "SELECT r.request_id, r.at, r.endpoint, r.reason, r.error, r.facts, COALESCE(u.username, '')"  # noqa: S608 - our own number
    " FROM refusal r LEFT JOIN person u ON u.id = r.user_id WHERE r.app_id = :app_id AND r.org_id = :org_id"
    f" ORDER BY r.at DESC LIMIT {_REFUSALS}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """What an app has out in an org: users and lines with a refresh token, access tokens that stand alone.

    `last_used` (ms): when the app was last given an access token, by whatever flow; 0 for never.
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


async def out_of(desk: Desk, app: InstalledApp, *, looked: int = LOOKED) -> Out:
    """Return what an app has out in an org, counted over the newest `looked` lines and access tokens.

    Raises:
        ManageProblem: the caller may see neither apps nor what they have out.
    """
    demand_sight(desk, app)
    grants = await live_grants.count(desk, app, looked=looked)
    return Out(
        users=grants.users,
        grants=grants.grants,
        access_tokens=await single_tokens.count(desk, app, looked=looked),
        last_used=max(grants.last_used, await last_use(desk.session, app.org.id, app.id)),
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
        "looked": _LOOKED_EVENTS,
    }
    looked, oldest, month, day = await _row(desk, _ISSUED, values)
    since = cast(int, oldest) if cast(int, looked) >= _LOOKED_EVENTS else 0
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
