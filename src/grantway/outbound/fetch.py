"""The one way by which the server asks other servers for something (decision 13; S31, S32)."""

import asyncio
import contextlib
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import h11

from grantway.kit.addresses import is_public
from grantway.outbound.target import Allowed, Target, Unfetched, target_of

LIMIT_BYTES: Final = 64 * 1024
DEADLINE_S: Final = 5.0
_AT_ONCE: Final = 16
_IN_ALL: Final = 64
_HEAD_BYTES: Final = 16 * 1024
_READ_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What another server answered: its status, its Content-Type (lower case, without parameters) and its body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Lane:
    """Requests that are counted together: its name, and how many of them may be under way to one host."""

    name: str
    per_host: int


_USUAL: Final = Lane("usual", 4)


class Fetcher:
    """Asks other servers, a bounded number at a time, within bounded time, for bounded answers.

    https only, to public addresses only: the name is resolved once, every address it has is judged, and the connection
    goes to one that was judged. No redirect is followed, no cookie is sent, no credential but one given, and nothing is
    decompressed. What the operator's list allows is spared the judgement on scheme and address, and nothing else.
    """

    def __init__(self, allowed: Allowed | None = None, extra_ca: str = "") -> None:
        """Make the fetcher of one server; use it on one event loop.

        Parameters:
            allowed: the operator's list; empty unless given.
            extra_ca: path of a PEM file with authorities to trust beside the system's.

        Raises:
            OSError: the PEM file cannot be read.
            ValueError: it holds no certificates.
        """
        self._allowed: Final = allowed or Allowed()
        self._tls: ssl.SSLContext | None = _tls(extra_ca) if extra_ca else None
        self._slots: Final = asyncio.Semaphore(_AT_ONCE)
        self._asked: Final[Counter[tuple[str, str]]] = Counter()

    async def fetch(
        self,
        url: str,
        *,
        accept: str = "*/*",
        body: bytes | None = None,
        content_type: str = "application/octet-stream",
        authorization: str = "",
        more: Sequence[tuple[str, str]] = (),
        lane: Lane = _USUAL,
        limit: int = LIMIT_BYTES,
        deadline_s: float = DEADLINE_S,
    ) -> Fetched:
        """Ask once: GET, or POST when there is a body. The answer may have any status; a redirect is one too.

        Parameters:
            authorization: what this server proves itself with there; nothing unless given.
            more: further fields of the head: names and values of our own, never of a request's.
            lane: with which others to the same host it is counted.
            limit: bytes that the answer's body may have.
            deadline_s: seconds for all of it, waiting for a turn included.

        Raises:
            Unfetched: there is no such answer, and why.
        """
        target = target_of(url, self._allowed)
        head = [("Host", target.host_field), ("User-Agent", "Grantway"), ("Accept", accept)]
        head += [("Accept-Encoding", "identity"), ("Connection", "close")]
        if body is not None:
            head += [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        if authorization:
            head.append(("Authorization", authorization))
        head += more
        request = h11.Request(method="GET" if body is None else "POST", target=target.path, headers=head)
        with self._counted(target.host, lane):
            try:
                async with asyncio.timeout(deadline_s), self._slots:
                    return await self._ask(target, request, body or b"", limit)
            except TimeoutError:
                raise Unfetched(f"it took longer than {deadline_s:g} s") from None
            except ssl.SSLCertVerificationError as problem:
                raise Unfetched(f"its certificate is not trusted: {problem.verify_message}") from None
            except ssl.SSLError:
                raise Unfetched("no safe connection could be made (TLS)") from None
            except OSError:
                raise Unfetched("it could not be reached") from None
            except h11.RemoteProtocolError:
                raise Unfetched("what answered does not speak HTTP") from None

    @contextlib.contextmanager
    def _counted(self, host: str, lane: Lane) -> Iterator[None]:
        """Keep one slow host, and all of them together, from taking more than their share."""
        key = (host, lane.name)
        if self._asked[key] >= lane.per_host or self._asked.total() >= _IN_ALL:
            raise Unfetched("too many requests to others are under way: try again later")
        self._asked[key] += 1
        try:
            yield
        finally:
            self._asked[key] -= 1
            if not self._asked[key]:
                del self._asked[key]

    async def _ask(self, target: Target, request: h11.Request, body: bytes, limit: int) -> Fetched:
        reader, writer = await self._connect(target, await self._addresses(target))
        try:
            return await _exchange(reader, writer, request, body, limit)
        finally:
            writer.transport.abort()

    async def _addresses(self, target: Target) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unfetched("its host name is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # One address that is not public spoils them all: a name that leads to both is meant to.
        if target not in self._allowed and not (addresses and all(map(is_public, addresses))):
            raise Unfetched("its host is not on the public network")
        return addresses

    async def _connect(self, target: Target, addresses: list[str]) -> tuple[StreamReader, StreamWriter]:
        # Reading the system's authorities takes some milliseconds, and most servers never ask anybody.
        self._tls = self._tls or _tls("")
        tls = self._tls if target.scheme == "https" else None
        name = target.host if tls else None
        for address in addresses[:-1]:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(address, target.port, ssl=tls, server_hostname=name)
        return await asyncio.open_connection(addresses[-1], target.port, ssl=tls, server_hostname=name)


async def _exchange(
    reader: StreamReader, writer: StreamWriter, request: h11.Request, body: bytes, limit: int
) -> Fetched:
    wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    writer.write(wire.send(request) or b"")
    writer.write((wire.send(h11.Data(data=body)) or b"") + (wire.send(h11.EndOfMessage()) or b""))
    await writer.drain()
    answer: h11.Response | None = None
    got = bytearray()
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Response):
            answer = event
            _check_head(answer, limit)
        elif isinstance(event, h11.Data):
            got += event.data
            if len(got) > limit:
                raise Unfetched(_too_large(limit))
        elif isinstance(event, h11.EndOfMessage) and answer is not None:
            kind = _field(answer, b"content-type").partition(";")[0].strip().lower()
            return Fetched(status=answer.status_code, content_type=kind, body=bytes(got))
        elif not isinstance(event, h11.InformationalResponse):
            raise Unfetched("it ended before its answer did")


def _check_head(answer: h11.Response, limit: int) -> None:
    if _field(answer, b"content-encoding") not in ("", "identity"):
        raise Unfetched("it answered with something compressed, which was not asked for")
    length = _field(answer, b"content-length")
    if length.isdecimal() and int(length) > limit:
        raise Unfetched(_too_large(limit))


def _field(answer: h11.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for each, value in answer.headers if each == name), "")


def _too_large(limit: int) -> str:
    return f"it is larger than {limit // 1024} KB"


def _tls(extra_ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if extra_ca:
        try:
            context.load_verify_locations(cadata=Path(extra_ca).read_text(encoding="ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            raise ValueError(f"{extra_ca} holds no certificates in PEM form") from None
    return context
