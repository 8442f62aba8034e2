"""Settings as typed JSON: their schemas, and their values, both read from the catalogue."""

from collections.abc import Mapping
from typing import Any

from grantway import settings as s
from grantway.adminapi.schema import Schema
from grantway.domain.app import InstalledApp

# What a value that stands there already may lack: an imported app has no contact, an old one a name of today's form.
_ONLY_WRITTEN = frozenset({"format", "pattern", "minLength"})


def written(holder: s.Holder) -> Schema:
    """Return the schema of settings to be changed: any of those that a kind of record holds."""
    return {
        "type": "object",
        "properties": {
            one.name: {**one.kind.schema, "title": one.label, "description": _help(one)} for one in s.held_by(holder)
        },
        "additionalProperties": False,
    }


def read(holder: s.Holder) -> Schema:
    """Return the schema of settings as they are answered: all that a kind of record holds."""
    held = s.held_by(holder)
    return {
        "type": "object",
        "properties": {one.name: _loose(one.kind.schema) for one in held},
        "additionalProperties": False,
        "required": [one.name for one in held],
    }


def of_app(app: InstalledApp, holder: s.Holder) -> dict[str, Any]:
    """Return an app's settings of one kind of record, as they hold."""
    return {one.name: one.kind.write(app[one]) for one in s.held_by(holder)}


def _help(one: s.AnySetting) -> str:
    wire = f" On the wire: {one.effect}." if one.effect else ""
    waits = f" Not in force yet: waits for {one.awaits}." if one.awaits else ""
    return f"{one.help}{wire}{waits}"


def _loose(schema: Mapping[str, Any]) -> Schema:
    loose = {name: value for name, value in schema.items() if name not in _ONLY_WRITTEN}
    if "anyOf" in loose:
        loose["anyOf"] = [_loose(one) for one in loose["anyOf"]]
    return loose
