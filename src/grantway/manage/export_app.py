"""Exporting connected apps as Salesforce's metadata files: what was imported comes out again, with today's values."""

from typing import Final, cast

import msgspec

from grantway.domain.org import Org
from grantway.manage import apps
from grantway.manage.desk import Desk
from grantway.manage.metadata_values import TYPE, write_settings
from grantway.metadata.document import from_json, read, write
from grantway.metadata.names import MetadataName, file_of_name
from grantway.store.statement import Statement

_METADATA: Final = Statement("SELECT metadata FROM app WHERE id = :id")
_EMPTY: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">\n</ConnectedApp>\n'
)


async def export_app(desk: Desk, org: Org, name: str) -> tuple[str, bytes]:
    """Return file name and content of an app's metadata file; the secret is never in it.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await apps.find(desk, org, name)
    row = await desk.db.one(_METADATA, app.id)
    kept = cast(str, row[0]) if row else ""
    document = write_settings(from_json(msgspec.json.decode(kept)) if kept else read(_EMPTY), app.values())
    return file_of_name(MetadataName(type=TYPE, name=app.app.name)), write(document)
