"""Is this a picture that may be served from here? Told from its bytes, never from its name or Content-Type.

GIF (GIF89a specification), PNG (third edition, 5.2 and 5.3), JPEG (ITU-T T.81, annex B). SVG is a program: never one.
"""

from dataclasses import dataclass
from typing import Final

LIMIT_BYTES: Final = 100 * 1024
LONGEST_SIDE: Final = 2048
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GIF: Final = (b"GIF87a", b"GIF89a")
_JPEG: Final = b"\xff\xd8\xff"
# Start of frame, whatever the coding: all of C0 to CF but tables (C4), extensions (C8) and conditioning (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN: Final = 0xDA


class NoPicture(ValueError):
    """Bytes that are not served as a picture; the text says why, as a phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture: its media type by its own bytes, and its sides in pixels."""

    media_type: str
    width: int
    height: int


def picture_in(body: bytes) -> Picture:
    """Return what picture some bytes are: that from the first to the last, and nothing else besides.

    Raises:
        NoPicture: they are too many, no GIF, JPG or PNG, cut off, followed by something else, or a picture too large.
    """
    if len(body) > LIMIT_BYTES:
        raise NoPicture(f"it is larger than {LIMIT_BYTES // 1024} KB")
    try:
        picture = _read(body)
    except IndexError:
        raise NoPicture("it is cut off") from None
    if not (1 <= picture.width <= LONGEST_SIDE and 1 <= picture.height <= LONGEST_SIDE):
        raise NoPicture(f"it is {picture.width} × {picture.height} pixels: from 1 to {LONGEST_SIDE} a side are taken")
    return picture


def _read(body: bytes) -> Picture:
    if body.startswith(_PNG):
        return _png(body)
    if body.startswith(_GIF):
        # What follows the trailer would be something else in a picture's clothes.
        if body[-1] != 0x3B:
            raise NoPicture("it does not end as a GIF does")
        width, height = (body[at] | body[at + 1] << 8 for at in (6, 8))
        return Picture(media_type="image/gif", width=width, height=height)
    if body.startswith(_JPEG):
        if not body.endswith(b"\xff\xd9"):
            raise NoPicture("it does not end as a JPG does")
        return _jpeg(body)
    raise NoPicture("it is no GIF, JPG or PNG")


def _png(body: bytes) -> Picture:
    if body[12:16] != b"IHDR":
        raise NoPicture("it does not begin as a PNG does")
    at = len(_PNG)
    while body[at + 4 : at + 8] != b"IEND":
        at += 12 + _number(body, at, 4)
    if at + 12 != len(body):
        raise NoPicture("it does not end as a PNG does")
    return Picture(media_type="image/png", width=_number(body, 16, 4), height=_number(body, 20, 4))


def _jpeg(body: bytes) -> Picture:
    at = 2
    while (marker := _marker(body, at)) != _SCAN:
        if marker in _FRAMES:
            return Picture(media_type="image/jpeg", height=_number(body, at + 5, 2), width=_number(body, at + 7, 2))
        at += 2 + max(2, _number(body, at + 2, 2))
    raise NoPicture("it has no size")


def _marker(body: bytes, at: int) -> int:
    if body[at] != 0xFF:
        raise NoPicture("it is damaged")
    return body[at + 1]


def _number(body: bytes, at: int, length: int) -> int:
    """Return a number of so many bytes, the highest first.

    Raises:
        IndexError: the bytes end before it does.
    """
    if at + length > len(body):
        raise IndexError
    return int.from_bytes(body[at : at + length], "big")
