"""Refusals, kept for `explain`: queued behind the answer, written in groups, capped by age and by app (decision 22)."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

import msgspec

from grantway.kit.clock import DAY_MS, Clock
from grantway.protocol.decision import Finding
from grantway.protocol.refusal import Refusal, Wire
from grantway.store.database import Database
from grantway.store.statement import Conflict, Insert, Statement, Step, Unavailable, Unfit, Write

_ADD: Final = Insert(
    "refusal",
    ["request_id", "at", "org_id", "app_id", "user_id", "endpoint", "reason", "error", "facts", "checks", "address"],
    on_conflict="(request_id) DO NOTHING",
)
_DROP_OLD: Final = Statement("DELETE FROM refusal WHERE at < :before")
_DROP_MANY: Final = Statement(
    "DELETE FROM refusal WHERE app_id = :app_id AND request_id NOT IN"
    " (SELECT request_id FROM refusal WHERE app_id = :app_id ORDER BY at DESC LIMIT :kept)"
)
KEPT_MS: Final = 30 * DAY_MS
KEPT_PER_APP: Final = 1_000
_QUEUE: Final = 2_000
_PAUSE_S: Final = 0.1
_log: Final = logging.getLogger("grantway")


class Refused(msgspec.Struct, frozen=True, gc=False):
    """One refused request: what was refused, by which checks, and what the client was told."""

    request_id: str
    at: int
    endpoint: str
    refusal: Refusal
    wire: Wire
    findings: tuple[Finding, ...]
    org_id: str
    app_id: str
    user_id: str
    address: str


class RefusalLog:
    """A bounded queue in front of the database. A write that fails changes no answer; the oldest give way."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._queue: deque[Refused] = deque(maxlen=_QUEUE)
        self._awake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._seen: dict[str, int] = {}
        self._task = asyncio.get_running_loop().create_task(self._write())

    def add(self, refused: Refused) -> None:
        """Queue a refusal; returns at once."""
        self._queue.append(refused)
        self._awake.set()

    async def flush(self) -> None:
        """Write what is queued; what is being written already is waited for."""
        async with self._writing:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), 200))]
                # One that cannot be stored must not end the writing of all that come after it.
                with contextlib.suppress(Conflict, Unfit):
                    await self._db.commit(Write(tuple(_step(refused) for refused in group)))
                for refused in group:
                    await self._cap(refused)

    async def close(self) -> None:
        """Write what is queued and stop."""
        async with self._writing:  # a group that has left the queue gets through
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(Unavailable):
            await self.flush()

    async def _write(self) -> None:
        while True:
            await self._awake.wait()
            # What comes in a burst goes in one commit.
            await asyncio.sleep(_PAUSE_S)
            self._awake.clear()
            try:
                await self.flush()
            except Unavailable as problem:
                _log.warning("refusals could not be stored: %s", problem)

    async def _cap(self, refused: Refused) -> None:
        count = self._seen[refused.app_id] = self._seen.get(refused.app_id, 0) + 1
        if count % 100 == 0:
            drop = (
                Step(_DROP_OLD, (self._clock.now_ms() - KEPT_MS,)),
                Step(_DROP_MANY, (refused.app_id, KEPT_PER_APP)),
            )
            await self._db.commit(Write(drop))
        if len(self._seen) > 10_000:
            self._seen.clear()


def _step(refused: Refused) -> Step:
    checks = [{"check": f.check, "says": f.says, "refused": f.refusal is not None} for f in refused.findings]
    return Step(
        _ADD,
        (
            refused.request_id,
            refused.at,
            refused.org_id,
            refused.app_id,
            refused.user_id,
            refused.endpoint,
            refused.refusal.reason.id,
            refused.wire.error,
            msgspec.json.encode(dict(refused.refusal.facts)).decode(),
            msgspec.json.encode(checks).decode(),
            refused.address,
        ),
    )
