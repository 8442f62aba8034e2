"""Which apps may ask for a custom scope."""

from typing import Final

from grantway.adminapi.ask import PAGING, Answer, Ask, Route
from grantway.adminapi.schema import listed, record, text
from grantway.manage.custom import custom_scopes
from grantway.settings import LABEL

_RIGHT: Final = "Manage Connected Apps; and the right to change the app"
_APP: Final = record({"id": text(18), "name": text(80), "label": text()})


async def _list(ask: Ask) -> Answer:
    scope = await custom_scopes.find(ask.desk, ask.org, ask.params["scope"])
    every_one = await custom_scopes.apps_with(ask.desk, ask.org, scope)
    found = ask.cut(every_one, lambda app: (app.app.name, app.id))
    items = [{"id": app.id, "name": app.app.name, "label": app[LABEL]} for app in found.items]
    return Answer(value=ask.piece_of(found, items))


async def _assign(ask: Ask) -> Answer:
    given = ask.call.method == "PUT"
    await custom_scopes.assign(ask.desk, ask.org, ask.params["scope"], ask.params["app"], assigned=given)
    return Answer(status=204)


ROUTES: Final = (
    Route(
        method="GET",
        path="/custom-scopes/{scope}/apps",
        name="listAppsOfCustomScope",
        summary="The apps that may ask for a custom scope",
        right="Manage Connected Apps; and the right to read apps",
        answer=_list,
        gives=listed(_APP),
        query=PAGING,
    ),
    Route(
        method="PUT",
        path="/custom-scopes/{scope}/apps/{app}",
        name="assignCustomScope",
        summary="Let an app ask for a custom scope",
        right=_RIGHT,
        answer=_assign,
        status=204,
    ),
    Route(
        method="DELETE",
        path="/custom-scopes/{scope}/apps/{app}",
        name="unassignCustomScope",
        summary="Let an app no longer ask for a custom scope",
        right=_RIGHT,
        answer=_assign,
        status=204,
    ),
)
