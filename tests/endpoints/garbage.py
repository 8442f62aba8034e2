"""Garbage for one field of a form or query: each kind that clients, scanners and attackers send."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

# What the kinds are made of: any text, control characters and astral letters among it, but nothing outside UTF-8.
NOISE: Final = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
Spoil = Callable[[bytes, str, str, str], bytes]


def _as(text: str | bytes) -> bytes:
    return quote(text, safe="").encode()


def _one(make: Callable[[str, str, str], str | bytes]) -> Spoil:
    """Return a kind that puts another value in the field's place."""
    return lambda name, value, other, noise: name + b"=" + _as(make(value, other, noise))


KINDS: Final[dict[str, Spoil]] = {
    "left out": lambda name, value, other, noise: b"",
    "without =": lambda name, value, other, noise: name,
    "empty": _one(lambda value, other, noise: ""),
    "blanks": _one(lambda value, other, noise: " \t\u00a0 "),
    "very long": _one(lambda value, other, noise: (value + noise + "x") * (6000 // (len(value + noise) + 1))),
    "a NUL inside": _one(lambda value, other, noise: value[:4] + "\0" + value[4:]),
    "a NUL at the end": _one(lambda value, other, noise: value + "\0"),
    "control characters": _one(lambda value, other, noise: value[:3] + "\r\n\x1b\x7f\x85" + value[3:]),
    "a lone surrogate": _one(lambda value, other, noise: value.encode() + b"\xed\xa0\x80"),
    "not UTF-8, escaped": _one(lambda value, other, noise: b"\xff\xfe" + value.encode()),
    "not UTF-8, raw": lambda name, value, other, noise: name + b"=\xc3\x28" + _as(value),
    "a broken escape": lambda name, value, other, noise: name + b"=" + _as(value) + b"%zz%",
    "twice": lambda name, value, other, noise: name + b"=" + _as(value) + b"&" + name + b"=" + _as(value),
    "twice, once empty": lambda name, value, other, noise: name + b"=&" + name + b"=" + _as(value),
    "an array": lambda name, value, other, noise: name + b"[]=" + _as(value),
    "an array beside the value": lambda name, value, other, noise: name + b"=" + _as(value) + b"&" + name + b"[]=x",
    "an array with an index": lambda name, value, other, noise: name + b"%5B0%5D=" + _as(value),
    "another spelling of the name": lambda name, value, other, noise: name.upper() + b"=" + _as(value),
    "another app's": _one(lambda value, other, noise: other),
    "a huge number": _one(lambda value, other, noise: "9" * 5000),
    "a negative number": _one(lambda value, other, noise: "-1"),
    "no number at all": _one(lambda value, other, noise: "NaN"),
    "markup": _one(lambda value, other, noise: "<script>alert(1)</script>' OR 1=1 --" + value[:4]),
    "JSON": _one(lambda value, other, noise: '{"' + value + '": [null]}'),
    "letters that look alike": _one(lambda value, other, noise: "\u202e" + value.translate({ord("a"): "\u0430"})),
    "noise": _one(lambda value, other, noise: noise),
    "noise behind it": _one(lambda value, other, noise: value + "\u200b" + noise),
    "noise inside it": _one(lambda value, other, noise: value[:7] + "\u200b" + noise + value[7:]),
}


def spoilt(fields: dict[str, str], field: str, kind: str, other: str, noise: str) -> bytes:
    """Return the fields as they are sent, one of them garbage of a kind; the garbage comes last."""
    sound = [_as(name) + b"=" + _as(value) for name, value in fields.items() if name != field]
    bad = KINDS[kind](field.encode(), fields[field], other, noise)
    return b"&".join([*sound, *([bad] if bad else [])])
