"""/setup/token-handlers: whose tokens the org believes, and the apps that may exchange them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from grantway import settings as s
from grantway.console.fields import Field, Problems, status_of, with_problem
from grantway.console.places import TOKEN_HANDLERS, app_path
from grantway.console.visit import Route, Visit
from grantway.domain.token_handler import TokenHandler
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.exchange import token_handlers
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem, NotFound
from grantway.settings.token_handlers import ENABLED, FIELDS, SECRETS, Group, HandlerField

TITLE: Final = "Token Exchange Handlers"
_CRUMBS: Final = ((TITLE, TOKEN_HANDLERS),)
_LINES: Final = frozenset({"names", "certificate"})
_SUGGESTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerLine:
    """One handler in the list."""

    id: str
    name: str
    label: str
    believes: str
    state: str
    apps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlersPage:
    """All handlers of the org."""

    template: ClassVar[str] = "setup/token_handlers.html"
    title: str = TITLE
    rows: tuple[HandlerLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A field as the form shows it: `widget` is line, check, checks, select or lines."""

    field: Field
    widget: str
    ticked: tuple[str, ...] = ()

    @property
    def described_by(self) -> str:
        """The ids of what is said about it."""
        ids = [f"{self.field.name}-help"] if self.field.help else []
        return " ".join([*ids, f"{self.field.name}-err"] if self.field.problem else ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLine:
    """An app that may use the handler."""

    id: str
    name: str
    path: str
    run_as: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerPage:
    """One handler, or the form for a new one (`id` empty)."""

    template: ClassVar[str] = "setup/token_handler.html"
    title: str
    id: str = ""
    action: str
    button: str
    groups: tuple[tuple[str, tuple[Control, ...]], ...]
    seen: str = ""
    missing: tuple[str, ...] = ()
    enabled: tuple[AppLine, ...] = ()
    enabling: tuple[Field, ...] = ()
    problems: Problems = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerDeletePage:
    """What ends when a handler is deleted; asked before it is done."""

    template: ClassVar[str] = "setup/token_handler_delete.html"
    title: str
    id: str
    name: str
    apps: tuple[str, ...]


async def show_all(visit: Visit) -> Reply:
    """List them."""
    rows = []
    for one in await token_handlers.all_of(visit.desk, visit.org):
        state = "off" if not one[ENABLED] else "incomplete" if one.missing() else "on"
        believes = one.believes
        number = len(await token_handlers.enabled_apps(visit.desk, visit.org, one))
        label = token_handlers.fields_of(one)["label"]
        rows.append(HandlerLine(id=one.id, name=one.name, label=label, believes=believes, state=state, apps=number))
    return visit.show(HandlersPage(rows=tuple(rows)), here=TOKEN_HANDLERS)


async def ask_new(visit: Visit) -> Reply:
    """Show an empty form."""
    await token_handlers.all_of(visit.desk, visit.org)  # who may not make one is told at once
    return visit.show(
        _new_page({"enabled": "true", "subject_token_types": ["jwt"]}), here=TOKEN_HANDLERS, crumbs=_CRUMBS
    )


async def new(visit: Visit) -> Reply:
    """Make one."""
    try:
        made = await token_handlers.create(visit.desk, visit.org, visit.form.get("name", ""), _asked(visit))
    except ManageProblem as problem:
        return _again(visit, _new_page(_typed(visit)), problem)
    return visit.go(f"{TOKEN_HANDLERS}/{made.id}", saying=f"{made.name} is made. Enable it for an app.")


async def show(visit: Visit) -> Reply:
    """Show one, with its form."""
    handler = await _handler(visit)
    return visit.show(await _page(visit, handler), here=TOKEN_HANDLERS, crumbs=_CRUMBS)


async def save(visit: Visit) -> Reply:
    """Change one."""
    handler = await _handler(visit)
    try:
        await token_handlers.change(visit.desk, visit.org, handler.id, _asked(visit), seen=visit.form.get("seen", ""))
    except ManageProblem as problem:
        return _again(visit, await _page(visit, handler, _typed(visit)), problem)
    return visit.go(f"{TOKEN_HANDLERS}/{handler.id}", saying=f"Saved: {handler.name}, in force now.")


async def enable(visit: Visit) -> Reply:
    """Let an app use it."""
    handler, form = await _handler(visit), visit.form
    app, run_as, is_default = form.get("app", ""), form.get("run_as", ""), "is_default" in form
    try:
        _, enabled = await token_handlers.enable(
            visit.desk, visit.org, handler.id, app, run_as.strip(), is_default=is_default
        )
    except ManageProblem as problem:
        return _again(visit, await _page(visit, handler, chosen={"app": app, "run_as": run_as}), problem)
    return visit.go(f"{TOKEN_HANDLERS}/{handler.id}", saying=f"{enabled.app.name} may use {handler.name}.")


async def disable(visit: Visit) -> Reply:
    """Let an app use it no longer."""
    handler = await _handler(visit)
    await token_handlers.disable(visit.desk, visit.org, handler.id, visit.form.get("app", ""))
    return visit.go(f"{TOKEN_HANDLERS}/{handler.id}", saying="The app can no longer use it.")


async def ask_delete(visit: Visit) -> Reply:
    """Say what ends."""
    handler = await _handler(visit)
    named = tuple(one.app for one in await token_handlers.enabled_apps(visit.desk, visit.org, handler))
    page = HandlerDeletePage(title=f"Delete {handler.name}?", id=handler.id, name=handler.name, apps=named)
    crumbs = (*_CRUMBS, (handler.name, f"{TOKEN_HANDLERS}/{handler.id}"))
    return visit.show(page, here=TOKEN_HANDLERS, crumbs=crumbs)


async def delete(visit: Visit) -> Reply:
    """Delete one."""
    gone = await token_handlers.delete(visit.desk, visit.org, (await _handler(visit)).id)
    return visit.go(TOKEN_HANDLERS, saying=f"{gone.name} is deleted. Nothing more is exchanged by it.")


async def _handler(visit: Visit) -> TokenHandler:
    return await token_handlers.find(visit.desk, visit.org, visit.params["id"])


def _asked(visit: Visit) -> dict[str, Any]:
    """Return the fields as the form sent them: a box that is not ticked is not sent, and means no."""
    asked: dict[str, Any] = {}
    for one in FIELDS:
        if one.kind.name == "flag":
            asked[one.name] = one.name in visit.form
        elif one.kind.name == "subject_token_types":
            asked[one.name] = list(visit.forms.get(one.name, ()))
        elif one.name in visit.form:
            asked[one.name] = visit.form[one.name]
    return asked


def _typed(visit: Visit) -> dict[str, Any]:
    """Return what was typed, to be shown again; a secret is not."""
    typed = {**_asked(visit), "name": visit.form.get("name", ""), "seen": visit.form.get("seen", "")}
    secret = {one.name for one in SECRETS}
    return {name: value for name, value in typed.items() if name not in secret}


def _new_page(typed: Mapping[str, Any]) -> HandlerPage:
    name = Field(
        name="name",
        label="Name",
        value=str(typed.get("name", "")),
        required=True,
        help="What apps send in token_handler: letters, digits and single underscores. It never changes.",
    )
    groups = _groups(typed)
    first, controls = groups[0]
    return HandlerPage(
        title="New Token Exchange Handler",
        action=f"{TOKEN_HANDLERS}/new",
        button="Make the handler",
        groups=((first, (Control(field=name, widget="line"), *controls)), *groups[1:]),
    )


async def _page(
    visit: Visit,
    handler: TokenHandler,
    typed: Mapping[str, Any] | None = None,
    *,
    chosen: Mapping[str, str] | None = None,
) -> HandlerPage:
    """Return the page of a handler; `typed` and `chosen` are what stood in a form that failed."""
    enabled = await token_handlers.enabled_apps(visit.desk, visit.org, handler)
    every = await apps.all_apps(visit.desk, visit.org)
    people = [one.username for one in (await users.all_users(visit.desk, visit.org))[:_SUGGESTED] if one.may_act]
    chosen = chosen or {}
    lines = tuple(
        AppLine(id=one.app_id, name=one.app, path=app_path(one.app), run_as=one.run_as, is_default=one.is_default)
        for one in enabled
    )
    enabling = (
        Field(
            name="app",
            label="App",
            value=chosen.get("app", ""),
            choices=tuple((app.id, app[s.LABEL] or app.app.name) for app in every),
        ),
        Field(
            name="run_as",
            label="Execution user",
            value=chosen.get("run_as", "" if not people else visit.desk.caller.username),
            required=True,
            help="The username as whom it works, and makes users.",
        ),
    )
    return HandlerPage(
        title=handler.name,
        id=handler.id,
        action=f"{TOKEN_HANDLERS}/{handler.id}",
        button="Save",
        groups=_groups(
            token_handlers.fields_of(handler) if typed is None else typed,
            stored={one for one in SECRETS if handler.box(one)},
        ),
        seen=str(handler.row.version) if typed is None else str(typed.get("seen", "")),
        missing=handler.missing(),
        enabled=lines,
        enabling=enabling if every else (),
    )


def _groups(
    values: Mapping[str, Any], *, stored: Set[HandlerField[str]] = frozenset()
) -> tuple[tuple[str, tuple[Control, ...]], ...]:
    """Return the form's parts; `stored` are the secrets that are there, and not shown."""
    found: dict[Group, list[Control]] = {group: [] for group in Group}
    for one in FIELDS:
        kind = one.kind
        value = values.get(one.name, kind.write(one.default)) if not one.secret else ""
        help_text = one.help + (" One is stored." if one in stored else "")
        field = Field(
            name=one.name,
            label=one.label,
            value="\n".join(value) if isinstance(value, (list, tuple)) else str(value or ""),
            type="password" if one.secret else "text",
            autocomplete="off" if one.secret else "",
            help=help_text,
            required=bool(kind.schema.get("minLength")) and bool(values),
        )
        ticked: tuple[str, ...] = ()
        if kind.name == "flag":
            widget, ticked = "check", (("true",) if value in (True, "true") else ())
        elif kind.name == "subject_token_types":
            widget, ticked = "checks", tuple(value or ())
            field = replace(field, choices=tuple((name, name) for name in kind.schema["items"]["enum"]))
        elif kind.name == "choice":
            widget, field = "select", replace(field, choices=tuple(one.words.items()))
        else:
            widget = "lines" if kind.name in _LINES or kind.many else "line"
        found[one.group].append(Control(field=field, widget=widget, ticked=ticked))
    return tuple((group.value, tuple(controls)) for group, controls in found.items())


def _again(visit: Visit, page: HandlerPage, problem: ManageProblem) -> Reply:
    """Show a form that failed, with what is wrong at each field."""
    if isinstance(problem, NotFound):
        raise problem
    flat = tuple(control.field for _, controls in page.groups for control in controls) + page.enabling
    fields, problems = with_problem(flat, problem)
    marked = {field.name: field for field in fields}
    groups = tuple(
        (title, tuple(replace(one, field=marked[one.field.name]) for one in controls))
        for title, controls in page.groups
    )
    enabling = tuple(marked[one.name] for one in page.enabling)
    page = replace(page, groups=groups, enabling=enabling, problems=problems)
    return visit.show(page, here=TOKEN_HANDLERS, crumbs=_CRUMBS, status=status_of(problem))


ROUTES: Final = (
    Route(TOKEN_HANDLERS, get=show_all),
    Route(f"{TOKEN_HANDLERS}/new", get=ask_new, post=new),
    Route(f"{TOKEN_HANDLERS}/{{id}}", get=show, post=save),
    Route(f"{TOKEN_HANDLERS}/{{id}}/enable", post=enable),
    Route(f"{TOKEN_HANDLERS}/{{id}}/disable", post=disable),
    Route(f"{TOKEN_HANDLERS}/{{id}}/delete", get=ask_delete, post=delete),
)
