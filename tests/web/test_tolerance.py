"""What ordinary clients do is normal (decision 16, clients.md section 7)."""

import asyncio
import socket
import threading
import time

import pytest

from grantway.kit.http import Call, Reply
from grantway.web.limits import Limits
from tests.web.edge_server import serving

POST = b"POST /token HTTP/1.1\r\nHost: sso.example\r\n"
GET = b"GET /%d HTTP/1.1\r\nHost: sso.example\r\n\r\n"


def test_a_chunked_body_arrives_whole_however_it_is_cut() -> None:
    data = POST + b"Transfer-Encoding: Chunked\r\n\r\n5\r\ngrant\r\n6\r\n_type=\r\n1\r\nx\r\n0\r\n\r\n"
    with serving() as server:
        assert server.ask(data).json["body"] == "grant_type=x"
        with server.connect() as wire:
            wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(data)):
                wire.send(data[at : at + 1])
            assert wire.answer().json["body"] == "grant_type=x"


def test_a_client_that_expects_100_continue_gets_it() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert wire.line_end(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        wire.send(b"abc")
        assert wire.answer().json["body"] == "abc"
        wire.send(GET % 1)
        assert wire.answer().status == 200


def test_a_client_that_does_not_wait_for_100_continue_is_served() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        assert wire.answer().json["body"] == "abc"


def test_headers_of_several_kb_are_fine() -> None:
    with serving() as server:
        assert server.ask(POST + b"Cookie: " + b"c" * 12_000 + b"\r\nContent-Length: 0\r\n\r\n").status == 200


def test_pipelined_requests_are_answered_one_after_the_other_in_order() -> None:
    running = 0

    async def one_at_a_time(call: Call) -> Reply:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.02 if call.path == "/0" else 0)
        running -= 1
        return Reply(200, call.path.encode())

    with serving(one_at_a_time) as server, server.connect() as wire:
        wire.send(b"".join(GET % number for number in range(10)))
        assert [wire.answer().body for _ in range(10)] == [b"/%d" % number for number in range(10)]
        wire.send(GET % 99)
        assert wire.answer().body == b"/99"


@pytest.mark.requirement("S50")
def test_more_pipelined_requests_than_may_wait_end_the_connection_after_those_that_may() -> None:
    with serving(limits=Limits(pipelined=4)) as server, server.connect() as wire:
        wire.send(b"".join(GET % number for number in range(5000)))
        assert [wire.answer().status for _ in range(5)] == [200] * 5
        assert wire.is_closed()


@pytest.mark.requirement("S50")
def test_a_refusal_waits_for_the_answers_before_it() -> None:
    async def slow(call: Call) -> Reply:
        await asyncio.sleep(0.1)
        return Reply(200, b"first")

    with serving(slow) as server, server.connect() as wire:
        wire.send(GET % 1 + b"BROKEN\r\n\r\n")
        assert wire.answer().body == b"first"
        assert wire.answer().status == 400
        assert wire.is_closed()


def test_a_client_that_has_said_all_still_gets_its_answer() -> None:
    async def slow(call: Call) -> Reply:
        await asyncio.sleep(0.1)
        return Reply(200, call.body)

    with serving(slow) as server, server.connect() as wire:
        wire.send(POST + b"Content-Length: 3\r\n\r\nabc")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.answer().body == b"abc"
        assert wire.is_closed()


def test_half_a_request_and_an_end_is_simply_closed() -> None:
    with serving() as server:
        for half in (b"GET / HT", POST, POST + b"Content-Length: 3\r\n\r\na"):
            with server.connect() as wire:
                wire.send(half)
                wire.sock.shutdown(socket.SHUT_WR)
                assert wire.is_closed()


def test_head_is_answered_like_get_without_the_body() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" + GET % 7)
        head = wire.answer(head_only=True)
        assert int(head.headers["content-length"]) > 0
        assert wire.answer().json["path"] == "/7"


def test_the_body_of_a_get_is_ignored() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + GET % 7)
        assert wire.answer().json["body"] == ""
        assert wire.answer().json["path"] == "/7"


def test_an_answer_given_before_the_request_ended_ends_the_connection() -> None:
    """What comes later of that body can then never be taken for a request."""
    with serving() as server, server.connect() as wire:
        wire.send(b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n")
        assert wire.answer().headers["connection"] == "close"
        wire.send(GET % 7)
        assert wire.is_closed()


def test_an_offer_to_speak_http_2_is_passed_over() -> None:
    """Java's HttpClient makes it with every first request."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    with serving() as server, server.connect() as wire:
        wire.send(POST + offer + b"Content-Length: 3\r\n\r\nabc" + GET % 7)
        assert wire.answer().json["body"] == "abc"
        assert wire.answer().json["path"] == "/7"
        wire.send(POST + offer + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + GET % 8)
        assert wire.answer().json["body"] == "abc"
        assert wire.answer().json["path"] == "/8"


@pytest.mark.requirement("S50")
def test_the_body_behind_an_offer_to_upgrade_is_no_request() -> None:
    """The parser's own view is that another protocol begins there."""
    smuggled = GET % 666
    offer = b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
    with serving() as server, server.connect() as wire:
        wire.send(POST + offer + smuggled + GET % 7)
        assert [wire.answer().json["path"] for _ in range(2)] == ["/token", "/7"]


def test_http_1_0_is_answered_and_closed() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"GET /a HTTP/1.0\r\n\r\n")
        answer = wire.answer()
        assert (answer.status, answer.json["host"], answer.headers["connection"]) == (200, "", "close")
        assert wire.is_closed()


def test_the_absolute_form_is_the_same_request() -> None:
    with serving() as server:
        heard = server.ask(b"GET http://sso.example/a?b HTTP/1.1\r\nHost: SSO.example\r\n\r\n").json
        assert (heard["path"], heard["query"], heard["host"]) == ("/a", "b", "sso.example")


def test_connection_close_is_obeyed() -> None:
    with serving() as server, server.connect() as wire:
        wire.send(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert wire.answer().headers["connection"] == "close"
        assert wire.is_closed()


def test_blank_lines_before_a_request_are_passed_over() -> None:
    with serving() as server:
        assert server.ask(b"\r\n\r\n" + GET % 1).status == 200


def test_large_answers_arrive_whole_for_a_slow_reader() -> None:
    async def much(call: Call) -> Reply:
        return Reply(200, b"x" * 3_000_000)

    with serving(much) as server, server.connect() as wire:
        wire.send(GET % 1 + GET % 2 + GET % 3)
        time.sleep(0.2)
        for _ in range(3):
            assert len(wire.answer().body) == 3_000_000


def test_many_clients_at_once_get_their_own_answers() -> None:
    wrong: list[object] = []
    with serving() as server:

        def client(me: int) -> None:
            with server.connect() as wire:
                for number in range(20):
                    body = b"%d-%d" % (me, number)
                    wire.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                    heard = wire.answer().json["body"]
                    if heard != body.decode():
                        wrong.append((body, heard))

        threads = [threading.Thread(target=client, args=(me,)) for me in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
