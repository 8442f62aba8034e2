"""/setup/profiles and /setup/permsets: what users may do, and which apps are pre-authorized through it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.fields import Field, Problems, status_of, with_problem
from grantway.console.visit import Route, Visit
from grantway.domain.permissions import ALL, read_permissions
from grantway.kit.http import Reply
from grantway.manage.connected_apps import assignments
from grantway.manage.connected_apps.app_values import why_fixed
from grantway.manage.connected_apps.impact import grants as grants_text
from grantway.manage.custom import custom_permissions
from grantway.manage.people import holders, people
from grantway.manage.people.holders import Kind
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How profiles, or permission sets, are called, and where they stand."""

    path: str
    many: str
    one: str
    about: str
    access: str


_WORDS: Final[Mapping[str, _Words]] = {
    holders.PROFILES.table: _Words(
        path="/setup/profiles",
        many="Profiles",
        one="Profile",
        about="Each user has one profile. It says what the user may do.",
        access="Connected App Access",
    ),
    holders.PERMISSION_SETS.table: _Words(
        path="/setup/permsets",
        many="Permission Sets",
        one="Permission Set",
        about="A user has any number of permission sets. They add to what the profile gives.",
        access="Assigned Connected Apps",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    """One profile or permission set in the list."""

    id: str
    label: str
    permissions: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldersPage:
    """All profiles or permission sets of the org."""

    template: ClassVar[str] = "setup/holders.html"
    title: str
    about: str
    path: str
    one: str
    rows: tuple[HolderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One user permission on the form."""

    name: str
    label: str
    allows: str
    ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A custom permission or an app on the form; `was`: as the form began; `fixed`: why it cannot be changed."""

    id: str
    name: str
    label: str
    ticked: bool
    was: bool
    fixed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPage:
    """One profile or permission set, or the form for a new one (`members` None).

    - `apps`: links to the apps that name it, for whoever may not read apps; for others `app_ticks`.
    - `stopping`: how many grants saving would stop, where that was not agreed to yet.
    """

    template: ClassVar[str] = "setup/holder.html"
    title: str
    action: str
    back: str
    button: str
    fields: tuple[Field, ...] = ()
    ticks: tuple[Tick, ...]
    seen: str = ""
    members: int | None = None
    custom: tuple[Choice, ...] = ()
    access: str = ""
    app_ticks: tuple[Choice, ...] | None = None
    apps: tuple[people.AppNamed, ...] = ()
    stopping: int = 0
    problems: Problems = ()


async def show_all(kind: Kind, visit: Visit) -> Reply:
    """List them."""
    words = _WORDS[kind.table]
    number = await people.members(visit.desk, visit.org)
    rows = tuple(
        HolderRow(
            id=one.id,
            label=one.label,
            permissions=_listed(read_permissions(one.permissions)),
            members=number.get(one.id, 0),
        )
        for one in await holders.all_of(visit.desk, kind, visit.org.id)
    )
    page = HoldersPage(title=words.many, about=words.about, path=words.path, one=words.one, rows=rows)
    return visit.show(page, here=words.path)


async def ask_new(kind: Kind, visit: Visit) -> Reply:
    """Show an empty form."""
    words = _WORDS[kind.table]
    return visit.show(_new_page(words, "", frozenset()), here=words.path, crumbs=((words.many, words.path),))


async def new(kind: Kind, visit: Visit) -> Reply:
    """Make one."""
    words = _WORDS[kind.table]
    name, chosen = visit.form.get("name", ""), _chosen(visit)
    try:
        made = await holders.create(visit.desk, kind, visit.org.id, name, chosen)
    except ManageProblem as problem:
        page = _new_page(words, name, frozenset(chosen))
        return _again(visit, words, page, problem)
    return visit.go(f"{words.path}/{made.id}", saying=f"The {kind.word} {made.label} is made.")


async def show(kind: Kind, visit: Visit) -> Reply:
    """Show one, with its form."""
    words = _WORDS[kind.table]
    page = await _page(kind, visit)
    return visit.show(page, here=words.path, crumbs=((words.many, words.path),))


class _Unagreed(Exception):
    """Grants would be refused, and nobody agreed to that."""

    def __init__(self, stopping: int) -> None:
        super().__init__()
        self.stopping: Final = stopping


async def save(kind: Kind, visit: Visit) -> Reply:
    """Change what one gives and which apps it pre-authorizes; all of it or nothing."""
    words = _WORDS[kind.table]
    agreed = visit.form.get("confirm", "")
    try:
        label, stopped = await _save(kind, visit, int(agreed) if agreed.isdecimal() and len(agreed) < 10 else 0)
    except NotFound:
        raise
    except _Unagreed as told:
        page = replace(await _page(kind, visit, is_typed=True), stopping=told.stopping)
        return visit.show(page, here=words.path, crumbs=((words.many, words.path),), status=409)
    except ManageProblem as problem:
        return _again(visit, words, await _page(kind, visit, is_typed=True), problem)
    lost = f" {grants_text(stopped)} {'is' if stopped == 1 else 'are'} refused from now on." if stopped else ""
    saying = f"Saved. In force for everybody with {label} now.{lost}"
    return visit.go(f"{words.path}/{visit.params['id']}", saying=saying)


async def _save(kind: Kind, visit: Visit, agreed: int) -> tuple[str, int]:
    """Save the form; return the holder's label and how many grants are stopped.

    Raises:
        ManageProblem: what one of the operations refuses.
        _Unagreed: more grants would be stopped than was agreed to; nothing is saved.
    """
    org, name, chosen = visit.org, visit.params["id"], _chosen(visit)
    stopped = 0
    async with visit.desk.changing() as changing:
        holder = await holders.find(changing, kind, org.id, name)
        if set(chosen) != read_permissions(holder.permissions):
            await holders.change(changing, kind, org.id, name, chosen, seen=visit.form.get("seen", ""))
        # Of the rest only what was changed on the form: what somebody else ticked meanwhile stays.
        added, taken = _difference(visit, "custom")
        if added or taken:
            given = await custom_permissions.given_by(changing, org, kind, name)
            after = (*(one for one in given if one not in taken), *added)
            await custom_permissions.give(changing, org, kind, name, after)
        added, taken = _difference(visit, "app")
        for app_id in (*added, *taken):
            stopped += await assignments.assign(changing, org, kind, name, app_id, assigned=app_id in added)
        if stopped > agreed:
            raise _Unagreed(stopped)
    return holder.label, stopped


def _difference(visit: Visit, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what was ticked on the form, and what was cleared."""
    was, now = set(visit.forms.get(f"was_{name}", ())), set(visit.forms.get(name, ()))
    return tuple(sorted(now - was)), tuple(sorted(was - now))


async def _page(kind: Kind, visit: Visit, *, is_typed: bool = False) -> HolderPage:
    """Return the page of one as it is, or as it was typed."""
    words = _WORDS[kind.table]
    holder = await holders.find(visit.desk, kind, visit.org.id, visit.params["id"])
    named = {"profile": holder.name} if kind is holders.PROFILES else {"permission_set": holder.name}
    app_ticks = await _app_ticks(kind, visit, is_typed=is_typed)
    return HolderPage(
        title=holder.label,
        action=f"{words.path}/{holder.id}",
        back=words.path,
        button="Save",
        ticks=_ticks(frozenset(_chosen(visit)) if is_typed else read_permissions(holder.permissions)),
        seen=visit.form.get("seen", "") if is_typed else holders.version_of(holder),
        members=(await people.members(visit.desk, visit.org)).get(holder.id, 0),
        custom=await _custom(kind, visit, is_typed=is_typed),
        access=words.access,
        app_ticks=app_ticks,
        apps=await people.pre_authorized(visit.desk, visit.org, **named) if app_ticks is None else (),
    )


async def _custom(kind: Kind, visit: Visit, *, is_typed: bool) -> tuple[Choice, ...]:
    given = await custom_permissions.given_by(visit.desk, visit.org, kind, visit.params["id"])
    ticked, was = _typed(visit, "custom", given, is_typed=is_typed)
    return tuple(
        Choice(id=one.id, name=one.name, label=one.label, ticked=one.name in ticked, was=one.name in was)
        for one in await custom_permissions.all_of(visit.desk, visit.org)
    )


async def _app_ticks(kind: Kind, visit: Visit, *, is_typed: bool) -> tuple[Choice, ...] | None:
    """Return the apps that can be assigned; None where the caller may not read apps."""
    try:
        there = await assignments.assignable(visit.desk, visit.org, kind, visit.params["id"])
    except NotAllowed:
        return None
    ticked, was = _typed(visit, "app", tuple(app.id for app, held in there if held), is_typed=is_typed)
    return tuple(
        Choice(
            id=app.id,
            name=app.app.name if app.is_at_home else app.id,
            label=app[s.LABEL] or app.app.name,
            ticked=app.id in ticked,
            was=app.id in was,
            fixed=why_fixed(visit.desk, visit.org, assignments.list_of(kind), app, app.kind),
        )
        for app, _ in there
    )


def _typed(
    visit: Visit, name: str, held: tuple[str, ...], *, is_typed: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is ticked and what was: as it is, or as the form came."""
    return (visit.forms.get(name, ()), visit.forms.get(f"was_{name}", ())) if is_typed else (held, held)


def _new_page(words: _Words, name: str, chosen: frozenset[str]) -> HolderPage:
    return HolderPage(
        title=f"New {words.one}",
        action=f"{words.path}/new",
        back=words.path,
        button=f"Make the {words.one.lower()}",
        fields=(Field(name="name", label="Name", value=name, required=True, help="1 to 80 characters."),),
        ticks=_ticks(chosen),
    )


def _again(visit: Visit, words: _Words, page: HolderPage, problem: ManageProblem) -> Reply:
    fields, problems = with_problem(page.fields, problem)
    page = replace(page, fields=fields, problems=problems)
    return visit.show(page, here=words.path, crumbs=((words.many, words.path),), status=status_of(problem))


def _chosen(visit: Visit) -> tuple[str, ...]:
    return tuple(visit.forms.get("permission", ()))


def _ticks(chosen: frozenset[str]) -> tuple[Tick, ...]:
    return tuple(
        Tick(name=one.name, label=one.label, allows=one.allows, ticked=one.name in chosen) for one in ALL.values()
    )


def _listed(permissions: frozenset[str]) -> str:
    return ", ".join(one.label for one in ALL.values() if one.name in permissions) or "none"


def _routes(kind: Kind) -> tuple[Route, ...]:
    path = _WORDS[kind.table].path
    return (
        Route(path, get=partial(show_all, kind)),
        Route(f"{path}/new", get=partial(ask_new, kind), post=partial(new, kind)),
        Route(f"{path}/{{id}}", get=partial(show, kind), post=partial(save, kind)),
    )


ROUTES: Final = (*_routes(holders.PROFILES), *_routes(holders.PERMISSION_SETS))
