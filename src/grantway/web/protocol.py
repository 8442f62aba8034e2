"""HTTP/1.1 on the socket, as the class that uvicorn is given (security.md S50).

`limited_protocol` makes the class for `uvicorn.Config(http=…)`. It carries its settings as class attributes and nothing
else; what the connections of a worker share (`Gate`) is made with the first connection, and belongs to uvicorn's
`ServerState`.

With uvicorn set `access_log=False, proxy_headers=False, server_header=False, date_header=False, ws="none",
interface="asgi3"`: the edge does these things itself. Deadlines of `Limits` replace `timeout_keep_alive`.
"""

from collections.abc import Callable, Iterable
from typing import cast

from grantway.web.connection import Connection
from grantway.web.gate import Refuse
from grantway.web.limits import Limits
from grantway.web.peers import Peers


def _never() -> bool:
    return False


def limited_protocol(
    limits: Limits,
    refuse: Refuse,
    *,
    now_us: Callable[[], int],
    stopping: Callable[[], bool] = _never,
    trusted_proxies: Iterable[str] = (),
) -> type[Connection]:
    """Return the class for `uvicorn.Config(http=…)`.

    - `refuse(call, status, problem)`: renders 400, 408, 414, 431 and 503 in the dialect of `call.path`, of which there
      may be no more than a beginning, or `/`.
    - `now_us`: the server's clock in microseconds; the same that stamps commits.
    - `stopping`: whether each connection is to end with its next answer, which tells the client so: a server that is
      about to stop loses no request that way.
    - `trusted_proxies`: addresses and networks; not counted as one peer.

    Raises:
        ValueError: a trusted proxy is no address or network.
    """
    proxies = tuple(trusted_proxies)
    Peers(proxies)
    settings = {
        "limits": limits,
        "refuse": staticmethod(refuse),
        "now_us": staticmethod(now_us),
        "stopping": staticmethod(stopping),
        "trusted_proxies": proxies,
    }
    return cast("type[Connection]", type("GrantwayProtocol", (Connection,), settings))
