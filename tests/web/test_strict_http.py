"""Requests that two servers might read differently are not read at all."""

import logging
import random
import socket
import time

import pytest

from grantway.kit.http import Call, Reply
from tests.web.edge_server import serving

pytestmark = pytest.mark.requirement("S50")
POST = b"POST /oidc/token HTTP/1.1\r\nHost: sso.example\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: sso.example\r\n\r\n"

MALFORMED = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, other order": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "the same length twice": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "a bare LF after the request line": b"POST /oidc/token HTTP/1.1\nHost: sso.example\r\n\r\n",
    "a bare LF after a field": POST + b"X: y\nZ: a\r\n\r\n",
    "a bare CR in a field": POST + b"X: y\rZ: a\r\n\r\n",
    "a folded field": POST + b"X: y\r\n z\r\n\r\n",
    "a blank before the colon": POST + b"X : y\r\n\r\n",
    "a NUL in a field": POST + b"X: a\0b\r\n\r\n",
    "a bad field name": POST + b"X(: y\r\n\r\n",
    "another transfer coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no chunked coding": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "a coding that only looks like chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST /oidc/token HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"zz\r\n\r\n",
    "a chunk size with a blank": CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
    "a chunk with a bare LF": CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "an unknown method": b"BREW /oidc/token HTTP/1.1\r\nHost: sso.example\r\n\r\n",
    "a blank in the URL": b"GET /oidc/token x HTTP/1.1\r\nHost: sso.example\r\n\r\n",
    "a fragment": b"GET /oidc/token#x HTTP/1.1\r\nHost: sso.example\r\n\r\n",
    "a bad escape": b"GET /oidc/token%zz HTTP/1.1\r\nHost: sso.example\r\n\r\n",
    "HTTP/2.0": b"GET /oidc/token HTTP/2.0\r\nHost: sso.example\r\n\r\n",
    "HTTP/0.9": b"GET /oidc/token\r\n\r\n",
    "a tunnel": b"CONNECT /oidc/token HTTP/1.1\r\nHost: sso.example\r\n\r\n",
    "no Host": b"GET /oidc/token HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /oidc/token HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "a Host that is none": b"GET /oidc/token HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
    "a URL for another host": b"GET http://evil.example/oidc/token HTTP/1.1\r\nHost: sso.example\r\n\r\n",
}
# Well-framed requests of which the connection is none the worse.
WELL_FRAMED = {"a bad escape", "no Host", "two Hosts", "a Host that is none"}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_http_gets_400_in_the_dialect_of_its_path_and_ends_the_connection(case: str) -> None:
    reached: list[str] = []

    async def hear(call: Call) -> Reply:
        reached.append(call.path)
        return Reply(200)

    with serving(hear) as server, server.connect() as wire:
        wire.send(MALFORMED[case])
        answer = wire.answer()
        assert answer.status == 400
        assert answer.headers["x-request-id"] == answer.json["id"]
        if "escape" not in case:
            assert answer.json["door"] == "standards"
        if case not in WELL_FRAMED:
            assert answer.headers["connection"] == "close"
            assert wire.is_closed()
    assert not reached


@pytest.mark.parametrize("case", sorted(set(MALFORMED) - WELL_FRAMED))
def test_nothing_behind_a_malformed_request_is_answered(case: str) -> None:
    with serving() as server, server.connect() as wire:
        wire.send(MALFORMED[case] + NEXT)
        assert wire.answer().status == 400
        assert wire.is_closed()


def test_what_is_no_http_at_all_gets_400() -> None:
    with serving() as server:
        for noise in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 40, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            assert server.ask(noise).status == 400


@pytest.mark.parametrize(
    "path",
    [b"/a%00b", b"/a%ffb", b"/a%0d%0ab", b"/%c0%af", b"/%ed%a0%80"],
    ids=["NUL", "no UTF-8", "CRLF", "overlong", "surrogate"],
)
@pytest.mark.requirement("S49")
def test_a_path_that_decodes_to_no_text_is_refused(path: bytes) -> None:
    with serving() as server:
        assert server.ask(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n").status == 400


@pytest.mark.requirement("S51")
def test_a_path_is_decoded_once() -> None:
    with serving() as server:
        heard = server.ask(b"GET /a%2520b%2Fc//d/../e?q=%41 HTTP/1.1\r\nHost: a\r\n\r\n").json
        assert (heard["path"], heard["query"]) == ("/a%20b/c//d/../e", "q=%41")


def test_trailers_do_not_become_header_fields() -> None:
    with serving() as server:
        heard = server.ask(CHUNKED + b"3;ext=1\r\nabc\r\n0\r\nAuthorization: Basic eDp5\r\n\r\n").json
        assert heard["body"] == "abc"
        assert "authorization" not in dict(heard["headers"])


def test_endless_trailers_are_refused() -> None:
    with serving() as server:
        assert server.ask(CHUNKED + b"3\r\nabc\r\n0\r\n" + b"X: yyyyyyyy\r\n" * 3000 + b"\r\n").status == 431


def test_damaged_requests_never_harm_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """Good requests with bytes changed, lost or cut apart: an answer or a closed connection, nothing logged."""
    chance = random.Random(7)
    seeds = [POST + b"Content-Length: 3\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", NEXT, *MALFORMED.values()]
    with caplog.at_level(logging.WARNING), serving() as server:
        for _ in range(300):
            data = bytearray(chance.choice(seeds) + chance.choice(seeds))
            for _ in range(chance.randrange(4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randrange(3)] = chance.choice([b"", b"\n", b"\r\n", b"\0", b"9", b"\xff", b": "])
            with server.connect() as wire:
                cut = chance.randrange(len(data))
                wire.send(bytes(data[:cut]))
                if chance.random() < 0.3:
                    time.sleep(0.002)
                try:
                    wire.send(bytes(data[cut:]))
                    wire.sock.shutdown(socket.SHUT_WR)
                    while True:
                        assert wire.answer().status in {200, 400, 408, 413, 414, 415, 431}
                except OSError:
                    pass
        assert server.ask(NEXT).status == 200
    assert not caplog.records
