"""The form of an app's settings: every setting of the catalogue, in the page's own order, with what was typed kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, ClassVar, Final

from grantway import settings as s
from grantway.console.visit import Visit
from grantway.console.widgets import Control, Posted, control_of, posted
from grantway.domain.app import InstalledApp
from grantway.manage import holders
from grantway.manage.app_values import why_fixed
from grantway.settings.setting import AnySetting

OF_APPS: Final = s.held_by(s.Holder.APP, s.Holder.POLICY)
_ASSIGNMENTS: Final = {s.PROFILES: holders.PROFILES, s.PERMISSION_SETS: holders.PERMISSION_SETS}
Typed = Mapping[AnySetting, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """One section of the form, as the administrator's page has it."""

    id: str
    heading: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFormPage:
    """The form. `name` is empty for a new app; `seen` is the version that it was filled in over.

    `problems`: (label, what is wrong), the same words as at the fields; `general` is wrong with no field.
    """

    template: ClassVar[str] = "setup/app_form.html"
    title: str
    name: str
    api_name: str
    api_name_problem: str
    seen: str
    action: str
    sections: tuple[FormSection, ...]
    problems: tuple[tuple[str, str, str], ...] = ()
    general: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Why settings cannot be changed here: by setting, in words."""

    why: Mapping[AnySetting, str]


def locks_of(visit: Visit, app: InstalledApp | None) -> Locks:
    """Return what this person cannot change of an app in this org."""
    why = {setting: why_fixed(visit.desk, visit.org, setting, app) for setting in OF_APPS}
    return Locks(why={setting: words for setting, words in why.items() if words})


async def sections_of(
    visit: Visit, app: InstalledApp | None, typed: Typed, problems: Mapping[str, str], locks: Locks
) -> tuple[FormSection, ...]:
    """Return the form's sections; a new app begins with what new apps begin with."""
    choices: dict[AnySetting, tuple[str, ...]] = {}
    for setting, kind in _ASSIGNMENTS.items():
        if setting not in locks.why:
            choices[setting] = tuple(one.name for one in await holders.all_of(visit.desk, kind, visit.org.id))

    def made(setting: AnySetting, step: str) -> Control:
        stored = app[setting] if app is not None else setting.starts_with
        locked = locks.why.get(setting, "")
        control = control_of(
            setting,
            stored,
            typed=None if locked else typed.get(setting),
            choices=choices.get(setting, ()),
            problem=problems.get(setting.name, ""),
        )
        inner = tuple(made(one, "") for one in OF_APPS if one.under is setting)
        return _with(control, locked=locked, step=step, under=inner, is_new=app is None)

    sections = []
    step = 0
    for section, settings in groupby(OF_APPS, lambda one: one.section):
        controls = []
        for setting in settings:
            if setting.under is None:
                step += 1
                controls.append(made(setting, str(step)))
        if controls:
            sections.append(FormSection(id=section.name.lower(), heading=section.value, controls=tuple(controls)))
    return tuple(sections)


def _with(control: Control, *, locked: str, step: str, under: tuple[Control, ...], is_new: bool) -> Control:
    # Nothing was before in an app that is not there yet.
    return replace(control, locked=locked, step=step, under=under, was="" if is_new else control.was)


def typed_in(forms: Posted, locks: Locks) -> dict[AnySetting, Any]:
    """Return what a posted form says of every setting that could be changed on it."""
    return {setting: posted(setting, forms) for setting in OF_APPS if setting not in locks.why}


def changes_in(typed: Typed, app: InstalledApp | None) -> tuple[dict[AnySetting, Any], dict[str, str]]:
    """Return the values that differ from what is stored, and what is wrong with what was typed, by name."""
    values: dict[AnySetting, Any] = {}
    problems: dict[str, str] = {}
    for setting, raw in typed.items():
        before = app[setting] if app is not None else setting.starts_with
        try:
            value = setting.kind.parse(raw)
        except s.SettingProblem as problem:
            # What is stored may be older than the rule: it stays as long as nobody touches it.
            if raw != setting.kind.write(before):
                problems[setting.name] = str(problem)
            continue
        if value != before:
            values[setting] = value
    return values, problems
