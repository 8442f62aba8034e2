"""The kinds of values a setting can have: how each is read from text or JSON, checked, and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from grantway.settings.callbacks import callback_problem

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

# Control characters, and what neither UTF-8 nor XML can carry.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
EMPTY: Final[dict[str, Any]] = {"type": "string", "enum": [""]}
"""The schema of a text that may be left empty beside what it must be otherwise."""
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
CALLBACKS_TOTAL: Final = 2000
ORIGINS: Final = 100
URI_LENGTH: Final = 1024
_WEB: Final = frozenset({"http", "https"})


class SettingProblem(ValueError):
    """A value a setting does not take; the text is for whoever typed it."""


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[T]):
    """A way of having values.

    - `parse` takes what came (text from a form or the command line, JSON from the API or the database) and gives the
      value, or raises SettingProblem.
    - `write` gives the JSON form of a value; `parse(write(value)) == value`.
    - `says` gives the value in words for a person.
    - `schema` is its JSON Schema, `hint` how it is written on the command line, `limits` what that does not say.
    """

    name: str
    parse: Callable[[Any], T]
    write: Callable[[T], Any]
    says: Callable[[T], str]
    schema: dict[str, Any]
    hint: str
    limits: str = ""
    many: bool = False


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise SettingProblem("say true or false")


FLAG: Final = Kind[bool](
    name="flag",
    parse=_flag,
    write=lambda value: value,
    says=lambda value: "on" if value else "off",
    schema={"type": "boolean"},
    hint="true|false",
)


def text(limit: int, *, required: bool = False, lines: bool = False) -> Kind[str]:
    """One line of text (or several with `lines`) of at most `limit` characters."""

    def parse(raw: Any) -> str:
        if raw is None:
            raw = ""
        if not isinstance(raw, str):
            raise SettingProblem("write it as text")
        value = raw.strip()
        if required and not value:
            raise SettingProblem("it cannot be empty")
        if len(value) > limit:
            raise SettingProblem(f"at most {limit} characters, this has {len(value)}")
        if _CONTROL.search(value.replace("\n", "").replace("\r", "").replace("\t", "") if lines else value):
            raise SettingProblem("it holds characters that cannot be shown")
        return value

    return Kind(
        name="text",
        parse=parse,
        write=lambda value: value,
        says=lambda value: value or "none",
        schema={"type": "string", "maxLength": limit, **({"minLength": 1} if required else {})},
        hint="TEXT",
        limits=f"at most {limit} characters"
        + (", not empty" if required else "")
        + (", lines allowed" if lines else ""),
    )


def _email(raw: Any) -> str:
    value = text(254).parse(raw)
    if not _EMAIL.fullmatch(value):
        raise SettingProblem("write an e-mail address such as team@example.com")
    return value


EMAIL: Final = Kind[str](
    name="email",
    parse=_email,
    write=lambda value: value,
    says=lambda value: value or "none",
    schema={"type": "string", "format": "email", "maxLength": 254},
    hint="ADDRESS",
    limits="at most 254 characters",
)


def _https_url(raw: Any) -> str:
    value = text(2400).parse(raw)
    if not value:
        return value
    try:
        parts = urlsplit(value)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or any(char.isspace() for char in value):
        raise SettingProblem("write an absolute URL that begins with https://")
    return value


HTTPS_URL: Final = Kind[str](
    name="https_url",
    parse=_https_url,
    write=lambda value: value,
    says=lambda value: value or "none",
    schema={"anyOf": [{"type": "string", "format": "uri", "maxLength": 2400}, EMPTY]},
    hint="https://…",
    limits="at most 2400 characters",
)


def _start_page(raw: Any) -> str:
    word = text(2400).parse(raw)
    if word.lower() in ("", "app"):
        return "app"
    return "none" if word.lower() == "none" else _https_url(word)


START_PAGE_KIND: Final = Kind[str](
    name="start_page",
    parse=_start_page,
    write=lambda value: value,
    says=lambda value: {"app": "as the app says", "none": "none"}.get(value, value),
    schema={"anyOf": [{"type": "string", "enum": ["app", "none"]}, {"type": "string", "maxLength": 2400}]},
    hint="app|none|https://…",
    limits="an address has at most 2400 characters",
)


def integer(low: int, high: int, unit: str) -> Kind[int]:
    """A whole number of `unit` from `low` to `high`."""

    def parse(raw: Any) -> int:
        if isinstance(raw, str) and re.fullmatch(r"-?\d{1,12}", raw.strip()):
            raw = int(raw.strip())
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise SettingProblem(f"say a whole number of {unit} from {low} to {high}")
        return raw

    return Kind(
        name="integer",
        parse=parse,
        write=lambda value: value,
        says=lambda value: f"{value} {unit}",
        schema={"type": "integer", "minimum": low, "maximum": high},
        hint=f"{low}…{high} {unit}",
    )


def minutes_of(*allowed: int) -> Kind[int]:
    """One of the numbers of minutes that are allowed."""
    listed = ", ".join(map(str, allowed))

    def parse(raw: Any) -> int:
        if isinstance(raw, str) and re.fullmatch(r"\d{1,5}", raw.strip(), re.ASCII):
            raw = int(raw.strip())
        if isinstance(raw, bool) or not isinstance(raw, int) or raw not in allowed:
            raise SettingProblem(f"say one of these numbers of minutes: {listed}")
        return raw

    return Kind(
        name="minutes",
        parse=parse,
        write=lambda value: value,
        says=lambda value: f"{value} minutes" if value != 1 else "1 minute",
        schema={"type": "integer", "enum": list(allowed)},
        hint="MINUTES",
        limits=f"one of {listed} minutes",
    )


def one_of(choices: type[E], *, words: dict[E, str] | None = None) -> Kind[E]:
    """One member of an enumeration, written by its value; `words` are for people."""
    by_value = {str(member.value).lower(): member for member in choices}

    def parse(raw: Any) -> E:
        found = by_value.get(raw.strip().lower()) if isinstance(raw, str) else None
        if found is None:
            raise SettingProblem("say one of " + ", ".join(str(member.value) for member in choices))
        return found

    return Kind(
        name="choice",
        parse=parse,
        write=lambda value: value.value,
        says=lambda value: (words or {}).get(value, str(value.value)),
        schema={"type": "string", "enum": [member.value for member in choices]},
        hint="|".join(str(member.value) for member in choices),
    )


def parts_of(raw: Any, separators: str = r"[\r\n,]+") -> list[str]:
    """Return the parts of a list however it came: a JSON list, or text with one part a line (or after a comma)."""
    if raw is None:
        return []
    if isinstance(raw, str):
        return [part.strip() for part in re.split(separators, raw) if part.strip()]
    if isinstance(raw, (list, tuple)) and all(isinstance(part, str) for part in raw):
        return [part.strip() for part in raw if part.strip()]
    raise SettingProblem("write a list of texts")


def _origin_problem(origin: str) -> str:
    """Return what is wrong with a whole origin of a page (RFC 6454), or an empty text."""
    if origin in ("*", "null"):
        return f"{origin!r} would let in pages that nobody can name"
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{origin!r} is no origin"
    written = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"
    if not host or "*" in host or written != origin or not origin.isascii():
        return f"{origin!r} is no whole origin: write scheme, host in lower case and port only"
    if parts.scheme == "https":
        return f"{origin!r} names the port that https has anyway" if port == 443 else ""
    if parts.scheme != "http" or host != "localhost" or port == 80:
        return f"{origin!r} must begin with https://, or be http://localhost with its port"
    return ""


def _origins(raw: Any) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(parts_of(raw)))
    if len(found) > ORIGINS:
        raise SettingProblem(f"at most {ORIGINS} origins, these are {len(found)}")
    for origin in found:
        if problem := _origin_problem(text(255).parse(origin)):
            raise SettingProblem(problem)
    return found


ORIGINS_KIND: Final = Kind[tuple[str, ...]](
    name="origins",
    parse=_origins,
    write=list,
    says=lambda value: ", ".join(value) or "none",
    schema={"type": "array", "items": {"type": "string", "maxLength": 255}, "maxItems": ORIGINS},
    hint="https://HOST (repeat for more)",
    limits=f"at most {ORIGINS} whole origins; https, or http on localhost; no wildcard",
    many=True,
)


def uris(limit: int, what: str, *, https: bool = False) -> Kind[tuple[str, ...]]:
    """A list of at most `limit` absolute URIs without fragment (or of https URLs), each once, compared byte by byte."""

    def parse(raw: Any) -> tuple[str, ...]:
        # A comma may stand in a URI, so only line ends part them.
        found = tuple(dict.fromkeys(parts_of(raw, r"[\r\n]+")))
        if len(found) > limit:
            raise SettingProblem(f"at most {limit} {what}, these are {len(found)}")
        for uri in found:
            if problem := uri_problem(uri):
                raise SettingProblem(f"{uri[:100]!r} will not do: {problem}")
            if https and not uri.startswith("https://"):
                raise SettingProblem(f"{uri[:100]!r} will not do: it does not begin with https://")
        return found

    return Kind(
        name="uris",
        parse=parse,
        write=list,
        says=lambda value: ", ".join(value) or "none",
        schema={"type": "array", "items": {"type": "string", "maxLength": URI_LENGTH}, "maxItems": limit},
        hint=f"{'https://…' if https else 'URI'} (repeat for more)",
        limits=f"at most {limit} {what}, each of at most {URI_LENGTH} characters, without fragment"
        + ("; https only" if https else ""),
        many=True,
    )


def uri_problem(text: str) -> str:
    """Return what is wrong with an absolute URI without fragment (RFC 8707, section 2), or an empty text."""
    if len(text) > URI_LENGTH:
        return f"it has more than {URI_LENGTH} characters"
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "it holds characters that have no place in it"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "it is no URI"
    if not parts.scheme or not (parts.hostname or (parts.path and not parts.netloc and parts.scheme not in _WEB)):
        return "it is no absolute URI"
    if "#" in text:
        return "it has a fragment"
    return "it holds a username or password" if "@" in parts.netloc else ""


def names(limit: int, what: str) -> Kind[tuple[str, ...]]:
    """A list of at most `limit` names, in the order given, each once."""

    def parse(raw: Any) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(parts_of(raw)))
        if len(found) > limit:
            raise SettingProblem(f"at most {limit} {what}, these are {len(found)}")
        for name in found:
            text(255).parse(name)
        return found

    return Kind(
        name="names",
        parse=parse,
        write=list,
        says=lambda value: ", ".join(value) or "none",
        schema={"type": "array", "items": {"type": "string"}, "maxItems": limit},
        hint="NAME,…",
        limits=f"at most {limit} {what}, each of at most 255 characters",
        many=True,
    )


def _callbacks(raw: Any) -> tuple[str, ...]:
    # A comma may stand in a URL, so only line ends part them. Lines are numbered as they were typed, empty ones too.
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", raw)] if isinstance(raw, str) else parts_of(raw)
    found = tuple(dict.fromkeys(line for line in lines if line))
    if sum(map(len, found)) + max(0, len(found) - 1) > CALLBACKS_TOTAL:
        raise SettingProblem(
            f"all callback URLs together may have {CALLBACKS_TOTAL} characters; create another app for the rest"
        )
    problems = [
        f"line {number} {problem}"
        for number, line in enumerate(lines, start=1)
        if line and (problem := callback_problem(line))
    ]
    if problems:
        raise SettingProblem(" ".join([problems[0], *(problem[:1].upper() + problem[1:] for problem in problems[1:])]))
    return found


CALLBACKS: Final = Kind[tuple[str, ...]](
    name="callbacks",
    parse=_callbacks,
    write=list,
    says=lambda value: "\n".join(value) or "none",
    schema={"type": "array", "items": {"type": "string"}},
    hint="URL (repeat for more)",
    limits=f"together at most {CALLBACKS_TOTAL} characters; https, the app's own scheme, or http on localhost",
    many=True,
)
