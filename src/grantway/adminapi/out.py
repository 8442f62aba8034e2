"""Tokens that are out in the token's org: listed, and taken back."""

from typing import Final

from grantway.adminapi.ask import PAGING, Answer, Ask, Query, Route
from grantway.adminapi.schema import FLAG, NUMBER, TEXTS, TIME, record, text
from grantway.adminapi.schema import listed as pieces_of
from grantway.manage.problem import ManageProblem
from grantway.manage.server import access_keys
from grantway.manage.usage import tokens
from grantway.protocol.when import iso_seconds

_RIGHT: Final = "View Setup and Configuration, and Manage Users"
_TOKEN: Final = record(
    {
        "id": text(16),
        "app": text(80),
        "username": text(),
        "scopes": TEXTS,
        "door": text(),
        "created_at": TIME,
        "used_at": TIME,
        "has_refresh_token": FLAG,
        "access_tokens": NUMBER,
        "uses": {**NUMBER, "description": "How many access tokens came of it so far."},
    }
)
_REVOKE: Final = record(
    {
        "user": text(255, least=1),
        "app": text(256, least=1),
        "token": text(16_384, least=1, description="An id of the list, or a token itself; not with the others."),
        "everything": {"type": "boolean", "description": "All that is out in the org."},
    },
    required=(),
    minProperties=1,
)


async def _list(ask: Ask) -> Answer:
    query = ask.query
    found = await tokens.page_of_lines(
        ask.desk, ask.org, ask.piece(), username=query.get("user", ""), app=query.get("app", "")
    )
    items = [
        line
        | {
            "scopes": line["scopes"].split(),
            "created_at": iso_seconds(line["created_at"]),
            "used_at": iso_seconds(line["used_at"]),
        }
        for line in found.items
    ]
    return Answer(value=ask.piece_of(found, items))


async def _revoke(ask: Ask) -> Answer:
    asked = ask.body
    token, named = asked.get("token"), {"user", "app"} & set(asked)
    everything = asked.get("everything", False)
    if sum((token is not None, bool(named), everything)) != 1:
        raise ManageProblem.at("body", "say a token, or a user or an app or both, or everything: true")
    if token is not None:
        ended = await tokens.revoke_one(ask.desk, ask.org, token)
    else:
        ended = await tokens.revoke(ask.desk, ask.org, username=asked.get("user", ""), app=asked.get("app", ""))
    return Answer(value={"ended": ended}, tagged=False)


async def _rotate_access_key(ask: Ask) -> Answer:
    done = await access_keys.revoke_all(ask.desk, ask.org)
    return Answer(value={"kid": done.kid, "ended": done.ended}, tagged=False)


ROUTES: Final = (
    Route(
        method="GET",
        path="/tokens",
        name="listTokens",
        summary="What tokens are out, the newest first; narrow it by user and app",
        right=_RIGHT,
        answer=_list,
        gives=pieces_of(_TOKEN),
        query=(
            Query(name="user", schema=text(255, least=1), help="Only this user's."),
            Query(name="app", schema=text(256, least=1), help="Only this app's."),
            *PAGING,
        ),
    ),
    Route(
        method="POST",
        path="/tokens/revoke",
        name="revokeTokens",
        summary="End one token, or all of a user, an app, or the org",
        right=_RIGHT,
        answer=_revoke,
        gives=record({"ended": NUMBER}),
        takes=_REVOKE,
        once=True,
    ),
    Route(
        method="POST",
        path="/tokens/rotate-access-key",
        name="rotateAccessKey",
        summary="End every JWT-based access token of the org: another key signs them from now on",
        right=_RIGHT,
        answer=_rotate_access_key,
        gives=record({"kid": text(64), "ended": NUMBER}),
        once=True,
    ),
)
