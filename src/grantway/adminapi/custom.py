"""Custom scopes and custom permissions of the token's org. Which apps have a scope is a setting of each app."""

from typing import Any, Final

from grantway.adminapi.ask import PAGING, ROOT, Answer, Ask, Handler, Route
from grantway.adminapi.people import SEE
from grantway.adminapi.schema import FLAG, TEXTS, TIME, Schema, listed, record, text
from grantway.domain.custom import CustomPermission, CustomScope
from grantway.manage.connected_apps import assignments
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.custom.permission_needs import is_licensed
from grantway.manage.custom.permission_use import use_of
from grantway.manage.people import holders
from grantway.protocol.when import iso_seconds

_SCOPES: Final = "Manage Connected Apps"
_PERMISSIONS: Final = "Customize Application"
_SCOPE_FIELDS: Final[dict[str, Schema]] = {
    "label": text(80),
    "description": text(255, description="What people read on the consent page."),
    "is_public": {**FLAG, "description": "Whether discovery lists it."},
}
_SCOPE: Final = record({"id": text(18), "name": text(80), **_SCOPE_FIELDS, "created_at": TIME})
_REQUIRED: Final[Schema] = {
    "type": "array",
    "items": text(80, least=1),
    "maxItems": 100,
    "description": "Custom permissions that whoever gives this one must give too.",
}
_PERMISSION_FIELDS: Final[dict[str, Schema]] = {
    "label": text(80),
    "description": text(),
    "app": text(256, description="The one app that is told of it; empty where every app is."),
    "required": _REQUIRED,
}
_PERMISSION: Final = record(
    {
        "id": text(18),
        "name": text(80, least=1),
        **_PERMISSION_FIELDS,
        "licensed": {**FLAG, "description": "Whether its file says that a license is needed; nothing changes it."},
        "created_at": TIME,
    }
)
_USE: Final = record(
    {
        "profiles": TEXTS,
        "permission_sets": TEXTS,
        "required_by": TEXTS,
        "formulas": {"type": "array", "items": record({"app": text(80), "custom_attributes": TEXTS})},
    }
)
_ASSIGN: Final = "Customize Application, Modify All Data and Manage Profiles and Permission Sets"
_ASSIGNED: Final = record({"apps": TEXTS})
_GIVEN: Final = record({"custom_permissions": TEXTS})
_GIVES: Final = record({"custom_permissions": {"type": "array", "items": text(80, least=1), "maxItems": 1000}})


def _scope(scope: CustomScope) -> dict[str, Any]:
    told = {"id": scope.id, "name": scope.name, "created_at": iso_seconds(scope.created_at)}
    return told | custom_scopes.fields_of(scope)


async def _list_scopes(ask: Ask) -> Answer:
    found = ask.cut(await custom_scopes.all_of(ask.desk, ask.org), lambda one: (one.name, one.id))
    return Answer(value=ask.piece_of(found, [_scope(one) for one in found.items]))


async def _get_scope(ask: Ask) -> Answer:
    return Answer(value=_scope(await custom_scopes.find(ask.desk, ask.org, ask.params["scope"])))


async def _create_scope(ask: Ask) -> Answer:
    made = await custom_scopes.create(ask.desk, ask.org, custom_scopes.NewScope(**ask.body))
    location = (b"location", f"{ask.base}{ROOT}/custom-scopes/{made.id}".encode())
    return Answer(value=_scope(made), status=201, headers=(location,))


async def _change_scope(ask: Ask) -> Answer:
    return Answer(value=_scope(await custom_scopes.change(ask.desk, ask.org, ask.params["scope"], dict(ask.body))))


async def _delete_scope(ask: Ask) -> Answer:
    await custom_scopes.delete(ask.desk, ask.org, ask.params["scope"])
    return Answer(status=204)


async def _permission(ask: Ask, permission: CustomPermission) -> dict[str, Any]:
    return {
        "id": permission.id,
        "name": permission.name,
        **await custom_permissions.fields_of(ask.desk, permission),
        "licensed": is_licensed(permission),
        "created_at": iso_seconds(permission.created_at),
    }


