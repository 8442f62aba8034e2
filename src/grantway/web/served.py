"""A request of our own protocol: its body as it arrives, the task that answers it, and the bytes of the answer."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from grantway.kit.http import Reply, new_request_id
from grantway.web.exchange import EXCHANGE, BodyNotRead, IncomingBody
from grantway.web.gate import Gate
from grantway.web.wire import CONTINUE, response

_log: Final = logging.getLogger("grantway")
# For ASGI applications other than `Edge`.
_ASGI_BODY: Final = 64 * 1024
_OURS: Final = frozenset({b"content-length", b"date", b"x-request-id", b"transfer-encoding", b"connection"})


class Asker(Protocol):
    """What a request needs of the connection it came by."""

    loop: asyncio.AbstractEventLoop
    gate: Gate
    tasks: set[asyncio.Task[None]]
    transport: asyncio.Transport

    def send(self, served: "Served", data: bytes) -> None:
        """Write the answer of the request that is being answered, and turn to the next."""
        ...

    def unfinished(self, served: "Served") -> bool:
        """Tell whether the connection ends with this answer."""
        ...

    def ask_for_body(self) -> None:
        """Go on reading: the application waits for a body."""
        ...


class Served:
    """One exchange (`grantway.web.exchange.Exchange`), and plain ASGI for applications that know no more."""

    __slots__ = (
        "_answered",
        "_expects",
        "_protocol",
        "_scope",
        "_start",
        "arrived_us",
        "body",
        "cancels",
        "gone",
        "keep_alive",
        "task",
    )

    def __init__(self, protocol: Asker, scope: dict[str, Any], arrived_us: int, *, keep: bool, expects: bool) -> None:
        scope[EXCHANGE] = self
        self._protocol = protocol
        self._scope = scope
        self._expects = expects
        self._answered = False
        self._start: dict[str, Any] | None = None
        self.arrived_us = arrived_us
        self.body = IncomingBody(protocol.loop)
        self.cancels = False
        self.gone = False
        self.keep_alive = keep
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: Callable[..., Any]) -> None:
        """Have the application answer, whatever becomes of the client meanwhile."""
        protocol = self._protocol
        try:
            await app(self._scope, self.receive, self.send)
        except Exception:
            _log.exception("the application let an exception escape")
        finally:
            protocol.gate.busy -= 1
            if self.task is not None:
                protocol.tasks.discard(self.task)
            if not self._answered:
                self._answered = True
                protocol.send(self, b"")

    async def read_body(self, limit: int) -> bytes:
        """Return the whole body; see `Exchange`."""
        body = self.body
        if not body.complete:
            if self._expects and not self.gone:
                self._expects = False
                self._protocol.transport.write(CONTINUE)
            self._protocol.ask_for_body()
        return await body.whole(limit)

    async def answer(self, reply: Reply, request_id: str) -> None:
        """Send the reply once the loop has asked the kernel for what came before it; see `Arrivals` and `Exchange`."""
        protocol = self._protocol
        data = response(
            reply,
            request_id,
            protocol.gate.date.now(),
            head_only=self._scope["method"] == "HEAD",
            close=protocol.unfinished(self),
        )
        self._answered = True
        if not self.body.complete:
            # Decided now and written down in the answer: what comes of the body later does not save the connection.
            self.keep_alive = False
        protocol.gate.arrivals.poll_before(partial(protocol.send, self, data))

    async def receive(self) -> dict[str, Any]:
        """ASGI: the whole body as one message."""
        try:
            return {"type": "http.request", "body": await self.read_body(_ASGI_BODY), "more_body": False}
        except BodyNotRead:
            return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI: gathers the answer and sends it whole."""
        if message["type"] == "http.response.start":
            self._start = {**message, "body": b""}
            return
        if self._start is None:
            raise RuntimeError("the body of a response came before its start")
        self._start["body"] += message.get("body", b"")
        if not message.get("more_body", False):
            start, self._start = self._start, None
            headers = tuple((name, value) for name, value in start.get("headers", ()) if name.lower() not in _OURS)
            await self.answer(Reply(start["status"], start["body"], headers), new_request_id())
