"""How a value from outside may read on a page: printable, short, and in the page's own spelling of times and names."""

import re
import time

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Control characters (tab and line ends apart) are not allowed in HTML. The bidirectional controls would let an app's
# name reorder the words around it ("Allow X to act for you" read backwards), also in a title, where <bdi> cannot help.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

_WORD = re.compile(r"[^\W_]+")


def printable(text: str) -> str:
    """`text` with every character that HTML forbids or that reorders its neighbours replaced by U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", text)


def capped(text: str, limit: int = 120) -> str:
    """`text`, cut to at most `limit` characters, the last of them an ellipsis if something was cut (S59)."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def initials_of(name: str) -> str:
    """One or two capitals that stand for `name` in a drawing; empty when it has no letter or digit.

    A user name is read up to its @: `tomas.rivera@harbour.example` gives TR.
    """
    words: list[str] = _WORD.findall(name.split("@", 1)[0] or name)
    letters = words[0][0] + words[-1][0] if len(words) > 1 else "".join(words)[:1]
    return letters.upper()[:2]


def utc_text(when_ms: int) -> str:
    """A time in milliseconds since 1970 as people read it: `24 November 2026, 14:02:11 UTC`."""
    at = time.gmtime(when_ms // 1000)
    return f"{at.tm_mday} {_MONTHS[at.tm_mon - 1]} {at.tm_year}, {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} UTC"


def utc_stamp(when_ms: int) -> str:
    """A time in milliseconds since 1970 as machines read it: `2026-11-24T14:02:11Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when_ms // 1000))


def near_text(when_ms: int, now_ms: int) -> str:
    """A time as tables tell it: `today, 14:02`, `yesterday, 18:20`, `23 Nov, 16:41`, `4 Jul 2025`; UTC."""
    at, now = time.gmtime(when_ms // 1000), time.gmtime(now_ms // 1000)
    yesterday = time.gmtime(now_ms // 1000 - 86_400)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}"
    for word, day in (("today", now), ("yesterday", yesterday)):
        if (at.tm_year, at.tm_yday) == (day.tm_year, day.tm_yday):
            return f"{word}, {clock}"
    month = _MONTHS[at.tm_mon - 1][:3]
    return f"{at.tm_mday} {month}, {clock}" if at.tm_year == now.tm_year else f"{at.tm_mday} {month} {at.tm_year}"
