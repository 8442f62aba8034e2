"""What came from the app form, setting by setting: only what stood on it counts, and only what was changed is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.console.app_controls import Raw, parsed_from, raw_of, same, widget_of
from grantway.domain.app import InstalledApp
from grantway.settings.setting import AnySetting

ON_FORM: Final = s.held_by(s.Holder.APP, s.Holder.POLICY)
# Of a setting whose values are names in the org: each name there is, with its words.
Choices = Mapping[AnySetting, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form as it came: what stands in each control, and the values that differ from what the form had shown."""

    raw: Mapping[AnySetting, Raw]
    asked: Mapping[str, Any]

    def changes(self, setting: AnySetting) -> bool:
        """Whether a setting was changed by whoever filled the form in."""
        return setting.name in self.asked


def shown_values(app: InstalledApp, choices: Choices) -> dict[AnySetting, Raw]:
    """Return what stands in each control for an app as it is."""
    return {one: raw_of(one, app[one], widget_of(one, choices.get(one))) for one in ON_FORM}


def new_values(choices: Choices) -> dict[AnySetting, Raw]:
    """Return what stands in each control for a new app."""
    return {one: raw_of(one, one.starts_with, widget_of(one, choices.get(one))) for one in ON_FORM}


def base_text(values: Mapping[AnySetting, Raw]) -> str:
    """Return what a form shows as it begins, for its hidden field: what was changed is told against it."""
    return json.dumps({one.name: raw for one, raw in values.items()}, ensure_ascii=False, separators=(",", ":"))


def read_base(text: str, current: Mapping[AnySetting, Raw]) -> dict[AnySetting, Raw]:
    """Return what a form showed as it began; where that cannot be read, what holds now."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    base = dict(current)
    if isinstance(found, dict):
        for name, raw in found.items():
            setting = s.BY_NAME.get(name)
            if setting in base and isinstance(raw, list) and all(isinstance(one, str) for one in raw):
                base[setting] = tuple(raw)
    return base


def read_form(forms: Mapping[str, tuple[str, ...]], base: Mapping[AnySetting, Raw], choices: Choices) -> Typed:
    """Return what was typed. A control that was not on the form stays as it was: no flag is cleared by its absence."""
    shown = set(forms.get("shown", ()))
    raw = dict(base)
    asked: dict[str, Any] = {}
    for setting in ON_FORM:
        if setting.name not in shown:
            continue
        widget = widget_of(setting, choices.get(setting))
        came = _policy(forms, setting.name) if widget == "policy" else forms.get(setting.name, ())
        came = tuple(one.replace("\r\n", "\n") for one in came)
        raw[setting] = came if widget in ("flag", "scopes", "choices") else came[-1:] or ("",)
        if not same(base[setting], raw[setting], widget):
            asked[setting.name] = parsed_from(widget, raw[setting])
    return Typed(raw=raw, asked=asked)


def _policy(forms: Mapping[str, tuple[str, ...]], name: str) -> Raw:
    """Return a refresh token policy from its radio, number and unit."""
    form = forms.get(name, ("",))[-1]
    if form not in ("specific_inactivity", "specific_lifetime"):
        return (form,)
    number, unit = (forms.get(f"{name}.{form}.{part}", ("",))[-1].strip() for part in ("number", "unit"))
    return (f"{form}:{number}:{unit}",)
