"""GET /setup/apps.zip, /setup/apps/<name>/metadata.xml and /setup/org.zip: metadata files to be downloaded."""

from typing import Final
from urllib.parse import parse_qsl

from grantway.console.navigation import APPS
from grantway.console.places import ORG
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.files.export_app import export_app, export_archive
from grantway.manage.files.org_files import export_org_archive
from grantway.manage.problem import ManageProblem
from grantway.pages import security_headers

_ZIP: Final = b"application/zip"


async def one(visit: Visit) -> Reply:
    """Give an app's file."""
    exported = await export_app(visit.desk, visit.org, visit.params["name"], with_key=_with_keys(visit))
    return _download(exported.file, b"application/xml", exported.data)


async def several(visit: Visit) -> Reply:
    """Give an archive of the apps that were selected, or of all."""
    selected = tuple(value for name, value in parse_qsl(visit.call.query) if name == "app")
    is_all = visit.query.get("which") == "all"
    if not (is_all or selected):
        raise ManageProblem("no app is selected: tick some in App Manager, or export all")
    data = await export_archive(visit.desk, visit.org, () if is_all else selected, with_keys=_with_keys(visit))
    return _download("connected-apps.zip", _ZIP, data)


async def settings(visit: Visit) -> Reply:
    """Give an archive of the org's settings files."""
    return _download("settings.zip", _ZIP, await export_org_archive(visit.desk, visit.org))


def _with_keys(visit: Visit) -> bool:
    return visit.query.get("keys") != "no"


def _download(name: str, media_type: bytes, data: bytes) -> Reply:
    # Names of files are percent-encoded ASCII without quotes.
    disposition = f'attachment; filename="{name}"'.encode("ascii")
    headers = ((b"content-type", media_type), (b"content-disposition", disposition), *security_headers())
    return Reply(200, data, headers)


ROUTES: Final = (
    Route(f"{APPS}.zip", get=several),
    Route(f"{APPS}/{{name}}/metadata.xml", get=one),
    Route(f"{ORG}.zip", get=settings),
)
