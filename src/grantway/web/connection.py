"""One connection: uvicorn's protocol on httptools, with limits, deadlines and arrival times (security.md S50)."""

import asyncio
import enum
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from grantway.web.gate import Gate, Refuse
from grantway.web.limits import Limits
from grantway.web.peers import Peers, plain_address
from grantway.web.served import Served
from grantway.web.target import split_target

_WATCHED: Final = frozenset({b"expect", b"transfer-encoding", b"host"})
_NEVER: Final = float("inf")
# Between a name and its value, and behind the value.
_FIELD_EXTRA: Final = 4
# A body that no one has asked for yet may take this much memory before the socket is left unread.
_UNREAD_BODY: Final = 256 * 1024
_GATES: Final[WeakKeyDictionary[ServerState, Gate]] = WeakKeyDictionary()


class Reading(enum.Enum):
    """What the next byte of a connection belongs to."""

    NOTHING = enum.auto()
    HEADER = enum.auto()
    BODY = enum.auto()
    REFUSED = enum.auto()  # what comes is no longer parsed; answers may still be due
    LINGERING = enum.auto()  # everything is sent; the rest is read so that the client need not be reset


class _Stop(Exception):
    """Raised out of a parser callback, which leaves the parser dead."""


class Connection(HttpToolsProtocol):
    """One connection. Requests are answered one after the other, in the order they came."""

    limits: ClassVar[Limits]
    refuse: ClassVar[Refuse]
    now_us: ClassVar[Callable[[], int]]
    stopping: ClassVar[Callable[[], bool]]
    trusted_proxies: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.gate = _gate_of(type(self), server_state, self.loop)
        self.peer = ""
        self._entered = False
        self._reading = Reading.NOTHING
        self._current: Served | None = None
        self._incoming: Served | None = None
        self._queue: deque[Served] = deque()
        self._parting: int | None = None  # the refusal that is due after the answers under way
        self._closing = False  # the connection ends after the answers under way
        self._deadline = _NEVER
        self._write_deadline = _NEVER
        self._write_paused = False
        self._read_paused = False
        self._discarded = 0
        self._method = b"GET"
        self._target = b""
        self._watched: dict[bytes, bytes] = {}
        self._header_left = 0
        self._header_fed = 0
        self._begun_here = False
        self._chunk_arrived = 0
        self._arrived = 0
        self._late_since: int | None = None  # what is read next may have lain in the kernel since then

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let the connection in, or turn it away when there are too many."""
        self.transport = transport
        self.server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        self.peer = plain_address(self.client[0]) if self.client else ""
        self._late_since = self.gate.arrivals.connection_came()
        self.gate.arrivals.after_next_read(self._nothing_late)
        self.connections.add(self)
        self._entered = self.gate.enter(self, self.peer)
        if not self._entered:
            self._reading = Reading.REFUSED
            transport.write(self._refusal(503))
            transport.close()
            return
        self._deadline = self.loop.time() + self.gate.limits.header_s

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever still waits for a body. A request that is being answered goes on to its end."""
        self.connections.discard(self)
        if self._entered:
            self.gate.leave(self, self.peer)
        for served in (self._current, *self._queue):
            if served is not None:
                served.gone = True
                served.body.fail(None)
        self._queue.clear()
        self._reading = Reading.LINGERING
        self._deadline = self._write_deadline = _NEVER
        self._incoming = None
        del self.parser  # it refers to us

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has sent all it wants to may still wait for its answer."""
        if self._reading in (Reading.HEADER, Reading.BODY) and self._incoming is not None:
            self._incoming.body.fail(None)
        if self._current is None or self._reading is Reading.BODY or self.scheme == "https":
            return False
        self._reading = Reading.NOTHING
        self._closing = True
        return True

    def shutdown(self) -> None:
        """End the connection when what is under way is answered; asked by the server that stops."""
        self._closing = True
        if self._current is None:
            self.transport.close()

    def pause_writing(self) -> None:
        """Hold the next answer back: the client does not take the last one."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """Go on with the next request."""
        self._write_paused = False
        if self._current is None and not self.transport.is_closing():
            self._next()

    def give_way(self) -> None:
        """Close at once, for another to come in: nothing was asked here yet."""
        self._reading = Reading.REFUSED
        self._deadline = _NEVER
        self.transport.abort()

    def check_deadlines(self, now: float) -> None:
        """End what is overdue."""
        transport = self.transport
        if transport.get_write_buffer_size():
            if now > self._write_deadline:
                transport.abort()
            return
        if now <= self._deadline or (self._read_paused and self._reading is not Reading.LINGERING):
            return
        self._deadline = _NEVER
        if self._reading is Reading.LINGERING:
            transport.abort()
        elif self._reading is Reading.NOTHING:
            transport.close()
        else:
            self._stop(408)

    # Bytes

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._reading is Reading.REFUSED or self._reading is Reading.LINGERING:
            self._discarded += len(data)
            if self._discarded > self.gate.limits.linger_bytes:
                self.transport.abort()
            return
        arrived = self.gate.arrivals.bytes_came()
        if self._late_since is not None:
            arrived = min(arrived, self._late_since)
        self._chunk_arrived = arrived
        self._begun_here = False
        was = self._reading
        try:
            self._feed(data)
        except _Stop:
            return
        except httptools.HttpParserError:
            if self._reading is Reading.HEADER and not self._target and was is Reading.NOTHING:
                self._salvage_request_line(data)
            self._stop(400)
            return
        if self._reading is Reading.HEADER:
            if was is Reading.NOTHING or not self._begun_here:
                self._header_fed += len(data)
            limits = self.gate.limits
            if self._header_fed > limits.header_bytes + limits.long_url_bytes:
                self._stop(431)

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # Nothing is upgraded here (RFC 9110, section 7.8). The parser takes the body for the other protocol,
                # so the request is read once more, without the offer.
                data = self._without_offer() + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self._chunk_arrived = self._arrived
            except httptools.HttpParserCallbackError as problem:
                if isinstance(problem.__context__, _Stop):
                    raise _Stop from None
                raise
            else:
                return

    def _without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        lines = [self._method + b" " + self._target + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                kept = (option for option in value.split(b",") if option.strip().lower() != b"upgrade")
                lines.append(name + b": " + b",".join(kept))
            elif name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join((*lines, b"\r\n"))

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._reading = Reading.HEADER
        self._begun_here = True
        self._arrived = self._chunk_arrived
        self._target = b""
        self._watched = {}
        self._header_left = self.gate.limits.header_bytes
        self._header_fed = 0
        self.headers = []
        self._incoming = None
        self._deadline = self.loop.time() + self.gate.limits.header_s

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target = target = self._target + url
        limits = self.gate.limits
        if len(target) > limits.url_bytes and (
            len(target) > limits.long_url_bytes or not target.startswith(limits.long_url_prefix)
        ):
            self._halt(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field, which counts but is not taken."""
        headers = self.headers
        self._header_left -= len(name) + len(value) + _FIELD_EXTRA
        if self._header_left < 0 or len(headers) >= self.gate.limits.header_fields:
            self._halt(431)
        if self._reading is Reading.HEADER:
            name = name.lower()
            if name in _WATCHED:
                self._watched[name] = value
            headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The header is whole: the request can be asked for its body, or answered."""
        parser = self.parser
        method = self._method = parser.get_method()
        if parser.should_upgrade():
            if method == b"CONNECT":
                self._halt(400)
            return
        version = parser.get_http_version()
        watched = self._watched
        target = split_target(self._target, method, watched.get(b"host"))
        if target is None or version not in ("1.1", "1.0"):
            self._halt(400)
            return
        coding = watched.get(b"transfer-encoding")
        if coding is not None and (coding.strip().lower() != b"chunked" or version == "1.0"):
            self._halt(400)
        gate = self.gate
        gate.heard(self)
        if len(self._queue) >= gate.limits.pipelined:
            self._halt(None)
        if gate.busy >= gate.limits.requests or (self.limit_concurrency and gate.busy >= self.limit_concurrency):
            self._halt(503)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": method.decode("ascii"),
            "scheme": self.scheme,
            "path": target[0].decode("ascii"),
            "raw_path": target[0],
            "query_string": target[1],
            "root_path": self.root_path,
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
            "state": self.app_state,
        }
        keep = version == "1.1" and parser.should_keep_alive()
        served = Served(
            self, scope, self._arrived, keep=keep, expects=watched.get(b"expect", b"").lower() == b"100-continue"
        )
        self._incoming = served
        self._reading = Reading.BODY
        self._deadline = self.loop.time() + gate.limits.body_s
        if self._current is None and not self._write_paused:
            self._start(served)
        else:
            self._queue.append(served)
            self._pause_reading()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._incoming is not None:
            self._incoming.body.add(body)
            if self._incoming.body.unread > _UNREAD_BODY:
                self._pause_reading()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._reading is Reading.HEADER:  # an offer to upgrade; `_feed` sees to it
            return
        self._reading = Reading.NOTHING
        self._deadline = _NEVER
        if self._incoming is not None:
            self._incoming.body.end()
            self._incoming = None
            if self._current is None and not self._queue:
                self._rest()

    # Answers

    def send(self, served: Served, data: bytes) -> None:
        """Write the answer of the request that is being answered, and turn to the next."""
        if self._current is not served:
            return
        self._current = None
        self.server_state.total_requests += 1
        transport = self.transport
        if transport.is_closing():
            return
        if not transport.get_write_buffer_size():
            self._write_deadline = self.loop.time() + self.gate.limits.response_s
        if data:
            transport.write(data)
        else:  # the application gave no answer
            self._closing = True
        if not served.keep_alive or not served.body.complete:
            self._finish()
            return
        self._next()

    def unfinished(self, served: Served) -> bool:
        """Tell whether the connection ends with this answer."""
        if self.gate.stopping() and not self._queue:
            served.keep_alive = False
        return self._closing or not served.keep_alive or not served.body.complete

    def ask_for_body(self) -> None:
        """Go on reading: the application waits for a body."""
        self._resume_reading()

    def _start(self, served: Served) -> None:
        self._current = served
        self.gate.busy += 1
        task = served.task = self.loop.create_task(served.run(self.app))
        self.tasks.add(task)

    def _next(self) -> None:
        if self._queue:
            if not self._write_paused:
                self._start(self._queue.popleft())
        elif self._parting is not None:
            status, self._parting = self._parting, None
            self.transport.write(self._refusal(status))
            self._finish()
        elif self._closing:
            self._finish()
        else:
            self._resume_reading()
            if self._reading is Reading.NOTHING:
                self._rest()

    def _rest(self) -> None:
        self._deadline = self.loop.time() + self.gate.limits.idle_s

    def _finish(self) -> None:
        """Close, but let the client read what it was sent: a socket closed over unread bytes resets the connection."""
        for served in self._queue:
            served.body.fail(None)
        self._queue.clear()
        transport = self.transport
        if self._reading is Reading.NOTHING or not transport.can_write_eof() or transport.is_closing():
            transport.close()
            return
        self._reading = Reading.LINGERING
        if self._incoming is not None:
            self._incoming.body.forget()
            self._incoming = None
        self._deadline = self.loop.time() + self.gate.limits.linger_s
        transport.write_eof()
        self._resume_reading()

    def _halt(self, status: int | None) -> None:
        """Stop from within a parser callback.

        Raises:
            _Stop: always.
        """
        self._stop(status)
        raise _Stop

    def _stop(self, status: int | None) -> None:
        """Take nothing more from this client. What was asked before is answered first, then comes the refusal."""
        incoming, self._incoming = self._incoming, None
        in_body = self._reading is Reading.BODY
        self._reading = Reading.REFUSED
        self._deadline = _NEVER
        self._closing = True
        if in_body:
            # The application, which has the whole header, says it.
            if incoming is not None:
                incoming.body.fail(status)
            return
        self._parting = status
        if self._current is None and not self._queue:
            self._write_deadline = self.loop.time() + self.gate.limits.response_s
            self._next()

    def _refusal(self, status: int) -> bytes:
        return self.gate.refusal(
            status,
            method=self._method.decode("ascii"),
            target=self._target,
            address=self.peer,
            scheme=self.scheme or "http",
            arrived_us=self._arrived,
        )

    def _salvage_request_line(self, data: bytes) -> None:
        """Find the path of a request whose method is unknown: the dialect of its refusal hangs on it."""
        words = data.lstrip(b"\r\n")[: self.gate.limits.url_bytes].split(b"\n", 1)[0].split(b" ", 2)
        if len(words) > 1:
            self._target = words[1]

    # Reading on and off

    def _pause_reading(self) -> None:
        if not self._read_paused:
            self._read_paused = True
            if self._late_since is None:
                self._late_since = self._chunk_arrived
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._read_paused and not self.transport.is_closing():
            self._read_paused = False
            self.transport.resume_reading()
            self.gate.arrivals.after_next_read(self._nothing_late)
            if self._reading is not Reading.LINGERING and self._deadline != _NEVER:
                seconds = self.gate.limits.body_s if self._reading is Reading.BODY else self.gate.limits.header_s
                self._deadline = self.loop.time() + seconds

    def _nothing_late(self) -> None:
        if not self._read_paused:
            self._late_since = None


def _gate_of(made: type[Connection], state: ServerState, loop: asyncio.AbstractEventLoop) -> Gate:
    gate = _GATES.get(state)
    if gate is None:
        gate = _GATES[state] = Gate(
            loop, made.limits, made.refuse, made.now_us, made.stopping, Peers(made.trusted_proxies)
        )
    return gate
