"""`OauthTokenExchangeHandler` files, both ways: what nobody here knows is kept and exported again (decision 18)."""

from typing import Any, Final

import msgspec

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.domain.token_handler import TokenHandler
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.exchange import token_handlers
from grantway.manage.files.custom_files import CustomFile, Done
from grantway.manage.files.metadata_values import Kept
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.metadata.document import (
    MetadataDocument,
    count,
    from_json,
    line_of,
    paths,
    replaced,
    to_json,
    unnumbered,
    value,
    write,
)
from grantway.metadata.element import Element
from grantway.metadata.names import MetadataName, file_of_name
from grantway.metadata.values import boolean, boolean_text
from grantway.settings import token_handlers as f

HANDLER: Final = "OauthTokenExchangeHandler"
_FIELDS: Final = tuple(one for one in f.FIELDS if one.xml)
_READ: Final = frozenset(
    {
        "developerName",
        "isProtected",
        *(one.xml for one in _FIELDS),
        *f.SUBJECT_TYPES.values(),
        "enablements/apexExecutionUser",
        "enablements/connectedApp",
        "enablements/externalClientApp",
        "enablements/isDefault",
    }
)
_APEX: Final = "Apex does not run here: say what the handler believes, or install code under this name with runs=code"
_ELEMENTS: Final = {AppKind.CONNECTED_APP: "connectedApp", AppKind.EXTERNAL_CLIENT_APP: "externalClientApp"}


async def import_handler(desk: Desk, org: Org, full_name: str, document: MetadataDocument) -> Done:
    """Make or change the handler that a file defines, within the open transaction.

    Raises:
        MetadataProblem, ManageProblem: no right, a name that cannot be used, or a value that is not taken.
    """
    name = _text(document, "developerName") or full_name
    kept = [
        Kept(path=path, why="no setting for it yet")
        for path in dict.fromkeys(unnumbered(path) for path in paths(document))
        if path not in _READ
    ]
    asked = _asked(document, name)
    there = [one for one in await token_handlers.all_of(desk, org) if one.name.lower() == name.lower()]
    if there:
        handler = await token_handlers.change(desk, org, name, asked)
    else:
        handler = await token_handlers.create(desk, org, name, asked)
    if handler[f.CODE] and handler.missing():
        kept.append(Kept(path=f.CODE.xml, why=_APEX))
    await token_handlers.keep_file(desk, handler, msgspec.json.encode(to_json(document)).decode())
    for place in range(1, count(document, "enablements") + 1):
        if why := await _enable(desk, org, handler, document, f"enablements[{place}]"):
            kept.append(Kept(path="enablements", why=why))
    return Done(
        name=handler.name,
        created=not there,
        kept=tuple(Kept(path=one.path, why=one.why, line=line_of(document, one.path)) for one in kept),
    )


async def export_handler(desk: Desk, org: Org, name: str) -> CustomFile:
    """Return a handler as a metadata file. What Salesforce has no element for, and secrets, are not in it.

    Raises:
        ManageProblem: no right, or no such handler.
    """
    handler = await token_handlers.find(desk, org, name)
    stored = handler.row.metadata
    document = from_json(msgspec.json.decode(stored)) if stored else MetadataDocument(root=Element(name=HANDLER))
    told = {"developerName": handler.name}
    for one in _FIELDS:
        held: Any = handler[one]
        told[one.xml] = boolean_text(held) if isinstance(held, bool) else held
    for kind, element in f.SUBJECT_TYPES.items():
        told[element] = boolean_text(kind in handler[f.TOKEN_TYPES])
    for path, text in told.items():
        document = replaced(document, path, [text])
    document = replaced(document, "enablements", None)
    for place, app in enumerate(await token_handlers.enabled_apps(desk, org, handler), start=1):
        group = f"enablements[{place}]"
        document = replaced(document, f"{group}/apexExecutionUser", [app.run_as])
        document = replaced(document, f"{group}/{_ELEMENTS[AppKind.of_id(app.app_id)]}", [app.app])
        document = replaced(document, f"{group}/isDefault", [boolean_text(app.is_default)])
    file = file_of_name(MetadataName(type=HANDLER, name=handler.name))
    return CustomFile(name=handler.name, file=file, data=write(document))


def _asked(document: MetadataDocument, name: str) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for one in _FIELDS:
        text = _text(document, one.xml)
        if isinstance(one.default, bool):
            asked[one.name] = boolean(text or "false")
        else:
            asked[one.name] = text or (name if one is f.LABEL else "")
    asked[f.TOKEN_TYPES.name] = [
        kind for kind, element in f.SUBJECT_TYPES.items() if boolean(_text(document, element) or "false")
    ]
    return asked


async def _enable(desk: Desk, org: Org, handler: TokenHandler, document: MetadataDocument, group: str) -> str:
    """Enable an app that the file names; return why that could not be, or nothing."""
    app_name = _text(document, f"{group}/connectedApp") or _text(document, f"{group}/externalClientApp")
    app_id = await apps.id_of_name(desk, org, app_name)
    if app_id is None:
        return f"there is no app {app_name!r} in the org {org.name}"
    run_as, is_default = _text(document, f"{group}/apexExecutionUser"), _text(document, f"{group}/isDefault")
    try:
        await token_handlers.enable(desk, org, handler.id, app_id, run_as, is_default=boolean(is_default or "false"))
    except NotAllowed:
        raise
    except ManageProblem as problem:
        return f"{app_name}: {problem}"
    return ""


def _text(document: MetadataDocument, path: str) -> str:
    return (value(document, path) or "").strip()
