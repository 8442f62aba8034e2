"""Wiring: from a configuration to a running server. Nothing is decided here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from grantway.endpoints.refusals import RefusalLog
from grantway.endpoints.server import Server
from grantway.endpoints.signing import Signing
from grantway.endpoints.sweeper import Sweeper
from grantway.kit.clock import Clock, SystemClock
from grantway.kit.config import ServeConfig
from grantway.kit.keyfile import read_key_ring
from grantway.kit.urls import Urls
from grantway.protocol.door import DOORS
from grantway.store.apps import Apps
from grantway.store.open import open_database

# Signing and password hashing release the GIL; more threads than cores would only wait for each other.
_WORKER_THREADS: Final = 4


@contextlib.asynccontextmanager
async def open_server(config: ServeConfig, clock: Clock | None = None) -> AsyncIterator[Server]:
    """Open everything a server needs on the running event loop, and close it in the end.

    Raises:
        Unavailable: the database cannot be reached.
        ValueError: the key file or the database URL cannot be used.
    """
    clock = clock or SystemClock()
    ring = read_key_ring(await asyncio.to_thread(Path(config.key_file).read_text))
    db = await open_database(config.database, clock)
    refusals = RefusalLog(db, clock)
    sweeper = Sweeper(db, clock)
    with ThreadPoolExecutor(_WORKER_THREADS, thread_name_prefix="worker") as workers:
        try:
            yield Server(
                db=db,
                clock=clock,
                ring=ring,
                urls=Urls.serving(config.base_url),
                apps=Apps(ring),
                signing=Signing(ring),
                refusals=refusals,
                workers=workers,
                root_door=DOORS[config.root_issuer],
            )
        finally:
            await sweeper.close()
            await refusals.close()
            await db.close()
