"""What apps have out in the token's org: of which users, how much, and which apps were asked for in vain."""

from typing import Any, Final

from grantway.adminapi.ask import PAGING, SEARCH, Answer, Ask, Query, Route
from grantway.adminapi.schema import FLAG, NUMBER, TIME, Schema, listed, record, text
from grantway.manage.connected_apps import apps
from grantway.manage.count import Count
from grantway.manage.listing import Listed
from grantway.manage.usage import app_activity, usage
from grantway.manage.usage.app_activity import Out
from grantway.protocol.when import iso_seconds

USAGE: Final = "View Setup and Configuration, and Manage Users"
_STATES: Final = {"installed": usage.INSTALLED, "not_installed": usage.NOT_INSTALLED, "blocked": usage.BLOCKED}
_WORDS: Final = {state: word for word, state in _STATES.items()}
_COUNT: Final[Schema] = record(
    {"number": NUMBER, "or_more": {**FLAG, "description": "Whether there are more than were looked at."}}
)
_LAST: Final[Schema] = {"anyOf": [TIME, {"type": "null"}]}
_OUT: Final[dict[str, Schema]] = {
    "users": _COUNT,
    "grants": {**_COUNT, "description": "Lines of tokens with a refresh token."},
    "access_tokens": {**_COUNT, "description": "Access tokens behind which no refresh token stands."},
    "last_used": _LAST,
}
_APP: Final = record(
    {
        "id": text(18),
        "name": text(80),
        "label": text(),
        "description": {"type": "string"},
        "state": {"type": "string", "enum": list(_STATES)},
        "home": text(80, description="The org that the app belongs to; empty where it is this one."),
        **_OUT,
    }
)
_USER: Final = record(
    {
        "id": text(18),
        "username": text(),
        "name": {"type": "string"},
        "grants": NUMBER,
        "access_tokens": NUMBER,
        "first_used": TIME,
        "last_used": TIME,
    }
)
_ACTIVITY: Final = record(
    {
        **_OUT,
        "issued": record(
            {
                "day": {**NUMBER, "description": "In the last 24 hours."},
                "month": {**NUMBER, "description": "In the last 30 days."},
                "since": {**_LAST, "description": "Set where only what came after it was counted."},
            }
        ),
    }
)
_ASKED: Final = record(
    {
        "app_id": text(18),
        "name": text(80),
        "users": NUMBER,
        "attempts": NUMBER,
        "last_at": TIME,
        "request_id": {"type": "string", "description": "Of the last refusal."},
    }
)


def _count(count: Count) -> dict[str, Any]:
    return {"number": count.number, "or_more": count.or_more}


def _time(at_ms: int) -> str | None:
    return iso_seconds(at_ms) if at_ms else None


def _out(out: Out | None) -> dict[str, Any]:
    nothing = Count(number=0)
    return {
        "users": _count(out.users if out else nothing),
        "grants": _count(out.grants if out else nothing),
        "access_tokens": _count(out.access_tokens if out else nothing),
        "last_used": _time(out.last_used if out else 0),
    }


async def _apps(ask: Ask) -> Answer:
    query, piece = ask.query, ask.piece()
    after = (str(piece.after[0]), str(piece.after[1])) if piece.after else None
    state = _STATES[query["state"]] if "state" in query else ""
    search = query.get("search", "")
    page = await usage.in_use(ask.desk, ask.org, query=search, state=state, size=piece.limit + 1, after=after)
    shown = page.apps[: piece.limit]
    items = [
        {
            "id": app.id,
            "name": app.name,
            "label": app.label,
            "description": app.description,
            "state": _WORDS[app.state],
            "home": app.home,
            **_out(app.out),
        }
        for app in shown
    ]
    return Answer(
        value=ask.piece_of(Listed(items=shown, next=shown[-1].place if page.apps[len(shown) :] else None), items)
    )


async def _users(ask: Ask) -> Answer:
    piece = ask.piece()
    after = (int(piece.after[0]), str(piece.after[1])) if piece.after else None
    app = await usage.find(ask.desk, ask.org, ask.params["app"])
    username = ask.query.get("user", "")
    found = await usage.users_of(ask.desk, app, username=username, size=piece.limit + 1, after=after)
    shown = found[: piece.limit]
    items = [
        {
            "id": one.id,
            "username": one.username,
            "name": one.name,
            "grants": one.grants,
            "access_tokens": one.access_tokens,
            "first_used": iso_seconds(one.first_used),
            "last_used": iso_seconds(one.last_used),
        }
        for one in shown
    ]
    following = (shown[-1].last_used, shown[-1].username) if len(found) > len(shown) else None
    return Answer(value=ask.piece_of(Listed(items=shown, next=following), items))


async def _activity(ask: Ask) -> Answer:
    app = await apps.find(ask.desk, ask.org, ask.params["app"])
    out, issued = await app_activity.out_of(ask.desk, app), await app_activity.issued_to(ask.desk, app)
    told = {"day": issued.day, "month": issued.month, "since": _time(issued.since)}
    return Answer(value={**_out(out), "issued": told})


async def _asked_for(ask: Ask) -> Answer:
    found = await usage.asked_for(ask.desk, ask.org)
    items = [
        {
            "app_id": one.app_id,
            "name": one.name,
            "users": one.users,
            "attempts": one.attempts,
            "last_at": iso_seconds(one.last_at),
            "request_id": one.request_id,
        }
        for one in found
    ]
    return Answer(value={"items": items, "next": None})


ROUTES: Final = (
    Route(
        method="GET",
        path="/usage",
        name="listUsage",
        summary="Every app that has or asks for access to the org, installed or not, and what it has out",
        right=USAGE,
        answer=_apps,
        gives=listed(_APP),
        query=(
            SEARCH,
            Query(name="state", schema={"type": "string", "enum": list(_STATES)}, help="Only apps in this state."),
            *PAGING,
        ),
    ),
    Route(
        method="GET",
        path="/usage/{app}/users",
        name="listUsersOfApp",
        summary="The users for whom an app has something out, the last that used it first",
        right=USAGE,
        answer=_users,
        gives=listed(_USER),
        query=(Query(name="user", schema=text(255, least=1), help="Only the user of this username."), *PAGING),
    ),
    Route(
        method="GET",
        path="/uninstalled-apps",
        name="listUninstalledApps",
        summary="The apps that were refused in the last seven days because they are not installed",
        right=USAGE,
        answer=_asked_for,
        gives=listed(_ASKED),
    ),
    Route(
        method="GET",
        path="/apps/{app}/activity",
        name="getAppActivity",
        summary="What an app has out in this org, and how many tokens it was issued",
        right="Customize Application, and Modify All Data or Manage Connected Apps",
        answer=_activity,
        gives=_ACTIVITY,
    ),
)
