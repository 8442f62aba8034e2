"""Key sets of others, fetched when they are needed and kept for a while (decision 13; S31)."""

import asyncio
from collections import Counter
from typing import Final

import msgspec

from grantway.kit.clock import MINUTE_MS, Clock
from grantway.kit.jose import JwtRefused
from grantway.kit.key_sets import PublishedKey, read_key_set
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Unfetched

FRESH_MS: Final = 10 * MINUTE_MS
# A token may name any key: what is unknown makes us ask again, but not more often than this.
AGAIN_MS: Final = MINUTE_MS
_KEPT: Final = 256
# Whoever knows a client's name can make us ask for its keys. What waits for a slow host must stay few.
WAITING_PER_SET: Final = 32
_WAITING_IN_ALL: Final = 256
_ACCEPT: Final = "application/jwk-set+json, application/json"


class _Held(msgspec.Struct, frozen=True, gc=False):
    keys: tuple[PublishedKey, ...]
    read_at: int
    asked_at: int


class KeySets:
    """Key sets by their URL. A set that was read serves for ten minutes; that none could be read is not remembered.

    Requests that need the same set at once wait for one fetch; beyond a number of them, they are sent away at once.
    """

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        """Keep nothing yet."""
        self._fetcher: Final = fetcher
        self._clock: Final = clock
        self._held: Final[dict[str, _Held]] = {}
        self._asking: Final[dict[str, asyncio.Task[_Held]]] = {}
        self._waiting: Final[Counter[str]] = Counter()

    async def keys(self, url: str, kid: str) -> tuple[PublishedKey, ...]:
        """Return the keys published at a URL; asked anew once where the key that is looked for is not among them.

        Raises:
            Unfetched: there is no set to be had, and why.
        """
        held, now = self._held.get(url), self._clock.now_ms()
        if held is not None and 0 <= now - held.read_at < FRESH_MS:
            known = not kid or any(one.kid == kid for one in held.keys)
            if known or (now - held.asked_at < AGAIN_MS and url not in self._asking):
                return held.keys
            self._held[url] = msgspec.structs.replace(held, asked_at=now)
        return (await self._ask(url)).keys

    async def _ask(self, url: str) -> _Held:
        if self._waiting[url] >= WAITING_PER_SET or self._waiting.total() >= _WAITING_IN_ALL:
            raise Unfetched("too many requests wait for it: try again later")
        self._waiting[url] += 1
        try:
            return await self._asked(url)
        finally:
            self._waiting[url] -= 1
            if not self._waiting[url]:
                del self._waiting[url]

    async def _asked(self, url: str) -> _Held:
        task = self._asking.get(url)
        if task is None:
            task = self._asking[url] = asyncio.ensure_future(self._read(url))
            task.add_done_callback(lambda done: self._done(url, done))
        # Who gives up waiting must not end it for the others.
        return await asyncio.shield(task)

    def _done(self, url: str, task: "asyncio.Task[_Held]") -> None:
        del self._asking[url]
        if not task.cancelled():
            task.exception()  # looked at, for everybody who waited may have left

    async def _read(self, url: str) -> _Held:
        fetched = await self._fetcher.fetch(url, accept=_ACCEPT)
        if fetched.status != 200:
            raise Unfetched(f"it answered {fetched.status}")
        try:
            now = self._clock.now_ms()
            held = _Held(read_key_set(fetched.body), now, now)
        except JwtRefused as problem:
            raise Unfetched(f"what it answered is no key set: {problem}") from None
        # Read again it stands last: what nobody asked for the longest goes first.
        self._held.pop(url, None)
        if len(self._held) >= _KEPT:
            del self._held[next(iter(self._held))]
        self._held[url] = held
        return held
