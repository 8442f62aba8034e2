"""Settings of the section "Custom Attributes and Scopes": what an app is told, and may ask for, beyond the standard."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantway.settings.formula import LENGTH_LIMIT, Formula, FormulaProblem, parse_formula
from grantway.settings.kinds import Kind, SettingProblem, parts_of, text
from grantway.settings.scopes import SCOPES, scope_named
from grantway.settings.setting import Section, Setting, Xml

ATTRIBUTES_LIMIT: Final = 128
CUSTOM_SCOPES_LIMIT: Final = 100
_KEY_LIMIT: Final = 255
_SHAPE: Final = "write KEY=FORMULA, one a line, or a list of objects with key and formula"
_SCOPE_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_STANDARD_NAMES: Final = frozenset(name.lower() for one in SCOPES for name in (one.name, *one.synonyms))
_STANDARD: Final = "is one of the standard scopes' names, which no custom scope can have"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAttribute:
    """One thing more that an app is told of a user: under which key, and the formula of its value."""

    key: str
    formula: Formula


def _attribute(raw: Any) -> CustomAttribute:
    match raw:
        case str():
            key, equals, formula = raw.partition("=")
            if not equals:
                raise SettingProblem(f"{raw[:40]!r} has no =; {_SHAPE}")
        case {"key": str(key), "formula": str(formula)} if len(raw) == 2:
            if "=" in key:
                raise SettingProblem(f"the key {key[:40]!r} holds =, which parts a key from its formula")
        case _:
            raise SettingProblem(_SHAPE)
    key = text(_KEY_LIMIT).parse(key)
    if not key:
        raise SettingProblem("a formula without a key: " + _SHAPE)
    try:
        parsed = parse_formula(text(2 * LENGTH_LIMIT, lines=True).parse(formula))
    except FormulaProblem as problem:
        raise SettingProblem(f"{key}: {problem}") from problem
    return CustomAttribute(key=key, formula=parsed)


def _attributes(raw: Any) -> tuple[CustomAttribute, ...]:
    if raw is None:
        raw = ()
    if isinstance(raw, str):
        raw = [line for line in re.split(r"[\r\n]+", raw) if line.strip()]
    elif isinstance(raw, Mapping):
        raw = [raw]
    if not isinstance(raw, (list, tuple)):
        raise SettingProblem(_SHAPE)
    if len(raw) > ATTRIBUTES_LIMIT:
        raise SettingProblem(f"at most {ATTRIBUTES_LIMIT} attributes, these are {len(raw)}")
    found = tuple(_attribute(one) for one in raw)
    keys = [one.key for one in found]
    for key in keys:
        if keys.count(key) > 1:
            raise SettingProblem(f"the key {key[:40]!r} stands there twice")
    return found


ATTRIBUTES_KIND: Final = Kind[tuple[CustomAttribute, ...]](
    name="attributes",
    parse=_attributes,
    write=lambda value: [{"key": one.key, "formula": one.formula.text} for one in value],
    says=lambda value: "\n".join(f"{one.key}={one.formula.text}" for one in value) or "none",
    schema={
        "type": "array",
        "maxItems": ATTRIBUTES_LIMIT,
        "items": {
            "type": "object",
            "properties": {
                "key": {"type": "string", "minLength": 1, "maxLength": _KEY_LIMIT},
                "formula": {"type": "string", "minLength": 1, "maxLength": LENGTH_LIMIT},
            },
            "required": ["key", "formula"],
            "additionalProperties": False,
        },
    },
    hint="KEY=FORMULA (repeat for more)",
    limits=(
        f"at most {ATTRIBUTES_LIMIT}, each key once; a formula joins texts in quotes and references such as"
        " $User.Email by &"
    ),
    many=True,
)


def scope_name_problem(name: str) -> str | None:
    """Say why a custom scope cannot have a name; None if it can."""
    if len(name) > 80 or not _SCOPE_NAME.fullmatch(name):
        return "begin with a letter; letters, digits and single underscores, 80 at most"
    return f"{name} {_STANDARD}" if name.lower() in _STANDARD_NAMES else None


def _custom_scopes(raw: Any) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(parts_of(raw, r"[\s,]+")))
    if len(found) > CUSTOM_SCOPES_LIMIT:
        raise SettingProblem(f"at most {CUSTOM_SCOPES_LIMIT} custom scopes, these are {len(found)}")
    for name in found:
        if scope_named(name):
            raise SettingProblem(f"{name} is a standard scope: select it in scopes")
        if problem := scope_name_problem(name):
            raise SettingProblem(f"{name[:40]!r} is no name of a custom scope: {problem}")
    return found


CUSTOM_SCOPES_KIND: Final = Kind[tuple[str, ...]](
    name="custom_scopes",
    parse=_custom_scopes,
    write=list,
    says=lambda value: " ".join(value) or "none",
    schema={"type": "array", "items": {"type": "string", "maxLength": 80}, "maxItems": CUSTOM_SCOPES_LIMIT},
    hint="NAME,…",
    limits=f"at most {CUSTOM_SCOPES_LIMIT}, each a custom scope of the app's own org (`grantway scope list`)",
    many=True,
)

CUSTOM_ATTRIBUTES: Final = Setting[tuple[CustomAttribute, ...]](
    name="custom_attributes",
    kind=ATTRIBUTES_KIND,
    label="Custom Attributes",
    help="What else the app is told of each user: a key, and a formula that gives its value at that moment.",
    default=(),
    section=Section.CUSTOM,
    effect="identity URL, userinfo: custom_attributes; ID token too with id_token_attributes",
    example="customer=$User.Id & '@' & $Organization.Id",
    xml={"ConnectedApp": Xml(path="attributes", fields=("key", "formula"))},
)

CUSTOM_SCOPES: Final = Setting[tuple[str, ...]](
    name="custom_scopes",
    kind=CUSTOM_SCOPES_KIND,
    label="OAuth Custom Scopes",
    help="Scopes of the app's own org that the app may ask for besides the standard ones. They open nothing here.",
    default=(),
    section=Section.CUSTOM,
    effect="authorize: invalid_scope for custom scopes that are not among them; token, introspect: in scope",
    example="shipments_read",
)
