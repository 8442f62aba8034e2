"""The controls of the app form: one for each setting of the catalogue, chosen by the kind of its values alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.pages.wording import printable
from grantway.protocol import no
from grantway.protocol.door import Voice
from grantway.settings.kinds import EMPTY
from grantway.settings.scopes import SCOPES as ALL_SCOPES
from grantway.settings.setting import AnySetting

Raw = tuple[str, ...]
_NULL: Final = {"type": "null"}
_KEYS: Final = frozenset({"certificate", "key_set"})
_COMMON_SCOPES: Final = 8
_SELECT_FROM: Final = 4
_PROTOCOL: Final = re.compile(r"'([^']+)'|([a-z]+(?:_[a-z0-9]+)+=?|[A-Z]+(?:_[A-Z]+)+|scope=|\bexp\b|\baud\b|\biat\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the values that can be chosen; `code` is its name on the wire, `note` what should be known of it."""

    value: str
    label: str
    code: str = ""
    note: str = ""
    weight: str = ""
    rare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a wire note: plain words, `code`, or words that are said (`said`)."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One setting on the form.

    - `widget`: flag, radios, select, scopes, choices, lines, prose, number, text, url, email, policy.
    - `raw`: what stands in it; `options`: what can be chosen.
    - `wire`: what it does on the wire; `refusals`: the errors that blame it.
    - `error`: what is wrong with what was typed; `was`: what held before, where it is changed.
    - `fixed`: why it cannot be changed here; `says` is its value in words then.
    """

    setting: AnySetting
    widget: str
    raw: Raw
    options: tuple[Option, ...] = ()
    unit: str = ""
    low: int | None = None
    high: int | None = None
    optional: str = ""
    required: bool = False
    limit: int | None = None
    rows: int = 3
    wire: tuple[Piece, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    error: str = ""
    was: str = ""
    fixed: str = ""
    says: str = ""

    @property
    def value(self) -> str:
        """What stands in a control that holds one text."""
        return self.raw[0] if self.raw else ""

    @property
    def limits(self) -> str:
        """What its values must be like, as a sentence; empty where the control shows it."""
        limits = self.setting.kind.limits if self.widget in ("lines", "choices") else ""
        return f"{limits[:1].upper()}{limits[1:]}." if limits else ""

    @property
    def is_on(self) -> bool:
        """Whether a checkbox is ticked."""
        return self.value == "true"

    @property
    def has_rare(self) -> bool:
        """Whether some of its options are put away until they are asked for."""
        return any(option.rare for option in self.options)

    @property
    def opens_rare(self) -> bool:
        """Whether one of those is chosen."""
        return any(option.rare and option.value in self.raw for option in self.options)


def widget_of(setting: AnySetting, choices: Mapping[str, str] | None = None) -> str:
    """Return how a setting is filled in; `choices` are the names that a list of names can hold, where that is known."""
    kind = setting.kind
    schema, _ = schema_of(setting)
    if "enum" in schema and kind.name != "flag":
        return "radios" if len(schema["enum"]) < _SELECT_FROM and kind.name == "choice" else "select"
    if kind.name in ("names", "custom_scopes") and choices is not None:
        return "choices"
    simple = {
        "flag": "flag",
        "scopes": "scopes",
        "refresh_token_policy": "policy",
        "integer": "number",
        "https_url": "url",
        "fetched_url": "url",
        "email": "email",
    }
    if kind.name in simple:
        return simple[kind.name]
    if kind.many or schema.get("type") == "array":
        return "lines"
    if "lines allowed" in kind.limits or schema.get("maxLength", 0) >= 4000 or kind.name in _KEYS:
        return "prose" if kind.name == "text" else "lines"
    return "text"


def schema_of(setting: AnySetting) -> tuple[dict[str, Any], bool]:
    """Return the schema of a setting's values, and whether it may also be left out."""
    schema = setting.kind.schema
    several = schema.get("anyOf", ())
    there = [one for one in several if one not in (_NULL, EMPTY)]
    return (there[0] if len(there) == 1 else schema, _NULL in several)


def raw_of(setting: AnySetting, value: Any, widget: str) -> Raw:
    """Return what stands in a control that shows a value."""
    written = setting.kind.write(value)
    if widget == "flag":
        return ("true",) if value else ()
    if widget in ("scopes", "choices"):
        return tuple(written)
    if written is None:
        return ("",)
    if isinstance(written, dict):
        keys = ",\n".join(json.dumps(one, ensure_ascii=False) for one in written["keys"])
        return (f'{{"keys": [\n{keys}\n]}}',)
    if isinstance(written, list) and any(isinstance(one, dict) for one in written):
        return (setting.kind.says(value),)  # one record a line, as its kind reads it
    if isinstance(written, list):
        says = setting.kind.says(value) if written else ""
        if any(not isinstance(one, str) for one in written) and _reads(setting, says, value):
            return (says,)
        return ("\n".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in written),)
    return (str(written),)


