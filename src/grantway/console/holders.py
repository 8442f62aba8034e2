"""/setup/profiles and /setup/permsets: what users may do, and which apps are pre-authorized through it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from grantway.console.fields import Field, Problems, with_problem
from grantway.console.visit import Route, Visit
from grantway.domain.permissions import ALL, read_permissions
from grantway.kit.http import Reply
from grantway.manage import holders, people
from grantway.manage.holders import Kind
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How profiles, or permission sets, are called, and where they stand."""

    path: str
    many: str
    one: str
    about: str


_WORDS: Final[Mapping[str, _Words]] = {
    holders.PROFILES.table: _Words(
        path="/setup/profiles",
        many="Profiles",
        one="Profile",
        about="Each user has one profile. It says what the user may do.",
    ),
    holders.PERMISSION_SETS.table: _Words(
        path="/setup/permsets",
        many="Permission Sets",
        one="Permission Set",
        about="A user has any number of permission sets. They add to what the profile gives.",
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
class HolderPage:
    """One profile or permission set, or the form for a new one (`members` None)."""

    template: ClassVar[str] = "setup/holder.html"
    title: str
    action: str
    back: str
    button: str
    fields: tuple[Field, ...] = ()
    ticks: tuple[Tick, ...]
    seen: str = ""
    members: int | None = None
    apps: tuple[people.AppNamed, ...] = ()
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
    page = await _page(kind, visit, None)
    return visit.show(page, here=words.path, crumbs=((words.many, words.path),))


async def save(kind: Kind, visit: Visit) -> Reply:
    """Change what one gives."""
    words, chosen = _WORDS[kind.table], _chosen(visit)
    try:
        changed = await holders.change(
            visit.desk, kind, visit.org.id, visit.params["id"], chosen, seen=visit.form.get("seen", "")
        )
    except NotFound:
        raise
    except ManageProblem as problem:
        return _again(visit, words, await _page(kind, visit, frozenset(chosen)), problem)
    return visit.go(f"{words.path}/{changed.id}", saying=f"Saved. In force for everybody with {changed.label} now.")


async def _page(kind: Kind, visit: Visit, chosen: frozenset[str] | None) -> HolderPage:
    words = _WORDS[kind.table]
    holder = await holders.find(visit.desk, kind, visit.org.id, visit.params["id"])
    named = {"profile": holder.name} if kind is holders.PROFILES else {"permission_set": holder.name}
    return HolderPage(
        title=holder.label,
        action=f"{words.path}/{holder.id}",
        back=words.path,
        button="Save",
        ticks=_ticks(read_permissions(holder.permissions) if chosen is None else chosen),
        seen=holders.version_of(holder) if chosen is None else visit.form.get("seen", ""),
        members=(await people.members(visit.desk, visit.org)).get(holder.id, 0),
        apps=await people.pre_authorized(visit.desk, visit.org, **named),
    )


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
    status = 403 if isinstance(problem, NotAllowed) else 409 if isinstance(problem, StaleVersion) else 400
    page = replace(page, fields=fields, problems=problems)
    return visit.show(page, here=words.path, crumbs=((words.many, words.path),), status=status)


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
