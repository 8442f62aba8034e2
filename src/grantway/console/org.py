"""/setup/org: OAuth and OpenID Connect Settings, the switches that hold for all apps of the org."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from grantway.console.places import ORG, reference_path
from grantway.console.visit import Route, Visit
from grantway.domain.app import read_values
from grantway.domain.org import Org
from grantway.kit.http import Reply
from grantway.manage.connected_apps.contradictions import warnings_about_org
from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion
from grantway.manage.server import orgs
from grantway.settings.catalogue import held_by
from grantway.settings.setting import AnySetting, Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting as a field: `value` is what stands in it, `widget` is check, select, lines or line.

    `warning` is about the value that holds; `problem` about one that cannot be saved.
    """

    name: str
    label: str
    help: str
    effect: str
    awaits: str
    hint: str
    widget: str
    value: str
    choices: tuple[str, ...]
    problem: str
    warning: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgPage:
    """The form. `seen` is the version that it shows; `problem` is what concerns no single field."""

    template: ClassVar[str] = "setup/org.html"
    title: str
    fields: tuple[Field, ...]
    seen: str
    problem: str = ""

    @property
    def wrong(self) -> tuple[Field, ...]:
        """The fields with something to mend."""
        return tuple(one for one in self.fields if one.problem)


async def show(visit: Visit) -> Reply:
    """Show the settings as they hold."""
    return _page(visit, visit.org, _written(visit.org))


async def save(visit: Visit) -> Reply:
    """Change what differs from what holds; a form that cannot be saved comes back with all that was typed."""
    before = _written(visit.org)
    typed = {one.name: _typed(visit, one, before[one.name]) for one in held_by(Holder.ORG)}
    asked = {name: value for name, value in typed.items() if value != before[name]}
    if not asked:
        return visit.go(ORG, saying="Nothing was changed.", kind="info")
    try:
        changed = await orgs.change(visit.desk, visit.org, asked, seen=visit.form.get("seen", ""))
    except NotAllowed:
        raise
    except StaleVersion as problem:
        text = f"{problem}. What you typed still stands here; save again to set it."
        return _page(visit, visit.org, typed, problem=text, status=409)
    except ManageProblem as problem:
        text = "" if problem.fields else str(problem)
        return _page(visit, visit.org, typed, problems=dict(problem.fields), problem=text, status=400)
    number = len(asked)
    return visit.go(ORG, saying=f"Saved: {number} change{'s' if number > 1 else ''} of {changed.name}, in force now.")


def _page(
    visit: Visit,
    org: Org,
    values: dict[str, str],
    *,
    problems: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Reply:
    told = warnings_about_org(read_values(org.settings))
    fields = tuple(
        _field(one, values[one.name], (problems or {}).get(one.name, ""), told.get(one.name, ""))
        for one in held_by(Holder.ORG)
    )
    page = OrgPage(title="OAuth and OpenID Connect Settings", fields=fields, seen=str(org.version), problem=problem)
    return visit.show(page, here=ORG, status=status)


def _field(one: AnySetting, value: str, problem: str, warning: str) -> Field:
    choices = tuple(str(word) for word in one.kind.schema.get("enum", ()) if word is not None)
    widget = "check" if one.kind.schema.get("type") == "boolean" else "select" if choices else "line"
    if one.kind.many or one.kind.name == "certificate":
        widget = "lines"
    return Field(
        name=one.name,
        label=one.label,
        help=one.help,
        effect=one.effect,
        awaits=one.awaits,
        hint=""
        if widget in ("check", "select")
        else f"{one.kind.hint}{'; ' + one.kind.limits if one.kind.limits else ''}",
        widget=widget,
        value=value,
        choices=choices,
        problem=problem,
        warning=warning,
        reference=reference_path(one),
    )


def _written(org: Org) -> dict[str, str]:
    """Return what stands in each field: a list has a line for each of its values."""
    values = read_values(org.settings)
    return {one.name: _text(one.kind.write(values.get(one, one.default))) for one in held_by(Holder.ORG)}


def _text(written: Any) -> str:
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, list | tuple):
        return "\n".join(str(one) for one in written)
    return "" if written is None else str(written)


def _typed(visit: Visit, one: AnySetting, before: str) -> str:
    """Return what was sent for a field; a box that is not ticked is not sent at all."""
    if one.kind.schema.get("type") == "boolean":
        return "true" if one.name in visit.form else "false"
    return visit.form.get(one.name, before).replace("\r\n", "\n").strip()


ROUTES: Final = (Route(ORG, get=show, post=save),)