def _reads(setting: AnySetting, text: str, value: Any) -> bool:
    """Tell whether a value's words are also a way to write it: then they stand in its control, and no JSON."""
    try:
        return bool(setting.kind.parse(text) == value)
    except s.SettingProblem:
        return False


def parsed_from(widget: str, raw: Raw) -> Any:
    """Return what came from a control as a kind parses it."""
    if widget == "flag":
        return "true" if "true" in raw else "false"
    if widget in ("scopes", "choices"):
        return [one for one in raw if one]
    text = raw[-1] if raw else ""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if widget == "lines" and lines and all(line.startswith("{") for line in lines):
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            return text
    return text


def same(ours: Raw, typed: Raw, widget: str) -> bool:
    """Tell whether what came is what the form showed: order of ticks, line ends and edges do not count."""
    if widget in ("scopes", "choices"):
        return {printable(one) for one in ours} == {printable(one) for one in typed}
    return _plain(ours) == _plain(typed)


def _plain(raw: Raw) -> str:
    return printable(raw[-1] if raw else "").replace("\r\n", "\n").strip()


def control(
    setting: AnySetting,
    raw: Raw,
    *,
    choices: Mapping[str, str] | None = None,
    error: str = "",
    was: str = "",
    fixed: str = "",
    says: str = "",
) -> Control:
    """Return a setting's control; `choices` are the names there are, where its values are names in the org."""
    widget = widget_of(setting, choices)
    schema, may_be_left_out = schema_of(setting)
    optional = setting.kind.says(None) if may_be_left_out else ""
    unit = re.sub(r"^\S+\s+|\|none$", "", setting.kind.hint) if widget == "number" else ""
    text = raw[0] if raw else ""
    return Control(
        setting=setting,
        widget=widget,
        raw=raw,
        options=_options(setting, widget, raw, choices or {}),
        unit=unit,
        low=schema.get("minimum"),
        high=schema.get("maximum"),
        optional=optional,
        required=bool(schema.get("minLength")) or setting is s.CONTACT_EMAIL,
        limit=schema.get("maxLength"),
        rows=min(12, max(2, text.count("\n") + 2)),
        wire=wire_of(setting),
        refusals=refusals_of(setting),
        error=error,
        was=was,
        fixed=fixed,
        says=says,
    )


def _options(setting: AnySetting, widget: str, raw: Raw, choices: Mapping[str, str]) -> tuple[Option, ...]:
    kind = setting.kind
    if widget in ("radios", "select"):
        schema, may_be_left_out = schema_of(setting)
        nothing = (Option(value="", label=_words(kind.says(None))),) if may_be_left_out else ()
        return (
            *nothing,
            *(Option(value=str(one), label=_words(kind.says(kind.parse(one)))) for one in schema["enum"]),
        )
    if widget == "choices":
        # What is chosen and no longer there still stands, so that it is not lost unseen.
        missing = tuple(one for one in raw if one not in choices)
        return (
            *(Option(value=one, label=words, code="" if words == one else one) for one, words in choices.items()),
            *(Option(value=one, label=one, note="not in this org", weight="warn") for one in missing),
        )
    if widget == "scopes":
        within = {name: scope.name for scope in ALL_SCOPES if scope.name != "full" for name in scope.implies}
        found = [
            Option(
                value=scope.name,
                label=scope.label,
                code=scope.name,
                note="too wide"
                if scope.name == "full"
                else (f"within {within[scope.name]}" if scope.name in within else ""),
                weight="warn" if scope.name == "full" else "",
                rare=number >= _COMMON_SCOPES,
            )
            for number, scope in enumerate(ALL_SCOPES)
        ]
        known = {one.value for one in found}
        return (*found, *(Option(value=one, label=one, code=one, note="custom") for one in raw if one not in known))
    return ()


def _note(scope: str, within: dict[str, str]) -> str:
    if scope == "full":
        return "too wide"
    return f"within {within[scope]}" if scope in within else ""


def _words(says: str) -> str:
    return says[:1].upper() + says[1:]


def wire_of(setting: AnySetting) -> tuple[Piece, ...]:
    """Return a setting's effect on the wire in pieces: what can be sent is code, what is said is said."""
    text = setting.effect
    pieces: list[Piece] = []
    at = 0
    for found in _PROTOCOL.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text=text[at : found.start()]))
        pieces.append(Piece(text=found[1], kind="said") if found[1] else Piece(text=found[2], kind="code"))
        at = found.end()
    if text[at:]:
        pieces.append(Piece(text=text[at:]))
    if pieces and not pieces[0].kind:
        pieces[0] = Piece(text=_words(pieces[0].text))
    return tuple(pieces)


def refusals_of(setting: AnySetting) -> tuple[tuple[str, str], ...]:
    """Return error and text of what clients are told because of a setting, where its effect does not say it."""
    wires = [reason.wire(Voice.SALESFORCE) for reason in no.ALL.values() if reason.setting is setting]
    told = dict.fromkeys((wire.error, wire.says if wire.says != wire.error else "") for wire in wires)
    return () if any(error in setting.effect for error, _ in told) else tuple(told)
