"""Custom permissions: what an org's users may do in its apps. Profiles and permission sets give them; apps are told."""

import difflib
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.custom import CustomPermission
from grantway.domain.org import Org
from grantway.kit.ids import CUSTOM_PERMISSION, new_id
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.custom.custom_names import line, permission_name
from grantway.manage.custom.permission_needs import required_of, with_required
from grantway.manage.desk import Desk
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.store.statement import Insert, Statement, columns_of

_ADD: Final = Insert("custom_permission", CustomPermission.__struct_fields__)
_SET: Final = Statement(
    "UPDATE custom_permission SET label = :label, description = :description, app_id = :app_id,"
    " metadata = :metadata, version = version + 1 WHERE id = :id"
)
_ALL: Final = Statement(
    f"SELECT {columns_of(CustomPermission)} FROM custom_permission WHERE org_id = :org_id ORDER BY name"  # noqa: S608 - our own names
)
_TAKE_ALL: Final = Statement("DELETE FROM custom_permission_holder WHERE permission_id = :id")
_DELETE: Final = Statement("DELETE FROM custom_permission WHERE id = :id")
_GIVEN: Final = Statement(
    "SELECT c.name FROM custom_permission_holder h JOIN custom_permission c ON c.id = h.permission_id"
    " WHERE h.holder_id = :holder_id ORDER BY c.name"
)
_GIVE: Final = Insert("custom_permission_holder", ["holder_id", "permission_id"])
_TAKE: Final = Statement("DELETE FROM custom_permission_holder WHERE holder_id = :holder_id")
_GIVE_BOTH: Final = Statement(
    "SELECT p.label, s.label FROM custom_permission_holder h LEFT JOIN profile p ON p.id = h.holder_id"
    " LEFT JOIN permission_set s ON s.id = h.holder_id WHERE h.permission_id = :permission_id AND NOT EXISTS"
    " (SELECT 1 FROM custom_permission_holder r WHERE r.holder_id = h.holder_id AND r.permission_id = :required_id)"
    " ORDER BY 1, 2 LIMIT 1"
)
_FIELDS: Final = ("label", "description", "app", "required")
_APP_NAME: Final = Statement("SELECT name FROM app WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPermission:
    """What is asked for when a custom permission is made.

    `app` names the one app that is told of it, if it is one; `required` the custom permissions that whoever gives this
    one must give too.
    """

    name: str
    label: str = ""
    description: str = ""
    app: str = ""
    required: tuple[str, ...] = ()


async def create(desk: Desk, org: Org, asked: NewPermission) -> CustomPermission:
    """Make a custom permission. Nobody holds it yet.

    Raises:
        ManageProblem: no right, a name that is taken or unusable, or no such app.
    """
    desk.caller.needs(Right.CUSTOM_PERMISSIONS, org.id)
    name = permission_name(asked.name.strip())
    label = line("label", asked.label or name, 80)
    description = line("description", asked.description, 255, required=False)
    async with desk.changing() as changing:
        app_id = (await apps.find(changing, org, asked.app)).id if asked.app else ""
        there = await _all(changing, org)
        if any(one.name.lower() == name.lower() for one in there):
            raise ManageProblem.at("name", f"there is a custom permission {name} in {org.name} already")
        made = CustomPermission(
            new_id(CUSTOM_PERMISSION), org.id, name, label, description, app_id, "", 1, desk.clock.now_ms()
        )
        required = _required(there, org, made, asked.required)
        made = msgspec.structs.replace(made, metadata=with_required(made, required))
        await changing.run(_ADD, *msgspec.structs.astuple(made))
        await changing.audit(
            "admin.permission.create", org.id, app_id=app_id, name=name, label=label, required=required
        )
    return made


async def all_of(desk: Desk, org: Org) -> tuple[CustomPermission, ...]:
    """Return an org's custom permissions, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    return await _all(desk, org)


async def find(desk: Desk, org: Org, name: str) -> CustomPermission:
    """Return an org's custom permission, by name (in any case) or id.

    Raises:
        ManageProblem: no right, or there is none.
    """
    return _named(await all_of(desk, org), org, name)


async def change(desk: Desk, org: Org, name: str, asked: dict[str, Any], *, seen: str = "") -> CustomPermission:
    """Change label, description, app or required; the name stays, for apps and formulas know it.

    `seen` is the version that the caller looked at; empty for a change that does not depend on it.

    Raises:
        ManageProblem: no right, no such permission, field or app, a value it does not take, something required that
            a giver of it does not give, or (StaleVersion) changed meanwhile.
    """
    desk.caller.needs(Right.CUSTOM_PERMISSIONS, org.id)
    async with desk.changing() as changing:
        there = await _all(changing, org)
        permission = _named(there, org, name)
        if seen and seen != str(permission.version):
            raise StaleVersion(f"{permission.name} was changed by somebody else since you opened it: look at it again")
        before = await fields_of(changing, permission)
        after = permission
        for field, raw in asked.items():
            after = await _with(changing, org, there, after, field, raw)
        for required in set(required_of(after)).difference(required_of(permission)):
            await _demand_given_too(changing, org, permission, _named(there, org, required))
        await changing.run(
            _SET,
            label=after.label,
            description=after.description,
            app_id=after.app_id,
            metadata=after.metadata,
            id=permission.id,
        )
        told = await fields_of(changing, after)
        if told != before:
            await changing.audit(
                "admin.permission.change", org.id, name=permission.name, before=before, after=told, app_id=after.app_id
            )
        return await find(changing, org, permission.id)


async def rewrite(
    desk: Desk, permission: CustomPermission, *, label: str, description: str, app_id: str, metadata: str
) -> None:
    """Store what a file says of a custom permission that is there.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.CUSTOM_PERMISSIONS, permission.org_id)
    async with desk.changing() as changing:
        await changing.run(
            _SET, label=label, description=description, app_id=app_id, metadata=metadata, id=permission.id
        )
        before = {"label": permission.label, "description": permission.description, "app_id": permission.app_id}
        after = {"label": label, "description": description, "app_id": app_id}
        if before != after:
            await changing.audit(
                "admin.permission.change", permission.org_id, name=permission.name, before=before, after=after
            )


