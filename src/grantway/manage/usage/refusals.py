"""The requests that an org's apps were refused: listed, the newest first, to find the one that somebody asks about."""

from dataclasses import dataclass
from typing import Any, Final, cast

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.usage.explain import shown_facts
from grantway.protocol.no import by_id
from grantway.protocol.refusal import Refusal
from grantway.store.statement import SqlValue, Statement

PAGE: Final = 50
# `after`: the last row of the page before, so that a page begins where the last one ended whatever came since.
_LIST: Final = Statement(
    "SELECT f.request_id, f.at, f.endpoint, f.reason, f.error, f.facts, f.address, a.name, u.username"
    " FROM refusal f LEFT JOIN app a ON a.id = f.app_id LEFT JOIN person u ON u.id = f.user_id"
    " WHERE f.org_id = :org_id AND f.at >= :since AND f.at <= :until"
    " AND (:prefix = '' OR f.app_id = '' OR substr(f.app_id, 1, 3) = :prefix)"
    " AND (f.at < :until OR f.request_id < :after)"
    " AND (:app_id = '' OR f.app_id = :app_id) AND (:user_id = '' OR f.user_id = :user_id)"
    " AND (:reason = '' OR f.reason = :reason)"
    " AND (:endpoint = '' OR f.endpoint = :endpoint)"
    " ORDER BY f.at DESC, f.request_id DESC LIMIT CAST(:most AS BIGINT)"
)
_BY_APP: Final = Statement(
    "SELECT f.reason, a.name, COUNT(*) AS number, MAX(f.request_id), a.id,"
    " MAX(CASE WHEN a.org_id = :org_id THEN a.name WHEN p.app_id IS NOT NULL THEN a.id ELSE '' END)"
    " FROM refusal f JOIN app a ON a.id = f.app_id LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = :org_id"
    " WHERE f.org_id = :org_id AND f.at >= :since AND (:kind = '' OR a.kind = :kind)"
    " GROUP BY f.reason, a.id, a.name ORDER BY number DESC, f.reason, a.name"
    " LIMIT :most"
)
EVERY: Final = "~"
"""Sorts after every request id: a page that begins at a moment begins with all of that moment."""
EVER: Final = 2**62
"""After every moment (ms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which refusals are looked for; what is empty asks for nothing. `after` is what the page before ended with.

    `most`: how many at most.
    """

    app: str = ""
    user: str = ""
    reason: str = ""
    endpoint: str = ""
    since_ms: int = 0
    until_ms: int = EVER
    after: str = EVERY
    most: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRefusal:
    """One line of the list; `means` says what happened, `setting` what refused (empty where no setting did)."""

    request_id: str
    at_ms: int
    endpoint: str
    reason: str
    error: str
    means: str
    setting: str
    address: str
    app: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalList:
    """A page of refusals, and whether there are older ones."""

    found: tuple[OneRefusal, ...]
    has_more: bool


async def refusals(desk: Desk, org: Org, asked: Asked) -> RefusalList:
    """Return a page of an org's refusals, the newest first; of apps of the kinds that the caller may read.

    Refusals of unknown clients belong to no org. Those of apps that were deleted since are of their app's kind.

    Raises:
        ManageProblem: no right, or no such app or user.
    """
    kind = desk.caller.reads(org.id)
    values: dict[str, SqlValue] = {
        "org_id": org.id,
        "prefix": AppKind(kind).id_prefix if kind else "",
        "since": asked.since_ms,
        "until": asked.until_ms,
        "after": asked.after,
        "app_id": (await apps.find(desk, org, asked.app)).id if asked.app else "",
        "user_id": (await users.find(desk, org, asked.user)).id if asked.user else "",
        "reason": asked.reason,
        "endpoint": asked.endpoint,
        "most": asked.most + 1,
    }
    rows = await desk.session.all(_LIST, *(values[name] for name in _LIST.names))
    return RefusalList(found=tuple(_line(row) for row in rows[: asked.most]), has_more=len(rows) > asked.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFor:
    """How often an app was refused for a reason, and one such request.

    `ref`: what the app is called here, its API name or, where it is another org's, its id; empty where the org has it
    neither made nor installed.
    """

    reason: str
    app: str
    number: int
    request_id: str
    app_id: str
    ref: str


async def refused_most(desk: Desk, org: Org, since_ms: int, most: int = 10) -> tuple[RefusedFor, ...]:
    """Return which apps were refused most, and for which reasons, since a moment. Each app keeps its last thousand.

    Raises:
        ManageProblem: no right.
    """
    kind = desk.caller.reads(org.id)
    return tuple(
        RefusedFor(
            reason=cast(str, row[0]),
            app=cast(str, row[1]),
            number=cast(int, row[2]),
            request_id=str(row[3]),
            app_id=cast(str, row[4]),
            ref=cast(str, row[5]),
        )
        for row in await desk.session.all(_BY_APP, org.id, since_ms, kind, most)
    )


def _line(row: tuple[Any, ...]) -> OneRefusal:
    request_id, at, endpoint, reason_id, error, facts, address, app, user = row
    reason = by_id(reason_id)
    if reason is None:
        means = "A reason that this release does not know."
    else:
        means = Refusal(reason=reason, facts=shown_facts(facts)).explanation()
    return OneRefusal(
        request_id=request_id,
        at_ms=at,
        endpoint=endpoint,
        reason=reason_id,
        error=error,
        means=means,
        setting=reason.setting.label if reason and reason.setting else "",
        address=address,
        app=app or "",
        user=user or "",
    )
