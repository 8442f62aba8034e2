"""Connected apps and their policies in the token's org."""

from typing import Any, Final

from grantway import settings as s
from grantway.adminapi import values
from grantway.adminapi.ask import PAGING, ROOT, SEARCH, Answer, Ask, BadRequest, Query, Route
from grantway.adminapi.schema import FLAG, TEXTS, TIME, Schema, listed, record, text
from grantway.domain.app import AppKind, InstalledApp
from grantway.manage.connected_apps import app_pages, apps, install
from grantway.manage.connected_apps.app_list import FLOWS
from grantway.manage.connected_apps.rules import warnings_about
from grantway.manage.files.export_app import AT_ONCE, export_app, export_archive
from grantway.manage.files.import_app import Imported, SourceFile, import_files
from grantway.protocol.when import iso_seconds

_RIGHT: Final = "Customize Application, and Modify All Data or Manage Connected Apps"
_ASSIGNS: Final = f"{_RIGHT}; profiles and permission_sets: also Manage Profiles and Permission Sets"
_KIND: Final[Schema] = {"type": "string", "enum": [kind.value for kind in AppKind]}
_BRIEF: Final[dict[str, Schema]] = {
    "id": text(18),
    "name": text(80),
    "kind": _KIND,
    "label": text(),
    "consumer_key": text(256),
    "own": {**FLAG, "description": "Whether this org made it; else it is another org's, installed here."},
    "installed": FLAG,
    "blocked": FLAG,
    "registered": {**FLAG, "description": "Whether the app registered itself (RFC 7591)."},
    "parent": text(80, description="The app that a registered one belongs to, by its API name; empty for others."),
    "created_at": TIME,
}
APP: Final = record(
    _BRIEF
    | {
        "settings": values.read(s.Holder.APP),
        "policies": values.read(s.Holder.POLICY),
        "warnings": {"type": "array", "items": {"type": "string"}, "description": "What should be looked at."},
    }
)
_MADE: Final = record({"app": APP, "consumer_secret": text(256)})
_WRITTEN: Final = {"settings": values.written(s.Holder.APP), "policies": values.written(s.Holder.POLICY)}
_NEW: Final = record(
    {"name": text(200, least=1), "kind": _KIND, **_WRITTEN, "consumer_key": text(256), "consumer_secret": text(256)},
    required=("name", "settings"),
)
_INSTALLS: Final = f"{_RIGHT}; for packaged apps also Download AppExchange Packages"
_TAKEN_AWAY: Final = record({"id": text(18), "name": text(80), "consumer_key": text(256), "warnings": TEXTS})
_FILES: Final = record(
    {
        "files": {
            "type": "array",
            "items": record({"name": text(255, least=1), "xml": text(500_000)}),
            "minItems": 1,
            "maxItems": 200,
        },
        "dry_run": FLAG,
    },
    required=("files",),
)
_KEPT: Final = record({"path": text(4000), "why": {"type": "string"}})
_TAKEN: Final = record(
    {
        "files": {
            "type": "array",
            "items": record(
                {
                    "file": {"type": "string"},
                    "name": {"type": "string"},
                    "done": {"type": "string", "enum": ["created", "updated", "skipped", "failed"]},
                    "consumer_key": {"type": "string"},
                    "changes": {
                        "type": "array",
                        "items": record({name: {"type": "string"} for name in ("setting", "before", "after")}),
                    },
                    "kept": {"type": "array", "items": _KEPT},
                    "warnings": {"type": "array", "items": {"type": "string"}},
                    "problem": {"type": "string"},
                }
            ),
        }
    }
)


def _brief(app: InstalledApp) -> dict[str, Any]:
    return {
        "id": app.id,
        "name": app.app.name,
        "kind": app.kind.value,
        "label": app[s.LABEL],
        "consumer_key": app.consumer_key,
        "own": app.app.org_id == app.org.id,
        "installed": app.policy is not None,
        "blocked": bool(app.policy and app.policy.is_blocked),
        "registered": app.is_registered,
        "parent": app.parent,
        "created_at": iso_seconds(app.app.created_at),
    }


async def _whole(ask: Ask, app: InstalledApp) -> dict[str, Any]:
    return {
        **_brief(app),
        "settings": values.of_app(app, s.Holder.APP),
        "policies": values.of_app(app, s.Holder.POLICY),
        "warnings": list(await warnings_about(ask.desk, app)),
    }


