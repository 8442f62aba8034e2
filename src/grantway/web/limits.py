"""How much, how long and how many: the numbers of the HTTP edge (security.md S50, decision 12)."""

import resource
from dataclasses import dataclass
from typing import Final

_LONGEST_DEADLINE_S: Final = 60.0
# Files and sockets that are not clients: the database, logs, listeners, outbound requests.
_SPARE_FILES: Final = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one worker process takes from its peers.

    - `header_bytes`, `header_fields`: all header fields of a request together.
    - `url_bytes`: the request target; `long_url_bytes` where it begins with `long_url_prefix` (SOQL).
    - `header_s`, `body_s`, `response_s`: total seconds for reading a header, reading a body, and writing an answer.
    - `idle_s`: how long a connection may rest between two requests.
    - `linger_s`, `linger_bytes`: how long, and for how much, a closing connection still reads (and forgets) what a
      client sends, so that the client meets the answer and not a reset.
    - `connections`, `connections_per_peer`: open at once; trusted proxies are not counted as peers.
    - `requests`: being answered at once; more get 503.
    - `pipelined`: requests that may wait behind the one being answered on a connection.

    Raises:
        ValueError: a limit is not positive, or a deadline is over 60 seconds.
    """

    header_bytes: int = 16 * 1024
    header_fields: int = 100
    url_bytes: int = 8 * 1024
    long_url_bytes: int = 16 * 1024
    long_url_prefix: bytes = b"/services/data/"
    header_s: float = 15.0
    body_s: float = 30.0
    response_s: float = 60.0
    idle_s: float = 30.0
    linger_s: float = 2.0
    linger_bytes: int = 4 * 1024 * 1024
    connections: int = 4096
    connections_per_peer: int = 512
    requests: int = 1024
    pipelined: int = 16

    def __post_init__(self) -> None:
        deadlines = (self.header_s, self.body_s, self.response_s, self.idle_s, self.linger_s)
        if not all(0 < seconds <= _LONGEST_DEADLINE_S for seconds in deadlines):
            raise ValueError(f"every deadline must be over 0 and at most {_LONGEST_DEADLINE_S:g} seconds")
        counts = (self.header_bytes, self.header_fields, self.url_bytes, self.long_url_bytes, self.linger_bytes)
        if min(*counts, self.connections, self.connections_per_peer, self.requests, self.pipelined) <= 0:
            raise ValueError("every limit must be positive")

    @property
    def tick_s(self) -> float:
        """How often deadlines are looked at: often enough that none is overrun by much."""
        shortest = min(self.header_s, self.body_s, self.response_s, self.idle_s, self.linger_s)
        return max(0.02, min(1.0, shortest / 4))

    def connections_here(self) -> int:
        """Return `connections`, or less where the process may not open that many files."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return (
            self.connections if files == resource.RLIM_INFINITY else max(1, min(self.connections, files - _SPARE_FILES))
        )
