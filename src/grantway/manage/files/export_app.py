"""Exporting connected apps as Salesforce's metadata files: what was imported comes out again, with today's values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import Values
from grantway.manage.desk import Desk
from grantway.manage.files.import_app import KeptFile, settings_of
from grantway.manage.files.metadata_values import KEY, TYPE, read_settings, without_a_place, write_settings
from grantway.manage.problem import ManageProblem
from grantway.metadata.archive import build_archive
from grantway.metadata.document import MetadataDocument, replaced, write
from grantway.metadata.element import Element
from grantway.metadata.names import MetadataName, file_of_name
from grantway.store.statement import Statement

AT_ONCE: Final = 1000
"""Apps of one archive."""
_METADATA: Final = Statement("SELECT metadata FROM app WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An app's metadata file. `left_out` are the values that it cannot say: Salesforce has no element for them."""

    app: str
    file: str
    data: bytes
    left_out: Values


async def export_app(desk: Desk, org: Org, name: str, *, with_key: bool = True) -> Exported:
    """Return an app's metadata file; the secret is never in it, the key if `with_key`.

    A key that a file had stays as it was written there, a placeholder too.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await apps.find(desk, org, name)
    now = app.values()
    row = await desk.session.one(_METADATA, app.id)
    stored = cast(str, row[0]) if row else ""
    if stored:
        file = msgspec.json.decode(stored, type=KeptFile)
        refused = {s.BY_NAME[one]: texts for one, texts in file.refused.items() if one in s.BY_NAME}
        document = write_settings(file.as_document(), now, settings_of(file.read), refused)
        full_name = file.name
    else:
        empty = MetadataDocument(root=Element(name=TYPE))
        document = write_settings(empty, now, read_settings(empty).values, {})
        full_name = app.app.name
        if app[s.OAUTH_ENABLED]:
            document = replaced(document, KEY, [app.consumer_key])
    if not with_key:
        document = replaced(document, KEY, None)
    return Exported(
        app=app.app.name,
        file=file_of_name(MetadataName(type=TYPE, name=full_name)),
        data=write(document),
        left_out=without_a_place(now),
    )


async def export_archive(desk: Desk, org: Org, names: Sequence[str] = (), *, with_keys: bool = True) -> bytes:
    """Return a zip for deployment with `package.xml` and the files of apps; without names, of all that the org made.

    Raises:
        ManageProblem: no right, no such app, no app at all, too many, or two of one name.
    """
    if not names:
        names = [app.id for app in await apps.all_apps(desk, org) if app.app.org_id == org.id]
    names = list(dict.fromkeys(names))
    if not names:
        raise ManageProblem("there is no app to export")
    if len(names) > AT_ONCE:
        raise ManageProblem(f"these are {len(names):,} apps; at most {AT_ONCE:,} are exported at once: select some")
    files = [await export_app(desk, org, name, with_key=with_keys) for name in names]
    try:
        return build_archive((one.file, one.data) for one in files)
    except ValueError as problem:
        # Two orgs may each have an app of a name; one archive has no place for both.
        raise ManageProblem(f"{problem}: export apps of the same name one by one") from None
