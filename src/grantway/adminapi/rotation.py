"""Staged rotation of an app's consumer key and secret."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.reveal import PASSWORD, demand_presence
from grantway.adminapi.schema import NUMBER, TIME, Schema, record, text
from grantway.manage.consumer_keys import rotation
from grantway.manage.consumer_keys.credentials import Pair, Pairs, PairState
from grantway.manage.consumer_keys.rotation import Impact
from grantway.manage.problem import NotFound
from grantway.protocol.when import iso_seconds

_RIGHT: Final = (
    "Customize Application, and Modify All Data or Manage Connected Apps; and Allow consumer key and secret rotation"
)
_SET: Final = record(
    {
        "id": text(18),
        "state": {"type": "string", "enum": [one.value for one in PairState]},
        "consumer_key": text(256),
        "created_at": TIME,
        "created_by": text(256, description="Who staged it or put another in its place; empty for the operator."),
        "answers": {"type": "boolean"},
        "ends_at": {"anyOf": [TIME, {"type": "null"}]},
    }
)
_STAGED: Final[Schema] = {"anyOf": [record({"consumer_key": text(256), "created_at": TIME}), {"type": "null"}]}
_PREVIOUS: Final[Schema] = {"anyOf": [record({"consumer_key": text(256), "answers_until": TIME}), {"type": "null"}]}
_ENDS: Final = record({"grants": NUMBER, "access_tokens": NUMBER})
_STATE: Final = record(
    {
        "app": text(80),
        "consumer_key": text(256),
        "staged": _STAGED,
        "previous": _PREVIOUS,
        "sets": {"type": "array", "items": _SET},
        "applying_ends": _ENDS,
    }
)


async def _state(ask: Ask, pairs: Pairs) -> dict[str, Any]:
    staged, previous = pairs.staged, pairs.previous
    return {
        "app": pairs.app.app.name,
        "consumer_key": pairs.app.consumer_key,
        "staged": {"consumer_key": staged.consumer_key, "created_at": iso_seconds(staged.created_at)}
        if staged
        else None,
        "previous": _answering(previous) if previous else None,
        "sets": [_told(one) for one in pairs.sets],
        "applying_ends": _ended(await rotation.impact(ask.desk, pairs.app)),
    }


def _answering(pair: Pair) -> dict[str, Any]:
    return {"consumer_key": pair.consumer_key, "answers_until": iso_seconds(pair.ends_at or pair.created_at)}


def _told(one: Pair) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state.value,
        "consumer_key": one.consumer_key,
        "created_at": iso_seconds(one.created_at),
        "created_by": one.username or one.created_by,
        "answers": one.state.answers,
        "ends_at": iso_seconds(one.ends_at) if one.ends_at is not None else None,
    }


def _ended(impact: Impact) -> dict[str, int]:
    return {"grants": impact.grants, "access_tokens": impact.access_tokens}


async def _look(ask: Ask) -> Answer:
    return Answer(value=await _state(ask, await rotation.look(ask.desk, ask.org, ask.params["app"])))


async def _stage(ask: Ask) -> Answer:
    pairs = await rotation.stage(ask.desk, ask.org, ask.params["app"])
    secret = pairs.staged.secret.reveal() if pairs.staged else ""
    return Answer(value=await _state(ask, pairs) | {"consumer_secret": secret}, status=201, tagged=False)


async def _apply(ask: Ask) -> Answer:
    done = await rotation.apply(ask.desk, ask.org, ask.params["app"], seen=ask.body["consumer_key"])
    value = {
        "consumer_key": done.app.consumer_key,
        "previous_until": iso_seconds(done.previous_until),
        "ended": _ended(done.ended),
    }
    return Answer(value=value, tagged=False)


async def _cancel(ask: Ask) -> Answer:
    await rotation.cancel(ask.desk, ask.org, ask.params["app"])
    return Answer(status=204)


async def _look_at_set(ask: Ask) -> Answer:
    pairs = await rotation.look(ask.desk, ask.org, ask.params["app"])
    found = pairs.named(ask.params["set"])
    if found is None:
        raise NotFound(f"{pairs.app.app.name} has no such set of key and secret")
    return Answer(value=_told(found))


async def _reveal_set(ask: Ask) -> Answer:
    await demand_presence(ask)
    found = await rotation.reveal_staged(ask.desk, ask.org, ask.params["app"], set_id=ask.params["set"])
    return Answer(value=_told(found) | {"consumer_secret": found.secret.reveal()}, tagged=False)


async def _delete_set(ask: Ask) -> Answer:
    await rotation.cancel(ask.desk, ask.org, ask.params["app"], set_id=ask.params["set"])
    return Answer(status=204)


ROUTES: Final = (
    Route(
        method="GET",
        path="/apps/{app}/rotation",
        name="getRotation",
        summary="The pairs beside the app's own, those staged and those replaced, and what applying would end",
        right=_RIGHT,
        answer=_look,
        gives=_STATE,
    ),
    Route(
        method="POST",
        path="/apps/{app}/rotation/stage",
        name="stageRotation",
        summary="Make a new key and secret: a connected app's wait, an external client app's answer at once",
        right=_RIGHT,
        answer=_stage,
        gives=record({**_STATE["properties"], "consumer_secret": text(256)}),
        status=201,
        once=True,
    ),
    Route(
        method="POST",
        path="/apps/{app}/rotation/apply",
        name="applyRotation",
        summary="Make the staged pair the app's own; every token of a connected app ends at once",
        right=_RIGHT,
        answer=_apply,
        gives=record({"consumer_key": text(256), "previous_until": TIME, "ended": _ENDS}),
        takes=record({"consumer_key": text(256, least=1, description="The staged key that you looked at.")}),
        once=True,
    ),
    Route(
        method="DELETE",
        path="/apps/{app}/rotation",
        name="cancelRotation",
        summary="Drop the staged pair, or an external client app's only set",
        right=_RIGHT,
        answer=_cancel,
        status=204,
        guarded=True,
    ),
    Route(
        method="GET",
        path="/apps/{app}/rotation/sets/{set}",
        name="getCredentialSet",
        summary="A pair beside the app's own: its state, and until when it answers",
        right=_RIGHT,
        answer=_look_at_set,
        gives=_SET,
    ),
    Route(
        method="POST",
        path="/apps/{app}/rotation/sets/{set}/reveal",
        name="revealCredentialSet",
        summary="Give the key and secret of a pair, as the app's own are given",
        right=_RIGHT,
        answer=_reveal_set,
        gives=record({**_SET["properties"], "consumer_secret": text(256)}),
        takes=PASSWORD,
        body_required=False,
        whole=False,
    ),
    Route(
        method="DELETE",
        path="/apps/{app}/rotation/sets/{set}",
        name="deleteCredentialSet",
        summary="Delete a pair: from this moment it is refused",
        right=_RIGHT,
        answer=_delete_set,
        status=204,
        guarded=True,
    ),
)
