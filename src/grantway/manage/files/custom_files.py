"""`OauthCustomScope` and `CustomPermission` files, both ways: what nobody here knows is kept and exported again."""

from dataclasses import dataclass
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.custom import CustomPermission, CustomScope
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.custom.custom_names import DESCRIPTION_LIMIT, line, permission_name
from grantway.manage.desk import Desk
from grantway.manage.files.metadata_values import Kept
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
    values,
    write,
)
from grantway.metadata.element import Element
from grantway.metadata.names import MetadataName, file_of_name
from grantway.metadata.problem import MetadataProblem
from grantway.metadata.values import boolean, boolean_text
from grantway.settings.custom import scope_name_problem

SCOPE: Final = "OauthCustomScope"
PERMISSION: Final = "CustomPermission"
TYPES: Final = frozenset({SCOPE, PERMISSION})
_READ: Final = {
    SCOPE: {"developerName", "masterLabel", "description", "isPublic", "isProtected", "assignedTo/connectedApp"},
    PERMISSION: {
        "label",
        "description",
        "connectedApp",
        "isLicensed",
        "requiredPermission/customPermission",
        "requiredPermission/dependency",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a file: whether something new was made, and what was kept as text."""

    name: str
    created: bool
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFile:
    """A custom scope or permission as a metadata file."""

    name: str
    file: str
    data: bytes


async def import_custom(desk: Desk, org: Org, full_name: str, document: MetadataDocument) -> Done:
    """Make or change what a file defines, within the open transaction.

    Raises:
        MetadataProblem, ManageProblem: no right, or a name that cannot be used.
    """
    kept = [
        Kept(path=path, why="no setting for it yet")
        for path in dict.fromkeys(unnumbered(path) for path in paths(document))
        if path not in _READ[document.type]
    ]
    done = await (_scope if document.type == SCOPE else _permission)(desk, org, full_name, document, kept)
    return Done(
        name=done[0],
        created=done[1],
        kept=tuple(Kept(path=one.path, why=one.why, line=line_of(document, one.path)) for one in kept),
    )


async def export_scope(desk: Desk, org: Org, name: str) -> CustomFile:
    """Return a custom scope as a metadata file.

    Raises:
        ManageProblem: no right, or no such scope.
    """
    scope = await custom_scopes.find(desk, org, name)
    told = {
        "developerName": scope.name,
        "masterLabel": scope.label,
        "description": scope.description,
        "isPublic": boolean_text(bool(scope.is_public)),
    }
    document = _stored(scope, SCOPE)
    if value(document, "isProtected") is None:
        told["isProtected"] = "false"
    document = _with(document, told)
    document = replaced(document, "assignedTo", None)
    for place, app in enumerate(await custom_scopes.apps_with(desk, org, scope), start=1):
        document = replaced(document, f"assignedTo[{place}]/connectedApp", [app.app.name])
    return _file(SCOPE, scope.name, document)


async def export_permission(desk: Desk, org: Org, name: str) -> CustomFile:
    """Return a custom permission as a metadata file.

    Raises:
        ManageProblem: no right, or no such permission.
    """
    permission = await custom_permissions.find(desk, org, name)
    app = await custom_permissions.app_name_of(desk, permission)
    told = {"label": permission.label, "description": permission.description}
    document = _with(_stored(permission, PERMISSION), told)
    if app or permission.app_id:
        document = replaced(document, "connectedApp", [app])
    return _file(PERMISSION, permission.name, document)


async def _scope(
    desk: Desk, org: Org, full_name: str, document: MetadataDocument, kept: list[Kept]
) -> tuple[str, bool]:
    name = _text(document, "developerName") or full_name
    if problem := scope_name_problem(name):
        raise MetadataProblem(f"developerName: {name[:80]!r}: {problem}.", line_of(document, "developerName"))
    label = _text(document, "masterLabel") or name
    description = _description(document, label, kept)
    is_public = boolean(_text(document, "isPublic") or "false")
    there = [one for one in await custom_scopes.all_of(desk, org) if one.name.lower() == name.lower()]
    if there:
        asked = {"label": label, "description": description, "is_public": is_public}
        scope = await custom_scopes.change(desk, org, name, asked)
    else:
        new = custom_scopes.NewScope(name=name, label=label, description=description, is_public=is_public)
        scope = await custom_scopes.create(desk, org, new)
    await custom_scopes.keep_file(desk, scope, _json(document))
    assigned = {text.strip() for text in values(document, "assignedTo/connectedApp") if text.strip()}
    for app_name in sorted(assigned):
        app_id = await apps.id_of_name(desk, org, app_name)
        if app_id is None:
            kept.append(Kept(path="assignedTo", why=f"there is no app {app_name!r} in the org {org.name}"))
        else:
            app = await apps.find(desk, org, app_id)
            if app.app.org_id == org.id and scope.name not in app[s.CUSTOM_SCOPES]:
                await custom_scopes.assign(desk, org, scope.id, app_id)
    return scope.name, not there


async def _permission(
    desk: Desk, org: Org, full_name: str, document: MetadataDocument, kept: list[Kept]
) -> tuple[str, bool]:
    name = permission_name(full_name)
    label = line("label", _text(document, "label") or name, 80)
    description = line("description", _text(document, "description"), 255, required=False)
    app_name, app_id = _text(document, "connectedApp"), ""
    if app_name:
        app_id = await apps.id_of_name(desk, org, app_name) or ""
        if not app_id:
            # Told to every app it would be told to more than the file says: it is tied to an app that is not there.
            kept.append(
                Kept(
                    path="connectedApp", why=f"there is no app {app_name!r} in the org {org.name}: no app is told of it"
                )
            )
            app_id = app_name
    there = [one for one in await custom_permissions.all_of(desk, org) if one.name.lower() == name.lower()]
    if there:
        permission = there[0]
    else:
        new = custom_permissions.NewPermission(name=name, label=label, description=description)
        permission = await custom_permissions.create(desk, org, new)
    await custom_permissions.rewrite(
        desk, permission, label=label, description=description, app_id=app_id, metadata=_json(document)
    )
    return permission.name, not there


def _description(document: MetadataDocument, label: str, kept: list[Kept]) -> str:
    """Return the description if people can be shown it; else, as for a reference to a label, the label's words."""
    text = _text(document, "description")
    if text and len(text) <= DESCRIPTION_LIMIT and all(letter.isalnum() or letter == " " for letter in text):
        return text
    why = "not letters, digits and blanks, 60 at most: people are shown the label instead"
    kept.append(Kept(path="description", why=why if text else "missing: people are shown the label instead"))
    return " ".join(label.replace("_", " ").split())[:DESCRIPTION_LIMIT]


def _text(document: MetadataDocument, path: str) -> str:
    return (value(document, path) or "").strip()


def _stored(one: CustomScope | CustomPermission, kind: str) -> MetadataDocument:
    if not one.metadata:
        return MetadataDocument(root=Element(name=kind))
    return from_json(msgspec.json.decode(one.metadata))


def _with(document: MetadataDocument, told: dict[str, str]) -> MetadataDocument:
    for path, text in told.items():
        if text or count(document, path):
            document = replaced(document, path, [text])
    return document


def _file(kind: str, name: str, document: MetadataDocument) -> CustomFile:
    return CustomFile(name=name, file=file_of_name(MetadataName(type=kind, name=name)), data=write(document))


def _json(document: MetadataDocument) -> str:
    return msgspec.json.encode(to_json(document)).decode()
