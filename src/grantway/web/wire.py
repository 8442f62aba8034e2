"""A `Reply` as the bytes of an HTTP/1.1 response (RFC 9112)."""

import http
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

from grantway.kit.http import Header, Reply

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode("ascii") for status in http.HTTPStatus
}
BODILESS: Final = frozenset({204, 304})
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpDate:
    """The Date header, made once a second."""

    __slots__ = ("_now_us", "_second", "_text")

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._second = -1
        self._text = b""

    def now(self) -> bytes:
        """Return the present as an HTTP date."""
        second = self._now_us() // 1_000_000
        if second != self._second:
            self._second = second
            self._text = formatdate(second, usegmt=True).encode("ascii")
        return self._text


def response(reply: Reply, request_id: str, date: bytes, *, head_only: bool, close: bool) -> bytes:
    """Return the whole response.

    Raises:
        ValueError: a header has a line break or a NUL in it, or the status is none.
    """
    headers = reply.headers
    lines = [_STATUS_LINES.get(reply.status) or _unnamed(reply.status)]
    for name, value in headers:
        lines.append(name + b": " + value)
    lines.append(b"date: " + date)
    lines.append(b"x-request-id: " + request_id.encode("ascii"))
    if reply.status not in BODILESS:
        lines.append(b"content-length: %d" % len(reply.body))
    if close:
        lines.append(b"connection: close")
    lines.append(b"\r\n")
    head = b"\r\n".join(lines)
    breaks = len(lines)
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
        raise ValueError("a response header has a line break or a NUL in it")
    return head if head_only or reply.status in BODILESS else head + reply.body


def check_headers(headers: tuple[Header, ...]) -> None:
    """Refuse what could end a header early.

    Raises:
        ValueError: a header has a line break or a NUL in it.
    """
    for name, value in headers:
        if any(bad in part for part in (name, value) for bad in (b"\r", b"\n", b"\0")):
            raise ValueError("a response header has a line break or a NUL in it")


def _unnamed(status: int) -> bytes:
    if not 200 <= status <= 599:
        raise ValueError("not the status of a response")
    return b"HTTP/1.1 %d " % status
