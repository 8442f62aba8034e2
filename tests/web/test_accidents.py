"""What goes wrong inside stays inside; what has begun goes on to its end."""

import asyncio
import json
import logging
import socket
import struct
import time

import httpx
import pytest

from grantway.kit.http import Call, Reply
from grantway.web.adapter import Edge
from grantway.web.exchange import Message
from grantway.web.limits import Limits
from tests.web.edge_server import NOW_US, echo, refuse, serving

POST = (
    b"POST /oidc/token?secret_query=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic SECRET\r\n"
    b"Content-Length: 6\r\n\r\nhidden"
)


@pytest.mark.requirement("S53")
def test_an_accident_is_a_500_in_the_dialect_of_the_path_and_a_log_line_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fall(call: Call) -> Reply:
        raise KeyError(call.body.decode())

    with serving(fall) as server, server.connect() as wire, caplog.at_level(logging.ERROR):
        wire.send(POST)
        answer = wire.answer()
        assert (answer.status, answer.json["door"]) == (500, "standards")
        wire.send(POST)  # the connection is none the worse
        assert wire.answer().status == 500
    line = json.loads(caplog.records[0].getMessage())
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["problem"] == "KeyError"
    assert line["path"] == "/oidc/token"
    assert any("fall" in place for place in line["at"])
    for secret in ("hidden", "SECRET", "secret_query"):
        assert secret not in caplog.text


@pytest.mark.requirement("S53")
def test_a_refusal_that_fails_itself_still_is_an_answer() -> None:
    def broken(call: Call, status: int, problem: BaseException | None) -> Reply:
        raise RuntimeError

    async def fall(call: Call) -> Reply:
        raise ValueError

    app = Edge(fall, broken, now_us=NOW_US)
    with httpx.Client(transport=_Local(app), base_url="http://a") as client:
        assert client.get("/").status_code == 500


@pytest.mark.parametrize("value", [b"a\r\nSet-Cookie: sid=1", b"a\nb", b"a\0b"])
def test_no_header_of_an_answer_can_be_ended_early(value: bytes) -> None:
    async def inject(call: Call) -> Reply:
        return Reply(302, b"", ((b"location", value),))

    with serving(inject) as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.status == 500
        assert "set-cookie" not in answer.headers
        assert "location" not in answer.headers


def test_a_client_that_goes_away_does_not_stop_what_has_begun() -> None:
    ended: list[str] = []

    async def write(call: Call) -> Reply:
        await asyncio.sleep(0.3)
        ended.append(call.body.decode())
        return Reply(200)

    with serving(write) as server:
        for reset in (False, True):
            with server.connect() as wire:
                wire.send(POST)
                time.sleep(0.1)
                if reset:
                    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.6)
        assert ended == ["hidden", "hidden"]


async def test_a_server_that_cancels_does_not_stop_what_has_begun_either() -> None:
    """Other ASGI servers cancel the application when the client goes away."""
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def write(call: Call) -> Reply:
        begun.set()
        await asyncio.sleep(0.05)
        ended.set()
        return Reply(200)

    app = Edge(write, refuse, now_us=NOW_US)
    task = asyncio.ensure_future(_ask(app, "/"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 2)


def test_a_client_that_goes_away_within_its_body_reaches_nobody() -> None:
    reached: list[str] = []

    async def hear(call: Call) -> Reply:
        reached.append(call.path)
        return Reply(200)

    with serving(hear) as server:
        with server.connect() as wire:
            wire.send(POST[:-1])
            time.sleep(0.1)
        time.sleep(0.2)
    assert not reached


def test_a_stopping_server_gives_the_answer_it_owes() -> None:
    async def slow(call: Call) -> Reply:
        await asyncio.sleep(0.4)
        return Reply(200, b"done")

    with serving(slow) as server, server.connect() as wire, server.connect() as idle:
        wire.send(POST)
        time.sleep(0.1)
        server.server.should_exit = True
        answer = wire.answer()
        assert (answer.body, answer.headers["connection"]) == (b"done", "close")
        assert idle.is_closed()


def test_more_requests_at_once_than_the_limit_get_503() -> None:
    async def slow(call: Call) -> Reply:
        await asyncio.sleep(0.3)
        return Reply(200)

    with serving(slow, limits=Limits(requests=1)) as server, server.connect() as first, server.connect() as second:
        first.send(POST)
        time.sleep(0.1)
        second.send(POST)
        refused = second.answer()
        assert (refused.status, refused.json["door"]) == (503, "standards")
        assert first.answer().status == 200


def test_every_answer_bears_an_id_of_its_own() -> None:
    with serving() as server, server.connect() as wire:
        ids = set()
        for _ in range(20):
            wire.send(POST)
            answer = wire.answer()
            assert answer.headers["x-request-id"] == answer.json["id"]
            assert answer.headers["date"].endswith(" GMT")
            ids.add(answer.json["id"])
        assert len(ids) == 20


async def test_the_lifespan_runs_what_it_is_given() -> None:
    steps: list[str] = []

    async def up() -> None:
        steps.append("up")

    async def down() -> None:
        steps.append("down")

    incoming = ["lifespan.startup", "lifespan.shutdown"]
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": incoming.pop(0)}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await Edge(echo, refuse, now_us=NOW_US, on_startup=up, on_shutdown=down)({"type": "lifespan"}, receive, send)
    assert steps == ["up", "down"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_failed_startup_is_told() -> None:
    async def up() -> None:
        raise OSError("no database")

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Edge(echo, refuse, now_us=NOW_US, on_startup=up)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "OSError: no database"}]


async def test_without_our_protocol_the_edge_is_a_plain_asgi_application() -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Edge(echo, refuse, now_us=NOW_US)), base_url="http://sso.example"
    ) as client:
        before = NOW_US()
        heard = (await client.post("/a%20b?c=d", content=b"body")).json()
        assert (heard["path"], heard["query"], heard["body"], heard["host"]) == ("/a b", "c=d", "body", "sso.example")
        assert before <= heard["arrived_us"] <= NOW_US()
        assert (await client.post("/", content=b"x" * 65_537)).status_code == 413
        assert (await client.get("/%ff")).status_code == 400
        head = await client.head("/a")
        assert head.content == b""
        assert int(head.headers["content-length"]) > 0


class _Local(httpx.BaseTransport):
    def __init__(self, app: Edge) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = asyncio.run(_ask(self._app, request.url.path))
        return httpx.Response(sent[0]["status"], content=sent[1]["body"])


async def _ask(app: Edge, path: str) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"a")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    await app(scope, receive, send)
    return sent
