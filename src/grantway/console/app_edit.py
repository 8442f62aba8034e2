"""New Connected App, editing one, and the review of what a change does before it is saved (S41, S42)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from grantway import settings as s
from grantway.console.app_form import (
    AppFormPage,
    Locks,
    Typed,
    changes_in,
    locks_of,
    sections_of,
    typed_in,
)
from grantway.console.visit import Route, Visit
from grantway.domain.app import InstalledApp
from grantway.kit.http import Reply
from grantway.manage import apps, impact
from grantway.manage.caller import Right
from grantway.manage.impact import Impact
from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion
from grantway.pages.wording import printable

APPS: Final = "/setup/apps"
NEW: Final = "/setup/apps/new"
_CRUMBS: Final = (("App Manager", APPS),)
# Fields of the form that are none of the app's.
_OURS: Final = frozenset({"csrf", "save", "again", "confirm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """What saving would do; `fields` carry the form on, so that it can be saved or opened again as it was."""

    template: ClassVar[str] = "setup/app_review.html"
    title: str
    name: str
    action: str
    impact: Impact
    at: str
    fields: tuple[tuple[str, str], ...]
    grown: bool = False


def path_of(app: InstalledApp, below: str = "") -> str:
    """Return the path of an app's page in the console."""
    return f"{APPS}/{quote(app.app.name if app.app.org_id == app.org.id else app.id, safe='')}{below}"


async def new(visit: Visit) -> Reply:
    """Show the form of a new app."""
    visit.desk.caller.needs(Right.APPS, visit.org.id)
    return await _form(visit, None, {}, {})


async def create(visit: Visit) -> Reply:
    """Make an app from what was typed, or show the form again with what is wrong."""
    visit.desk.caller.needs(Right.APPS, visit.org.id)
    locks = locks_of(visit, None)
    typed = typed_in(visit.forms, locks)
    values, problems = changes_in(typed, None)
    if problems:
        return await _form(visit, None, typed, problems)
    asked = {setting.name: setting.kind.write(value) for setting, value in values.items()}
    name = visit.form.get("api_name", "").strip() or asked.get(s.LABEL.name, "")
    try:
        if not name:
            raise ManageProblem.at(s.LABEL.name, "give the app a name")
        made = await apps.create(visit.desk, visit.org, apps.NewApp(name=name, values=asked))
    except NotAllowed:
        raise
    except ManageProblem as problem:
        return await _form(visit, None, typed, problem.fields, general=str(problem))
    return visit.go(path_of(made.app), saying=f"{made.app[s.LABEL]} is registered, and in force.")


async def edit(visit: Visit) -> Reply:
    """Show the form of an app."""
    return await _form(visit, await apps.find(visit.desk, visit.org, visit.params["name"]), {}, {})


async def review(visit: Visit) -> Reply:
    """Take the form: show it again, show what saving would do, or save."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    locks = locks_of(visit, app)
    typed = typed_in(visit.forms, locks)
    values, problems = changes_in(typed, app)
    if "again" in visit.form:
        return await _form(visit, app, typed, problems, status=200)
    if problems:
        return await _form(visit, app, typed, problems)
    try:
        if not values:
            return visit.go(path_of(app), saying="Nothing was changed.")
        return await _reviewed(visit, app, values)
    except NotAllowed:
        raise
    except StaleVersion as problem:
        return await _form(visit, app, typed, {}, general=f"{problem}. What you typed is kept below.", status=409)
    except ManageProblem as problem:
        return await _form(visit, app, typed, problem.fields, general=str(problem))


async def _reviewed(visit: Visit, app: InstalledApp, values: Mapping[s.AnySetting, Any]) -> Reply:
    asked = {setting.name: setting.kind.write(value) for setting, value in values.items()}
    seen = visit.form.get("seen", "")
    # Whatever saving would refuse is refused here already.
    found = await impact.weigh(visit.desk, visit.org, app.id, asked, seen=seen)
    agreed = visit.form.get("confirm", "")
    if "save" in visit.form and (found.lost == 0 or (agreed.isdecimal() and int(agreed[:9]) >= found.lost)):
        changed = await apps.change(visit.desk, visit.org, app.id, asked, seen=seen)
        return visit.go(path_of(app), saying=_saved(visit, len(values), changed.ended))
    fields = [(name, value) for name, all_of in visit.forms.items() if name not in _OURS for value in all_of]
    number = len(found.effects)
    page = ReviewPage(
        title=f"Review {number} change{'s' if number != 1 else ''} to {app[s.LABEL] or app.app.name}",
        name=app.app.name,
        action=path_of(app, "/edit"),
        impact=found,
        at=_clock(visit),
        fields=tuple(fields),
        grown="save" in visit.form,
    )
    return visit.show(page, here=APPS, crumbs=(*_CRUMBS, (app[s.LABEL] or app.app.name, path_of(app))))


def _saved(visit: Visit, number: int, ended: int) -> str:
    changes = f"{number} change{'s' if number != 1 else ''}"
    ends = f"{ended} grant{'s' if ended != 1 else ''} ended." if ended else "No grant ended."
    return f"Saved: {changes}, in force since {_clock(visit)}. {ends}"


def _clock(visit: Visit) -> str:
    return datetime.fromtimestamp(visit.server.clock.now_ms() / 1000, UTC).strftime("%H:%M:%S UTC")


async def _form(
    visit: Visit,
    app: InstalledApp | None,
    typed: Typed,
    problems: Mapping[str, str],
    *,
    general: str = "",
    status: int = 400,
) -> Reply:
    locks: Locks = locks_of(visit, app)
    shown = {name: text for name, text in problems.items() if name in s.BY_NAME}
    rest = {name: text for name, text in problems.items() if name not in s.BY_NAME}
    sections = await sections_of(visit, app, typed, problems, locks)
    name = printable(app[s.LABEL] or app.app.name) if app else ""
    page = AppFormPage(
        title=f"Edit {name}" if app else "New Connected App",
        name=app.app.name if app else "",
        api_name=app.app.name if app else visit.form.get("api_name", ""),
        api_name_problem=rest.get("name", ""),
        seen=app.version if app else "",
        action=path_of(app, "/edit") if app else NEW,
        sections=sections,
        problems=tuple((s.BY_NAME[one].label if one in s.BY_NAME else one, text, one) for one, text in shown.items()),
        general="" if shown else general,
    )
    failed = bool(problems or general)
    crumbs = (*_CRUMBS, (name, path_of(app))) if app else _CRUMBS
    return visit.show(page, here=APPS, crumbs=crumbs, status=status if failed else 200)


ROUTES: Final = (
    Route(NEW, get=new, post=create),
    Route(f"{APPS}/{{name}}/edit", get=edit, post=review),
)
