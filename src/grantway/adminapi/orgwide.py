"""What concerns the org as a whole: its settings, what tokens are out, why requests were refused, the catalogue."""

from dataclasses import asdict
from typing import Any, Final

from grantway import settings as s
from grantway.adminapi import values
from grantway.adminapi.ask import Answer, Ask, Query, Route
from grantway.adminapi.schema import FLAG, NUMBER, TEXTS, Schema, listed, record, text
from grantway.domain.org import Org
from grantway.manage import access_keys, explain, orgs, tokens
from grantway.manage.org_files import export_org_archive
from grantway.manage.problem import ManageProblem, NotFound
from grantway.manage.settings_reference import facts_of
from grantway.protocol.when import iso_seconds

_USAGE: Final = "View Setup and Configuration, and Manage Users"
_ORG: Final = record(
    {"id": text(18), "name": text(80), "edition": text(), "my_domain": text(), "settings": values.read(s.Holder.ORG)}
)
_ME: Final = record({"username": text(), "org": text(18), "permissions": TEXTS})
_TOKEN: Final = record(
    {
        "id": text(16),
        "app": text(80),
        "username": text(),
        "scopes": TEXTS,
        "door": text(),
        "created_at": {"type": "string", "format": "date-time"},
        "used_at": {"type": "string", "format": "date-time"},
        "has_refresh_token": FLAG,
        "access_tokens": NUMBER,
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
_REFUSAL: Final = record(
    {
        name: {"type": "string"}
        for name in ("request_id", "at", "endpoint", "address", "app", "reason", "error", "means", "remedy")
    }
    | {name: {"type": "string"} for name in ("setting", "setting_label", "change", "setting_held_by", "user", "says")}
    | {"status": NUMBER, "at_ms": NUMBER, "not_reached": TEXTS}
    | {"checks": {"type": "array", "items": {"type": "object"}}}
    | {
        "received": {
            "type": "array",
            "items": {"type": "array", "items": {"type": ["string", "null"]}},
            "description": "What was sent: header, query or body; name; value, null for what is hidden.",
        }
    }
)
_SETTING: Final[Schema] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("name", "label", "section", "held_by", "help", "values", "limits")},
        **{name: {"type": "string"} for name in ("default", "for_new_apps", "effect", "shown_on", "awaits", "example")},
        "schema": {"type": "object"},
        "metadata": {"type": "object"},
        "refusals": {"type": "array"},
    },
    "required": ["name", "label", "held_by", "schema"],
}


def _told(org: Org) -> dict[str, Any]:
    told = {"id": org.id, "name": org.name, "edition": org.edition, "my_domain": org.my_domain}
    return {**told, "settings": orgs.settings_of(org)}


async def _me(ask: Ask) -> Answer:
    caller = ask.desk.caller
    value = {"username": caller.username, "org": ask.org.id, "permissions": sorted(caller.permissions)}
    return Answer(value=value)


async def _org(ask: Ask) -> Answer:
    return Answer(value=_told(await orgs.home_of(ask.desk)))


async def _change_org(ask: Ask) -> Answer:
    return Answer(value=_told(await orgs.change(ask.desk, ask.org, dict(ask.body["settings"]))))


async def _export_org(ask: Ask) -> Answer:
    name = (b"content-disposition", b'attachment; filename="settings.zip"')
    return Answer(body=await export_org_archive(ask.desk, ask.org), media_type=b"application/zip", headers=(name,))


async def _tokens(ask: Ask) -> Answer:
    found = await tokens.lines(ask.desk, ask.org, username=ask.query.get("user", ""), app=ask.query.get("app", ""))
    items = [
        line
        | {
            "scopes": line["scopes"].split(),
            "created_at": iso_seconds(line["created_at"]),
            "used_at": iso_seconds(line["used_at"]),
        }
        for line in found
    ]
    return Answer(value={"items": items, "next": None})


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


async def _explain(ask: Ask) -> Answer:
    try:
        found = await explain.explain(ask.desk, ask.params["request_id"])
    except ManageProblem as problem:
        if type(problem) is not ManageProblem:
            raise
        raise NotFound(str(problem)) from problem
    return Answer(value=asdict(found))


async def _catalogue(ask: Ask) -> Answer:
    del ask
    return Answer(value={"items": [facts_of(one) for one in s.ALL], "next": None})


async def _setting(ask: Ask) -> Answer:
    one = s.BY_NAME.get(ask.params["name"])
    if one is None:
        raise NotFound(f"there is no setting {ask.params['name']!r}")
    return Answer(value=facts_of(one))


ROUTES: Final = (
    Route(
        method="GET",
        path="/me",
        name="getMe",
        summary="Who the token's user is, and what they may do",
        right="none",
        answer=_me,
        gives=_ME,
    ),
    Route(
        method="GET",
        path="/org",
        name="getOrg",
        summary="The org and its settings",
        right="none",
        answer=_org,
        gives=_ORG,
    ),
    Route(
        method="PATCH",
        path="/org",
        name="changeOrg",
        summary="Change settings of the org; what is not named stays as it is",
        right="Customize Application; some settings are the operator's alone",
        answer=_change_org,
        gives=_ORG,
        takes=record({"settings": {**values.written(s.Holder.ORG), "minProperties": 1}}),
        guarded=True,
    ),
    Route(
        method="GET",
        path="/org/metadata",
        name="exportOrg",
        summary="A zip for deployment with the org's settings files; POST /imports reads them",
        right="Customize Application",
        answer=_export_org,
        gives={"type": "string", "format": "binary"},
        gives_type="application/zip",
    ),
    Route(
        method="GET",
        path="/tokens",
        name="listTokens",
        summary="What tokens are out, the newest first, at most 1,000; narrow it by user and app",
        right=_USAGE,
        answer=_tokens,
        gives=listed(_TOKEN),
        query=(
            Query(name="user", schema=text(255, least=1), help="Only this user's."),
            Query(name="app", schema=text(256, least=1), help="Only this app's."),
        ),
    ),
    Route(
        method="POST",
        path="/tokens/revoke",
        name="revokeTokens",
        summary="End one token, or all of a user, an app, or the org",
        right=_USAGE,
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
        right=_USAGE,
        answer=_rotate_access_key,
        gives=record({"kid": text(64), "ended": NUMBER}),
        once=True,
    ),
    Route(
        method="GET",
        path="/refusals/{request_id}",
        name="explainRefusal",
        summary="Why a request was refused: the checks in order, the setting, the remedy",
        right="Customize Application, and Modify All Data or Manage Connected Apps",
        answer=_explain,
        gives=_REFUSAL,
    ),
    Route(
        method="GET",
        path="/settings",
        name="listSettings",
        summary="The catalogue of settings",
        right="none",
        answer=_catalogue,
        gives=listed(_SETTING),
    ),
    Route(
        method="GET",
        path="/settings/{name}",
        name="getSetting",
        summary="One setting of the catalogue",
        right="none",
        answer=_setting,
        gives=_SETTING,
    ),
)
