"""From a setting's declaration to the control that stands for it on a form, and from what was posted to a value."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from grantway import settings as s
from grantway.settings.choices import RefreshTokenPolicy
from grantway.settings.scopes import SCOPES
from grantway.settings.setting import AnySetting

Posted = Mapping[str, tuple[str, ...]]
_POLICY_WORDS: Final = (
    ("infinite", "Refresh token is valid until revoked"),
    ("zero", "Immediately expire refresh token"),
    ("specific_inactivity", "Expire refresh token if not used for"),
    ("specific_lifetime", "Expire refresh token after"),
)
_UNITS: Final = (("HOURS", "hours"), ("DAYS", "days"), ("MONTHS", "months"))
# More choices than this stand in a list that opens.
_RADIOS: Final = 4
_LINE: Final = 255
_MOST_USED: Final = frozenset(
    {"id", "api", "openid", "profile", "email", "refresh_token", "offline_access", "full", "web", "custom_permissions"}
)
_WIDE: Final = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose: what is sent, what is read, whether it is chosen; `note` stands beside it in small."""

    value: str
    label: str
    chosen: bool
    note: str = ""
    rare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One setting on a form.

    - `widget`: flag, choice, list, checks, scopes, lines, policy, number, prose, text, email, url.
    - `value`: what stands in the control; `options` and `units`: what can be chosen.
    - `facts`: what the value is in words, where that is not what was typed (a certificate's subject and end).
    - `was`: the stored value in words, where what stands in the control is another one.
    - `locked`: why this person cannot change it here.
    - `under`: the controls that mean something only while this switch is on.
    """

    name: str
    label: str
    help: str
    effect: str
    awaits: str
    widget: str
    value: str = ""
    checked: bool = False
    options: tuple[Option, ...] = ()
    units: tuple[Option, ...] = ()
    number: str = ""
    low: int | None = None
    high: int | None = None
    unit: str = ""
    limits: str = ""
    facts: str = ""
    required: bool = False
    problem: str = ""
    was: str = ""
    locked: str = ""
    step: str = ""
    under: tuple["Control", ...] = field(default=())


def control_of(
    setting: AnySetting, value: Any, *, typed: Any = None, choices: Sequence[str] = (), problem: str = ""
) -> Control:
    """Return the control for a setting.

    - `value`: the value that is stored; `typed`: what was typed instead, as `posted` returns it, or None.
    - `choices`: names that can be chosen from, for lists of names.
    """
    shown = setting.kind.write(value) if typed is None else typed
    made = Control(
        name=setting.name,
        label=setting.label,
        help=setting.help,
        effect=setting.effect,
        awaits=setting.awaits,
        widget=widget_of(setting, choices),
        limits=setting.kind.limits,
        required=setting.kind.schema.get("minLength", 0) > 0,
        problem=problem,
        was=_was(setting, value, typed),
    )
    return _FILL.get(made.widget, _fill_text)(made, setting, shown, choices)


def widget_of(setting: AnySetting, choices: Sequence[str] = ()) -> str:
    """Return which control a setting has: read from what its kind says of its values."""
    kind, schema = setting.kind, _schema(setting)
    if kind.name in ("flag", "scopes"):
        return kind.name
    if kind.name == "refresh_token_policy":
        return "policy"
    if _enum(setting) and kind.name in ("choice", "minutes"):
        return "choice" if len(_enum(setting)) <= _RADIOS and kind.name == "choice" else "list"
    if kind.name == "names" and choices:
        return "checks"
    if kind.many:
        return "lines"
    if schema.get("type") == "integer":
        return "number"
    if kind.name == "email":
        return "email"
    if kind.name == "https_url":
        return "url"
    return "prose" if schema.get("maxLength", 0) > _LINE else "text"


def posted(setting: AnySetting, forms: Posted) -> Any:
    """Return what a form says of a setting, as its kind parses it; what is absent is off or empty."""
    name = setting.name
    last = forms.get(name, ("",))[-1]
    if setting.kind.name == "flag":
        return name in forms
    if setting.kind.name == "refresh_token_policy":
        if not last.startswith("specific_"):
            return last
        number = forms.get(f"{name}.{last}.number", ("",))[-1].strip()
        return f"{last}:{number}:{forms.get(f'{name}.{last}.unit', ('DAYS',))[-1]}"
    if setting.kind.name in ("scopes", "names"):
        # Checkboxes, or lines; a field that is empty names nothing.
        return [part.strip() for value in forms.get(name, ()) for part in value.splitlines() if part.strip()]
    if last.lstrip().startswith("[") and setting.kind.many:
        try:
            return json.loads(last)
        except ValueError:
            return last
    return last


def _schema(setting: AnySetting) -> Mapping[str, Any]:
    """Return the schema of a value that is there."""
    schema = setting.kind.schema
    kinds: list[dict[str, Any]] = schema.get("anyOf", [])
    return next((one for one in kinds if one.get("type") not in ("null", None)), schema) if kinds else schema


def _enum(setting: AnySetting) -> list[Any]:
    """Return the values that can be chosen; None stands for no value."""
    found = list(_schema(setting).get("enum", ()))
    if found and any(one.get("type") == "null" for one in setting.kind.schema.get("anyOf", ())):
        return [None, *found]
    return found


def _was(setting: AnySetting, value: Any, typed: Any) -> str:
    """Return the stored value in words if what was typed is another one."""
    if typed is None:
        return ""
    try:
        if setting.kind.parse(typed) == value:
            return ""
    except s.SettingProblem:
        pass
    return setting.kind.says(value)


def _fill_flag(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del setting, choices
    return replace(made, checked=shown is True)


def _fill_choice(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del choices
    options = []
    for value in _enum(setting):
        text = "none" if value is None else str(value)
        chosen = str(shown) == text if shown is not None else value is None
        options.append(Option(value=text, label=setting.kind.says(setting.kind.parse(value)), chosen=chosen))
    return replace(made, options=tuple(options))


def _fill_checks(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del setting
    held = list(shown) if isinstance(shown, list | tuple) else []
    options = tuple(
        Option(value=name, label=name, chosen=name in held, note="" if name in choices else "not in this org")
        for name in dict.fromkeys((*choices, *held))
    )
    return replace(made, options=options)


def _fill_scopes(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del setting, choices
    held = set(shown) if isinstance(shown, list | tuple) else set()
    options = tuple(
        Option(
            value=scope.name,
            label=scope.label,
            chosen=scope.name in held,
            note="too wide for most apps" if scope.name == _WIDE else "",
            rare=scope.name not in _MOST_USED,
        )
        for scope in SCOPES
    )
    known = {scope.name for scope in SCOPES}
    rest = tuple(Option(value=name, label=name, chosen=True) for name in sorted(held - known))
    return replace(made, options=(*options, *rest))


def _fill_lines(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del choices
    if isinstance(shown, str):
        return replace(made, value=shown)
    if all(isinstance(one, str) for one in shown):
        return replace(made, value="\n".join(shown))
    # Records: as they are written for people, which the kind reads again.
    said = setting.kind.says(setting.kind.parse(shown)) if shown else ""
    return replace(made, value=said)


def _fill_policy(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del choices
    form, _, rest = str(shown).partition(":")
    number, _, unit = rest.partition(":")
    try:
        parsed = setting.kind.parse(shown)
        if isinstance(parsed, RefreshTokenPolicy):
            form = parsed.form
    except s.SettingProblem:
        pass
    return replace(
        made,
        options=tuple(Option(value=value, label=label, chosen=value == form) for value, label in _POLICY_WORDS),
        number=number,
        units=tuple(
            Option(value=value, label=label, chosen=value == (unit.upper() or "DAYS")) for value, label in _UNITS
        ),
    )


def _fill_number(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del choices
    schema = _schema(setting)
    words = setting.kind.hint.split("|", 1)[0].rsplit(" ", 1)
    return replace(
        made,
        value="" if shown is None else str(shown),
        low=schema.get("minimum"),
        high=schema.get("maximum"),
        unit=words[1] if len(words) > 1 else "",
    )


def _fill_text(made: Control, setting: AnySetting, shown: Any, choices: Sequence[str]) -> Control:
    del choices
    facts = ""
    if setting.kind.name == "certificate" and shown:
        try:
            facts = setting.kind.says(setting.kind.parse(shown))
        except s.SettingProblem:
            facts = ""
    value = shown if isinstance(shown, str) else "" if shown is None else json.dumps(shown, ensure_ascii=False)
    return replace(made, value=value, facts=facts, high=_schema(setting).get("maxLength"))


_FILL: Final[dict[str, Callable[[Control, AnySetting, Any, Sequence[str]], Control]]] = {
    "flag": _fill_flag,
    "choice": _fill_choice,
    "list": _fill_choice,
    "checks": _fill_checks,
    "scopes": _fill_scopes,
    "lines": _fill_lines,
    "policy": _fill_policy,
    "number": _fill_number,
}
