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


class Timed(Protocol):
    """A connection that has deadlines."""

    def check_deadlines(self, now: float) -> None:
        """End what is overdue; `now` is the loop's time."""
        ...


class Gate:
    """One worker's count of what it has let in."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        refuse: Refuse,
        now_us: Callable[[], int],
        peers: Peers,
    ) -> None:
        self.loop: Final = loop
        self.limits: Final = limits
        self.peers: Final = peers
        self.arrivals: Final = Arrivals(loop, now_us)
        self.date: Final = HttpDate(now_us)
        self.busy = 0
        """Requests being answered."""
        self._refuse = refuse
        self._now_us = now_us
        self._most = limits.connections_here()
        self._open: set[Timed] = set()
        self._by_peer: Counter[str] = Counter()
        self._ticking = False

    def enter(self, connection: Timed, peer: str) -> bool:
        """Let a connection in and watch its deadlines; False if there are too many."""
        if len(self._open) >= self._most:
            return False
        if peer and not self.peers.trusts(peer):
            if self._by_peer[peer] >= self.limits.connections_per_peer:
                return False
            self._by_peer[peer] += 1
        self._open.add(connection)
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(self.limits.tick_s, self._tick)
        return True

    def leave(self, connection: Timed, peer: str) -> None:
        """Forget a connection that was let in."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        if peer in self._by_peer:
            self._by_peer[peer] -= 1
            if not self._by_peer[peer]:
                del self._by_peer[peer]

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
