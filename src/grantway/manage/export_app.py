"""Exporting connected apps as Salesforce's metadata files: what was imported comes out again, with today's values."""

from typing import Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage import apps
from grantway.manage.desk import Desk
from grantway.manage.import_app import KEY, KeptFile, settings_of
from grantway.manage.metadata_values import TYPE, read_settings, write_settings
from grantway.metadata.document import MetadataDocument, replaced, write
from grantway.metadata.element import Element
from grantway.metadata.names import MetadataName, file_of_name
from grantway.store.statement import Statement

_METADATA: Final = Statement("SELECT metadata FROM app WHERE id = :id")


async def export_app(desk: Desk, org: Org, name: str, *, with_key: bool = True) -> tuple[str, bytes]:
    """Return file name and content of an app's metadata file; the secret is never in it, the key if `with_key`.

    A key that a file had stays as it was written there, a placeholder too.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await apps.find(desk, org, name)
    row = await desk.session.one(_METADATA, app.id)
    stored = cast(str, row[0]) if row else ""
    if stored:
        file = msgspec.json.decode(stored, type=KeptFile)
        refused = {s.BY_NAME[one]: texts for one, texts in file.refused.items() if one in s.BY_NAME}
        document = write_settings(file.as_document(), app.values(), settings_of(file.read), refused)
        full_name = file.name
    else:
        empty = MetadataDocument(root=Element(name=TYPE))
        document = write_settings(empty, app.values(), read_settings(empty).values, {})
        full_name = app.app.name
        if app[s.OAUTH_ENABLED]:
            document = replaced(document, KEY, [app.consumer_key])
    if not with_key:
        document = replaced(document, KEY, None)
    return file_of_name(MetadataName(type=TYPE, name=full_name)), write(document)
