"""Copies of apps' pictures (`logo_url`, `icon_url`): GET /pictures/<digest>, and the rounds that fetch what waits."""

import asyncio
import contextlib
import hashlib
import logging
from typing import Final

from grantway.endpoints.answer import tagged_reply
from grantway.endpoints.server import Server
from grantway.endpoints.static import not_found
from grantway.kit.clock import Clock
from grantway.kit.http import Call, Reply
from grantway.kit.pictures import LIMIT_BYTES, NoPicture, picture_in
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Unfetched
from grantway.store import pictures
from grantway.store.database import Database
from grantway.store.pictures import Waits

_EVERY_S: Final = 2.0
_AT_ONCE: Final = 4
_ACCEPT: Final = "image/png, image/jpeg, image/gif"
_log: Final = logging.getLogger("grantway")


async def picture(call: Call, server: Server, base: str) -> Reply:
    """Serve a copy; the path is its hash, so it may be kept for ever. A browser takes it for a picture and no more."""
    del base
    digest = call.path.removeprefix(pictures.PATH)
    found = await pictures.body_of(server.db, digest) if digest else None
    if found is None:
        return not_found(call)
    media_type, body = found
    headers = (
        (b"content-type", media_type.encode()),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cross-origin-resource-policy", b"same-origin"),
    )
    return tagged_reply(call, body, headers, f'"{digest}"'.encode())


class PictureRounds:
    """Fetches in the background, for as long as the server runs, what any process has left waiting."""

    def __init__(self, db: Database, clock: Clock, fetcher: Fetcher, every_s: float = _EVERY_S) -> None:
        self._db = db
        self._clock = clock
        self._fetcher = fetcher
        self._every_s = every_s
        self._task = asyncio.get_running_loop().create_task(self._rounds())

    async def close(self) -> None:
        """Stop; what was under way is fetched by the next server, or after its turn has passed."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                while await fetch_due(self._db, self._clock, self._fetcher):
                    pass
            except Exception as problem:  # whatever it was: what waits goes on waiting, and the next round comes
                _log.warning("fetching pictures stopped until the next round: %s", type(problem).__name__)


async def fetch_due(db: Database, clock: Clock, fetcher: Fetcher) -> int:
    """Fetch some of the pictures that wait; return how many waited."""
    waiting = await pictures.due(db, clock.now_ms(), _AT_ONCE)
    await asyncio.gather(*(_fetch(db, clock, fetcher, one) for one in waiting))
    return len(waiting)


async def _fetch(db: Database, clock: Clock, fetcher: Fetcher, one: Waits) -> None:
    # Of several servers that see it wait one gets it.
    turn = await pictures.take(db, one, clock.now_ms())
    if turn is None:
        return
    try:
        got = await fetcher.fetch(turn.url, accept=_ACCEPT, limit=LIMIT_BYTES)
        if got.status != 200:
            raise NoPicture(f"it answered with the status {got.status}")
        media_type = picture_in(got.body).media_type
    except (Unfetched, NoPicture) as problem:
        await pictures.fail(db, turn, clock.now_ms(), str(problem))
        return
    digest = hashlib.sha256(got.body).hexdigest()
    await pictures.keep(db, turn, clock.now_ms(), digest, media_type, got.body)
