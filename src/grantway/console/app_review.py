"""Review before saving: what changes, whom it meets, what ends; and saving, which counts again (design README 1.1)."""

import time
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console import app_form
from grantway.console.app_form import path_of, show_edit, typed_over
from grantway.console.navigation import APPS
from grantway.console.visit import Route, Visit
from grantway.domain.app import InstalledApp
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.impact import Impact, weigh
from grantway.manage.connected_apps.impact import grants as grants_text
from grantway.manage.live import live_grants
from grantway.manage.live.live_grants import GrantHolder
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound

_SHOWN: Final = 20
_BAR: Final = 1000
_GAP: Final = 4
_DROPPED: Final = frozenset({"csrf", "confirm", "back"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of the bar of grants, in the drawing's own units; and what it says."""

    x: int
    width: int
    style: str
    number: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """What a change would meet. `carried` are the fields of the form, so that saving and going back lose nothing."""

    template: ClassVar[str] = "setup/app_review.html"
    title: str
    path: str
    impact: Impact
    carried: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    holders: tuple[GrantHolder, ...]
    grew: bool = False

    @property
    def confirm(self) -> str:
        """What has to be agreed to; empty where nothing ends."""
        impact = self.impact
        if impact.stops:
            return f"Stop {grants_text(impact.stops)} of {_users(impact.users)} now"
        parts = []
        if impact.ends:
            parts.append(f"end {grants_text(impact.ends)} of {_users(len(impact.holders))} now")
        if impact.later:
            parts.append(f"end {grants_text(impact.later)} at their next refresh")
        text = ", and ".join(parts)
        return text[:1].upper() + text[1:]

    @property
    def button(self) -> str:
        """The button's words: they name what it does."""
        impact = self.impact
        if not impact.lost:
            return "Save"
        return f"Save and {'stop' if impact.stops else 'end'} {grants_text(impact.lost)}"


def _users(number: int) -> str:
    return f"{number:,} user{'s' if number != 1 else ''}"


def _changes(number: int) -> str:
    return f"{number} change{'s' if number != 1 else ''}"


async def review(visit: Visit) -> Reply:
    """Show what the change would meet; or the form again where it is not taken, or asked for."""
    app, choices, base, typed = await typed_over(visit)
    seen = visit.form.get("seen", "")
    if visit.form.get("back"):
        return show_edit(visit, app, choices, typed.raw, base=base, seen=seen)
    try:
        apps.demand_version(app, seen)
        if not typed.asked:
            note = "Nothing is changed, so there is nothing to review."
            return show_edit(visit, app, choices, typed.raw, base=base, seen=seen, note=note)
        impact = await weigh(visit.desk, visit.org, app.id, dict(typed.asked), seen=seen)
    except (NotAllowed, NotFound):
        raise
    except ManageProblem as problem:
        return await app_form.refused(visit, problem)
    return _show(visit, app, impact)


async def save(visit: Visit) -> Reply:
    """Make the change, if what ends is no more than what was agreed to; say what happened on the app's page."""
    app, _, _, typed = await typed_over(visit)
    seen = visit.form.get("seen", "")
    agreed = visit.form.get("confirm", "")
    try:
        apps.demand_version(app, seen)
        impact = await weigh(visit.desk, visit.org, app.id, dict(typed.asked), seen=seen)
        if impact.lost > (int(agreed) if agreed.isdecimal() and len(agreed) < 10 else 0):
            return _show(visit, app, impact, grew=True, status=409)
        changed = await apps.change(visit.desk, visit.org, app.id, dict(typed.asked), seen=seen)
    except (NotAllowed, NotFound):
        raise
    except ManageProblem as problem:
        return await app_form.refused(visit, problem)
    at = time.strftime("%H:%M:%S", time.gmtime(visit.desk.clock.now_ms() // 1000))
    ended = f"{grants_text(changed.ended)} ended." if changed.ended else "No grant ended."
    warned = f" Look at: {'; '.join(changed.warnings)}." if changed.warnings else ""
    saying = f"Saved: {_changes(len(typed.asked))}, in force since {at} UTC. {ended}{warned}"
    return visit.go(path_of(visit, changed.app), saying=saying, kind="warn" if changed.warnings else "ok")


def _show(visit: Visit, app: InstalledApp, impact: Impact, *, grew: bool = False, status: int = 200) -> Reply:
    path = path_of(visit, app)
    label = app[s.LABEL] or app.app.name
    page = ReviewPage(
        title=f"Review {_changes(len(impact.effects))} to {label}",
        path=path,
        impact=impact,
        carried=tuple(
            (name, value) for name, values in visit.forms.items() if name not in _DROPPED for value in values
        ),
        bars=_bars(impact),
        holders=impact.holders[:_SHOWN],
        grew=grew,
    )
    crumbs = (("App Manager", APPS), (label, path), ("Edit", f"{path}/edit"))
    return visit.show(page, here=APPS, crumbs=crumbs, status=status)


def _bars(impact: Impact) -> tuple[Bar, ...]:
    """Return the pieces of one bar from zero: what stays, what ends later, what ends at once."""
    ends = impact.stops or impact.ends
    later = impact.lost - ends
    why = "are refused while OAuth is off" if impact.stops else "end when you save: not assigned to the app"
    parts = [
        (impact.stay, "f1", "stay as they are"),
        (later, "f2", "cannot be refreshed any more: past their end under the new policy"),
        (ends, "fno", why),
    ]
    there = [part for part in parts if part[0]]
    room = _BAR - _GAP * max(0, len(there) - 1)
    bars, x = [], 0
    for number, style, says in there:
        width = max(6, round(room * number / impact.grants))
        width = min(width, _BAR - x)
        bars.append(Bar(x=x, width=width, style=style, number=number, says=says))
        x += width + _GAP
    return tuple(bars)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage:
    """What ends with an app."""

    template: ClassVar[str] = "setup/app_delete.html"
    title: str
    path: str
    app: InstalledApp
    users: int
    grants: int
    problem: str = ""


async def ask_delete(visit: Visit) -> Reply:
    """Show what ends with an app, before it is deleted."""
    return await _show_delete(visit, await apps.find(visit.desk, visit.org, visit.params["name"]))


async def _show_delete(visit: Visit, app: InstalledApp, *, problem: str = "", status: int = 200) -> Reply:
    counted = await live_grants.count(visit.desk, app)
    label = app[s.LABEL] or app.app.name
    path = path_of(visit, app)
    page = DeletePage(
        title=f"Delete {label}",
        path=path,
        app=app,
        users=counted.users.number,
        grants=counted.grants.number,
        problem=problem,
    )
    return visit.show(page, here=APPS, crumbs=(("App Manager", APPS), (label, path)), status=status)


async def delete(visit: Visit) -> Reply:
    """Delete an app for good, if its API name was typed."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    if visit.form.get("confirm", "").strip() != app.app.name:
        return await _show_delete(visit, app, problem=f"Type {app.app.name} to delete it.", status=400)
    counted = await live_grants.count(visit.desk, app)
    await apps.delete(visit.desk, visit.org, app.id)
    return visit.go(
        APPS, saying=f"Deleted: {app[s.LABEL] or app.app.name}. {grants_text(counted.grants.number)} ended with it."
    )


_PATH: Final = f"{APPS}/{{name}}"
ROUTES: Final = (
    Route(f"{_PATH}/edit", get=app_form.edit, post=review),
    Route(f"{_PATH}/save", post=save),
    Route(f"{_PATH}/delete", get=ask_delete, post=delete),
)
