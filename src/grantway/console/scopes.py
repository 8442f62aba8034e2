"""/setup/scopes: the org's custom scopes, and the apps that may ask for each."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from grantway import settings as s
from grantway.console.fields import Field, Problems, status_of, with_problem
from grantway.console.visit import Route, Visit
from grantway.domain.app import InstalledApp
from grantway.domain.custom import CustomScope
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_scopes
from grantway.manage.problem import ManageProblem, NotFound

PATH: Final = "/setup/scopes"
TITLE: Final = "OAuth Custom Scopes"
_CRUMBS: Final = ((TITLE, PATH),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRow:
    """One custom scope in the list."""

    id: str
    name: str
    description: str
    is_public: bool
    apps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopesPage:
    """All custom scopes of the org."""

    template: ClassVar[str] = "setup/scopes.html"
    title: str = TITLE
    rows: tuple[ScopeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTick:
    """One app that may be allowed to ask for the scope."""

    id: str
    label: str
    name: str
    ticked: bool
    was: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopePage:
    """One custom scope, or the form for a new one (`id` empty)."""

    template: ClassVar[str] = "setup/scope.html"
    title: str
    id: str = ""
    action: str
    button: str
    fields: tuple[Field, ...]
    is_public: bool
    ticks: tuple[AppTick, ...] = ()
    seen: str = ""
    problems: Problems = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeDeletePage:
    """What ends when a custom scope is deleted; asked before it is done."""

    template: ClassVar[str] = "setup/scope_delete.html"
    title: str
    id: str
    name: str
    description: str
    apps: tuple[str, ...]


async def show_all(visit: Visit) -> Reply:
    """List them."""
    scopes = await custom_scopes.all_of(visit.desk, visit.org)
    held = [name for app in await apps.all_apps(visit.desk, visit.org) for name in app[s.CUSTOM_SCOPES]]
    rows = tuple(
        ScopeRow(
            id=one.id,
            name=one.name,
            description=one.description,
            is_public=bool(one.is_public),
            apps=held.count(one.name),
        )
        for one in scopes
    )
    return visit.show(ScopesPage(rows=rows), here=PATH)


async def ask_new(visit: Visit) -> Reply:
    """Show an empty form."""
    await custom_scopes.all_of(visit.desk, visit.org)  # who may not make one is told at once
    return visit.show(_new_page({}), here=PATH, crumbs=_CRUMBS)


async def new(visit: Visit) -> Reply:
    """Make one."""
    form = visit.form
    asked = custom_scopes.NewScope(
        name=form.get("name", ""),
        label=form.get("label", ""),
        description=form.get("description", ""),
        is_public="is_public" in form,
    )
    try:
        made = await custom_scopes.create(visit.desk, visit.org, asked)
    except ManageProblem as problem:
        return _again(visit, _new_page(form), problem)
    text = f"{made.name} is made. No app may ask for it yet: tick those that may."
    return visit.go(f"{PATH}/{made.id}", saying=text)


async def show(visit: Visit) -> Reply:
    """Show one, with its form."""
    scope = await _scope(visit)
    return visit.show(await _page(visit, scope, None), here=PATH, crumbs=_CRUMBS)


async def save(visit: Visit) -> Reply:
    """Change what is said of one, and which apps may ask for it; all of it or nothing."""
    scope = await _scope(visit)
    form = visit.form
    asked: dict[str, Any] = {
        "label": form.get("label", ""),
        "description": form.get("description", ""),
        "is_public": "is_public" in form,
    }
    was, ticked = set(visit.forms.get("was", ())), set(visit.forms.get("app", ()))
    try:
        async with visit.desk.changing() as changing:
            await custom_scopes.change(changing, visit.org, scope.name, asked, seen=form.get("seen", ""))
            # Only what was changed on the form: what somebody else ticked meanwhile stays.
            for app_id in sorted(was ^ ticked):
                await custom_scopes.assign(changing, visit.org, scope.name, app_id, assigned=app_id in ticked)
    except ManageProblem as problem:
        return _again(visit, await _page(visit, scope, ticked), problem)
    return visit.go(f"{PATH}/{scope.id}", saying=f"Saved: {scope.name}, in force now.")


async def ask_delete(visit: Visit) -> Reply:
    """Say what ends."""
    scope = await _scope(visit)
    named = tuple(_label(app) for app in await custom_scopes.apps_with(visit.desk, visit.org, scope))
    page = ScopeDeletePage(
        title=f"Delete {scope.name}?", id=scope.id, name=scope.name, description=scope.description, apps=named
    )
    return visit.show(page, here=PATH, crumbs=(*_CRUMBS, (scope.name, f"{PATH}/{scope.id}")))


async def delete(visit: Visit) -> Reply:
    """Delete one."""
    gone = await custom_scopes.delete(visit.desk, visit.org, (await _scope(visit)).name)
    return visit.go(PATH, saying=f"{gone.name} is deleted. No app can ask for it any more.")


async def _scope(visit: Visit) -> CustomScope:
    return await custom_scopes.find(visit.desk, visit.org, visit.params["id"])


async def _page(visit: Visit, scope: CustomScope, ticked: set[str] | None) -> ScopePage:
    """Return the page of a scope; `ticked` are the apps of a form that failed, which is shown as it came."""
    values = visit.form if ticked is not None else custom_scopes.fields_of(scope)
    was = set(visit.forms.get("was", ()))
    ticks = tuple(
        AppTick(
            id=app.id,
            label=_label(app),
            name=app.app.name,
            ticked=scope.name in app[s.CUSTOM_SCOPES] if ticked is None else app.id in ticked,
            was=scope.name in app[s.CUSTOM_SCOPES] if ticked is None else app.id in was,
        )
        for app in await apps.all_apps(visit.desk, visit.org)
    )
    return ScopePage(
        title=scope.name,
        id=scope.id,
        action=f"{PATH}/{scope.id}",
        button="Save",
        fields=_fields(values),
        is_public=bool(values.get("is_public")),
        ticks=ticks,
        seen=str(scope.version) if ticked is None else visit.form.get("seen", ""),
    )


def _new_page(typed: Any) -> ScopePage:
    name = Field(
        name="name",
        label="Name",
        value=typed.get("name", ""),
        required=True,
        help="What stands in scope= and in tokens: letters, digits and single underscores. It never changes.",
    )
    return ScopePage(
        title="New OAuth Custom Scope",
        action=f"{PATH}/new",
        button="Make the scope",
        fields=(name, *_fields(typed, is_new=True)),
        is_public="is_public" in typed,
    )


def _fields(values: Any, *, is_new: bool = False) -> tuple[Field, ...]:
    return (
        Field(
            name="description",
            label="Description",
            value=str(values.get("description", "")),
            required=True,
            help="People read it on the consent page: at most 60 letters, digits and blanks.",
        ),
        Field(
            name="label",
            label="Label",
            value=str(values.get("label", "")),
            required=not is_new,
            help="For administrators: letters, digits and underscores." + (" Left out, the name." if is_new else ""),
        ),
    )


def _again(visit: Visit, page: ScopePage, problem: ManageProblem) -> Reply:
    if isinstance(problem, NotFound):
        raise problem
    fields, problems = with_problem(page.fields, problem)
    page = replace(page, fields=fields, problems=problems)
    return visit.show(page, here=PATH, crumbs=_CRUMBS, status=status_of(problem))


def _label(app: InstalledApp) -> str:
    return app[s.LABEL] or app.app.name


ROUTES: Final = (
    Route(PATH, get=show_all),
    Route(f"{PATH}/new", get=ask_new, post=new),
    Route(f"{PATH}/{{id}}", get=show, post=save),
    Route(f"{PATH}/{{id}}/delete", get=ask_delete, post=delete),
)
