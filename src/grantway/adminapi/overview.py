"""What happens in the token's org as numbers, and finding things in it by a part of their name."""

from collections import Counter
from dataclasses import asdict
from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Query, Route
from grantway.adminapi.schema import FLAG, NUMBER, TEXTS, TIME, Schema, listed, record, text
from grantway.kit.clock import DAY_MS, HOUR_MS
from grantway.manage.search import find_apps, find_settings, find_users
from grantway.manage.usage.activity import LOOKED_AT, Attention, activity, flow_of, need_attention
from grantway.protocol.when import iso_seconds
from grantway.store.hour_counts import hour_of

_RIGHT: Final = "Customize Application, and Modify All Data or Manage Connected Apps"
_NUMBERS: Final[Schema] = {"type": "object", "additionalProperties": NUMBER}
_GRANTS: Final[Schema] = {"anyOf": [record({"number": NUMBER, "counted_at": TIME}), {"type": "null"}]}
_ATTENTION: Final = record(
    {
        "app": text(80),
        "label": text(),
        "urgent": {**FLAG, "description": "Whether something goes wrong now, and does not just look as if it could."},
        "refused": {
            "type": "array",
            "items": record({"reason": {"type": "string"}, "number": NUMBER, "request_id": {"type": "string"}}),
            "description": "What it was refused often or alarmingly in the last 24 hours.",
        },
        "warnings": TEXTS,
    }
)
_ACTIVITY: Final = record(
    {
        "since": TIME,
        "apps": NUMBER,
        "live_grants": {**_GRANTS, "description": "Null until they were counted for the first time."},
        "tokens_by_flow": _NUMBERS,
        "refusals_by_reason": _NUMBERS,
        "hours": {
            "type": "array",
            "items": record({"hour": TIME, "tokens_by_flow": _NUMBERS, "refusals_by_reason": _NUMBERS}),
            "description": "The hours in which there was something.",
        },
        "attention": {"type": "array", "items": _ATTENTION},
        "all_looked_at": {
            **FLAG,
            "description": f"False where there are more than {LOOKED_AT} apps: then no settings were looked at.",
        },
    }
)
_FOUND: Final = record(
    {
        "kind": {"type": "string", "enum": ["app", "user", "setting"]},
        "name": {"type": "string", "description": "What names it in the other paths."},
        "label": {"type": "string"},
        "is_exact": FLAG,
    }
)


async def _activity(ask: Ask) -> Answer:
    now = ask.server.clock.now_ms()
    since = hour_of(now) - (ask.query.get("days", 1) * DAY_MS - HOUR_MS)
    await ask.server.tally.flush()
    await ask.server.refusals.flush()
    found = await activity(ask.desk, ask.org, since)
    tokens, refused = Counter[str](), Counter[str]()
    hours: dict[int, tuple[Counter[str], Counter[str]]] = {}
    for hour, kind, number in found.tokens:
        tokens[flow_of(kind)] += number
        hours.setdefault(hour, (Counter(), Counter()))[0][flow_of(kind)] += number
    for hour, reason, number in found.refusals:
        refused[reason] += number
        hours.setdefault(hour, (Counter(), Counter()))[1][reason] += number
    grants = await ask.server.census.live_grants(ask.desk, ask.org)
    looks = await need_attention(ask.desk, ask.org, now - DAY_MS, found.apps)
    value = {
        "since": iso_seconds(since),
        "apps": found.apps,
        "live_grants": {"number": grants.number, "counted_at": iso_seconds(grants.at_ms)} if grants else None,
        "tokens_by_flow": tokens,
        "refusals_by_reason": refused,
        "hours": [
            {"hour": iso_seconds(hour), "tokens_by_flow": of_flows, "refusals_by_reason": of_reasons}
            for hour, (of_flows, of_reasons) in sorted(hours.items())
        ],
        "attention": [_look(one) for one in looks],
        "all_looked_at": found.apps <= LOOKED_AT,
    }
    return Answer(value=value)


def _look(one: Attention) -> dict[str, Any]:
    refused = [{"reason": why.reason, "number": why.number, "request_id": why.request_id} for why in one.refused]
    return {
        "app": one.app,
        "label": one.label,
        "urgent": one.is_urgent,
        "refused": refused,
        "warnings": list(one.warnings),
    }


async def _search(ask: Ask) -> Answer:
    wanted = ask.query["q"].strip()
    items = [asdict(one) | {"kind": "app"} for one in await find_apps(ask.desk, ask.org, wanted)]
    for user in await find_users(ask.desk, ask.org, wanted):
        items.append({"kind": "user", "name": user.username, "label": user.name, "is_exact": user.is_exact})
    for setting in find_settings(wanted)[:20] if wanted else ():
        is_exact = wanted.lower() in (setting.name, setting.label.lower())
        items.append({"kind": "setting", "name": setting.name, "label": setting.label, "is_exact": is_exact})
    return Answer(value={"items": items, "next": None})


ROUTES: Final = (
    Route(
        method="GET",
        path="/activity",
        name="getActivity",
        summary="Tokens by flow, refusals by reason, live grants, and the apps that need attention",
        right=_RIGHT,
        answer=_activity,
        gives=_ACTIVITY,
        query=(
            Query(
                name="days",
                schema={"type": "integer", "minimum": 1, "maximum": 7, "default": 1},
                help="How many times 24 hours, the one that runs included.",
            ),
        ),
    ),
    Route(
        method="GET",
        path="/search",
        name="search",
        summary="Apps, users and settings by any part of a name: at most 20 of each that the user may see",
        right="none",
        answer=_search,
        gives=listed(_FOUND),
        query=(
            Query(
                name="q", schema=text(200, least=1), help="Letters of a name, a label, a key or an id.", required=True
            ),
        ),
    ),
)
