"""The class that uvicorn is given travels to workers that are spawned."""

import pickle

from grantway.kit.clock import SystemClock
from grantway.web.connection import Connection
from grantway.web.limits import Limits
from grantway.web.protocol import limited_protocol
from tests.web.edge_server import refuse


def test_it_survives_pickling_with_its_settings() -> None:
    limits = Limits(header_bytes=4096)
    made = limited_protocol(limits, refuse, now_us=SystemClock().now_us, trusted_proxies=["10.0.0.0/8"])
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    assert issubclass(again, Connection)
    assert (again.limits, again.refuse, again.trusted_proxies) == (limits, refuse, ("10.0.0.0/8",))
    assert again.now_us() > 0
