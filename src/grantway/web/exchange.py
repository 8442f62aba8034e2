"""One request and its answer, as the application sees them: its body, and a place for the one reply."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

from grantway.kit.http import Reply
from grantway.web.wire import BODILESS, HttpDate, check_headers

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
EXCHANGE: Final = "grantway.exchange"
"""The key of the ASGI scope under which our own protocol hands over its exchange."""


class BodyNotRead(Exception):
    """The body did not arrive whole. `status` is what to answer; None when the client is gone."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class Exchange(Protocol):
    """What the application needs of a server.

    - `arrived_us`: when the first byte arrived, in microseconds of the server's clock.
    - `cancels`: the server may cancel the application's task when the client goes away.
    """

    arrived_us: int
    cancels: bool

    async def read_body(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            BodyNotRead: it is longer than `limit` bytes, malformed, too slow, or the client went away.
        """
        ...

    async def answer(self, reply: Reply, request_id: str) -> None:
        """Send the reply. A client that is gone is no error.

        Raises:
            ValueError: a header has a line break or a NUL in it.
        """
        ...


class AsgiExchange:
    """An exchange over plain ASGI: another server than ours, or a test without sockets."""

    __slots__ = ("_date", "_head_only", "_receive", "_send", "arrived_us", "cancels")

    def __init__(self, scope: Message, receive: Receive, send: Send, arrived_us: int, date: HttpDate) -> None:
        self._receive = receive
        self._send = send
        self._date = date
        self._head_only = scope["method"] == "HEAD"
        self.arrived_us = arrived_us
        self.cancels = True

    async def read_body(self, limit: int) -> bytes:
        """Return the whole body; see `Exchange`."""
        body = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BodyNotRead(None)
            body += message.get("body", b"")
            if len(body) > limit:
                raise BodyNotRead(413)
            if not message.get("more_body", False):
                return bytes(body)

    async def answer(self, reply: Reply, request_id: str) -> None:
        """Send the reply; see `Exchange`."""
        check_headers(reply.headers)
        headers = [*reply.headers, (b"date", self._date.now()), (b"x-request-id", request_id.encode("ascii"))]
        bodiless = reply.status in BODILESS
        if not bodiless:
            headers.append((b"content-length", b"%d" % len(reply.body)))
        body = b"" if bodiless or self._head_only else reply.body
        with contextlib.suppress(OSError):  # the client is gone
            await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await self._send({"type": "http.response.body", "body": body, "more_body": False})


class IncomingBody:
    """The body of a request while it arrives: filled by the protocol, awaited by the application."""

    __slots__ = ("_failed", "_limit", "_loop", "_size", "_waiter", "complete", "parts")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._limit: int | None = None
        self._size = 0
        self._failed: BodyNotRead | None = None
        self.complete = False
        self.parts: list[bytes] = []

    @property
    def unread(self) -> int:
        """How many bytes lie here that nobody has asked for."""
        return self._size if self._limit is None else 0

    def add(self, data: bytes) -> None:
        """Take a piece."""
        if self._failed:
            return
        self._size += len(data)
        self.parts.append(data)
        if self._limit is not None and self._size > self._limit:
            self.fail(413)

    def end(self) -> None:
        """Note that the last piece has come."""
        self.complete = True
        self._wake()

    def fail(self, status: int | None) -> None:
        """Note that the rest will not come, or is not wanted."""
        if self._failed is None and not self.complete:
            self._failed = BodyNotRead(status)
            self.parts.clear()
            self._wake()

    def forget(self) -> None:
        """Drop what came, and whatever still comes."""
        self._failed = self._failed or BodyNotRead(None)
        self.parts.clear()

    async def whole(self, limit: int) -> bytes:
        """Return the body once it is there; see `Exchange.read_body`."""
        self._limit = limit
        if self._size > limit:
            raise BodyNotRead(413)
        while not self.complete and self._failed is None:
            self._waiter = self._loop.create_future()
            await self._waiter
        if self._failed is not None:
            raise self._failed
        return b"".join(self.parts)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
