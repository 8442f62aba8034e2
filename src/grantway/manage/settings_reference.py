"""The reference of all settings, read from their declarations and from the refusals that blame them."""

import re
import shlex
from itertools import groupby
from typing import Any, Final

from grantway import settings as s
from grantway.protocol import no
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason
from grantway.settings.scopes import SCOPES
from grantway.settings.setting import AnySetting, Xml

_HOLDERS: Final = {
    s.Holder.APP: "the app: the developer's half, the same in every org",
    s.Holder.POLICY: "the app in one org: the administrator's half",
    s.Holder.ORG: "the org: it holds for all of its apps",
}
_APART: Final = "none: Salesforce has no element for it, so `app export` names it apart"
_NO_ELEMENT: Final = {s.Holder.ORG: "none: Salesforce has no element for it"}
_HEAD: Final = """\
# Settings

<!-- Written by `grantway settings --format markdown > docs/reference/settings.md`. Do not edit: a test compares it. -->

Every setting there is, in the order of the administrator's page. `grantway settings NAME` prints the same for one of
them, `grantway app show APP` what an app has. All are changed by `grantway app set`, those of an org by
`grantway org set`; a change is in force at once.

*Default* is what holds when nothing is set, and so for an imported app whose file leaves it out; *new apps* begin
safer where that is said. *Refusals* lists what a client is told because of a setting, with the reason that
`grantway explain` names.
"""


def reasons_of(setting: AnySetting) -> tuple[Reason, ...]:
    """Return the reasons to refuse that blame a setting."""
    return tuple(reason for reason in no.ALL.values() if reason.setting is setting)


def command_for(setting: AnySetting, argument: str, app: str = "APP") -> str:
    """Return the command that sets NAME=VALUE, of an app or of the org."""
    words = ["grantway", "org", "set"] if setting.held_by is s.Holder.ORG else ["grantway", "app", "set", app]
    return shlex.join([*words, argument])


def facts_of(setting: AnySetting) -> dict[str, Any]:
    """Return all about a setting, as JSON can say it."""
    return {
        "name": setting.name,
        "label": setting.label,
        "section": setting.section.value,
        "held_by": setting.held_by.value,
        "help": setting.help,
        "values": setting.kind.hint,
        "limits": setting.kind.limits,
        "schema": setting.kind.schema,
        "default": setting.kind.says(setting.default),
        "for_new_apps": setting.kind.says(setting.starts_with),
        "metadata": {name: xml.path for name, xml in setting.xml.items()},
        "effect": setting.effect,
        "shown_on": setting.shown_on,
        "awaits": setting.awaits,
        "refusals": [{"reason": reason.id, "says": _wire_of(reason)} for reason in reasons_of(setting)],
        "example": command_for(setting, setting.example_argument, "Shipment_Sync"),
    }


def reference_page() -> str:
    """Return the reference as Markdown."""
    parts = [_HEAD]
    for section, settings in groupby(s.ALL, lambda setting: setting.section):
        parts += [f"## {section.value}\n", *map(_entry, settings)]
    rows = [(scope.name, scope.label, scope.metadata, *scope.metadata_aliases) for scope in SCOPES]
    scopes = "".join(f"| `{name}` | {label} | {', '.join(map(_code, words))} |\n" for name, label, *words in rows)
    parts.append(f"## Scopes\n\n| scope | label | in metadata files |\n| --- | --- | --- |\n{scopes}")
    return "\n".join([*parts, _not_in_force()])


def _not_in_force() -> str:
    waiting = [setting for setting in s.ALL if setting.awaits]
    if not waiting:
        return "## Not in force yet\n\nNone: every setting is enforced.\n"
    rows = "".join(f"| `{setting.name}` | {setting.awaits} |\n" for setting in waiting)
    return (
        "## Not in force yet\n\nThese can be set, shown, imported and exported, and a change of one says so: what "
        f"enforces it is not built yet.\n\n| setting | waits for |\n| --- | --- |\n{rows}"
    )


def _entry(setting: AnySetting) -> str:
    facts = facts_of(setting)
    limits = f"; {facts['limits']}" if facts["limits"] else ""
    new = f"; new apps: {facts['for_new_apps']}" if facts["for_new_apps"] != facts["default"] else ""
    elements = [f"`{path}` of `{kind}`{_how(setting.xml[kind])}" for kind, path in facts["metadata"].items()]
    refusals = "<br>".join(f"{_wire(one['says'])} (`{one['reason']}`)" for one in facts["refusals"])
    rows = [
        ("On the page", setting.label),
        ("Values", f"{_code(setting.kind.hint)}{limits}"),
        ("Default", facts["default"] + new),
        ("Held by", _HOLDERS[setting.held_by]),
        ("Metadata", ", ".join(elements) or _NO_ELEMENT.get(setting.held_by, _APART)),
        ("On the wire", setting.effect or "nothing"),
        ("Shown on", setting.shown_on),
        ("Not in force yet", f"waits for {setting.awaits}" if setting.awaits else ""),
        ("Refusals", refusals),
        ("Example", _code(facts["example"])),
    ]
    table = "".join(f"| {name} | {text.replace('|', chr(92) + '|')} |\n" for name, text in rows if text)
    return f"### `{setting.name}`\n\n{setting.help}\n\n| | |\n| --- | --- |\n{table}"


def _wire_of(reason: Reason) -> str:
    """Return what a client is told, at Salesforce's door and, where that differs, at the standards'."""
    here, there = reason.wire(Voice.SALESFORCE), reason.wire(Voice.STANDARDS)
    said = f"{here.error}: {here.says}" if here.says != here.error else here.error
    return said if here.error == there.error else f"{said}; at the standards' door {there.error}"


def _wire(says: str) -> str:
    return re.sub(r"^\w+", r"`\g<0>`", says)


def _how(xml: Xml) -> str:
    if xml.inverted:
        return ", which says the opposite"
    if xml.fields:
        return f", one group each with {', '.join(map(_code, xml.fields))}"
    return ", by being there" if xml.present else ""


def _code(text: str) -> str:
    return f"`{text}`"
