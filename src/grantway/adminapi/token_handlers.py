"""Token exchange handlers of the token's org, and the apps that may use them."""

from typing import Any, Final

from grantway.adminapi.ask import ROOT, Answer, Ask, Route
from grantway.adminapi.schema import FLAG, TEXTS, TIME, Schema, listed, record, text
from grantway.domain.token_handler import TokenHandler
from grantway.endpoints.audiences import salesforce_audiences
from grantway.manage.exchange import token_handlers
from grantway.manage.usage import trials
from grantway.protocol.when import iso_seconds
from grantway.settings.token_handlers import FIELDS, SECRETS, SUBJECT_TYPES

_RIGHT: Final = "Customize Application, Modify All Data and Manage Users"
_OF_APP: Final = f"{_RIGHT}; and the right to change the app's policies"
_FIELDS: Final[dict[str, Schema]] = {
    one.name: {**one.kind.schema, "description": one.help} for one in FIELDS if not one.secret
}
_SECRETS: Final[dict[str, Schema]] = {
    one.name: {**one.kind.schema, "description": one.help, "writeOnly": True} for one in FIELDS if one.secret
}
_APP: Final = record({"app": text(80), "id": text(18), "run_as": text(80), "is_default": FLAG})
_HANDLER: Final = record(
    {
        "id": text(18),
        "name": text(80),
        **_FIELDS,
        **{f"has_{one}": FLAG for one in _SECRETS},
        "apps": {"type": "array", "items": _APP},
        "missing": {**TEXTS, "description": "What it lacks to validate anything; empty where it is whole."},
        "created_at": TIME,
    }
)
_TRIAL: Final = record(
    {
        "handler": text(80),
        "app": text(80),
        "would_work": FLAG,
        "user": text(80, description="As whom the app would act; empty where it would not."),
        "profile": text(80),
        "is_new": {**FLAG, "description": "The user is not there yet, and would be made."},
        "visitor": text(description="The unique visitor ID, where the user is a guest user."),
        "scopes": TEXTS,
        "has_refresh_token": FLAG,
        "checks": {
            "type": "array",
            "items": record({"check": text(), "says": text(4000), "refused": FLAG}),
            "description": "What each check found, in their order; the last one refuses where one does.",
        },
        "not_reached": {**TEXTS, "description": "What the checks demand that were not made."},
        "reason": text(description="Why it would be refused, by its id; empty where it would not be."),
        "means": text(4000),
        "remedy": text(4000),
        "setting": text(),
        "error": text(description="What the app would be told, with `error_description`."),
        "error_description": text(),
    }
)


async def _told(ask: Ask, handler: TokenHandler) -> dict[str, Any]:
    apps = await token_handlers.enabled_apps(ask.desk, ask.org, handler)
    return {
        "id": handler.id,
        "name": handler.name,
        **token_handlers.fields_of(handler),
        **{f"has_{one.name}": bool(handler.box(one)) for one in SECRETS},
        "apps": [
            {"app": one.app, "id": one.app_id, "run_as": one.run_as, "is_default": one.is_default} for one in apps
        ],
        "missing": list(handler.missing()),
        "created_at": iso_seconds(handler.row.created_at),
    }


async def _list(ask: Ask) -> Answer:
    found = await token_handlers.all_of(ask.desk, ask.org)
    return Answer(value={"items": [await _told(ask, one) for one in found], "next": None})


async def _get(ask: Ask) -> Answer:
    return Answer(value=await _told(ask, await token_handlers.find(ask.desk, ask.org, ask.params["handler"])))


async def _create(ask: Ask) -> Answer:
    fields = dict(ask.body)
    made = await token_handlers.create(ask.desk, ask.org, fields.pop("name"), fields)
    location = (b"location", f"{ask.base}{ROOT}/token-handlers/{made.id}".encode())
    return Answer(value=await _told(ask, made), status=201, headers=(location,))


async def _change(ask: Ask) -> Answer:
    changed = await token_handlers.change(ask.desk, ask.org, ask.params["handler"], dict(ask.body))
    return Answer(value=await _told(ask, changed))


async def _delete(ask: Ask) -> Answer:
    await token_handlers.delete(ask.desk, ask.org, ask.params["handler"])
    return Answer(status=204)


async def _enable(ask: Ask) -> Answer:
    name, app, run_as = ask.params["handler"], ask.params["app"], ask.body["run_as"]
    is_default = ask.body.get("is_default", False)
    await token_handlers.enable(ask.desk, ask.org, name, app, run_as, is_default=is_default)
    return Answer(status=204)


async def _disable(ask: Ask) -> Answer:
    await token_handlers.disable(ask.desk, ask.org, ask.params["handler"], ask.params["app"])
    return Answer(status=204)


async def _try(ask: Ask) -> Answer:
    trial = await trials.try_token(
        ask.desk,
        ask.org,
        ask.params["handler"],
        ask.body["app"],
        ask.body["token"],
        ask.body["token_type"],
        handlers=ask.server.token_handlers,
        names=salesforce_audiences(ask.server.urls, ask.base),
    )
    return Answer(value=trial.document())


ROUTES: Final = (
    Route(
        method="GET",
        path="/token-handlers",
        name="listTokenHandlers",
        summary="List token exchange handlers",
        right=_RIGHT,
        answer=_list,
        gives=listed(_HANDLER),
    ),
    Route(
        method="POST",
        path="/token-handlers",
        name="createTokenHandler",
        summary="Make a token exchange handler; no app may use it yet",
        right=_RIGHT,
        answer=_create,
        gives=_HANDLER,
        takes=record({"name": text(80, least=1), **_FIELDS, **_SECRETS}, required=("name",)),
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/token-handlers/{handler}",
        name="getTokenHandler",
        summary="A token exchange handler by its name or id",
        right=_RIGHT,
        answer=_get,
        gives=_HANDLER,
    ),
    Route(
        method="PATCH",
        path="/token-handlers/{handler}",
        name="changeTokenHandler",
        summary="Change fields of a token exchange handler; its name stays",
        right=_RIGHT,
        answer=_change,
        gives=_HANDLER,
        takes=record({**_FIELDS, **_SECRETS}, required=(), minProperties=1),
        guarded=True,
    ),
    Route(
        method="DELETE",
        path="/token-handlers/{handler}",
        name="deleteTokenHandler",
        summary="Delete a token exchange handler; tokens that were given stay until they end",
        right=_RIGHT,
        answer=_delete,
        status=204,
        guarded=True,
    ),
    Route(
        method="PUT",
        path="/token-handlers/{handler}/apps/{app}",
        name="enableTokenHandler",
        summary="Let an app use a handler, which works for it as a user of the org",
        right=_OF_APP,
        answer=_enable,
        takes=record({"run_as": text(80, least=1), "is_default": FLAG}, required=("run_as",)),
        status=204,
    ),
    Route(
        method="DELETE",
        path="/token-handlers/{handler}/apps/{app}",
        name="disableTokenHandler",
        summary="Let an app use a handler no longer",
        right=_OF_APP,
        answer=_disable,
        status=204,
    ),
    Route(
        method="POST",
        path="/token-handlers/{handler}/try",
        name="tryTokenHandler",
        summary="What would come of a token that an app exchanged; nothing is issued, and the token is not kept",
        right=_RIGHT,
        answer=_try,
        gives=_TRIAL,
        takes=record(
            {
                "app": text(80, least=1),
                "token": text(trials.TOKEN_LIMIT, least=1, writeOnly=True),
                "token_type": {"type": "string", "enum": list(SUBJECT_TYPES)},
            }
        ),
    ),
)
