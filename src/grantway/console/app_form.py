"""The form of an app, new or there. A loop over the catalogue, in the page's own order."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Final

from grantway import settings as s
from grantway.console.app_controls import Control, Raw, control, same, widget_of
from grantway.console.app_fields import (
    ON_FORM,
    Choices,
    Typed,
    base_text,
    read_base,
    read_form,
    shown_values,
)
from grantway.console.navigation import APPS
from grantway.console.visit import Visit
from grantway.domain.app import AppKind, InstalledApp
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import why_fixed
from grantway.manage.custom import custom_scopes
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion
from grantway.settings.setting import AnySetting

# What is chosen together stands together, whatever section of Salesforce's page it comes from.
_BESIDE: Final[dict[AnySetting, tuple[AnySetting, ...]]] = {
    s.CERTIFICATE: (s.JWKS, s.JWKS_URI),
    s.SCOPES: (s.CUSTOM_SCOPES,),
}
_STANDING_BESIDE: Final = frozenset(one for those in _BESIDE.values() for one in those)
_NUMBERED: Final = (s.Section.OAUTH, s.Section.ID_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One row: the step of Salesforce's page, a control, and what belongs to it while it is switched on."""

    step: str
    control: Control
    under: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """One section of the page."""

    id: str
    title: str
    rows: tuple[FormRow, ...]
    is_grid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, with the field that it stands at (empty: none is to blame)."""

    field: str
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A setting that somebody else changed since the form was opened, and whether it was changed here too."""

    setting: AnySetting
    before: str
    now: str
    typed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFormPage:
    """The form. `path` is the app's page, empty for a new one; `seen` and `base` are what it was filled in over.

    `kind` is what a new app will be, the value of an AppKind.
    """

    template: ClassVar[str] = "setup/app_form.html"
    title: str
    path: str
    action: str
    sections: tuple[FormSection, ...]
    base: str
    seen: str = ""
    kind: str = ""
    api_name: str = ""
    problems: tuple[Problem, ...] = ()
    clashes: tuple[Clash, ...] = ()
    note: str = ""
    changed: tuple[str, ...] = ()

    @property
    def name_error(self) -> str:
        """What is wrong with the API name."""
        return next((one.text for one in self.problems if one.field == "api_name"), "")


async def choices_of(visit: Visit) -> Choices:
    """Return the names that lists of names can hold, as far as the caller may see them."""
    found: dict[AnySetting, dict[str, str]] = {}
    for setting, kind in ((s.PROFILES, holders.PROFILES), (s.PERMISSION_SETS, holders.PERMISSION_SETS)):
        try:
            found[setting] = {one.name: one.name for one in await holders.all_of(visit.desk, kind, visit.org.id)}
        except NotAllowed:
            continue
    with contextlib.suppress(NotAllowed):
        scopes = await custom_scopes.all_of(visit.desk, visit.org)
        found[s.CUSTOM_SCOPES] = {one.name: one.description for one in scopes}
    return found


def path_of(visit: Visit, app: InstalledApp) -> str:
    """Return the address of an app's page: by its API name, or by its id where it is another org's."""
    return f"{APPS}/{app.app.name if app.app.org_id == visit.org.id else app.id}"


async def edit(visit: Visit) -> Reply:
    """Show an app's settings as they are."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    choices = await choices_of(visit)
    raw = shown_values(app, choices)
    return show_edit(visit, app, choices, raw, base=raw, seen=app.version)


async def typed_over(visit: Visit) -> tuple[InstalledApp, Choices, dict[AnySetting, Raw], Typed]:
    """Return the app of a posted form, what can be chosen, what the form began with, and what was typed."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    choices = await choices_of(visit)
    base = read_base(visit.form.get("base", ""), shown_values(app, choices))
    return app, choices, base, read_form(visit.forms, base, choices)


def show_edit(
    visit: Visit,
    app: InstalledApp,
    choices: Choices,
    raw: Mapping[AnySetting, Raw],
    *,
    base: Mapping[AnySetting, Raw],
    seen: str,
    problems: tuple[Problem, ...] = (),
    clashes: tuple[Clash, ...] = (),
    note: str = "",
    status: int = 200,
) -> Reply:
    """Show the form of an app that is there, with what stands in its controls."""
    path = path_of(visit, app)
    page = AppFormPage(
        title=page_title(f"Edit {app[s.LABEL] or app.app.name}", problems),
        path=path,
        action=f"{path}/edit",
        sections=sections(visit, app, raw, base, choices, problems, app.kind),
        base=base_text(base),
        seen=seen,
        problems=problems,
        clashes=clashes,
        note=note,
        changed=tuple(one.label for one in ON_FORM if _differs(one, raw, base, choices)),
    )
    crumbs = (("App Manager", APPS), (app[s.LABEL] or app.app.name, path))
    return visit.show(page, here=APPS, crumbs=crumbs, status=status)


