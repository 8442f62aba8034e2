"""/setup/custom-permissions: the org's custom permissions, what each requires, and who holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from grantway import settings as s
from grantway.console.fields import Field, Problems, status_of, with_problem
from grantway.console.places import app_path
from grantway.console.visit import Route, Visit
from grantway.domain.custom import CustomPermission
from grantway.kit.http import Reply
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions
from grantway.manage.custom.permission_needs import is_licensed, required_of
from grantway.manage.custom.permission_use import Use, givers, use_of
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound

PATH: Final = "/setup/custom-permissions"
TITLE: Final = "Custom Permissions"
_CRUMBS: Final = ((TITLE, PATH),)
# With more apps than this nobody looks for one in a list: its API name is typed.
_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRow:
    """One custom permission in the list."""

    id: str
    name: str
    label: str
    description: str
    app: str
    givers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsPage:
    """All custom permissions of the org."""

    template: ClassVar[str] = "setup/permissions.html"
    title: str = TITLE
    rows: tuple[PermissionRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another custom permission, which this one may require."""

    name: str
    label: str
    ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """One place where the permission is used: what it is, where it stands, and how far it reaches."""

    what: str
    label: str
    path: str
    reach: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionPage:
    """One custom permission, or the form for a new one (`id` empty)."""

    template: ClassVar[str] = "setup/permission.html"
    title: str
    id: str = ""
    action: str
    button: str
    fields: tuple[Field, ...]
    others: tuple[Other, ...]
    required_problem: str = ""
    is_licensed: bool = False
    used: tuple[UseRow, ...] = ()
    seen: str = ""
    problems: Problems = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDeletePage:
    """What ends when a custom permission is deleted; asked before it is done."""

    template: ClassVar[str] = "setup/permission_delete.html"
    title: str
    id: str
    name: str
    label: str
    used: tuple[UseRow, ...]
    required_by: tuple[str, ...]


async def show_all(visit: Visit) -> Reply:
    """List them."""
    given = await givers(visit.desk, visit.org)
    rows = [
        PermissionRow(
            id=one.id,
            name=one.name,
            label=one.label,
            description=one.description,
            app=await custom_permissions.app_name_of(visit.desk, one),
            givers=len(given.get(one.id, ())),
        )
        for one in await custom_permissions.all_of(visit.desk, visit.org)
    ]
    return visit.show(PermissionsPage(rows=tuple(rows)), here=PATH)


async def ask_new(visit: Visit) -> Reply:
    """Show an empty form."""
    visit.desk.caller.needs(Right.CUSTOM_PERMISSIONS, visit.org.id)  # who may not make one is told at once
    return visit.show(await _new_page(visit, {}), here=PATH, crumbs=_CRUMBS)


async def new(visit: Visit) -> Reply:
    """Make one."""
    form = visit.form
    asked = custom_permissions.NewPermission(
        name=form.get("name", ""),
        label=form.get("label", ""),
        description=form.get("description", ""),
        app=form.get("app", "").strip(),
        required=visit.forms.get("required", ()),
    )
    try:
        made = await custom_permissions.create(visit.desk, visit.org, asked)
    except ManageProblem as problem:
        return _again(visit, await _new_page(visit, form), problem)
    text = f"{made.name} is made. Nobody holds it yet: tick it in a profile or permission set."
    return visit.go(f"{PATH}/{made.id}", saying=text)


async def show(visit: Visit) -> Reply:
    """Show one, with its form and where it is used."""
    permission = await _permission(visit)
    return visit.show(await _page(visit, permission, None), here=PATH, crumbs=_CRUMBS)


async def save(visit: Visit) -> Reply:
    """Change what is said of one."""
    permission = await _permission(visit)
    form = visit.form
    asked: dict[str, Any] = {
        "label": form.get("label", ""),
        "description": form.get("description", ""),
        "app": form.get("app", "").strip(),
        "required": visit.forms.get("required", ()),
    }
    try:
        await custom_permissions.change(visit.desk, visit.org, permission.id, asked, seen=form.get("seen", ""))
    except ManageProblem as problem:
        return _again(visit, await _page(visit, permission, asked), problem)
    return visit.go(f"{PATH}/{permission.id}", saying=f"Saved: {permission.name}, in force now.")


async def ask_delete(visit: Visit) -> Reply:
    """Say who loses it."""
    permission = await _permission(visit)
    use = await use_of(visit.desk, visit.org, permission)
    page = PermissionDeletePage(
        title=f"Delete {permission.name}?",
        id=permission.id,
        name=permission.name,
        label=permission.label,
        used=_rows(use),
        required_by=use.required_by,
    )
    return visit.show(page, here=PATH, crumbs=(*_CRUMBS, (permission.name, f"{PATH}/{permission.id}")))


async def delete(visit: Visit) -> Reply:
    """Delete one; where another one requires it, say so."""
    permission = await _permission(visit)
    try:
        gone = await custom_permissions.delete(visit.desk, visit.org, permission.id)
    except (NotAllowed, NotFound):
        raise
    except ManageProblem as problem:
        return visit.go(f"{PATH}/{permission.id}", saying=f"Not deleted: {problem}.", kind="warn")
    return visit.go(PATH, saying=f"{gone.name} is deleted. Nobody holds it any more.")


