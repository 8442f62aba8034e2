"""GET and POST /setup/apps/new: a new app of either kind, or why none can be made here and what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.app_controls import Raw
from grantway.console.app_fields import Choices, new_values, read_form
from grantway.console.app_form import AppFormPage, Problem, choices_of, page_title, path_of, problems_of, sections
from grantway.console.fields import status_of
from grantway.console.navigation import APPS
from grantway.console.places import field_path
from grantway.console.visit import Route, Visit
from grantway.domain.app import AppKind
from grantway.kit.http import Reply
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps, creation
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.settings.setting import AnySetting

NEW: Final = f"{APPS}/new"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationClosedPage:
    """Why no app can be made, what to do instead, and who lifts it.

    `instead`: words and path of a button; `lacks`: why the caller cannot do even that. `setting` and its path: the
    org's setting that decides, if one does.
    """

    template: ClassVar[str] = "setup/creation_closed.html"
    title: str
    closed: creation.Closed
    instead: tuple[str, str] | None
    lacks: str
    setting: str
    setting_path: str


async def new(visit: Visit) -> Reply:
    """Show the empty form, with what new apps begin with."""
    choices = await choices_of(visit)
    kind = await _kind_offered(visit)
    if isinstance(kind, Reply):
        return kind
    return _show_new(visit, choices, new_values(choices), kind)


async def create(visit: Visit) -> Reply:
    """Make the app, or show the form again with everything that was typed."""
    choices = await choices_of(visit)
    base = new_values(choices)
    typed = read_form(visit.forms, base, choices)
    label = typed.raw[s.LABEL][0].strip()
    api_name = visit.form.get("api_name", "").strip()
    kind = _kind_named(visit.form.get("kind", "")) or AppKind.CONNECTED_APP
    asked = apps.NewApp(name=api_name or label, kind=kind, values=dict(typed.asked))
    try:
        made = (await apps.create(visit.desk, visit.org, asked)).app
    except NotFound:
        raise
    except ManageProblem as problem:
        # Nothing typed is lost to somebody who would have been allowed to fill in the form.
        if isinstance(problem, NotAllowed) and not visit.desk.caller.may(Right.APPS, visit.org.id, kind):
            raise
        problems, status = problems_of(problem), status_of(problem)
        return _show_new(visit, choices, typed.raw, kind, api_name=api_name, problems=problems, status=status)
    saying = f"{made[s.LABEL]} was made. Its consumer key and secret are on this page."
    return visit.go(path_of(visit, made), saying=saying)


def _kind_named(word: str) -> AppKind | None:
    return next((kind for kind in AppKind if kind.value == word), None)


async def _kind_offered(visit: Visit) -> AppKind | Reply:
    """Return the kind of app that a new form is for; or the page that says why there is none, and what to do instead.

    Raises:
        NotAllowed: the caller may make no app of the kind that was named, or of none at all.
    """
    found = {one.kind: one for one in await creation.offers(visit.desk, visit.org)}
    named = _kind_named(visit.query.get("kind", ""))
    allowed = next((kind for kind, one in found.items() if not one.lacks), AppKind.CONNECTED_APP)
    chosen = found[named or allowed]
    if chosen.lacks:
        raise NotAllowed(chosen.lacks)
    if chosen.closed is None:
        return chosen.kind
    instead = chosen.closed.instead_kind
    page = CreationClosedPage(
        title=f"{chosen.closed.what[:1].upper()}{chosen.closed.what[1:]}",
        closed=chosen.closed,
        instead=(f"New {instead.words.title()}", new_path(instead)) if instead and found[instead].is_open else None,
        lacks=found[instead].lacks if instead else "",
        setting=s.ALLOW_CONNECTED_APP_CREATION.label if instead else "",
        setting_path=field_path(s.ALLOW_CONNECTED_APP_CREATION) if instead else "",
    )
    return visit.show(page, here=APPS, crumbs=(("App Manager", APPS),))


def new_path(kind: AppKind) -> str:
    """Return where the form for a new app of a kind is."""
    return f"{NEW}?kind={kind.value}"


def _show_new(
    visit: Visit,
    choices: Choices,
    raw: Mapping[AnySetting, Raw],
    kind: AppKind,
    *,
    api_name: str = "",
    problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> Reply:
    page = AppFormPage(
        title=page_title(f"New {kind.words.title()}", problems),
        kind=kind.value,
        path="",
        action=NEW,
        sections=sections(visit, None, raw, new_values(choices), choices, problems, kind),
        base="{}",
        api_name=api_name,
        problems=problems,
    )
    return visit.show(page, here=APPS, crumbs=(("App Manager", APPS),), status=status)


ROUTES: Final = (Route(NEW, get=new, post=create),)