async def delete(desk: Desk, org: Org, name: str) -> CustomPermission:
    """Delete a custom permission; nobody holds it any more.

    Raises:
        ManageProblem: no right, no such permission, or another one requires it.
    """
    desk.caller.needs(Right.CUSTOM_PERMISSIONS, org.id)
    async with desk.changing() as changing:
        permission = await find(changing, org, name)
        if by := [one.name for one in await _all(changing, org) if permission.name in required_of(one)]:
            raise ManageProblem(f"{permission.name} is required by {', '.join(by)}: change that first")
        await changing.run(_TAKE_ALL, permission.id)
        await changing.run(_DELETE, permission.id)
        await changing.audit("admin.permission.delete", org.id, name=permission.name)
        return permission


async def given_by(desk: Desk, org: Org, kind: holders.Kind, name: str) -> tuple[str, ...]:
    """Return the names of the custom permissions that a profile or permission set gives.

    Raises:
        ManageProblem: no right, or no such profile or permission set.
    """
    holder = await holders.find(desk, kind, org.id, name)
    return await _given(desk, holder.id)


async def give(desk: Desk, org: Org, kind: holders.Kind, name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Set the custom permissions that a profile or permission set gives; those not named are taken away.

    They mean something to apps and nothing here, so the caller need not hold them.

    Raises:
        ManageProblem: no right, no such profile or permission set, no such custom permission, or one that requires
            another which would not be given.
    """
    desk.caller.needs(Right.PROFILES, org.id)
    async with desk.changing() as changing:
        holder = await holders.find(changing, kind, org.id, name)
        there = await _all(changing, org)
        before = await _given(changing, holder.id)
        chosen = {one.id: one.name for one in (_named(there, org, wanted) for wanted in names)}
        _demand_required(there, set(chosen.values()))
        await changing.run(_TAKE, holder.id)
        for permission_id in chosen:
            await changing.run(_GIVE, holder.id, permission_id)
        after = tuple(sorted(chosen.values()))
        detail: dict[str, Any] = {"before": {"custom_permissions": before}, "after": {"custom_permissions": after}}
        await changing.audit(f"admin.{kind.table}.change", org.id, name=holder.name, **detail)
        return after


async def app_name_of(desk: Desk, permission: CustomPermission) -> str:
    """Return the name of the one app that is told of a permission; empty where every app is."""
    row = await desk.session.one(_APP_NAME, permission.app_id) if permission.app_id else None
    return cast(str, row[0]) if row else permission.app_id


async def fields_of(desk: Desk, permission: CustomPermission) -> dict[str, Any]:
    """Return what can be changed of a custom permission, by the names that `change` takes."""
    return {
        "label": permission.label,
        "description": permission.description,
        "app": await app_name_of(desk, permission),
        "required": list(required_of(permission)),
    }


async def _with(
    desk: Desk, org: Org, there: tuple[CustomPermission, ...], permission: CustomPermission, field: str, raw: Any
) -> CustomPermission:
    match field:
        case "label":
            return msgspec.structs.replace(permission, label=line(field, raw or permission.name, 80))
        case "description":
            return msgspec.structs.replace(permission, description=line(field, raw, 255, required=False))
        case "app":
            if not isinstance(raw, str):
                raise ManageProblem.at(field, "the name of one app is expected")
            # What stays as it is chooses nothing: the app may be one that is not there, or not the caller's to read.
            if raw and raw in (permission.app_id, await app_name_of(desk, permission)):
                return permission
            return msgspec.structs.replace(permission, app_id=(await apps.find(desk, org, raw)).id if raw else "")
        case "required":
            names = raw.replace(",", " ").split() if isinstance(raw, str) else raw
            if not isinstance(names, (list, tuple)) or not all(isinstance(one, str) for one in names):
                raise ManageProblem.at(field, "names of custom permissions are expected")
            required = _required(there, org, permission, tuple(names))
            return msgspec.structs.replace(permission, metadata=with_required(permission, required))
        case "name":
            raise ManageProblem.at(field, "it cannot be changed: apps and formulas know it. Make another permission")
        case _:
            raise ManageProblem.at(field, f"is no field of a custom permission; these are: {', '.join(_FIELDS)}")


def _required(
    there: tuple[CustomPermission, ...], org: Org, permission: CustomPermission, names: tuple[str, ...]
) -> tuple[str, ...]:
    kept = required_of(permission)
    found = []
    for name in names:
        try:
            # What a file required before the org had it stays until it is taken away.
            one = name if name in kept else _named(there, org, name).name
        except NotFound as problem:
            raise ManageProblem.at("required", str(problem)) from problem
        if one == permission.name:
            raise ManageProblem.at("required", f"{one} cannot require itself")
        found.append(one)
    return tuple(dict.fromkeys(found))


async def _demand_given_too(desk: Desk, org: Org, permission: CustomPermission, required: CustomPermission) -> None:
    if row := await desk.session.one(_GIVE_BOTH, permission.id, required.id):
        profile, permission_set = cast("tuple[str | None, str | None]", tuple(row))
        giver = f"the profile {profile}" if profile else f"the permission set {permission_set}"
        raise ManageProblem.at(
            "required", f"{giver} gives {permission.name} and not {required.name}: give it {required.name} first"
        )


def _demand_required(there: tuple[CustomPermission, ...], chosen: set[str]) -> None:
    for permission in there:
        if permission.name in chosen and (missing := [one for one in required_of(permission) if one not in chosen]):
            raise ManageProblem.at(
                "custom_permissions",
                f"{permission.name} requires {', '.join(missing)}: give both, or neither",
            )


async def _all(desk: Desk, org: Org) -> tuple[CustomPermission, ...]:
    return tuple(CustomPermission(*cast(Any, row)) for row in await desk.session.all(_ALL, org.id))


async def _given(desk: Desk, holder_id: str) -> tuple[str, ...]:
    return tuple(cast(str, row[0]) for row in await desk.session.all(_GIVEN, holder_id))


def _named(there: tuple[CustomPermission, ...], org: Org, name: str) -> CustomPermission:
    for permission in there:
        if name == permission.id or name.lower() == permission.name.lower():
            return permission
    near = difflib.get_close_matches(name, [one.name for one in there], 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NotFound(f"there is no custom permission {name!r} in the org {org.name}{hint}")
