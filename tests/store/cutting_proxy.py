"""A proxy between Grantway and PostgreSQL that fails at a chosen point."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Proxy:
    """Hands on what both sides say, but for what it is told.

    - `cut_after`: once the client has sent these bytes the server gets them, but its answer is lost.
    - `cut_before`: once the client has sent these bytes the server does not get them, and the client no answer.
    - `flowing`: while it is not set nothing is handed on, and nothing is closed either.
    - `refusing`: new connections are closed at once.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._left: list[asyncio.StreamWriter] = []
        self.cut_after = b""
        self.cut_before = b""
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.refusing = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.close()
            return
        from_server, to_server = await asyncio.open_connection(*self._address)
        pair = (writer, to_server)
        self._open.add(pair)
        cut = asyncio.Event()
        directions = [
            asyncio.ensure_future(self._hand_on(reader, to_server, cut, watched=True)),
            asyncio.ensure_future(self._hand_on(from_server, writer, cut, watched=False)),
        ]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        for end in pair if pair in self._open else (writer,):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
        self._open.discard(pair)

    def lose_clients(self) -> None:
        """Close the clients' connections; the server is not told, as when a network falls apart."""
        for to_client, to_server in self._open:
            to_client.close()
            self._left.append(to_server)
        self._open.clear()

    def close(self) -> None:
        """Let go of what the server still holds."""
        for to_server in self._left:
            to_server.close()

    async def _hand_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, cut: asyncio.Event, *, watched: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if cut.is_set():
                    return
                await self.flowing.wait()
                if watched and self.cut_before and self.cut_before in data:
                    self.cut_before = b""
                    return
                if watched and self.cut_after and self.cut_after in data:
                    self.cut_after = b""
                    cut.set()
                sink.write(data)
                await sink.drain()


@contextlib.asynccontextmanager
async def cutting_proxy(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Stand before a PostgreSQL server; gives the proxy and the URL that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # Like the test server itself the proxy speaks no TLS, which would hide what is said.
    yield proxy, url.replace(f":{parts.port}/", f":{port}/") + "?sslmode=disable"
    proxy.close()
    server.close()
    await server.wait_closed()