async def _permission(visit: Visit) -> CustomPermission:
    return await custom_permissions.find(visit.desk, visit.org, visit.params["id"])


async def _page(visit: Visit, permission: CustomPermission, typed: Mapping[str, Any] | None) -> PermissionPage:
    values = await custom_permissions.fields_of(visit.desk, permission) if typed is None else typed
    return PermissionPage(
        title=permission.name,
        id=permission.id,
        action=f"{PATH}/{permission.id}",
        button="Save",
        fields=await _fields(visit, values),
        others=await _others(visit, values.get("required", ()), permission),
        is_licensed=is_licensed(permission),
        used=_rows(await use_of(visit.desk, visit.org, permission)),
        seen=str(permission.version) if typed is None else visit.form.get("seen", ""),
    )


async def _new_page(visit: Visit, typed: Mapping[str, str]) -> PermissionPage:
    name = Field(
        name="name",
        label="Name",
        value=typed.get("name", ""),
        required=True,
        help="What apps read: letters, digits and single underscores. It never changes.",
    )
    return PermissionPage(
        title="New Custom Permission",
        action=f"{PATH}/new",
        button="Make the permission",
        fields=(name, *await _fields(visit, typed, is_new=True)),
        others=await _others(visit, visit.forms.get("required", ())),
    )


async def _fields(visit: Visit, values: Mapping[str, Any], *, is_new: bool = False) -> tuple[Field, ...]:
    app = str(values.get("app", ""))
    choices = await _apps(visit, app)
    told = (
        "The one app that is told of it." if choices else "API name of the one app that is told of it; else every app."
    )
    return (
        Field(
            name="label",
            label="Label",
            value=str(values.get("label", "")),
            required=not is_new,
            help="For administrators." + (" Left out, the name." if is_new else ""),
        ),
        Field(
            name="description",
            label="Description",
            value=str(values.get("description", "")),
            help="What it lets a user do.",
        ),
        Field(
            name="app",
            label="Connected App",
            value=app,
            choices=choices,
            help=told,
        ),
    )


async def _apps(visit: Visit, chosen: str) -> tuple[tuple[str, str], ...]:
    """Return the apps to choose from; none where the caller may not read them, or there are too many to look through.

    What is chosen stands among them even if the org has no such app: a file tied the permission to it.
    """
    try:
        there = await apps.all_apps(visit.desk, visit.org)
    except NotAllowed:
        return ()
    if len(there) > _LISTED:
        return ()
    found = [(app.app.name, app[s.LABEL] or app.app.name) for app in there if app.is_at_home]
    missing = () if not chosen or chosen in dict(found) else ((chosen, f"{chosen} (not in this org)"),)
    return (("", "Every app"), *found, *missing)


async def _others(visit: Visit, ticked: Any, permission: CustomPermission | None = None) -> tuple[Other, ...]:
    there = [
        one
        for one in await custom_permissions.all_of(visit.desk, visit.org)
        if permission is None or one.id != permission.id
    ]
    names = {one.name for one in there}
    kept = required_of(permission) if permission is not None else ()
    missing = tuple(
        Other(name=one, label=f"{one} (not in this org)", ticked=one in ticked) for one in kept if one not in names
    )
    return (*(Other(name=one.name, label=one.label, ticked=one.name in ticked) for one in there), *missing)


def _rows(use: Use) -> tuple[UseRow, ...]:
    rows = [
        UseRow(
            what="Profile" if one.kind is holders.PROFILES else "Permission Set",
            label=one.label,
            path=f"/setup/{'profiles' if one.kind is holders.PROFILES else 'permsets'}/{one.id}",
            reach=f"{one.users:,} user{'' if one.users == 1 else 's'}",
        )
        for one in use.givers
    ]
    rows += [UseRow(what="Required by", label=name, path=f"{PATH}/{name}", reach="") for name in use.required_by]
    rows += [
        UseRow(what="Custom attribute", label=one.label, path=app_path(one.app_id), reach=", ".join(one.keys))
        for one in use.formulas
    ]
    return tuple(rows)


def _again(visit: Visit, page: PermissionPage, problem: ManageProblem) -> Reply:
    """Show a form again with all that was typed, and what is wrong."""
    if isinstance(problem, NotFound):
        problem = ManageProblem.at("app", str(problem))
    required = Field(name="required", label="Required Custom Permissions")
    fields, problems = with_problem((*page.fields, required), problem)
    page = replace(page, fields=fields[:-1], required_problem=fields[-1].problem, problems=problems)
    return visit.show(page, here=PATH, crumbs=_CRUMBS, status=status_of(problem))


ROUTES: Final = (
    Route(PATH, get=show_all),
    Route(f"{PATH}/new", get=ask_new, post=new),
    Route(f"{PATH}/{{id}}", get=show, post=save),
    Route(f"{PATH}/{{id}}/delete", get=ask_delete, post=delete),
)
