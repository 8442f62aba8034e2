"""The few header fields that the edge itself heeds."""

from typing import Final

import msgspec

from grantway.kit.http import Header

_WATCHED: Final = frozenset(
    {b"authorization", b"host", b"content-length", b"content-encoding", b"x-forwarded-for", b"x-forwarded-proto"}
)
_PLAIN: Final = (b"", b"identity")


class Fields(msgspec.Struct):
    """What a header says about the body and where the request came from; `scheme` is what a proxy says.

    `credentials` is how many Authorization fields there are: two of them would leave open who calls (S21).
    """

    hosts: list[bytes]
    forwarded_for: list[bytes]
    length: bytes | None = None
    compressed: bool = False
    scheme: bytes | None = None
    credentials: int = 0


def read_fields(headers: tuple[Header, ...]) -> Fields:
    """Pick the heeded fields out of a header, whose names are in lower case."""
    fields = Fields([], [])
    for name, value in headers:
        if name in _WATCHED:
            if name == b"host":
                fields.hosts.append(value)
            elif name == b"content-length":
                fields.length = value
            elif name == b"content-encoding":
                fields.compressed = fields.compressed or value.strip().lower() not in _PLAIN
            elif name == b"x-forwarded-for":
                fields.forwarded_for.append(value)
            elif name == b"authorization":
                fields.credentials += 1
            else:
                fields.scheme = value
    return fields
