"""Times on pages of the console: in words for people, in full for machines."""

from dataclasses import dataclass

from grantway.pages import near_text, utc_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time: `text` as tables tell it, `stamp` for `<time datetime>`; both empty for never."""

    text: str = ""
    stamp: str = ""


def moment(when_ms: int, now_ms: int) -> Moment:
    """Return a time (ms) for a page; 0 is never."""
    return Moment(text=near_text(when_ms, now_ms), stamp=utc_stamp(when_ms)) if when_ms else Moment()
