"""Refused requests of the token's org: listed, and one of them explained."""

from dataclasses import asdict
from typing import Any, Final

from grantway.adminapi.ask import PAGING, Answer, Ask, Query, Route, moment_of
from grantway.adminapi.schema import TEXTS, TIME, listed, record, text
from grantway.manage.listing import Listed
from grantway.manage.problem import ManageProblem, NotFound
from grantway.manage.usage.explain import explain
from grantway.manage.usage.refusals import EVER, EVERY, Asked, OneRefusal, refusals
from grantway.protocol.when import iso_seconds

_RIGHT: Final = "Customize Application, and Modify All Data or Manage Connected Apps"
_LINE: Final = record(
    {"at": TIME}
    | {
        name: {"type": "string"}
        for name in ("request_id", "endpoint", "reason", "error", "means", "setting", "address", "app", "user")
    }
)
_EXPLAINED: Final = record(
    {
        name: {"type": "string"}
        for name in ("request_id", "at", "endpoint", "address", "app", "user", "reason", "error", "says", "means")
    }
    | {name: {"type": "string"} for name in ("remedy", "setting", "setting_label", "setting_held_by", "change")}
    | {
        "status": {"type": "integer", "description": "0 where the error had none of its own, as on a page."},
        "at_ms": {"type": "integer"},
        "checks": {"type": "array", "items": {"type": "object"}},
        "not_reached": TEXTS,
        "received": {
            "type": "array",
            "items": {"type": "array", "items": {"type": ["string", "null"]}},
            "description": "What was sent: header, query or body; name; value, null for what is hidden.",
        },
    }
)


async def _list(ask: Ask) -> Answer:
    query, piece = ask.query, ask.piece()
    since, until = moment_of(ask, "since"), moment_of(ask, "until")
    # From the second piece on the cursor says until when.
    at, after = piece.after or (EVER if until is None else until, EVERY)
    await ask.server.refusals.flush()
    asked = Asked(
        app=query.get("app", ""),
        user=query.get("user", ""),
        reason=query.get("reason", ""),
        endpoint=query.get("endpoint", ""),
        since_ms=since or 0,
        until_ms=int(at),
        after=str(after),
        most=piece.limit,
    )
    page = await refusals(ask.desk, ask.org, asked)
    last = page.found[-1] if page.has_more else None
    items = [_line(one) for one in page.found]
    found = Listed(items=page.found, next=(last.at_ms, last.request_id) if last else None)
    return Answer(value=ask.piece_of(found, items))


def _line(one: OneRefusal) -> dict[str, Any]:
    told = {name: value for name, value in asdict(one).items() if name != "at_ms"}
    return told | {"at": iso_seconds(one.at_ms)}


async def _explain(ask: Ask) -> Answer:
    await ask.server.refusals.flush()
    try:
        found = await explain(ask.desk, ask.params["request_id"])
    except ManageProblem as problem:
        if type(problem) is not ManageProblem:
            raise
        raise NotFound(str(problem)) from problem
    return Answer(value=asdict(found))


ROUTES: Final = (
    Route(
        method="GET",
        path="/refusals",
        name="listRefusals",
        summary="What was refused, the newest first; refusals are kept for 30 days",
        right=_RIGHT,
        answer=_list,
        gives=listed(_LINE),
        query=(
            Query(name="app", schema=text(256, least=1), help="Only this app's."),
            Query(name="user", schema=text(255, least=1), help="Only this user's."),
            Query(name="reason", schema=text(100, least=1), help="Only this reason, as `reason` has it."),
            Query(name="endpoint", schema=text(300, least=1), help="Only this endpoint, as `endpoint` has it."),
            Query(name="since", schema=TIME, help="Only what was refused at this moment or later."),
            Query(name="until", schema=TIME, help="Only what was refused until this moment."),
            *PAGING,
        ),
    ),
    Route(
        method="GET",
        path="/refusals/{request_id}",
        name="explainRefusal",
        summary="Why a request was refused: the checks in order, the setting, the remedy",
        right=_RIGHT,
        answer=_explain,
        gives=_EXPLAINED,
    ),
)
