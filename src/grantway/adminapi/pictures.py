"""Copies of an app's logo and icon: what became of them, and fetching them again."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import FLAG, TIME, Schema, record, text
from grantway.manage.connected_apps import pictures
from grantway.protocol.when import iso_seconds
from grantway.store.pictures import Copy

_RIGHT: Final = "Customize Application, and Modify All Data or Manage Connected Apps"
_TIME: Final[Schema] = {"anyOf": [TIME, {"type": "null"}]}
_PICTURE: Final = record(
    {
        "role": {"type": "string", "enum": ["logo", "icon"]},
        "url": text(),
        "path": text(description="Where the copy is served on this host; empty without one."),
        "waits": {**FLAG, "description": "Whether the server is about to fetch it."},
        "fetched_at": _TIME,
        "tried_at": _TIME,
        "problem": text(description="Why the last attempt failed; empty where it did not."),
    }
)
_PICTURES: Final = record({"pictures": {"type": "array", "items": _PICTURE}})


def _picture(one: Copy) -> dict[str, Any]:
    return {
        "role": one.role,
        "url": one.url,
        "path": one.path,
        "waits": one.due_at is not None,
        "fetched_at": iso_seconds(one.fetched_at) if one.fetched_at else None,
        "tried_at": iso_seconds(one.tried_at) if one.tried_at else None,
        "problem": one.problem,
    }


async def _get(ask: Ask) -> Answer:
    found = await pictures.of_app(ask.desk, ask.org, ask.params["app"])
    return Answer(value={"pictures": [_picture(one) for one in found]}, tagged=False)


async def _fetch(ask: Ask) -> Answer:
    await pictures.fetch_again(ask.desk, ask.org, ask.params["app"])
    return await _get(ask)


ROUTES: Final = (
    Route(
        method="GET",
        path="/apps/{app}/pictures",
        name="getPictures",
        summary="Show what became of the copies of an app's logo and icon",
        right=_RIGHT,
        answer=_get,
        gives=_PICTURES,
    ),
    Route(
        method="POST",
        path="/apps/{app}/pictures",
        name="fetchPictures",
        summary="Fetch an app's logo and icon again, behind the answer",
        right=_RIGHT,
        answer=_fetch,
        gives=_PICTURES,
        once=True,
    ),
)
