"""The one clock everything that expires is measured by (decision 14)."""

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time. Injected; nothing else in the server reads the system's clock for a decision."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    def now_us(self) -> int:
        """Microseconds since 1970, UTC. Orders an arrival and a commit within one millisecond."""
        ...


class SystemClock:
    """The machine's clock, moved by `offset_ms` (the test instruments move it, production never does)."""

    __slots__ = ("offset_ms",)

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1_000 + self.offset_ms * 1000


class FrozenClock:
    """A clock that stands until it is told to go on; for tests."""

    __slots__ = ("_us",)

    def __init__(self, now_ms: int = 1_795_000_000_000) -> None:
        self._us = now_ms * 1000

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self._us // 1000

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return self._us

    def advance(self, *, ms: int = 0, seconds: int = 0, minutes: int = 0, days: int = 0) -> None:
        """Move on by the sum of what is given."""
        self._us += (ms + seconds * 1000 + minutes * 60_000 + days * 86_400_000) * 1000


MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