async def _list(ask: Ask) -> Answer:
    query = ask.query
    asked = app_pages.AppsAsked(
        search=query.get("search", ""),
        flow=query.get("flow", ""),
        blocked=query.get("blocked"),
        own=query.get("own"),
        sort=query.get("sort", "name"),
    )
    found = await app_pages.page(ask.desk, ask.org, asked, ask.piece())
    return Answer(value=ask.piece_of(found, [_brief(app) for app in found.items]))


async def _get(ask: Ask) -> Answer:
    return Answer(value=await _whole(ask, await apps.find(ask.desk, ask.org, ask.params["app"])))


async def _create(ask: Ask) -> Answer:
    body = ask.body
    asked = apps.NewApp(
        name=body["name"],
        kind=AppKind(body.get("kind", AppKind.CONNECTED_APP)),
        values={**body["settings"], **body.get("policies", {})},
        consumer_key=body.get("consumer_key", ""),
        consumer_secret=body.get("consumer_secret", ""),
    )
    app = (await apps.create(ask.desk, ask.org, asked)).app
    made = {"app": await _whole(ask, app), "consumer_secret": app.secret.reveal()}
    location = (b"location", f"{ask.base}{ROOT}/apps/{app.id}".encode())
    return Answer(value=made, status=201, tagged=False, headers=(location,))


async def _change(ask: Ask) -> Answer:
    asked = {**ask.body.get("settings", {}), **ask.body.get("policies", {})}
    if not asked:
        raise BadRequest.at("body", "name at least one of settings or policies to change")
    changed = await apps.change(ask.desk, ask.org, ask.params["app"], asked)
    return Answer(value=await _whole(ask, changed.app))


async def _delete(ask: Ask) -> Answer:
    await apps.delete(ask.desk, ask.org, ask.params["app"])
    return Answer(status=204)


async def _block(ask: Ask) -> Answer:
    blocked = ask.call.path.endswith("/block")
    return Answer(value=await _whole(ask, await apps.block(ask.desk, ask.org, ask.params["app"], blocked=blocked)))


async def _install(ask: Ask) -> Answer:
    return Answer(value=await _whole(ask, (await install.install(ask.desk, ask.org, ask.params["app"])).app))


async def _uninstall(ask: Ask) -> Answer:
    done = await install.uninstall(ask.desk, ask.org, ask.params["app"])
    value = {"id": done.app.id, "name": done.app.app.name, "consumer_key": done.app.consumer_key}
    return Answer(value=value | {"warnings": list(done.warnings)}, tagged=False)


async def _export(ask: Ask) -> Answer:
    keys = ask.query.get("keys", True)
    exported = await export_app(ask.desk, ask.org, ask.params["app"], with_key=keys)
    name = (b"content-disposition", f'attachment; filename="{exported.file}"'.encode("ascii", "replace"))
    return Answer(body=exported.data, media_type=b"application/xml", headers=(name,))


async def _export_several(ask: Ask) -> Answer:
    names = [name for name in ask.query.get("apps", "").split(",") if name]
    data = await export_archive(ask.desk, ask.org, names, with_keys=ask.query.get("keys", True))
    name = (b"content-disposition", b'attachment; filename="connected-apps.zip"')
    return Answer(body=data, media_type=b"application/zip", headers=(name,))


async def _import(ask: Ask) -> Answer:
    files = ask.files or [SourceFile(name=one["name"], data=one["xml"].encode()) for one in ask.body["files"]]
    dry_run = ask.query.get("dry_run", False) or ask.body.get("dry_run", False)
    done = await import_files(ask.desk, ask.org, files, dry_run=dry_run)
    return Answer(value={"files": [_told(one) for one in done]}, tagged=False)


def _told(one: Imported) -> dict[str, Any]:
    return {
        "file": one.file,
        "name": one.name,
        "done": one.done,
        "consumer_key": one.consumer_key,
        "changes": [{"setting": c.setting, "before": c.before, "after": c.after} for c in one.changes],
        "kept": [{"path": kept.path, "why": kept.why} for kept in one.kept],
        "warnings": list(one.warnings),
        "problem": one.problem,
    }


