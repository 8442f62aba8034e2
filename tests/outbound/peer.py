"""A server of others, which answers with the bytes that a test gives it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Allowed
from tests.toolchain.certificate import write_certificate


@dataclass(kw_only=True)
class Peer:
    """Another server: what it was asked, where it is, and the file with its certificate, if it has one."""

    url: str
    ca: str = ""
    asked: list[bytes] = field(default_factory=list)

    def fetcher(self, extra_ca: str = "") -> Fetcher:
        """Return a fetcher that may ask it."""
        return Fetcher(Allowed([self.url]), extra_ca or self.ca)


Serve = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a peer: it says `answer` to whatever comes, and then hangs up, unless it is to hold the line."""
    async with contextlib.AsyncExitStack() as stack:
        over = asyncio.Event()

        async def start(answer: bytes, *, hold: bool = False, tls: ssl.SSLContext | None = None) -> Peer:
            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with contextlib.suppress(OSError):
                    peer.asked.append(await reader.read(65536))
                    writer.write(answer)
                    await writer.drain()
                    if hold:
                        await over.wait()
                    writer.close()

            server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
            port = server.sockets[0].getsockname()[1]
            peer = Peer(url=f"{'https' if tls else 'http'}://127.0.0.1:{port}")
            stack.callback(server.close)
            return peer

        yield start
        over.set()
        await asyncio.sleep(0)


@pytest.fixture
def serve_tls(serve: Serve, tmp_path: Path) -> Serve:
    """Start a peer that is asked by https, as the addresses in settings are; its fetcher trusts it."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    pem = write_certificate(tmp_path / "peer.pem")
    tls.load_cert_chain(pem)

    async def start(answer: bytes, *, hold: bool = False) -> Peer:
        peer = await serve(answer, hold=hold, tls=tls)
        peer.ca = str(pem)
        return peer

    return start
