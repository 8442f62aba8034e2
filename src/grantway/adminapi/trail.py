"""The audit trail of the token's org: read, never written."""

from dataclasses import asdict
from typing import Final

from grantway.adminapi.ask import PAGING, Answer, Ask, Query, Route
from grantway.adminapi.schema import FLAG, TIME, listed, record, text
from grantway.manage.audit import AuditEntry, AuditFilter, audit_trail
from grantway.manage.connected_apps import apps
from grantway.manage.listing import Listed
from grantway.protocol.when import iso_seconds

_TEXTS: Final = tuple(name for name in AuditEntry.__slots__ if name not in ("at", "is_security"))
_ENTRY: Final = record({"at": TIME, "is_security": FLAG} | {name: {"type": "string"} for name in _TEXTS})


async def _list(ask: Ask) -> Answer:
    query, piece = ask.query, ask.piece()
    wanted = AuditFilter(
        username=query.get("user", ""),
        app=(await apps.find(ask.desk, ask.org, query["app"])).id if "app" in query else "",
        section=query.get("section", ""),
        text=query.get("text", ""),
        security_only=query.get("security_only", False),
    )
    cursor = str(piece.after[0]) if piece.after else ""
    page = await audit_trail(ask.desk, ask.org, wanted, cursor=cursor, limit=piece.limit)
    items = [asdict(entry) | {"at": iso_seconds(entry.at)} for entry in page.entries]
    return Answer(value=ask.piece_of(Listed(items=items, next=(page.cursor,) if page.cursor else None), items))


ROUTES: Final = (
    Route(
        method="GET",
        path="/audit-trail",
        name="listAuditTrail",
        summary="What was changed, by whom, the newest first",
        right="View Setup and Configuration",
        answer=_list,
        gives=listed(_ENTRY),
        query=(
            Query(name="user", schema=text(255, least=1), help="Only what this user did."),
            Query(name="app", schema=text(256, least=1), help="Only what was done to this app."),
            Query(name="section", schema=text(100), help="Only this section."),
            Query(name="text", schema=text(256), help="Only what shows this text."),
            Query(name="security_only", schema=FLAG, help="Only what somebody should look at."),
            *PAGING,
        ),
    ),
)
