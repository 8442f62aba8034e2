"""JSON Schema, as much of it as the API's own document uses: what is published is what is checked."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]
# What no text here may hold: controls other than tab and line ends, and what UTF-8 or a database cannot carry.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
_WORDS: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def record(properties: Mapping[str, Schema], *, required: Sequence[str] | None = None, **more: Any) -> Schema:
    """Return the schema of an object with exactly these members; all required unless told otherwise."""
    needed = list(properties) if required is None else list(required)
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
        **more,
    }


def listed(item: Schema) -> Schema:
    """Return the schema of one piece of a list."""
    return record({"items": {"type": "array", "items": item}, "next": {"type": ["string", "null"]}})


def text(most: int = 255, *, least: int = 0, **more: Any) -> Schema:
    """Return the schema of a text."""
    return {"type": "string", "maxLength": most, **({"minLength": least} if least else {}), **more}


FLAG: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}


def problems_of(value: Any, schema: Schema, at: str = "") -> dict[str, str]:
    """Return what is wrong with a value, by the place where it stands; empty when it is as the schema says."""
    if "anyOf" in schema:
        found = [problems_of(value, one, at) for one in schema["anyOf"]]
        return {} if any(not one for one in found) else found[0]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kind = next((kind for kind in kinds if _is(value, kind)), "")
    if kinds and not kind:
        return {at: "write " + " or ".join(_WORDS[one] for one in kinds)}
    if "enum" in schema and value not in schema["enum"]:
        return {at: "say one of " + ", ".join(map(str, schema["enum"]))}
    if isinstance(value, str):
        return _text_problems(value, schema, at)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number_problems(value, schema, at)
    if isinstance(value, list):
        return _list_problems(value, schema, at)
    if isinstance(value, dict):
        return _object_problems(value, schema, at)
    return {}


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _text_problems(value: str, schema: Schema, at: str) -> dict[str, str]:
    if len(value) > schema.get("maxLength", len(value)):
        return {at: f"at most {schema['maxLength']} characters, this has {len(value)}"}
    if len(value) < schema.get("minLength", 0):
        return {at: "it cannot be empty"}
    if _CONTROL.search(value):
        return {at: "it holds characters that cannot be shown"}
    # Patterns are the catalogue's own, short and anchored; none comes from outside (S48).
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return {at: f"it has not the form {schema['pattern']}"}
    return {}


def _number_problems(value: float, schema: Schema, at: str) -> dict[str, str]:
    least, most = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
    return {} if least <= value <= most else {at: f"say a number from {least} to {most}"}


def _list_problems(value: list[Any], schema: Schema, at: str) -> dict[str, str]:
    if len(value) > schema.get("maxItems", len(value)):
        return {at: f"at most {schema['maxItems']}, these are {len(value)}"}
    if len(value) < schema.get("minItems", 0):
        return {at: f"at least {schema['minItems']}"}
    found: dict[str, str] = {}
    for index, one in enumerate(value):
        found |= problems_of(one, schema.get("items", {}), f"{at}[{index}]")
    return found


def _object_problems(value: dict[str, Any], schema: Schema, at: str) -> dict[str, str]:
    known: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    found: dict[str, str] = {}
    for name in schema.get("required", ()):
        if name not in value:
            found[_below(at, name)] = "is missing"
    for name, one in value.items():
        place = _below(at, name[:100])
        if name in known:
            found |= problems_of(one, known[name], place)
        elif others is False:
            found[place] = "there is no such field"
        elif isinstance(others, dict):
            found |= problems_of(one, others, place)
    if not found and len(value) < schema.get("minProperties", 0):
        found[at] = "name at least one field"
    return found


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
