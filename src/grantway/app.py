"""Wiring: from a configuration to a running server. Nothing is decided here."""

import asyncio
import contextlib
import ctypes
import gc
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
import uvloop

from grantway.endpoints.pictures import PictureRounds
from grantway.endpoints.refusals import RefusalLog
from grantway.endpoints.server import Server
from grantway.endpoints.signing import Signing
from grantway.endpoints.sweeper import Sweeper
from grantway.endpoints.tally import Tally
from grantway.kit.clock import Clock, SystemClock
from grantway.kit.config import ServeConfig
from grantway.kit.keyfile import read_key_ring
from grantway.kit.urls import Urls
from grantway.kit.workers import AT_ONCE, Supervisor
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.registration.registering import sweep_unused
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Allowed
from grantway.protocol.door import DOORS
from grantway.store.apps import Apps
from grantway.store.directory import Directory
from grantway.store.open import open_database
from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from grantway.web.limits import Limits
from grantway.web.protocol import limited_protocol

# Password hashing releases the GIL; more threads than cores would only wait for each other.
_WORKER_THREADS: Final = 4
# After SIGTERM (R6): so long /readyz says no while requests are still taken, then so long those under way may go on.
_GRACE_S: Final = 2.0
# Most of what a request makes is let go without the collector, which looks after each so many objects made.
_GC_THRESHOLD: Final = 20_000
_M_MMAP_THRESHOLD: Final = -3  # of malloc.h
_DRAIN_S: Final = 30
_CLOSE_S: Final = 10
Ready = Callable[[str], None]


@contextlib.asynccontextmanager
async def open_server(config: ServeConfig, clock: Clock | None = None) -> AsyncIterator[Server]:
    """Open everything a server needs on the running event loop, and close it in the end.

    Raises:
        Unavailable: the database cannot be reached.
        ValueError: the key file or the database URL cannot be used.
    """
    clock = clock or SystemClock()
    fetcher = Fetcher(Allowed(config.outbound_allow), config.outbound_ca)
    ring = read_key_ring(await asyncio.to_thread(Path(config.key_file).read_text))
    db = await open_database(config.database, clock)
    refusals = RefusalLog(db)
    tally = Tally(db, clock)
    housekeeper = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR)
    sweeper = Sweeper(db, clock, also=partial(sweep_unused, housekeeper))
    rounds = PictureRounds(db, clock, fetcher)
    with ThreadPoolExecutor(_WORKER_THREADS, thread_name_prefix="worker") as workers:
        try:
            server = Server(
                db=db,
                clock=clock,
                ring=ring,
                urls=Urls.serving(config.base_url, config.domain),
                directory=Directory(db, Apps(ring)),
                signing=Signing(ring, clock),
                refusals=refusals,
                tally=tally,
                workers=workers,
                fetcher=fetcher,
                root_door=DOORS[config.root_issuer],
            )
            try:
                yield server
            finally:
                await server.census.close()
        finally:
            await rounds.close()
            await sweeper.close()
            await refusals.close()
            await tally.close()
            await db.close()


def run(config: ServeConfig, ready: Ready) -> None:
    """Serve until a signal ends it. `ready` is told the base URL once requests are answered.

    Raises:
        OSError: the address is taken, or a TLS file cannot be read.
        ValueError: the configuration cannot be used.
    """
    listener = _listen(config.host, config.port)
    port = listener.getsockname()[1]
    scheme = "https" if config.tls_cert else "http"
    config = replace(config, port=port, base_url=config.base_url or f"{scheme}://localhost:{port}")
    Urls.serving(config.base_url, config.domain)
    if config.workers == 1:
        uvloop.run(_serve(config, listener, lambda: ready(config.base_url)))
    else:
        supervisor = Supervisor(config.workers, partial(_work, config, listener))
        supervisor.run(lambda: ready(config.base_url))
        # Nobody takes what would come in here once the workers have closed theirs.
        listener.close()
        supervisor.wait(_GRACE_S + _DRAIN_S + _CLOSE_S)


def _work(config: ServeConfig, listener: socket.socket, ready: Callable[[], None]) -> None:
    uvloop.run(_serve(config, listener, ready))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.set_inheritable(True)
    return listener


class _Announcing(uvicorn.Server):
    """Tells when requests are answered, and when they will be no longer."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started
        self._tell_stopping = stopping
        self._signals: list[int] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._tell_stopping()
        # Ctrl+C is meant at once, SIGTERM gives whoever hands us requests the time to hand them to others.
        if self._signals[:1] == [signal.SIGTERM]:
            await asyncio.sleep(_GRACE_S)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals.append(sig)
        # To uvicorn, a second SIGINT says to wait for nothing.
        super().handle_exit(signal.SIGINT if sig == AT_ONCE else sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and let it be: uvicorn would raise it again before the database is closed.

        The handlers stay when it ends: one more Ctrl+C must not interrupt the closing.
        """
        for number in (signal.SIGTERM, signal.SIGINT, AT_ONCE):
            signal.signal(number, self.handle_exit)
        yield


async def _serve(config: ServeConfig, listener: socket.socket, started: Callable[[], None]) -> None:
    async with open_server(config) as server:
        dispatch = Dispatch(server)
        edge = Edge(
            dispatch, dispatch.refuse_status, now_us=server.clock.now_us, trusted_proxies=config.trusted_proxies
        )
        protocol = limited_protocol(
            Limits(),
            dispatch.refuse_status,
            now_us=server.clock.now_us,
            stopping=server.stopping.is_set,
            trusted_proxies=config.trusted_proxies,
        )
        settings = uvicorn.Config(
            edge,
            http=protocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=2048,
            timeout_graceful_shutdown=_DRAIN_S,
            ssl_certfile=config.tls_cert or None,
            ssl_keyfile=config.tls_key or None,
            ssl_version=ssl.PROTOCOL_TLS_SERVER,
        )
        _give_back_large_blocks()
        # What stands by now stands for as long as the process: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        await _Announcing(settings, started, server.stopping.set).serve(sockets=[listener])


def _give_back_large_blocks() -> None:
    """Have the C library return blocks of a megabyte and more: it would keep the 19 MB of each password's hash."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 20)
