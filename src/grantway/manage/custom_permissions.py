"""Custom permissions: what an org's users may do in its apps. Profiles and permission sets give them; apps are told."""

import difflib
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.custom import CustomPermission
from grantway.domain.org import Org
from grantway.kit.ids import CUSTOM_PERMISSION, new_id
from grantway.manage import apps, holders
from grantway.manage.caller import Right
from grantway.manage.custom_names import line, permission_name
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound
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
_APP_NAME: Final = Statement("SELECT name FROM app WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPermission:
    """What is asked for when a custom permission is made; `app` names the one app that is told of it, if it is one."""

    name: str
    label: str = ""
    description: str = ""
    app: str = ""


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
        if any(one.name.lower() == name.lower() for one in await _all(changing, org)):
            raise ManageProblem.at("name", f"there is a custom permission {name} in {org.name} already")
        made = CustomPermission(
            new_id(CUSTOM_PERMISSION), org.id, name, label, description, app_id, "", 1, desk.clock.now_ms()
        )
        await changing.run(_ADD, *msgspec.structs.astuple(made))
        await changing.audit("admin.permission.create", org.id, app_id=app_id, name=name, label=label)
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
        ManageProblem: no right, or no such permission.
    """
    desk.caller.needs(Right.CUSTOM_PERMISSIONS, org.id)
    async with desk.changing() as changing:
        permission = await find(changing, org, name)
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
        ManageProblem: no right, no such profile or permission set, or no such custom permission.
    """
    desk.caller.needs(Right.PROFILES, org.id)
    async with desk.changing() as changing:
        holder = await holders.find(changing, kind, org.id, name)
        there = await _all(changing, org)
        before = await _given(changing, holder.id)
        chosen = {one.id: one.name for one in (_named(there, org, wanted) for wanted in names)}
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
