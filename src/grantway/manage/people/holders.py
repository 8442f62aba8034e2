"""Profiles and permission sets: names in an org that give user permissions."""

import difflib
import hashlib
from typing import Any, Final, cast

import msgspec

from grantway.domain.org import PermissionHolder
from grantway.domain.permissions import ALL, MANAGE_USERS, permission_named, read_permissions, similar_permission
from grantway.kit.ids import PERMISSION_SET, PROFILE, new_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.people.administrators import demand_one_left
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.store.statement import Conflict, Insert, Statement, columns_of

_COLUMNS: Final = columns_of(PermissionHolder)


class Kind:
    """Profiles or permission sets: the same record in two tables."""

    def __init__(self, table: str, prefix: str, word: str) -> None:
        self.table: Final = table
        self.prefix: Final = prefix
        self.word: Final = word
        self.add: Final = Insert(table, PermissionHolder.__struct_fields__)
        self.all: Final = Statement(f"SELECT {_COLUMNS} FROM {table} WHERE org_id = :org_id ORDER BY name")  # noqa: S608 - our own names
        self.set: Final = Statement(f"UPDATE {table} SET permissions = :permissions WHERE id = :id")  # noqa: S608 - our own names


PROFILES: Final = Kind("profile", PROFILE, "profile")
PERMISSION_SETS: Final = Kind("permission_set", PERMISSION_SET, "permission set")


def checked_permissions(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the API names of user permissions that are named by API name or label, in the catalogue's order.

    Raises:
        ManageProblem: names one that does not exist.
    """
    found = set()
    for name in names:
        permission = permission_named(name)
        if permission is None:
            near = similar_permission(name)
            hint = f"did you mean {near.name} ({near.label})?" if near else f"there are: {', '.join(ALL)}"
            raise ManageProblem.at("permissions", f"{name!r} is no user permission; {hint}")
        found.add(permission.name)
    return tuple(name for name in ALL if name in found)


async def create(desk: Desk, kind: Kind, org_id: str, name: str, permissions: tuple[str, ...]) -> PermissionHolder:
    """Make a profile or permission set.

    Raises:
        ManageProblem: no right, a name that is taken or too long, or an unknown user permission.
    """
    desk.caller.needs(Right.PROFILES, org_id)
    name = name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise ManageProblem.at("name", f"a {kind.word}'s name has 1 to 80 characters")
    permissions = checked_permissions(permissions)
    desk.caller.holds_all(permissions, f"make this {kind.word}")
    document = msgspec.json.encode(permissions).decode()
    holder = PermissionHolder(new_id(kind.prefix), org_id, name, name, document, desk.clock.now_ms())
    try:
        async with desk.changing() as changing:
            await changing.run(kind.add, *msgspec.structs.astuple(holder))
            await changing.audit(f"admin.{kind.table}.create", org_id, name=name, permissions=permissions)
    except Conflict as problem:
        raise ManageProblem.at("name", f"there is a {kind.word} named {name!r} already") from problem
    return holder


async def all_of(desk: Desk, kind: Kind, org_id: str) -> tuple[PermissionHolder, ...]:
    """Return an org's profiles or permission sets, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org_id)
    return tuple(PermissionHolder(*cast(Any, row)) for row in await desk.session.all(kind.all, org_id))


async def find(desk: Desk, kind: Kind, org_id: str, name: str) -> PermissionHolder:
    """Return one by its name or id.

    Raises:
        ManageProblem: no right, or there is none.
    """
    found = await all_of(desk, kind, org_id)
    for holder in found:
        if name in (holder.name, holder.id):
            return holder
    near = difflib.get_close_matches(name, [holder.name for holder in found], 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NotFound(f"there is no {kind.word} {name!r} in this org{hint}")


def version_of(holder: PermissionHolder) -> str:
    """Return what changes whenever what it gives does: what a form was filled in over (S42)."""
    return hashlib.sha256(holder.permissions.encode()).hexdigest()[:16]


async def change(
    desk: Desk, kind: Kind, org_id: str, name: str, permissions: tuple[str, ...], *, seen: str = ""
) -> PermissionHolder:
    """Set the user permissions of a profile or permission set; those not named are taken away.

    Raises:
        ManageProblem: no right, none of that name, an unknown user permission, more than the caller holds, nobody
            would be left who can manage users, or (StaleVersion) changed since it was `seen`.
    """
    desk.caller.needs(Right.PROFILES, org_id)
    permissions = checked_permissions(permissions)
    async with desk.changing() as changing:
        holder = await find(changing, kind, org_id, name)
        if seen and seen != version_of(holder):
            raise StaleVersion(f"{holder.name} was changed by somebody else since you opened it: look at it again")
        before = sorted(read_permissions(holder.permissions))
        desk.caller.holds_all({*before, *permissions}, f"change the {kind.word} {holder.name}")
        await changing.run(kind.set, msgspec.json.encode(permissions).decode(), holder.id)
        if MANAGE_USERS.name in before and MANAGE_USERS.name not in permissions:
            await demand_one_left(changing, org_id)
        await changing.audit(f"admin.{kind.table}.change", org_id, name=holder.name, before=before, after=permissions)
        return await find(changing, kind, org_id, holder.id)