async def _list_permissions(ask: Ask) -> Answer:
    found = await custom_permissions.all_of(ask.desk, ask.org)
    return Answer(value={"items": [await _permission(ask, one) for one in found], "next": None})


async def _get_permission(ask: Ask) -> Answer:
    found = await custom_permissions.find(ask.desk, ask.org, ask.params["permission"])
    return Answer(value=await _permission(ask, found))


async def _create_permission(ask: Ask) -> Answer:
    asked = {**ask.body, "required": tuple(ask.body.get("required", ()))}
    made = await custom_permissions.create(ask.desk, ask.org, custom_permissions.NewPermission(**asked))
    location = (b"location", f"{ask.base}{ROOT}/custom-permissions/{made.id}".encode())
    return Answer(value=await _permission(ask, made), status=201, headers=(location,))


async def _change_permission(ask: Ask) -> Answer:
    changed = await custom_permissions.change(ask.desk, ask.org, ask.params["permission"], dict(ask.body))
    return Answer(value=await _permission(ask, changed))


async def _use(ask: Ask) -> Answer:
    permission = await custom_permissions.find(ask.desk, ask.org, ask.params["permission"])
    use = await use_of(ask.desk, ask.org, permission)
    told = {
        "profiles": [one.label for one in use.givers if one.kind is holders.PROFILES],
        "permission_sets": [one.label for one in use.givers if one.kind is holders.PERMISSION_SETS],
        "required_by": list(use.required_by),
        "formulas": [{"app": one.name, "custom_attributes": list(one.keys)} for one in use.formulas],
    }
    return Answer(value=told)


async def _delete_permission(ask: Ask) -> Answer:
    await custom_permissions.delete(ask.desk, ask.org, ask.params["permission"])
    return Answer(status=204)


def _assigned_handlers(kind: holders.Kind) -> tuple[Handler, Handler]:
    async def get(ask: Ask) -> Answer:
        there = await assignments.assignable(ask.desk, ask.org, kind, ask.params["name"])
        return Answer(value={"apps": [app.app.name if app.is_at_home else app.id for app, held in there if held]})

    async def assign(ask: Ask) -> Answer:
        assigned = ask.call.method == "PUT"
        name, app = ask.params["name"], ask.params["app"]
        await assignments.assign(ask.desk, ask.org, kind, name, app, assigned=assigned)
        return Answer(status=204)

    return get, assign


def _given_handlers(kind: holders.Kind) -> tuple[Handler, Handler]:
    async def get(ask: Ask) -> Answer:
        names = await custom_permissions.given_by(ask.desk, ask.org, kind, ask.params["name"])
        return Answer(value={"custom_permissions": list(names)})

    async def put(ask: Ask) -> Answer:
        wanted = tuple(ask.body["custom_permissions"])
        names = await custom_permissions.give(ask.desk, ask.org, kind, ask.params["name"], wanted)
        return Answer(value={"custom_permissions": list(names)})

    return get, put