_KEYS: Final = Query(name="keys", schema=FLAG, help="false leaves the consumer keys out, for use in another org.")
_FILTERS: Final = (
    Query(name="search", schema=SEARCH.schema, help="Letters of the API name or the label, or a whole consumer key."),
    Query(
        name="flow",
        schema={"type": "string", "enum": [flow.word for flow in FLOWS]},
        help="Only apps with this flow switched on.",
    ),
    Query(name="blocked", schema=FLAG, help="Only blocked apps, or only those that are not."),
    Query(name="own", schema=FLAG, help="Only the org's own apps, or only those of others."),
    Query(name="sort", schema={"type": "string", "enum": list(app_pages.SORTS)}, help="The order; - is descending."),
)
ROUTES: Final = (
    Route(
        method="GET",
        path="/apps",
        name="listApps",
        summary="List apps of both kinds",
        right=_RIGHT,
        answer=_list,
        gives=listed(record(_BRIEF)),
        query=(*_FILTERS, *PAGING),
    ),
    Route(
        method="POST",
        path="/apps",
        name="createApp",
        summary="Make an app; the only answer that has its secret unasked",
        right=_ASSIGNS,
        answer=_create,
        gives=_MADE,
        takes=_NEW,
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/apps/{app}",
        name="getApp",
        summary="An app with its settings and its policies in this org",
        right=_RIGHT,
        answer=_get,
        gives=APP,
    ),
    Route(
        method="PATCH",
        path="/apps/{app}",
        name="changeApp",
        summary="Change settings and policies; what is not named stays as it is",
        right=_ASSIGNS,
        answer=_change,
        gives=APP,
        takes=record(_WRITTEN, required=(), minProperties=1),
        guarded=True,
    ),
    Route(
        method="DELETE",
        path="/apps/{app}",
        name="deleteApp",
        summary="Delete an app for good, with its tokens",
        right=_RIGHT,
        answer=_delete,
        status=204,
        guarded=True,
    ),
    Route(
        method="POST",
        path="/apps/{app}/block",
        name="blockApp",
        summary="Block an app in this org: nothing of it works from that moment",
        right=_RIGHT,
        answer=_block,
        gives=APP,
        once=True,
    ),
    Route(
        method="POST",
        path="/apps/{app}/unblock",
        name="unblockApp",
        summary="Let a blocked app in again",
        right=_RIGHT,
        answer=_block,
        gives=APP,
        once=True,
    ),
    Route(
        method="POST",
        path="/apps/{app}/install",
        name="installApp",
        summary="Install another org's app, by consumer key or id: this org then has policies for it",
        right=_INSTALLS,
        answer=_install,
        gives=APP,
        once=True,
    ),
    Route(
        method="POST",
        path="/apps/{app}/uninstall",
        name="uninstallApp",
        summary="Take this org's policies for another org's app away; tokens of packaged and external client apps end",
        right=_INSTALLS,
        answer=_uninstall,
        gives=_TAKEN_AWAY,
        once=True,
    ),
    Route(
        method="GET",
        path="/apps/{app}/metadata",
        name="exportApp",
        summary="The app as a Salesforce metadata file, without its secret",
        right=_RIGHT,
        answer=_export,
        gives={"type": "string"},
        gives_type="application/xml",
        query=(_KEYS,),
    ),
    Route(
        method="GET",
        path="/metadata",
        name="exportApps",
        summary=f"A zip for deployment with the metadata files of several apps, at most {AT_ONCE:,}, without secrets",
        right=_RIGHT,
        answer=_export_several,
        gives={"type": "string", "format": "binary"},
        gives_type="application/zip",
        query=(
            Query(
                name="apps", schema=text(6000), help="Names or ids, parted by commas; without, all that the org made."
            ),
            _KEYS,
        ),
    ),
    Route(
        method="POST",
        path="/imports",
        name="importApps",
        summary="Import Salesforce metadata files, each whole or not at all; settings files of the org too",
        right=f"{_ASSIGNS}; settings files: Customize Application",
        answer=_import,
        gives=_TAKEN,
        takes=_FILES,
        takes_files=True,
        query=(Query(name="dry_run", schema=FLAG, help="Only tell what would be done; nothing is changed."),),
        whole=False,
    ),
)
