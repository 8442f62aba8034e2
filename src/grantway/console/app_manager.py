"""App Manager: every app of the org, its own and those installed of others."""

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urlencode

from grantway import settings as s
from grantway.console.app_form import path_of, sentence
from grantway.console.navigation import APPS
from grantway.console.new_app import NEW, new_path
from grantway.console.visit import Route, Visit
from grantway.domain.app import AppKind
from grantway.kit.http import Reply
from grantway.kit.ids import canonical_id
from grantway.manage.connected_apps import app_list, creation
from grantway.manage.connected_apps.app_list import AppPage, Asked, ListedApp
from grantway.pages import initials_of, near_text
from grantway.settings.choices import PermittedUsers

_COLUMNS: Final = (("name", "App"), ("permitted", "Permitted Users"), ("used", "Last used"))
_STATES: Final = (("attention", "Needs attention"), ("blocked", "Blocked"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One app of the table."""

    of: ListedApp
    label: str
    initials: str
    path: str
    permitted: str
    used: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column that can be sorted by: the link to it, and how it is sorted now (none, ascending, descending)."""

    label: str
    path: str
    sorted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppManagerPage:
    """The list. `new`: the words and paths of the forms that are open to the caller; `closed`: what is not, though the
    caller has the right to it, and the page that says why.
    """

    template: ClassVar[str] = "setup/app_manager.html"
    title: str = "App Manager"
    found: AppPage
    rows: tuple[Row, ...]
    heads: dict[str, Head]
    flows: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...] = _STATES
    previous: str
    next: str
    new: tuple[tuple[str, str], ...]
    closed: str
    closed_path: str

    @property
    def is_narrowed(self) -> bool:
        """Whether the list shows only what was looked for."""
        asked = self.found.asked
        return bool(asked.words or asked.flow or asked.state or asked.parent)


async def manager(visit: Visit) -> Reply:
    """Show one page of the list."""
    await visit.server.tally.catch_up()
    query = visit.query
    page = query.get("page", "1")
    flow, state, sort = query.get("flow", ""), query.get("state", ""), query.get("sort", "name")
    asked = Asked(
        words=query.get("q", "")[:256],
        flow=flow if flow in {one.word for one in app_list.FLOWS} else "",
        state=state if state in app_list.STATES else "",
        parent=_app_id(query.get("parent", "")),
        sort=sort if sort in app_list.SORTS else "name",
        descending=query.get("dir") == "desc",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1,
    )
    found = await app_list.page_of(visit.desk, visit.org, asked, visit.server.verdicts)
    offers = await creation.offers(visit.desk, visit.org)
    closed = next((one.closed for one in offers if one.closed and not one.lacks), None)
    now = visit.desk.clock.now_ms()
    rows = tuple(
        Row(
            of=one,
            label=one.app[s.LABEL] or one.app.app.name,
            initials=initials_of(one.app[s.LABEL] or one.app.app.name),
            path=path_of(visit, one.app),
            permitted=_permitted(one),
            used=near_text(one.last_used, now) if one.last_used else "–",
        )
        for one in found.apps
    )
    return visit.show(
        AppManagerPage(
            found=found,
            rows=rows,
            heads={name: _head(asked, name, label) for name, label in _COLUMNS},
            flows=tuple((flow.word, flow.name) for flow in app_list.FLOWS),
            previous=_link(asked, page=asked.page - 1) if asked.page > 1 else "",
            next=_link(asked, page=asked.page + 1) if found.has_more else "",
            new=tuple((f"New {one.kind.words.title()}", new_path(one.kind)) for one in offers if one.is_open),
            closed=sentence(closed.what) if closed else "",
            closed_path=NEW,
        ),
        here=APPS,
    )


def _app_id(text: str) -> str:
    return next((found for kind in AppKind if (found := canonical_id(text, kind.id_prefix))), "")


def _permitted(one: ListedApp) -> str:
    if one.app.policy is None:
        return "Not installed"
    return "Admin approved" if one.app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED else "Self-authorize"


def _head(asked: Asked, name: str, label: str) -> Head:
    here = asked.sort == name
    # Times are looked at from the newest: the first press sorts them so.
    descending = not asked.descending if here else name == "used"
    order = ("descending" if asked.descending else "ascending") if here else "none"
    return Head(label=label, path=_link(asked, sort=name, descending=descending), sorted=order)


def _link(asked: Asked, *, sort: str = "", descending: bool | None = None, page: int = 1) -> str:
    descending = asked.descending if descending is None else descending
    fields = {
        "q": asked.words,
        "flow": asked.flow,
        "state": asked.state,
        "parent": asked.parent,
        "sort": sort or asked.sort,
        "dir": "desc" if descending else "",
        "page": str(page) if page > 1 else "",
    }
    return f"{APPS}?{urlencode({name: value for name, value in fields.items() if value})}"


ROUTES: Final = (Route(APPS, get=manager),)
