"""The ASGI application: a request becomes a `Call`, a `Reply` goes onto the wire, accidents stay inside (S50, S53)."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Container, Iterable
from typing import Final

import msgspec

from grantway.kit.http import Call, Reply, new_request_id
from grantway.web.exchange import EXCHANGE, AsgiExchange, BodyNotRead, Exchange, Message, Receive, Send
from grantway.web.fields import Fields, read_fields
from grantway.web.gate import Refuse
from grantway.web.peers import Peers, plain_address
from grantway.web.target import decoded_path
from grantway.web.wire import HttpDate

Dispatch = Callable[[Call], Awaitable[Reply]]
BodyLimit = Callable[[str], int]
Step = Callable[[], Awaitable[None]]
BODY_BYTES: Final = 64 * 1024
# An app's form holds every setting, and what it began with: a long description in Chinese alone is 48 kB, twice. The
# login may carry one that was sent after a session had ended.
CONSOLE_BODY_BYTES: Final = 256 * 1024
_LONG_FORMS: Final = re.compile(r"/setup/(?:login|apps/new|apps/[^/]+/(?:edit|save))")
# Metadata files, several at once: each may have 5 MB (docs/decisions/0011-uploads.md).
UPLOAD_BYTES: Final = 10 * 1024 * 1024
_UPLOADS: Final = frozenset({"/setup/import", "/setup/api/v1/imports"})
UPLOADS_AT_ONCE: Final = 8
_log: Final = logging.getLogger("grantway.edge")
# Requests whose body means nothing (RFC 9110, section 9.3.1); it is neither awaited nor read.
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SCHEMES: Final = (b"http", b"https")
_ACCIDENT: Final = Reply(500, b'{"error":"server_error"}', ((b"content-type", b"application/json"),))


def usual_body_limit(path: str) -> int:
    """Return 64 kB (decision 12); more for the form of an app and the login that may carry it, and for uploads."""
    if not path.startswith("/setup/"):
        return BODY_BYTES
    if path in _UPLOADS:
        return UPLOAD_BYTES
    return CONSOLE_BODY_BYTES if _LONG_FORMS.fullmatch(path) else BODY_BYTES


class Edge:
    """The application that uvicorn runs."""

    def __init__(
        self,
        dispatch: Dispatch,
        refuse: Refuse,
        *,
        now_us: Callable[[], int],
        trusted_proxies: Iterable[str] = (),
        allowed_hosts: Callable[[str], bool] | Container[str] | None = None,
        body_limit: BodyLimit = usual_body_limit,
        on_startup: Step | None = None,
        on_shutdown: Step | None = None,
    ) -> None:
        """Take what the server is made of.

        - `dispatch(call)`: answers; `refuse(call, status, problem)`: renders 400, 408, 413, 415, 421, 503 and 500 (with
          the exception that escaped `dispatch`) in the dialect of `call.path`.
        - `trusted_proxies`: addresses and networks whose X-Forwarded-For and X-Forwarded-Proto count.
        - `allowed_hosts`: names without port, in lower case, or what decides about one; None when `dispatch` does.
        - `body_limit(path)`: bytes.
        - `on_startup`, `on_shutdown`: run by the ASGI lifespan, on the loop that answers requests.

        Raises:
            ValueError: a trusted proxy is no address or network.
        """
        self._dispatch = dispatch
        self._refuse = refuse
        self._now_us = now_us
        self._date = HttpDate(now_us)
        self._peers = Peers(trusted_proxies)
        self._allows = _host_check(allowed_hosts)
        self._body_limit = body_limit
        self._on_startup = on_startup
        self._on_shutdown = on_shutdown
        self._uploads = 0
        self._going_on: set[asyncio.Task[Reply]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        kind = scope["type"]
        if kind == "http":
            exchange = scope.get(EXCHANGE)
            if exchange is None:
                exchange = AsgiExchange(scope, receive, send, self._now_us(), self._date)
            await self._serve(scope, exchange)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _serve(self, scope: Message, exchange: Exchange) -> None:
        headers = tuple(scope["headers"])
        fields = read_fields(headers)
        method = scope["method"]
        raw_path = scope.get("raw_path") or scope["path"].encode("utf-8")
        path = decoded_path(raw_path)
        host, problem = self._host(fields.hosts, scope)
        address, scheme = self._origin(scope, fields)
        body = b""
        if path is None:
            path, problem = _beginning(raw_path), 400
        elif fields.credentials > 1:
            problem = problem or 400
        elif problem is None and method not in _BODILESS:
            try:
                body = await self._body(path, fields, exchange)
            except BodyNotRead as not_read:
                if not_read.status is None:
                    return
                problem = not_read.status
        call = Call(
            "GET" if method == "HEAD" else method,
            path,
            scope["query_string"].decode("latin-1"),
            headers,
            body,
            address,
            scheme,
            host,
            new_request_id(),
            exchange.arrived_us,
        )
        if problem is not None:
            reply = self._refused(call, problem, None)
        else:
            try:
                reply = await (self._shielded(call) if exchange.cancels else self._dispatch(call))
            except Exception as accident:
                reply = self._accident(call, accident)
        try:
            await exchange.answer(reply, call.request_id)
        except (ValueError, TypeError, AttributeError) as accident:
            await exchange.answer(self._accident(call, accident), call.request_id)

    async def _body(self, path: str, fields: Fields, exchange: Exchange) -> bytes:
        limit = self._body_limit(path)
        if fields.compressed:
            raise BodyNotRead(415)
        length = fields.length
        if length is not None and (len(length) > 12 or not length.isdigit() or int(length) > limit):
            raise BodyNotRead(413)
        if limit <= CONSOLE_BODY_BYTES or (length is not None and int(length) <= CONSOLE_BODY_BYTES):
            return await exchange.read_body(limit)
        # Nobody has said yet who they are, and it is kept in memory: so only a few large ones arrive at once.
        if self._uploads >= UPLOADS_AT_ONCE:
            raise BodyNotRead(503)
        self._uploads += 1
        try:
            return await exchange.read_body(limit)
        finally:
            self._uploads -= 1

    def _origin(self, scope: Message, fields: Fields) -> tuple[str, str]:
        """Return the client's address and scheme; a trusted proxy may name both (S51)."""
        client = scope["client"]
        address = plain_address(client[0]) if client else ""
        scheme: str = scope["scheme"]
        if (fields.forwarded_for or fields.scheme) and self._peers.trusts(address):
            if fields.forwarded_for:
                address = self._peers.client_of(address, fields.forwarded_for)
            if fields.scheme in _SCHEMES:
                scheme = fields.scheme.decode("ascii")
        return address, scheme

    def _host(self, hosts: list[bytes], scope: Message) -> tuple[str, int | None]:
        """Return the Host header in lower case, and the status to refuse it with, if any (RFC 9112, section 3.2)."""
        if len(hosts) != 1:
            return "", None if not hosts and scope["http_version"] == "1.0" and self._allows is None else 400
        if not _HOST.fullmatch(hosts[0]):
            return "", 400
        host = hosts[0].decode("ascii").lower()
        if self._allows is None:
            return host, None
        name = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
        return host, None if self._allows(name) else 421

    async def _shielded(self, call: Call) -> Reply:
        """Dispatch in a task of its own: what has begun goes on to its end, even if this server cancels us."""
        task = asyncio.ensure_future(self._dispatch(call))
        self._going_on.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Reply]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            task.exception()

    def _accident(self, call: Call, accident: Exception) -> Reply:
        line = {
            "event": "request_failed",
            "request_id": call.request_id,
            "method": call.method,
            "path": call.path[:200],
            "problem": type(accident).__name__,
            "at": _places(accident),
        }
        _log.error("%s", msgspec.json.encode(line).decode())
        return self._refused(call, 500, accident)

    def _refused(self, call: Call, status: int, accident: Exception | None) -> Reply:
        try:
            return self._refuse(call, status, accident)
        except Exception as problem:
            line = {"event": "refusal_failed", "request_id": call.request_id, "at": _places(problem)}
            _log.error("%s", msgspec.json.encode(line).decode())
            return _ACCIDENT

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            kind = (await receive())["type"]
            step = self._on_startup if kind == "lifespan.startup" else self._on_shutdown
            try:
                if step is not None:
                    await step()
            except Exception as problem:
                await send({"type": f"{kind}.failed", "message": f"{type(problem).__name__}: {problem}"})
                return
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return


def _host_check(allowed: Callable[[str], bool] | Container[str] | None) -> Callable[[str], bool] | None:
    if allowed is None or callable(allowed):
        return allowed
    return allowed.__contains__


def _beginning(raw_path: bytes) -> str:
    """Return the folders of a path before what cannot be read of it: they tell in which dialect it is refused."""
    readable = raw_path.partition(b"%")[0]
    return decoded_path(readable[: readable.rfind(b"/") + 1]) or "/"


def _places(accident: BaseException) -> list[str]:
    """Return where it happened. Not what the exception says: that may quote a parameter."""
    places = []
    trace = accident.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno} {frame.f_code.co_name}")
        trace = trace.tb_next
    return places[-12:]
