"""GET /setup/search: an app, a user, a setting or a request, by any part of its name; what is exact is opened."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.places import SEARCH, app_path, field_path, reference_path, trace_path, user_path
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply, normal_request_id
from grantway.manage.problem import ManageProblem
from grantway.manage.search import find_apps, find_settings, find_users
from grantway.manage.usage.explain import explain
from grantway.settings.setting import AnySetting, Holder

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing found: where it is, what it is called, and what else is known by that name.

    `more`: a second link with its words, for a setting its field.
    """

    path: str
    label: str
    detail: str = ""
    more: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """What was found, by kind; a kind in which nothing was found is left out."""

    template: ClassVar[str] = "setup/search.html"
    title: str
    text: str
    groups: tuple[tuple[str, tuple[Hit, ...]], ...]


async def search(visit: Visit) -> Reply:
    """Find, and open at once what can only be one thing: a request id, or the exact name of an app or a user."""
    text = visit.query.get("q", "").strip()[:_LONGEST]
    if not text:
        return visit.show(SearchPage(title="Search", text="", groups=()), here=SEARCH)
    apps = await find_apps(visit.desk, visit.org, text)
    users = await find_users(visit.desk, visit.org, text)
    exact = [app_path(one.name) for one in apps if one.is_exact] + [
        user_path(one.username) for one in users if one.is_exact
    ]
    if not exact and (request_id := normal_request_id(text)) is not None and await _is_refused(visit, request_id):
        exact = [trace_path(request_id)]
    if len(exact) == 1:
        return visit.go(exact[0])
    settings = find_settings(text)[:20]
    groups = (
        ("Apps", tuple(Hit(path=app_path(one.name), label=one.label, detail=one.name) for one in apps)),
        ("Users", tuple(Hit(path=user_path(one.username), label=one.name, detail=one.username) for one in users)),
        ("Settings", tuple(_setting(one) for one in settings)),
    )
    number = sum(len(hits) for _, hits in groups)
    title = f"{number} found" if number else "Nothing found"
    found = tuple((label, hits) for label, hits in groups if hits)
    return visit.show(SearchPage(title=title, text=text, groups=found), here=SEARCH)


def _setting(one: AnySetting) -> Hit:
    more = (field_path(one), "Change it") if one.held_by is Holder.ORG else ("", "")
    return Hit(path=reference_path(one), label=one.label, detail=one.name, more=more)


async def _is_refused(visit: Visit, request_id: str) -> bool:
    await visit.server.refusals.flush()
    try:
        await explain(visit.desk, request_id)
    except ManageProblem:
        return False
    return True


ROUTES: Final = (Route(SEARCH, get=search),)
