"""A request and an answer as records: what every floor above the HTTP library sees."""

import os
import re
import struct
from typing import Final

import msgspec

Header = tuple[bytes, bytes]
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})
_REQUEST_ID: Final = re.compile(rf"[{_CROCKFORD}]{{12}}")
_PAIRS: Final = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_BATCH: Final = 256
_fresh: Final[list[str]] = []
# A forked worker must not give out the ids that its parent made.
os.register_at_fork(after_in_child=_fresh.clear)


class Call(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request.

    - `path`: percent-decoded once; `query`: raw.
    - `headers`: names in lower case.
    - `address`: the peer, or the client a trusted proxy names.
    - `host`: the Host header.
    - `arrived_us`: when the request's first byte reached the server, in microseconds, never later than it did.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    address: str = ""
    scheme: str = "http"
    host: str = ""
    request_id: str = ""
    arrived_us: int = 0

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of a name given in lower case, or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One HTTP answer; Content-Length, Date and X-Request-Id are added when it is sent."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


def new_request_id() -> str:
    """Return a fresh request id: 60 random bits as 7Q4M-K2XD-90VB, readable over the telephone."""
    if not _fresh:
        _fresh.extend(_batch())
    return _fresh.pop()


def _batch() -> list[str]:
    """Return fresh ids: asking the system once for many costs a tenth."""
    numbers = struct.unpack(f"{_BATCH}Q", os.urandom(_BATCH * 8))
    pair = _PAIRS
    return [
        f"{pair[n & 1023]}{pair[n >> 10 & 1023]}-{pair[n >> 20 & 1023]}{pair[n >> 30 & 1023]}"
        f"-{pair[n >> 40 & 1023]}{pair[n >> 50 & 1023]}"
        for n in numbers
    ]


def normal_request_id(text: str) -> str | None:
    """Return a request id in its one spelling, however it was typed; None when it is none."""
    chars = re.sub(r"[\s-]", "", text).upper().translate(_ALIKE)
    return f"{chars[:4]}-{chars[4:8]}-{chars[8:]}" if _REQUEST_ID.fullmatch(chars) else None
