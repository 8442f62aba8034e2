"""When the first byte of a request reached the server, told so that it orders right against a commit (decision 3).

A program learns of bytes only when it next asks the kernel, so two questions decide what a stamp may say:

- Came the request *after an answer we had sent*? Then its stamp must be later than anything that happened before that
  answer, a commit above all. `answered` sees to this: the event loop asks the kernel once between the end of a request
  and the sending of its answer (`poll_before`), so bytes found up to then are older than the answer, and bytes found
  after it are newer than the moment the answer was ready. That moment is the floor of every stamp from then on.
- Lay the request in the kernel while the loop was busy? Then its stamp must not be later than its true arrival: it gets
  the time of the turn of the loop before. Only a loop that was idle just now stamps with the present.

Both hold within one process. Another worker's answers raise no floor here, so across workers a stamp is early by at
most one busy turn of this worker's loop: a replay in that gap counts as a tie, and is refused all the same.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

# No activity for this long means that the loop was waiting for the kernel, not the kernel for the loop.
_IDLE_US: Final = 300
# libuv's cached time has whole milliseconds; older than that, the loop's thread was kept from running.
_CACHED_TIME_US: Final = 1300


class Arrivals:
    """The tracker of one event loop. Times are microseconds of the server's clock."""

    __slots__ = ("_accept_floor", "_began", "_bound", "_floor", "_hops", "_loop", "_noted", "_now_us", "_turn")

    def __init__(self, loop: asyncio.AbstractEventLoop, now_us: Callable[[], int]) -> None:
        self._loop = loop
        self._now_us = now_us
        # uvloop runs what `call_soon` gave it before the next poll hands out data; asyncio's own loop after it.
        self._hops = 1 if type(loop).__module__.startswith("uvloop") else 2
        self._turn = -1.0
        self._noted = 0
        self._began = 0
        self._bound = 0
        self._floor = 0
        self._accept_floor = 0

    def bytes_came(self) -> int:
        """Return the arrival of bytes that the loop hands over now."""
        return self._stamp(self._floor)

    def connection_came(self) -> int:
        """Return the arrival of a connection that the loop hands over now, one turn after it was accepted."""
        return self._stamp(self._accept_floor)

    def after_next_read(self, then: Callable[[], None]) -> None:
        """Call `then` once what lay in the kernel by now has been handed over."""
        self._later(self._hops if self._hops == 1 else 3, then)

    def poll_before(self, send: Callable[[], None]) -> None:
        """Call `send`, which sends an answer that is ready now, after the loop has asked the kernel once more."""
        now = self._now_us()
        self._activity(now)
        self._later(self._hops, self._answered, now, send)

    def _answered(self, ready_us: int, send: Callable[[], None]) -> None:
        send()
        self._activity(self._now_us())
        self._floor = max(self._floor, ready_us)
        # Connections accepted by that same poll are handed over within this turn, and must not meet the new floor.
        self._later(self._hops, self._accept, ready_us)

    def _accept(self, ready_us: int) -> None:
        self._accept_floor = max(self._accept_floor, ready_us)

    def _later(self, hops: int, then: Callable[..., None], *args: object) -> None:
        if hops == 1:
            self._loop.call_soon(then, *args)
        else:
            self._loop.call_soon(self._later, hops - 1, then, *args)

    def _stamp(self, floor: int) -> int:
        now = self._now_us()
        turn = self._loop.time()
        if turn != self._turn:
            self._begin_turn(now, turn, arrival=True)
        self._noted = now
        # A clock that was set back must not leave stamps in the future.
        return min(now, max(self._bound, floor))

    def _activity(self, now: int) -> None:
        turn = self._loop.time()
        if turn != self._turn:
            self._begin_turn(now, turn, arrival=False)
        self._noted = now

    def _begin_turn(self, now: int, turn: float, *, arrival: bool) -> None:
        behind = max(0, int((time.monotonic() - turn) * 1e6))
        began = now - behind
        if 0 <= now - self._noted <= _IDLE_US:
            self._bound = self._began
        else:
            self._bound = now if arrival and behind <= _CACHED_TIME_US else began
        self._began = began
        self._turn = turn
