"""What a change of an app would meet, told without making it."""

from typing import Any, Final

from grantway.adminapi import values
from grantway.adminapi.ask import Answer, Ask, BadRequest, Route
from grantway.adminapi.schema import NUMBER, TEXTS, TIME, Schema, record, text
from grantway.manage.connected_apps.impact import Effect, Impact, weigh
from grantway.manage.live.live_grants import GrantHolder
from grantway.protocol.when import iso_seconds
from grantway.settings.setting import Holder

_EFFECT: Final = record(
    {
        "setting": {"type": "string"},
        "before": {"type": "string"},
        "after": {"type": "string"},
        "weight": {
            "type": "string",
            "enum": ["ok", "info", "warn", "bad"],
            "description": "ok: nobody is affected; info: new requests; warn: something ends later, or is refused"
            " now; bad: something ends.",
        },
        "says": {"type": "string"},
    }
)
_HOLDER: Final = record(
    {"username": text(), "name": {"type": "string"}, "profile": text(80), "grants": NUMBER, "last_used": TIME}
)
_GRANTS: Final[dict[str, Schema]] = {
    "there_are": {**NUMBER, "description": "Live grants of the app in this org."},
    "stay": {**NUMBER, "description": "Those that stay as they are."},
    "end": {**NUMBER, "description": "Those that end when it is saved."},
    "end_later": {**NUMBER, "description": "Those that cannot be refreshed any more."},
    "stop": {**NUMBER, "description": "Those that are refused while OAuth is off."},
}
_IMPACT: Final = record(
    {
        "at": TIME,
        "users": NUMBER,
        "grants": record(_GRANTS),
        "effects": {"type": "array", "items": _EFFECT},
        "holders": {
            "type": "array",
            "items": _HOLDER,
            "description": "Users whose grants end, whoever loses most first.",
        },
        "warnings": TEXTS,
    }
)


async def _preview(ask: Ask) -> Answer:
    asked = {**ask.body.get("settings", {}), **ask.body.get("policies", {})}
    if not asked:
        raise BadRequest.at("body", "name at least one of settings or policies to change")
    return Answer(value=_told(await weigh(ask.desk, ask.org, ask.params["app"], asked)), tagged=False)


def _told(impact: Impact) -> dict[str, Any]:
    return {
        "at": iso_seconds(impact.at),
        "users": impact.users,
        "grants": {
            "there_are": impact.grants,
            "stay": impact.stay,
            "end": impact.ends,
            "end_later": impact.later,
            "stop": impact.stops,
        },
        "effects": [_effect(one) for one in impact.effects],
        "holders": [_holder(one) for one in impact.holders],
        "warnings": list(impact.warnings),
    }


def _effect(one: Effect) -> dict[str, str]:
    return {
        "setting": one.setting.name,
        "before": one.now,
        "after": one.after,
        "weight": one.weight,
        "says": one.says,
    }


def _holder(one: GrantHolder) -> dict[str, Any]:
    return {
        "username": one.username,
        "name": one.name,
        "profile": one.profile,
        "grants": one.grants,
        "last_used": iso_seconds(one.last_used),
    }


ROUTES: Final = (
    Route(
        method="POST",
        path="/apps/{app}/preview",
        name="previewChange",
        summary="What a change would meet: users, grants that would end, warnings; nothing is changed",
        right="as for the change itself",
        answer=_preview,
        gives=_IMPACT,
        takes=record(
            {"settings": values.written(Holder.APP), "policies": values.written(Holder.POLICY)},
            required=(),
            minProperties=1,
        ),
        # In a transaction of its own, which is taken back.
        whole=False,
    ),
)
