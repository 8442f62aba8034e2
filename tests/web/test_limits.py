"""How much, how long, how many."""

import contextlib
import socket
import struct
import time

import pytest

from grantway.kit.http import Call, Reply
from grantway.web.adapter import UPLOADS_AT_ONCE, usual_body_limit
from grantway.web.limits import Limits
from tests.web.edge_server import Wire, serving

pytestmark = pytest.mark.requirement("S50")
HOST = b"Host: sso.example\r\n"


def get(path: bytes, fields: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + fields + b"\r\n"


def test_a_header_block_of_16_kb_is_taken_and_one_byte_more_refused() -> None:
    used = len("Host") + len("sso.example") + 4 + len("X-Fill") + 4
    with serving() as server:
        assert server.ask(get(b"/", b"X-Fill: " + b"x" * (16 * 1024 - used) + b"\r\n")).status == 200
        over = server.ask(get(b"/oidc/token", b"X-Fill: " + b"x" * (16 * 1024 - used + 1) + b"\r\n"))
        assert over.status == 431
        assert over.json["door"] == "standards"
        assert over.headers["x-request-id"] == over.json["id"]
        assert over.headers["connection"] == "close"


def test_a_hundred_fields_are_taken_and_one_more_refused() -> None:
    with serving() as server:
        assert server.ask(get(b"/", b"A: b\r\n" * 99)).status == 200
        assert server.ask(get(b"/", b"A: b\r\n" * 100)).status == 431


def test_one_endless_header_field_is_cut_off() -> None:
    """No field ever ends, so no count of fields would notice."""
    with serving() as server, server.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\n" + HOST + b"X: ")
        for _ in range(10):
            wire.send(b"x" * 8192)
        assert wire.answer().status == 431


def test_a_url_may_have_8_kb_and_16_where_queries_travel() -> None:
    with serving() as server:
        assert server.ask(get(b"/a?" + b"q" * (8 * 1024 - 3))).status == 200
        over = server.ask(get(b"/oidc/authorize?" + b"q" * 8 * 1024))
        assert (over.status, over.json["door"], over.json["path"]) == (414, "standards", "/oidc/authorize")
        query = b"/services/data/v60.0/query?q="
        assert server.ask(get(query + b"q" * (16 * 1024 - len(query)))).status == 200
        assert server.ask(get(query + b"q" * 16 * 1024)).status == 414


def test_a_url_that_never_ends_is_cut_off() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"GET /a")
        for _ in range(3):
            wire.send(b"a" * 4096)
        assert wire.answer().status == 414


def test_the_body_cap_is_that_of_the_path() -> None:
    def limit(path: str) -> int:
        return 10 if path == "/small" else 1000

    def post(path: bytes, body: bytes) -> bytes:
        return b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body

    with serving(body_limit=limit) as server:
        assert server.ask(post(b"/small", b"x" * 10)).status == 200
        assert server.ask(post(b"/small", b"x" * 11)).status == 413
        assert server.ask(post(b"/large", b"x" * 1000)).status == 200
        assert server.ask(post(b"/large", b"x" * 1001)).status == 413


def test_a_body_announced_too_large_is_refused_before_it_is_sent() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"POST /oidc/token HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
        refused = wire.answer()
        assert (refused.status, refused.headers["connection"]) == (413, "close")


