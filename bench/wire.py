"""Load: keep-alive connections, each driven by a script that sends its next request when the last was answered."""

import asyncio
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import NamedTuple, cast


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> str:
        """Return a header's value; empty when it is not there."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip().decode()
        return ""


Script = Generator[bytes | None, Answer, None]
"""Yields a request and is sent its answer; yields None when one unit of work is done. Never ends by itself."""


@dataclass
class Load:
    """What a run gave: units of work done, in which time, and how long each took."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Units a second."""
        return len(self.taken) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Return the time within which this share of the units was done."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class _Line(asyncio.Protocol):
    def __init__(self, script: Script, taken: list[float], end: float, done: asyncio.Future[None]) -> None:
        self._script = script
        self._taken = taken
        self._end = end
        self._done = done
        self._buffer = b""
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._begun = time.perf_counter()
        self._go_on(next(self._script))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self._buffer = b""
        answer = Answer(int(head[9:12]), head, rest)
        try:
            self._go_on(self._script.send(answer))
        except Exception as problem:
            self._finish(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or ConnectionError("the server closed the connection"))

    def _go_on(self, step: bytes | None) -> None:
        while step is None:
            now = time.perf_counter()
            self._taken.append(now - self._begun)
            if now >= self._end:
                self._finish(None)
                self._transport.close()
                return
            self._begun = now
            step = next(self._script)
        self._transport.write(step)

    def _finish(self, problem: Exception | None) -> None:
        if not self._done.done():
            if problem is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(problem)


async def run(port: int, scripts: list[Script], seconds: float) -> Load:
    """Drive every script on a connection of its own for some seconds, and measure.

    Raises:
        Exception: whatever a script raised: an answer that it did not expect.
    """
    loop = asyncio.get_running_loop()
    load = Load()
    begun = time.perf_counter()
    waiting = []
    for script in scripts:
        done: asyncio.Future[None] = loop.create_future()
        factory = _factory(script, load.taken, begun + seconds, done)
        await loop.create_connection(factory, "127.0.0.1", port)
        waiting.append(done)
    await asyncio.gather(*waiting)
    load.seconds = time.perf_counter() - begun
    return load


def _factory(script: Script, taken: list[float], end: float, done: asyncio.Future[None]) -> Callable[[], _Line]:
    return lambda: _Line(script, taken, end, done)


def post(host: str, path: str, body: str) -> bytes:
    """Return a form POST."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def get(host: str, path: str, **headers: str) -> bytes:
    """Return a GET; a header's name is written with underscores."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()
