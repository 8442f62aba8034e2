"""When the first byte of a request reached the server, told so that it orders right against a commit (decision 3).

A program learns of bytes only when it asks the kernel, once in each turn of the event loop. All that can be known of
bytes found in a turn is that they came after the loop had asked in the turn before. So the tracker keeps a floor: a
time of which it knows that the loop has asked the kernel since. Every stamp is at least the floor.

- A request sent *after an answer* must be stamped later than the commit that the answer told of. `poll_before` lets the
  loop ask once between the moment an answer is ready and its sending; that moment is the floor from then on.
- A request that lay in the kernel while the loop was busy must not be stamped later than it came. Its stamp is the
  floor, not the present, unless the loop was idle: nothing of ours was waiting to be run and nothing had happened for a
  while, so that the kernel was being waited for and the bytes are new.
- A busy loop without answers still moves on: each turn with arrivals leaves a mark that becomes the floor a turn later.

uvloop's `time()` is no help in telling turns apart: it is not cached. The order of callbacks is what counts here.

All this holds within one process. Another worker's answers raise no floor here, so across workers a stamp is early by
at most a few busy turns: a replay in that gap counts as a tie, and is refused all the same.
"""

import asyncio
from collections.abc import Callable
from typing import Final

# No activity for this long, with nothing waiting to be run, means that the loop waited for the kernel.
_IDLE_US: Final = 300


class Arrivals:
    """The tracker of one event loop. Times are microseconds of the server's clock."""

    __slots__ = ("_accept_floor", "_floor", "_hops", "_loop", "_marking", "_noted", "_now_us", "_pending")

    def __init__(self, loop: asyncio.AbstractEventLoop, now_us: Callable[[], int]) -> None:
        self._loop = loop
        self._now_us = now_us
        # What `call_soon` is given runs after the next question to the kernel: with uvloop behind what that question
        # brought, with asyncio's own loop before it. There one turn more makes sure.
        self._hops = 1 if type(loop).__module__.startswith("uvloop") else 2
        self._floor = 0
        self._accept_floor = 0
        self._noted = 0
        self._pending = 0
        self._marking = False

    def bytes_came(self) -> int:
        """Return the arrival of bytes that the loop hands over now."""
        now = self._note()
        return min(self._floor, now)  # a clock that was set back must not leave stamps in the future

    def connection_came(self) -> int:
        """Return the arrival of a connection that the loop hands over now. It was accepted a little earlier."""
        now = self._note()
        return min(self._accept_floor, now)

    def after_next_read(self, then: Callable[[], None]) -> None:
        """Call `then` once what lies in the kernel by now has been handed over."""
        self._later(2 * self._hops - 1, then)

    def poll_before(self, send: Callable[[], None]) -> None:
        """Call `send`, which sends an answer that is ready now, after the loop has asked the kernel once more."""
        now = self._noted = self._now_us()
        self._later(self._hops, self._answer, now, send)

    def _note(self) -> int:
        now = self._now_us()
        if not self._pending and not 0 <= now - self._noted <= _IDLE_US:
            self._floor = self._accept_floor = now
        self._noted = now
        if not self._marking:
            self._marking = True
            self._later(1, self._mark)
        return now

    def _mark(self) -> None:
        self._marking = False
        self._later(self._hops, self._raise, self._now_us())

    def _answer(self, ready_us: int, send: Callable[[], None]) -> None:
        send()
        self._noted = self._now_us()
        self._raise(ready_us)

    def _raise(self, asked_since: int) -> None:
        self._floor = max(self._floor, asked_since)
        # Connections accepted in this turn are handed over within it, after us: they are older than the new floor.
        self._later(self._hops, self._raise_for_connections, asked_since)

    def _raise_for_connections(self, asked_since: int) -> None:
        self._accept_floor = max(self._accept_floor, asked_since)

    def _later(self, hops: int, then: Callable[..., None], *args: object) -> None:
        self._pending += 1
        self._loop.call_soon(self._hop, hops - 1, then, args)

    def _hop(self, hops: int, then: Callable[..., None], args: tuple[object, ...]) -> None:
        self._pending -= 1
        if hops:
            self._later(hops, then, *args)
        else:
            then(*args)
