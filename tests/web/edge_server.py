"""A real uvicorn server with the edge on a free port, in a thread, for the stories of this folder."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from grantway.kit.clock import SystemClock
from grantway.kit.http import Call, Reply
from grantway.web.adapter import Edge, usual_body_limit
from grantway.web.limits import Limits
from grantway.web.protocol import limited_protocol

Dispatch = Callable[[Call], Awaitable[Reply]]
NOW_US = SystemClock().now_us
JSON = ((b"content-type", b"application/json"),)


async def echo(call: Call) -> Reply:
    """Tell what arrived."""
    heard = {
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "body": call.body.decode("latin-1"),
        "address": call.address,
        "host": call.host,
        "scheme": call.scheme,
        "id": call.request_id,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in call.headers],
        "arrived_us": call.arrived_us,
    }
    return Reply(200, json.dumps(heard).encode(), JSON)


def refuse(call: Call, status: int, problem: BaseException | None) -> Reply:
    """Refuse in one of two dialects, so that a test can see that the path chose it."""
    door = "standards" if call.path.startswith("/oidc") else "salesforce"
    return Reply(status, json.dumps({"door": door, "path": call.path, "id": call.request_id}).encode(), JSON)


class Running:
    """A server that runs."""

    def __init__(self, server: uvicorn.Server, port: int) -> None:
        self.server = server
        self.port = port
        self.trusting: ssl.SSLContext | None = None

    def connect(self, timeout: float = 5) -> "Wire":
        """Open a connection."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        return Wire(self.trusting.wrap_socket(plain, server_hostname="localhost") if self.trusting else plain)

    def ask(self, data: bytes) -> "Answer":
        """Send bytes on a new connection and return the answer."""
        with self.connect() as wire:
            wire.send(data)
            return wire.answer()


class Answer:
    """One HTTP response."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.body = body
        pairs = [line.split(": ", 1) for line in lines]
        self.headers = {name.lower(): value for name, value in pairs}

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Wire:
    """A socket that speaks HTTP badly if asked to."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._kept = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.sock.sendall(data)

    def line_end(self, mark: bytes) -> bytes:
        """Return what comes up to a mark, without it."""
        while mark not in self._kept:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self._kept += more
        found, _, self._kept = self._kept.partition(mark)
        return found

    def answer(self, *, head_only: bool = False) -> Answer:
        """Return the next response."""
        head = self.line_end(b"\r\n\r\n")
        answer = Answer(head, b"")
        length = 0 if head_only else int(answer.headers.get("content-length", "0"))
        while len(self._kept) < length:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed within a body")
            self._kept += more
        answer.body, self._kept = self._kept[:length], self._kept[length:]
        return answer

    def bytes_until_closed(self) -> int:
        """Read to the end and count."""
        count = len(self._kept)
        with contextlib.suppress(ConnectionError):
            while piece := self.sock.recv(1 << 20):
                count += len(piece)
        return count

    def is_closed(self) -> bool:
        """Wait until the server closes, and tell whether it sent nothing before."""
        try:
            return not self._kept and self.sock.recv(1) == b""
        except ConnectionError:
            return True


@contextlib.contextmanager
def serving(
    dispatch: Dispatch = echo,
    *,
    limits: Limits | None = None,
    trusted: tuple[str, ...] = (),
    certificate: Path | None = None,
    **edge: Any,
) -> Iterator[Running]:
    """Run a server for a `with` block."""
    edge.setdefault("body_limit", usual_body_limit)
    app = Edge(dispatch, refuse, now_us=NOW_US, trusted_proxies=trusted, **edge)
    config = uvicorn.Config(
        app,
        http=limited_protocol(limits or Limits(), refuse, now_us=NOW_US, trusted_proxies=trusted),
        loop="none",
        lifespan="on",
        interface="asgi3",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=certificate,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server._serve([listener]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < until
        time.sleep(0.005)
    try:
        running = Running(server, listener.getsockname()[1])
        if certificate is not None:
            running.trusting = ssl.create_default_context(cafile=certificate)
        yield running
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()