def test_a_chunked_body_is_refused_once_it_grows_too_large() -> None:
    """The client still reads the refusal while it sends: the connection is not reset under it."""
    with serving() as server, server.connect() as wire:
        wire.send(b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            wire.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert wire.answer().status == 413


def test_a_compressed_body_is_refused() -> None:
    with serving() as server:
        asked = b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Encoding: %s\r\nContent-Length: 1\r\n\r\nx"
        assert server.ask(asked % b"gzip").status == 415
        assert server.ask(asked % b"identity").status == 200


def test_a_slow_header_ends_with_408_however_steadily_it_drips() -> None:
    with serving(limits=Limits(header_s=0.3)) as server, server.connect() as wire:
        begun = time.monotonic()
        wire.send(b"GET /oidc/slow HTTP/1.1\r\n")
        for _ in range(3):
            time.sleep(0.05)
            wire.send(b"X: y\r\n")
        refused = wire.answer()
        assert (refused.status, refused.json["door"]) == (408, "standards")
        assert 0.25 < time.monotonic() - begun < 1.5


def test_a_slow_body_ends_with_408_under_the_id_of_its_request() -> None:
    with serving(limits=Limits(body_s=0.3)) as server, server.connect() as wire:
        wire.send(b"POST /oidc/token HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc")
        refused = wire.answer()
        assert (refused.status, refused.json["path"]) == (408, "/oidc/token")
        assert refused.headers["x-request-id"] == refused.json["id"]


def test_a_client_that_does_not_read_its_answer_is_dropped() -> None:
    async def flood(call: Call) -> Reply:
        return Reply(200, b"x" * 30_000_000)

    with serving(flood, limits=Limits(response_s=0.4)) as server:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(5)
        sock.connect(("127.0.0.1", server.port))
        with Wire(sock) as wire:
            wire.send(get(b"/"))
            time.sleep(1.2)
            assert wire.bytes_until_closed() < 30_000_000


def test_a_connection_that_sends_nothing_is_closed_without_a_word() -> None:
    with serving(limits=Limits(header_s=0.2, idle_s=0.2)) as server:
        with server.connect() as wire:
            assert wire.is_closed()
        with server.connect() as wire:
            wire.send(get(b"/"))
            assert wire.answer().status == 200
            assert wire.is_closed()


def test_blank_lines_do_not_keep_a_connection_alive() -> None:
    with serving(limits=Limits(header_s=0.3)) as server, server.connect() as wire:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < 3:
                wire.send(b"\r\n")
                time.sleep(0.05)
        assert time.monotonic() - begun < 2


def test_one_peer_may_open_so_many_connections_and_no_more() -> None:
    with serving(limits=Limits(connections_per_peer=2)) as server:
        first, second = server.connect(), server.connect()
        for wire in (first, second):
            wire.send(get(b"/"))
            assert wire.answer().status == 200
        with server.connect() as third:
            assert third.answer().status == 503
            assert third.is_closed()
        first.sock.close()
        time.sleep(0.1)
        assert server.ask(get(b"/")).status == 200
        second.sock.close()


def test_a_trusted_proxy_is_not_counted_as_one_peer() -> None:
    limits = Limits(connections_per_peer=1)
    with serving(limits=limits, trusted=("127.0.0.0/8",)) as server, server.connect(), server.connect():
        assert server.ask(get(b"/")).status == 200


def test_all_connections_together_have_a_cap() -> None:
    with serving(limits=Limits(connections=1), trusted=("127.0.0.1",)) as server, server.connect() as wire:
        wire.send(get(b"/"))
        assert wire.answer().status == 200
        with server.connect() as second:
            assert second.answer().status == 503


def test_whoever_has_not_asked_for_anything_gives_way_when_all_places_are_taken() -> None:
    with serving(limits=Limits(connections=2), trusted=("127.0.0.1",)) as server, server.connect() as asking:
        asking.send(get(b"/"))
        assert asking.answer().status == 200
        with server.connect() as dripping:
            dripping.send(b"GET / HTTP/1.1\r\nHo")
            assert server.ask(get(b"/")).status == 200
            assert dripping.is_closed()
        asking.send(get(b"/"))
        assert asking.answer().status == 200


def test_a_reset_connection_gives_its_place_back() -> None:
    with serving(limits=Limits(connections_per_peer=1)) as server:
        for _ in range(5):
            with server.connect() as wire:
                wire.send(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
                wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(0.05)
        assert server.ask(get(b"/")).status == 200


@pytest.mark.parametrize(
    "wrong", [{"header_s": 0.0}, {"body_s": 61.0}, {"connections": 0}, {"header_fields": -1}, {"response_s": 3600.0}]
)
def test_limits_that_would_limit_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="every"):
        Limits(**wrong)  # type: ignore[arg-type]


def test_only_so_many_large_uploads_arrive_at_once_and_small_ones_do_not_count() -> None:
    """Decision 0011: they lie in memory before anybody has said who they are."""
    post = b"POST /setup/import HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n"
    with serving() as server, contextlib.ExitStack() as open_ones:
        for _ in range(UPLOADS_AT_ONCE):
            open_ones.enter_context(server.connect()).send(post % 9_000_000 + b"x")
        # Round trips: by then what came before has been looked at.
        assert server.ask(get(b"/")).status == server.ask(get(b"/")).status == 200

        assert server.ask(post % 9_000_000).status == 503
        assert server.ask(post % 3 + b"abc").status == 200
        open_ones.close()
        until = time.monotonic() + 10
        while server.ask(post % 300_000 + b"x" * 300_000).status != 200:
            assert time.monotonic() < until


def test_an_upload_may_have_ten_megabytes_and_an_apps_form_256_kb() -> None:
    assert usual_body_limit("/setup/import") == usual_body_limit("/setup/api/v1/imports") == 10 * 1024 * 1024
    for path in ("/setup/apps/new", "/setup/apps/Sync/edit", "/setup/apps/Sync/save", "/setup/login"):
        assert usual_body_limit(path) == 256 * 1024
    for path in ("/setup/apps/Sync/keys", "/setup/apps/Sync/delete", "/setup/import/review", "/login", "/oidc/token"):
        assert usual_body_limit(path) == 64 * 1024
