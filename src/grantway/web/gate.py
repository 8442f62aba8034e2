"""What the connections of one worker share: counts, deadlines, arrivals, and the words for a refusal."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import unquote

from grantway.kit.http import Call, Reply, new_request_id
from grantway.web.arrival import Arrivals
from grantway.web.limits import Limits
from grantway.web.peers import Peers
from grantway.web.wire import HttpDate, response

Refuse = Callable[[Call, int, BaseException | None], Reply]
_PATH_SHOWN: Final = 1024
_log: Final = logging.getLogger("grantway.edge")


class Guest(Protocol):
    """A connection that was let in."""

    def check_deadlines(self, now: float) -> None:
        """End what is overdue; `now` is the loop's time."""
        ...

    def give_way(self) -> None:
        """Close at once, for another to come in."""
        ...


class Gate:
    """One worker's count of what it has let in."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        refuse: Refuse,
        now_us: Callable[[], int],
        stopping: Callable[[], bool],
        peers: Peers,
    ) -> None:
        self.loop: Final = loop
        self.limits: Final = limits
        self.peers: Final = peers
        self.stopping: Final = stopping
        self.arrivals: Final = Arrivals(loop, now_us)
        self.date: Final = HttpDate(now_us)
        self.busy = 0
        """Requests being answered."""
        self._refuse = refuse
        self._now_us = now_us
        self._most = limits.connections_here()
        self._open: set[Guest] = set()
        self._by_peer: Counter[str] = Counter()
        # Who has not sent a whole header yet, with their peers, the oldest first.
        self._silent: dict[Guest, str] = {}
        self._ticking = False

    def enter(self, connection: Guest, peer: str) -> bool:
        """Let a connection in and watch its deadlines; False if there are too many.

        Where the house is full, whoever has been silent for longest gives way, so that thousands of connections which
        ask for nothing keep nobody out.
        """
        counted = bool(peer) and not self.peers.trusts(peer)
        if counted and self._by_peer[peer] >= self.limits.connections_per_peer:
            return False
        if len(self._open) >= self._most and not self._make_room():
            return False
        if counted:
            self._by_peer[peer] += 1
        self._open.add(connection)
        self._silent[connection] = peer
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(self.limits.tick_s, self._tick)
        return True

    def leave(self, connection: Guest, peer: str) -> None:
        """Forget a connection that was let in."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        self._silent.pop(connection, None)
        if peer in self._by_peer:
            self._by_peer[peer] -= 1
            if not self._by_peer[peer]:
                del self._by_peer[peer]

    def heard(self, connection: Guest) -> None:
        """Note that a connection has sent a whole header."""
        self._silent.pop(connection, None)

    def _make_room(self) -> bool:
        for connection, peer in self._silent.items():
            self.leave(connection, peer)
            connection.give_way()
            return True
        return False

    def refusal(
        self, status: int, *, method: str, target: bytes, address: str, scheme: str, arrived_us: int = 0
    ) -> bytes:
        """Return the bytes of a refusal in the dialect of the path, as far as the request had come. The last answer."""
        call = Call(
            method=method,
            path=shown_path(target),
            address=address,
            scheme=scheme,
            request_id=new_request_id(),
            arrived_us=arrived_us or self._now_us(),
        )
        reply = Reply(status)
        try:
            reply = self._refuse(call, status, None)
        except Exception:
            _log.exception("request %s: its refusal failed", call.request_id)
        return response(reply, call.request_id, self.date.now(), head_only=method == "HEAD", close=True)

    def _tick(self) -> None:
        if not self._open:
            self._ticking = False
            return
        self.loop.call_later(self.limits.tick_s, self._tick)
        now = self.loop.time()
        for connection in tuple(self._open):
            connection.check_deadlines(now)


def shown_path(target: bytes) -> str:
    """Return the path of a request target that is refused: cut, decoded as far as it can be, `/` if there is none."""
    path = target.partition(b"?")[0]
    if path[:7].lower() == b"http://" or path[:8].lower() == b"https://":
        path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
    if not path.startswith(b"/"):
        return "/"
    text = unquote(path[:_PATH_SHOWN].decode("ascii", "replace"))
    return text if text.isprintable() else "/"
