"""The initial access token of an app, by which others register below it (RFC 7591)."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import FLAG, NUMBER, TIME, Schema, record, text
from grantway.manage.registration import registration_tokens
from grantway.manage.registration.registration_tokens import Registering
from grantway.protocol.when import iso_seconds

_RIGHT: Final = (
    "Customize Application, and Modify All Data or Manage Connected Apps; and Allow consumer key and secret rotation"
)
_MOMENT: Final[Schema] = {"anyOf": [TIME, {"type": "null"}]}
_STATE: Final = record(
    {
        "app": text(80),
        "has_token": FLAG,
        "created_at": _MOMENT,
        "created_by": text(256, description="Who made it; empty for the operator."),
        "used_at": {**_MOMENT, "description": "When an app last registered with this token."},
        "registered_apps": {**NUMBER, "description": "How many apps belong to this one; at most 100."},
    }
)


def _told(found: Registering) -> dict[str, Any]:
    return {
        "app": found.app.app.name,
        "has_token": found.has_token,
        "created_at": iso_seconds(found.created_at) if found.has_token else None,
        "created_by": found.created_by,
        "used_at": iso_seconds(found.used_at) if found.used_at is not None else None,
        "registered_apps": found.registered,
    }


async def _look(ask: Ask) -> Answer:
    return Answer(value=_told(await registration_tokens.look(ask.desk, ask.org, ask.params["app"])))


async def _make(ask: Ask) -> Answer:
    token = await registration_tokens.make(ask.desk, ask.org, ask.params["app"])
    found = await registration_tokens.look(ask.desk, ask.org, ask.params["app"])
    return Answer(value=_told(found) | {"initial_access_token": token.reveal()}, status=201, tagged=False)


async def _revoke(ask: Ask) -> Answer:
    await registration_tokens.revoke(ask.desk, ask.org, ask.params["app"])
    return Answer(status=204)


ROUTES: Final = (
    Route(
        method="GET",
        path="/apps/{app}/registration-token",
        name="getRegistrationToken",
        summary="Whether an app has an initial access token, and how many apps registered; never the token",
        right=_RIGHT,
        answer=_look,
        gives=_STATE,
    ),
    Route(
        method="POST",
        path="/apps/{app}/registration-token",
        name="makeRegistrationToken",
        summary="Make an app's initial access token anew and give it, once; the one before ends",
        right=_RIGHT,
        answer=_make,
        gives=record({**_STATE["properties"], "initial_access_token": text(100)}),
        status=201,
        once=True,
    ),
    Route(
        method="DELETE",
        path="/apps/{app}/registration-token",
        name="revokeRegistrationToken",
        summary="Take an app's initial access token away; apps that registered with it stay",
        right=_RIGHT,
        answer=_revoke,
        status=204,
        guarded=True,
    ),
)
