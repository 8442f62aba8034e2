"""Refusals, kept for `explain`: queued behind the answer, written in groups, capped by app (decision 22).

The sweeper takes them away when they are thirty days old.
"""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

import msgspec

from grantway.protocol.decision import Finding
from grantway.protocol.refusal import Refusal, Wire
from grantway.store.database import Database
from grantway.store.statement import Conflict, Insert, Statement, Step, Unavailable, Write

_ADD: Final = Insert(
    "refusal",
    [
        "request_id",
        "at",
        "org_id",
        "app_id",
        "user_id",
        "endpoint",
        "reason",
        "error",
        "facts",
        "checks",
        "address",
        "received",
    ],
    on_conflict="(request_id) DO NOTHING",
)
_DROP_MANY: Final = Statement(
    "DELETE FROM refusal WHERE app_id = :app_id AND request_id NOT IN"
    " (SELECT request_id FROM refusal WHERE app_id = :app_id ORDER BY at DESC LIMIT :kept)"
)
KEPT_PER_APP: Final = 1_000
_CAPPED_EVERY: Final = 100
_QUEUE: Final = 2_000
_GROUP: Final = 200
_PAUSE_S: Final = 0.1
_log: Final = logging.getLogger("grantway")


class Refused(msgspec.Struct, frozen=True, gc=False):
    """One refused request: what was refused, by which checks, and what the client was told.

    `left` says what the checks demand that were not reached; `received` what the client sent, without its secrets, as
    JSON: many may wait here while the database is away.
    """

    request_id: str
    at: int
    endpoint: str
    refusal: Refusal
    wire: Wire
    findings: tuple[Finding, ...]
    left: tuple[str, ...]
    received: str
    org_id: str
    app_id: str
    user_id: str
    address: str


class RefusalLog:
    """A bounded queue in front of the database. A write that fails changes no answer; the oldest give way."""

    def __init__(self, db: Database) -> None:
        self._db = db
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
        """Write what is queued; what is being written already is waited for.

        Raises:
            Unavailable: the database does not answer; what was not written waits for the next time.
        """
        async with self._writing:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), _GROUP))]
                try:
                    await self._store(group)
                except Unavailable:
                    room = _QUEUE - len(self._queue)
                    self._queue.extendleft(reversed(group[-room:] if room else []))
                    raise
                for refused in group:
                    await self._cap(refused)

    async def _store(self, group: list[Refused]) -> None:
        try:
            await self._db.commit(Write(tuple(_step(refused) for refused in group)))
        except (ValueError, Conflict):  # Unfit, text that is no Unicode, an id that is there already
            # One that no database can hold must not take the others with it.
            for refused in group if len(group) > 1 else []:
                await self._store([refused])

    async def close(self) -> None:
        """Write what is queued and stop."""
        async with self._writing:  # a group that has left the queue gets through
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(Exception):
            await self.flush()

    async def _write(self) -> None:
        while True:
            await self._awake.wait()
            # What comes in a burst goes in one commit.
            await asyncio.sleep(_PAUSE_S)
            self._awake.clear()
            try:
                await self.flush()
            except Exception as problem:  # whatever it was: the refusals to come are worth another try
                _log.warning("refusals could not be stored: %s", type(problem).__name__)

    async def _cap(self, refused: Refused) -> None:
        count = self._seen[refused.app_id] = self._seen.get(refused.app_id, 0) + 1
        if count % _CAPPED_EVERY == 0:
            await self._db.commit(Write((Step(_DROP_MANY, (refused.app_id, KEPT_PER_APP)),)))
        if len(self._seen) > 10_000:
            self._seen.clear()


def _step(refused: Refused) -> Step:
    checks: list[dict[str, object]] = [
        {"check": f.check, "says": f.says, "refused": f.refusal is not None} for f in refused.findings
    ]
    checks += [{"check": demand, "says": "", "refused": False, "reached": False} for demand in refused.left]
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
            refused.received,
        ),
    )