def _given_routes(kind: holders.Kind, path: str, named: str) -> tuple[Route, ...]:
    get, put = _given_handlers(kind)
    get_apps, assign = _assigned_handlers(kind)
    return (
        Route(
            method="GET",
            path=f"{path}/{{name}}/apps",
            name=f"get{named}Apps",
            summary=f"The apps that a {kind.word} pre-authorizes",
            right=f"{SEE}; and the right to read apps",
            answer=get_apps,
            gives=_ASSIGNED,
        ),
        Route(
            method="PUT",
            path=f"{path}/{{name}}/apps/{{app}}",
            name=f"assign{named}App",
            summary=f"Let the users of a {kind.word} use an app that asks for approval",
            right=_ASSIGN,
            answer=assign,
            status=204,
        ),
        Route(
            method="DELETE",
            path=f"{path}/{{name}}/apps/{{app}}",
            name=f"unassign{named}App",
            summary="Take an app back; grants of users who have it through this alone are refused from then on",
            right=_ASSIGN,
            answer=assign,
            status=204,
        ),
        Route(
            method="GET",
            path=f"{path}/{{name}}/custom-permissions",
            name=f"get{named}CustomPermissions",
            summary=f"The custom permissions that a {kind.word} gives",
            right=SEE,
            answer=get,
            gives=_GIVEN,
        ),
        Route(
            method="PATCH",
            path=f"{path}/{{name}}/custom-permissions",
            name=f"change{named}CustomPermissions",
            summary=f"Set all custom permissions of a {kind.word}",
            right="Manage Profiles and Permission Sets",
            answer=put,
            gives=_GIVEN,
            takes=_GIVES,
            guarded=True,
        ),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/custom-scopes",
        name="listCustomScopes",
        summary="List custom scopes",
        right=_SCOPES,
        answer=_list_scopes,
        gives=listed(_SCOPE),
        query=PAGING,
    ),
    Route(
        method="POST",
        path="/custom-scopes",
        name="createCustomScope",
        summary="Make a custom scope; no app may ask for it yet",
        right=_SCOPES,
        answer=_create_scope,
        gives=_SCOPE,
        takes=record({"name": text(80, least=1), **_SCOPE_FIELDS}, required=("name", "description")),
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/custom-scopes/{scope}",
        name="getCustomScope",
        summary="A custom scope by its name or id",
        right=_SCOPES,
        answer=_get_scope,
        gives=_SCOPE,
    ),
    Route(
        method="PATCH",
        path="/custom-scopes/{scope}",
        name="changeCustomScope",
        summary="Change fields of a custom scope; its name stays",
        right=_SCOPES,
        answer=_change_scope,
        gives=_SCOPE,
        takes=record(_SCOPE_FIELDS, required=(), minProperties=1),
        guarded=True,
    ),
    Route(
        method="DELETE",
        path="/custom-scopes/{scope}",
        name="deleteCustomScope",
        summary="Delete a custom scope, and take it from the apps that have it",
        right=f"{_SCOPES}; and the right to change the apps that have it",
        answer=_delete_scope,
        status=204,
        guarded=True,
    ),
    Route(
        method="GET",
        path="/custom-permissions",
        name="listCustomPermissions",
        summary="List custom permissions",
        right=SEE,
        answer=_list_permissions,
        gives=listed(_PERMISSION),
    ),
    Route(
        method="POST",
        path="/custom-permissions",
        name="createCustomPermission",
        summary="Make a custom permission; nobody holds it yet",
        right=f"{_PERMISSIONS}; where an app is named, also the right to read it",
        answer=_create_permission,
        gives=_PERMISSION,
        takes=record({"name": text(80, least=1), **_PERMISSION_FIELDS}, required=("name",)),
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/custom-permissions/{permission}",
        name="getCustomPermission",
        summary="A custom permission by its name or id",
        right=SEE,
        answer=_get_permission,
        gives=_PERMISSION,
    ),
    Route(
        method="PATCH",
        path="/custom-permissions/{permission}",
        name="changeCustomPermission",
        summary="Change fields of a custom permission; its name stays",
        right=f"{_PERMISSIONS}; where an app is named, also the right to read it",
        answer=_change_permission,
        gives=_PERMISSION,
        takes=record(_PERMISSION_FIELDS, required=(), minProperties=1),
        guarded=True,
    ),
    Route(
        method="GET",
        path="/custom-permissions/{permission}/use",
        name="getCustomPermissionUse",
        summary="Who gives a custom permission, what requires it, and whose formulas name it",
        right=f"{SEE}; formulas of apps also take the right to read apps",
        answer=_use,
        gives=_USE,
    ),
    Route(
        method="DELETE",
        path="/custom-permissions/{permission}",
        name="deleteCustomPermission",
        summary="Delete a custom permission; nobody holds it any more",
        right=_PERMISSIONS,
        answer=_delete_permission,
        status=204,
        guarded=True,
    ),
    *_given_routes(holders.PROFILES, "/profiles", "Profile"),
    *_given_routes(holders.PERMISSION_SETS, "/permission-sets", "PermissionSet"),
)
