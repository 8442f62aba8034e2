"""The address of something that the server itself fetches, as a setting or a handler's field takes it."""

from typing import Any, Final
from urllib.parse import urlsplit

from grantway.settings.kinds import Kind, SettingProblem, text


def _fetched_url(raw: Any) -> str:
    value = text(2400).parse(raw)
    if not value:
        return value
    try:
        parts = urlsplit(value)
        _ = parts.port
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or not value.isascii() or any(char.isspace() for char in value) or "#" in value:
        raise SettingProblem("write an absolute URL that begins with https://")
    return value


FETCHED_URL: Final = Kind[str](
    name="fetched_url",
    parse=_fetched_url,
    write=lambda value: value,
    says=lambda value: value or "none",
    schema={"type": "string", "maxLength": 2400},
    hint="https://…",
    limits="https, to a public host, unless the operator's --outbound-allow lists it",
)