async def refused(visit: Visit, problem: ManageProblem) -> Reply:
    """Show the form again after a change that is not taken: everything typed stands, each problem at its field."""
    app, choices, base, typed = await typed_over(visit)
    if isinstance(problem, StaleVersion):
        return _changed_meanwhile(visit, app, choices, base, typed)
    problems = problems_of(problem)
    seen = visit.form.get("seen", "")
    return show_edit(visit, app, choices, typed.raw, base=base, seen=seen, problems=problems, status=400)


def _changed_meanwhile(
    visit: Visit, app: InstalledApp, choices: Choices, base: Mapping[AnySetting, Raw], typed: Typed
) -> Reply:
    """Show what somebody else changed; what was typed here stays, and saves over the app as it is now."""
    current = shown_values(app, choices)
    clashes = tuple(
        Clash(
            setting=one,
            before=_line(base[one]),
            now=_line(current[one]),
            typed=_line(typed.raw[one]) if typed.changes(one) and typed.raw[one] != current[one] else "",
        )
        for one in ON_FORM
        if base[one] != current[one]
    )
    raw = {one: typed.raw[one] if typed.changes(one) else current[one] for one in ON_FORM}
    return show_edit(visit, app, choices, raw, base=current, seen=app.version, clashes=clashes, status=409)


def _line(raw: Raw) -> str:
    return ", ".join(one for one in raw if one).replace("\n", ", ") or "nothing"


def problems_of(problem: ManageProblem) -> tuple[Problem, ...]:
    """Return each problem with its field."""
    if not problem.fields:
        return (Problem(field="", label="", text=sentence(str(problem))),)
    return tuple(
        Problem(field=_field(name), label=_label(name), text=sentence(text)) for name, text in problem.fields.items()
    )


def _field(name: str) -> str:
    return "api_name" if name == "name" else name if name in s.BY_NAME else ""


def _label(name: str) -> str:
    return "API Name" if name == "name" else s.BY_NAME[name].label if name in s.BY_NAME else name


def sentence(text: str) -> str:
    """Return a problem as a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def _differs(
    setting: AnySetting, raw: Mapping[AnySetting, Raw], base: Mapping[AnySetting, Raw], choices: Choices
) -> bool:
    """Tell whether what stands in a control is another value than it began with."""
    return not same(base[setting], raw[setting], widget_of(setting, choices.get(setting)))


def page_title(title: str, problems: tuple[Problem, ...]) -> str:
    """Return a page's title, which says first how much is to fix."""
    number = len(problems)
    return f"{number} problem{'s' if number > 1 else ''}: {title}" if number else title


def sections(
    visit: Visit,
    app: InstalledApp | None,
    raw: Mapping[AnySetting, Raw],
    base: Mapping[AnySetting, Raw],
    choices: Choices,
    problems: tuple[Problem, ...],
    kind: AppKind,
) -> tuple[FormSection, ...]:
    """Return the sections of the page with a control for every setting of an app and its policies."""
    errors = {one.field: one.text for one in problems}

    def made(setting: AnySetting) -> Control:
        changed = app is not None and _differs(setting, raw, base, choices)
        fixed = why_fixed(visit.desk, visit.org, setting, app, kind)
        value: Any = app[setting] if app is not None else setting.starts_with
        return control(
            setting,
            raw[setting],
            choices=choices.get(setting),
            error=errors.get(setting.name, ""),
            was=_line(base[setting]) if changed else "",
            fixed=fixed,
            says=setting.kind.says(value),
        )

    found = []
    step = 1
    for section, settings in groupby(ON_FORM, lambda one: one.section):
        members = tuple(settings)
        rows = []
        for setting in members:
            if setting.under in members or setting in _STANDING_BESIDE:
                continue
            number = ""
            if section in _NUMBERED:
                step += 1
                number = str(step)
            under = tuple(made(one) for one in members if one.under is setting)
            rows.append(FormRow(step=number, control=made(setting), under=under))
            rows += [FormRow(step="", control=made(one)) for one in _BESIDE.get(setting, ())]
        is_grid = section is s.Section.BASIC
        name = f"section-{section.name.lower()}"
        found.append(FormSection(id=name, title=section.value, rows=tuple(rows), is_grid=is_grid))
    return tuple(found)
