"""What concerns the org as a whole: its settings, who asks, the catalogue of settings."""

from typing import Any, Final

from grantway import settings as s
from grantway.adminapi import values
from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import TEXTS, Schema, listed, record, text
from grantway.domain.org import Org
from grantway.manage.files.org_files import export_org_archive
from grantway.manage.problem import NotFound
from grantway.manage.server import orgs
from grantway.manage.settings_reference import facts_of

_ORG: Final = record(
    {"id": text(18), "name": text(80), "edition": text(), "my_domain": text(), "settings": values.read(s.Holder.ORG)}
)
_ME: Final = record({"username": text(), "org": text(18), "permissions": TEXTS})
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
        right=(
            "Customize Application; single sign-on: also Modify All Data and Manage Users; some settings are the "
            "operator's alone"
        ),
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
