"""Where a custom permission is used: who gives it, what requires it, and which apps are told of it by a formula."""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.custom import CustomPermission
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions
from grantway.manage.custom.permission_needs import required_of
from grantway.manage.desk import Desk
from grantway.manage.people import holders, people
from grantway.manage.problem import NotAllowed
from grantway.settings.formula import Reference
from grantway.store.statement import Statement

_PROFILES: Final = Statement(
    "SELECT h.permission_id, r.id, r.label FROM custom_permission_holder h JOIN profile r ON r.id = h.holder_id"
    " WHERE r.org_id = :org_id ORDER BY r.label"
)
_SETS: Final = Statement(
    "SELECT h.permission_id, r.id, r.label FROM custom_permission_holder h JOIN permission_set r ON r.id = h.holder_id"
    " WHERE r.org_id = :org_id ORDER BY r.label"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """A profile or permission set that gives a custom permission, and how many users have it."""

    kind: holders.Kind
    id: str
    label: str
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InFormula:
    """An app that is told of a custom permission by the formula of a custom attribute."""

    app_id: str
    name: str
    label: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """All the places where a custom permission is used; `formulas` is empty for a caller who may not read apps."""

    givers: tuple[Giver, ...]
    required_by: tuple[str, ...]
    formulas: tuple[InFormula, ...]


async def givers(desk: Desk, org: Org) -> dict[str, tuple[Giver, ...]]:
    """Return who gives each custom permission of an org, by its id; profiles first.

    Raises:
        ManageProblem: no right.
    """
    number = await people.members(desk, org)
    found: dict[str, list[Giver]] = {}
    for kind, statement in ((holders.PROFILES, _PROFILES), (holders.PERMISSION_SETS, _SETS)):
        for permission_id, holder_id, label in await desk.session.all(statement, org.id):
            one = Giver(kind=kind, id=cast(str, holder_id), label=cast(str, label), users=number.get(str(holder_id), 0))
            found.setdefault(cast(str, permission_id), []).append(one)
    return {permission_id: tuple(those) for permission_id, those in found.items()}


async def use_of(desk: Desk, org: Org, permission: CustomPermission) -> Use:
    """Return where a custom permission is used.

    Raises:
        ManageProblem: no right.
    """
    there = await custom_permissions.all_of(desk, org)
    return Use(
        givers=(await givers(desk, org)).get(permission.id, ()),
        required_by=tuple(one.name for one in there if permission.name in required_of(one)),
        formulas=await _formulas(desk, org, Reference(of="Permission", field=permission.name)),
    )


async def _formulas(desk: Desk, org: Org, reference: Reference) -> tuple[InFormula, ...]:
    try:
        there = await apps.all_apps(desk, org)
    except NotAllowed:
        return ()
    found = []
    for app in there:
        keys = tuple(one.key for one in app[s.CUSTOM_ATTRIBUTES] if reference in one.formula.parts)
        if keys:
            found.append(InFormula(app_id=app.id, name=app.app.name, label=app[s.LABEL] or app.app.name, keys=keys))
    return tuple(found)
