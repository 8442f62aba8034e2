"""Which host was called, and who called it."""

import pytest

from tests.web.edge_server import serving

pytestmark = pytest.mark.requirement("S51")


def ask(fields: bytes) -> bytes:
    return b"GET /oidc/x HTTP/1.1\r\n" + fields + b"\r\n"


def test_a_host_that_is_not_ours_is_refused() -> None:
    ours = {"sso.example", "[::1]", "127.0.0.1"}
    with serving(allowed_hosts=ours) as server:
        for host in (b"sso.example", b"SSO.Example:8400", b"[::1]:8400", b"127.0.0.1"):
            assert server.ask(ask(b"Host: " + host + b"\r\n")).status == 200
        for host in (b"evil.example", b"sso.example.evil.example", b"[::2]"):
            refused = server.ask(ask(b"Host: " + host + b"\r\n"))
            assert (refused.status, refused.json["door"]) == (421, "standards")
        assert server.ask(b"GET / HTTP/1.0\r\n\r\n").status == 400


def test_whoever_knows_the_hosts_may_be_asked() -> None:
    with serving(allowed_hosts=lambda name: name.endswith(".my.example")) as server:
        assert server.ask(ask(b"Host: acme.my.example\r\n")).status == 200
        assert server.ask(ask(b"Host: my.example\r\n")).status == 421


def test_forwarding_headers_of_a_stranger_mean_nothing() -> None:
    with serving() as server:
        heard = server.ask(ask(b"Host: a\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n")).json
        assert (heard["address"], heard["scheme"]) == ("127.0.0.1", "http")


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (b"X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"),
        (b"X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3\r\n", "203.0.113.7"),
        (b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"),
        (b"X-Forwarded-For: 10.9.9.9, 10.1.2.3\r\n", "10.9.9.9"),
        (b"X-Forwarded-For: 6.6.6.6, junk, 10.1.2.3\r\n", "10.1.2.3"),
        (b"X-Forwarded-For: junk\r\n", "127.0.0.1"),
        (b"X-Forwarded-For: \r\n", "127.0.0.1"),
        (b"X-Forwarded-For: ::ffff:203.0.113.7\r\n", "203.0.113.7"),
        (b"X-Forwarded-For: [2001:db8::7]:443\r\n", "2001:db8::7"),
        (b"X-Forwarded-For: 203.0.113.7:51234\r\n", "203.0.113.7"),
        (b"", "127.0.0.1"),
    ],
)
def test_behind_a_trusted_proxy_the_right_most_stranger_is_the_client(forwarded: bytes, client: str) -> None:
    with serving(trusted=("127.0.0.1", "10.0.0.0/8")) as server:
        assert server.ask(ask(b"Host: a\r\n" + forwarded)).json["address"] == client


def test_a_trusted_proxy_may_name_the_scheme() -> None:
    with serving(trusted=("127.0.0.1",)) as server:
        assert server.ask(ask(b"Host: a\r\nX-Forwarded-Proto: https\r\n")).json["scheme"] == "https"
        assert server.ask(ask(b"Host: a\r\nX-Forwarded-Proto: gopher\r\n")).json["scheme"] == "http"
