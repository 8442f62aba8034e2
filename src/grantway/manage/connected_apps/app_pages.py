"""An org's apps, piece by piece: looked for, narrowed and sorted in the database."""

from dataclasses import dataclass
from typing import Final, cast

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.manage.connected_apps.app_list import FLOWS, is_on
from grantway.manage.desk import Desk
from grantway.manage.listing import Listed, Piece, like
from grantway.store.apps import POLICY_OF_APP, Apps
from grantway.store.statement import SqlValue, Statement

SORTS: Final = ("name", "-name", "label", "-label", "created_at", "-created_at")
_COLUMNS: Final = {
    "name": "lower(a.name)",
    "label": "lower(COALESCE(FIELD(a.settings, label), ''))",
    "created_at": "a.created_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsAsked:
    """Which apps: with these letters in their API name or label, or with this consumer key; with a flow on; blocked or
    not; own or installed.
    """

    search: str = ""
    flow: str = ""
    blocked: bool | None = None
    own: bool | None = None
    sort: str = "name"


def _statement(sort: str, flow: str) -> Statement:
    column = _COLUMNS[sort.removeprefix("-")]
    order, beyond = (" DESC", "<") if sort.startswith("-") else ("", ">")
    kind = "BIGINT" if sort.endswith("created_at") else "TEXT"
    return Statement(
        f"SELECT a.id, {column} FROM app a LEFT JOIN app_policy p ON p.app_id = {POLICY_OF_APP} AND p.org_id = :org_id"  # noqa: S608 - our own names
        " WHERE (a.org_id = :org_id OR p.app_id IS NOT NULL)"
        " AND (:kind = '' OR a.kind = :kind)"
        f" AND (:words = '' OR lower(a.name) LIKE :pattern ESCAPE '!' OR {_COLUMNS['label']} LIKE :pattern ESCAPE '!'"
        f" OR a.consumer_key = :words){is_on(flow)}"
        " AND (CAST(:blocked AS BIGINT) < 0 OR COALESCE(p.is_blocked, 0) = CAST(:blocked AS BIGINT))"
        " AND (CAST(:own AS BIGINT) < 0 OR (CASE WHEN a.org_id = :org_id THEN 1 ELSE 0 END) = CAST(:own AS BIGINT))"
        f" AND (CAST(:first AS BIGINT) = 1 OR {column} {beyond} CAST(:at AS {kind})"
        f" OR ({column} = CAST(:at AS {kind}) AND a.id > :id))"
        f" ORDER BY 2{order}, a.id LIMIT CAST(:most AS BIGINT)"
    )


_LISTS: Final = {
    (sort, flow): _statement(sort, flow) for sort in SORTS for flow in ("", *(flow.word for flow in FLOWS))
}


async def page(desk: Desk, org: Org, asked: AppsAsked, piece: Piece) -> Listed[InstalledApp]:
    """Return a piece of the apps of an org, of the kinds that the caller may read: its own, and those of others that
    it has installed.

    Raises:
        ManageProblem: no right.
    """
    kind = desk.caller.reads(org.id)
    words = asked.search.strip()
    at, app_id = piece.after or (0 if asked.sort.endswith("created_at") else "", "")
    values: dict[str, SqlValue] = {
        "org_id": org.id,
        "kind": kind,
        "words": words,
        "pattern": like(words),
        "blocked": -1 if asked.blocked is None else int(asked.blocked),
        "own": -1 if asked.own is None else int(asked.own),
        "first": int(piece.after is None),
        "at": at,
        "id": app_id,
        "most": piece.limit + 1,
    }
    statement = _LISTS[asked.sort, asked.flow]
    rows = await desk.session.all(statement, *(values[name] for name in statement.names))
    shown = rows[: piece.limit]
    found = await Apps(desk.ring).several(desk.session, [cast(str, row[0]) for row in shown], org.id)
    last = shown[-1] if len(rows) > piece.limit else None
    return Listed(
        items=found,
        next=(cast("str | int", last[1]), cast(str, last[0])) if last else None,
    )
