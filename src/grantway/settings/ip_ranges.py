"""Settings of the section "Trusted IP Range for OAuth Web Server Flow", and what a range is."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from grantway.settings.kinds import Kind, SettingProblem, text
from grantway.settings.setting import Section, Setting, Xml

RANGES_LIMIT: Final = 128
_FIELDS: Final = ("start", "end", "description")
_DESCRIPTION: Final = text(255)
_LINE: Final = re.compile(r"(?P<start>[0-9A-Fa-f.:]+)(?:\s*-\s*(?P<end>[0-9A-Fa-f.:]+))?(?:\s+(?P<description>.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRange:
    """Addresses from `start` to `end`, both within; both IPv4 or both IPv6."""

    start: str
    end: str
    description: str = ""

    def __str__(self) -> str:
        return f"{self.start} - {self.end}" + (f" {self.description}" if self.description else "")


def covers(ranges: Iterable[IpRange], address: str) -> bool:
    """Tell whether an address lies within one of some ranges; an IPv4 address in IPv6 clothes is the IPv4 one (S52)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    for one in ranges:
        start, end = ipaddress.ip_address(one.start), ipaddress.ip_address(one.end)
        if start.version == parsed.version and int(start) <= int(parsed) <= int(end):
            return True
    return False


def _address(raw: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    said = raw.strip() if isinstance(raw, str) else ""
    try:
        if "%" in said:
            raise ValueError(said)
        return ipaddress.ip_address(said)
    except ValueError as problem:
        raise SettingProblem(f"{said[:60]!r} is no IP address") from problem


def _range(raw: Any) -> IpRange:
    if isinstance(raw, str):
        found = _LINE.fullmatch(raw.strip())
        if found is None:
            raise SettingProblem(f"{raw.strip()[:60]!r}: write START - END, and what it is after a blank")
        raw = found.groupdict(default="")
        raw["end"] = raw["end"] or raw["start"]
    if not isinstance(raw, dict) or not set(raw) <= set(_FIELDS) or not {"start", "end"} <= set(raw):
        raise SettingProblem("a range has start, end and, if you like, description")
    start, end = _address(raw["start"]), _address(raw["end"])
    if start.version != end.version:
        raise SettingProblem(f"{start} and {end} are of two kinds: both IPv4 or both IPv6")
    if int(start) > int(end):
        raise SettingProblem(f"{start} comes after {end}: the lower address is the start")
    return IpRange(start=str(start), end=str(end), description=_DESCRIPTION.parse(raw.get("description", "")))


def _ranges(raw: Any) -> tuple[IpRange, ...]:
    if raw is None:
        return ()
    if isinstance(raw, str):
        raw = [line for line in raw.splitlines() if line.strip()]
    if not isinstance(raw, (list, tuple)):
        raise SettingProblem("write a list of ranges")
    found: dict[IpRange, None] = {}
    for number, one in enumerate(raw, start=1):
        try:
            found[_range(one)] = None
        except SettingProblem as problem:
            raise SettingProblem(f"line {number}: {problem}") from problem
    if len(found) > RANGES_LIMIT:
        raise SettingProblem(f"at most {RANGES_LIMIT} ranges, these are {len(found)}")
    return tuple(found)


IP_RANGES_KIND: Final = Kind[tuple[IpRange, ...]](
    name="ip_ranges",
    parse=_ranges,
    write=lambda value: [{"start": one.start, "end": one.end, "description": one.description} for one in value],
    says=lambda value: "\n".join(map(str, value)) or "none",
    schema={
        "type": "array",
        "maxItems": RANGES_LIMIT,
        "items": {
            "type": "object",
            "properties": {
                "start": {"type": "string"},
                "end": {"type": "string"},
                "description": {"type": "string", "maxLength": 255},
            },
            "required": ["start", "end"],
            "additionalProperties": False,
        },
    },
    hint="START - END DESCRIPTION (repeat for more)",
    limits=f"at most {RANGES_LIMIT} ranges, IPv4 or IPv6, each with at most 255 characters of description",
    many=True,
)

IP_RANGES: Final = Setting[tuple[IpRange, ...]](
    name="ip_ranges",
    kind=IP_RANGES_KIND,
    label="Trusted IP Range for OAuth Web Server Flow",
    help="From where the app's web server flow may be used although the user's profile does not allow the address.",
    default=(),
    section=Section.TRUSTED_IPS,
    effect="authorize, token: with ip_relaxation=bypass_2factor, invalid_grant 'ip restricted' from other addresses",
    awaits="the policies about addresses",
    example="192.0.2.0 - 192.0.2.255 Warehouse",
    xml={"ConnectedApp": Xml(path="ipRanges", fields=_FIELDS)},
)
