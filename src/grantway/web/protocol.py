"""HTTP/1.1 on the socket, as the class that uvicorn is given (security.md S50).

`limited_protocol` makes the class for `uvicorn.Config(http=…)`. It carries its settings as class attributes and nothing
else; what the connections of a worker share (`Gate`) is made in that worker with the first connection, and belongs to
uvicorn's `ServerState`. For workers started by *spawn* the class is pickled as the call that made it, so everything
passed to `limited_protocol` must be picklable then: module-level functions, records, `functools.partial` of them. A
worker that builds its own `uvicorn.Config` needs no pickling at all.

With uvicorn set `access_log=False, proxy_headers=False, server_header=False, date_header=False, ws="none",
interface="asgi3"`: the edge does these things itself. Deadlines of `Limits` replace `timeout_keep_alive`.
"""

import copyreg
from collections.abc import Callable, Iterable
from typing import Any, cast

from grantway.web.connection import Connection
from grantway.web.gate import Refuse
from grantway.web.limits import Limits
from grantway.web.peers import Peers


class _Made(type):
    """The class of classes made by `limited_protocol`; see the module's docstring on pickling."""


def limited_protocol(
    limits: Limits,
    refuse: Refuse,
    *,
    now_us: Callable[[], int],
    trusted_proxies: Iterable[str] = (),
) -> type[Connection]:
    """Return the class for `uvicorn.Config(http=…)`.

    - `refuse(call, status, problem)`: renders 400, 408, 414, 431 and 503 in the dialect of `call.path`, of which there
      may be no more than a beginning, or `/`.
    - `now_us`: the server's clock in microseconds; the same that stamps commits.
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
        "trusted_proxies": proxies,
    }
    return cast("type[Connection]", _Made("GrantwayProtocol", (Connection,), settings))


def _make_again(limits: Limits, refuse: Refuse, now_us: Callable[[], int], proxies: tuple[str, ...]) -> type:
    return limited_protocol(limits, refuse, now_us=now_us, trusted_proxies=proxies)


def _reduce(made: Any) -> tuple[Callable[..., type], tuple[object, ...]]:
    return _make_again, (made.limits, made.refuse, made.now_us, made.trusted_proxies)


copyreg.pickle(_Made, _reduce)  # type: ignore[arg-type]  # typeshed knows instances only
