"""The keys that sign: all seen; those of ID tokens rotated where the server has one org."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import FLAG, TIME, Schema, listed, record, text
from grantway.manage.server import keys
from grantway.protocol.when import iso_seconds

_MAY_END: Final[Schema] = {"anyOf": [TIME, {"type": "null"}]}
_KEY: Final = record(
    {
        "kid": text(64),
        "purpose": text(40),
        "algorithm": text(20),
        "state": {"type": "string", "enum": ["signs", "published", "retired"]},
        "created_at": TIME,
        "retired_at": {**_MAY_END, "description": "From then on it verifies nothing; null for the one that signs."},
    }
)


def _told(key: dict[str, Any]) -> dict[str, Any]:
    end = key["retired_at"]
    times = {"created_at": iso_seconds(key["created_at"]), "retired_at": iso_seconds(end) if end is not None else None}
    return {name: key[name] for name in ("kid", "purpose", "algorithm", "state")} | times


async def _list(ask: Ask) -> Answer:
    return Answer(value={"items": [_told(key) for key in await keys.all_keys(ask.desk)], "next": None})


async def _rotate(ask: Ask) -> Answer:
    kid = await keys.rotate(ask.desk, at_once=ask.body.get("at_once", False), seen=ask.body.get("seen", ""))
    return Answer(value={"kid": kid}, tagged=False)


ROUTES: Final = (
    Route(
        method="GET",
        path="/signing-keys",
        name="listSigningKeys",
        summary="The keys that sign ID tokens and the org's JWT-based access tokens, the newest first",
        right="View Setup and Configuration",
        answer=_list,
        gives=listed(_KEY),
    ),
    Route(
        method="POST",
        path="/signing-keys/rotate",
        name="rotateSigningKeys",
        summary="Make a new key that signs ID tokens from now on; the ones before verify for a day more, or not at all",
        right="Customize Application and Modify All Data; of a server with several orgs the operator's alone",
        answer=_rotate,
        gives=record({"kid": text(40)}),
        takes=record(
            {
                "at_once": {**FLAG, "description": "Retire the keys before now: for one that got into wrong hands."},
                "seen": text(40, description="The key that you saw signing; refused where another one signs by now."),
            },
            required=(),
        ),
        once=True,
    ),
)
