"""Sixteen clients with one code, refresh token or consent page, at once, over two workers: one wins, and keeps it."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from urllib.parse import urlencode

import httpx
import pytest

from tests.journeys.served import Served, fields, link, redeem, redemption, refresh, refreshment, walk

CLIENTS = 16
ROUNDS = 5
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Answer = tuple[int, dict[str, str]]


def all_there_before_one_is_whole(served: Served, form: dict[str, str]) -> list[Answer]:
    """Send one token request sixteen times; the last body leaves after the server has asked every client for its own.

    So each request has arrived before any of them can be decided: they are ties, none is a replay.
    """
    body = urlencode(form).encode()
    host = served.base.removeprefix("http://")
    head = (
        f"POST /services/oauth2/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nExpect: 100-continue\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as stack:
        address = ("127.0.0.1", int(host.rsplit(":", 1)[1]))
        sockets = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(CLIENTS)]
        streams = [stack.enter_context(one.makefile("rb")) for one in sockets]
        for one in sockets:
            one.sendall(head.encode())
        for stream in streams:
            assert stream.read(len(CONTINUE)) == CONTINUE
        for one in sockets:
            one.sendall(body)
        answers = [stream.read().partition(b"\r\n\r\n") for stream in streams]
    return [(int(head.split(b" ")[1]), json.loads(body)) for head, _, body in answers]


def as_they_come(served: Served, form: dict[str, str]) -> list[Answer]:
    """Send one token request sixteen times from threads; some may come when the winner was answered already."""
    barrier = Barrier(CLIENTS)

    with httpx.Client(timeout=30) as clients, ThreadPoolExecutor(CLIENTS) as pool:

        def one(_: int) -> Answer:
            barrier.wait()
            reply = clients.post(f"{served.base}/services/oauth2/token", data=form)
            return reply.status_code, reply.json()

        return list(pool.map(one, range(CLIENTS)))


def winner_of(answers: list[Answer]) -> dict[str, str]:
    """Return the one answer with tokens; every other must be a refusal of the grant."""
    winners = [answer for status, answer in answers if status == 200]
    assert len(winners) == 1, answers
    losers = [(status, answer["error"]) for status, answer in answers if status != 200]
    assert losers == [(400, "invalid_grant")] * (CLIENTS - 1)
    return winners[0]


def assert_live(served: Served, client: httpx.Client, tokens: dict[str, str]) -> None:
    """The access token is good, the refresh token is good, and both do what they are for."""
    asked = {"client_id": served.app["consumer_key"], "client_secret": served.app["consumer_secret"]}
    for token in (tokens["access_token"], tokens["refresh_token"]):
        said = client.post(f"{served.base}/services/oauth2/introspect", data={"token": token, **asked}).json()
        assert said["active"] is True
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert client.get(f"{served.base}/services/oauth2/userinfo", headers=bearer).status_code == 200
    assert refresh(served, client, tokens["refresh_token"]).status_code == 200


@pytest.mark.requirement("S12")
def test_the_winner_of_one_code_keeps_its_tokens(served: Served, client: httpx.Client) -> None:
    for _ in range(ROUNDS):
        signed_in = walk(served, client)
        answers = all_there_before_one_is_whole(served, redemption(served, signed_in))
        assert_live(served, client, winner_of(answers))


@pytest.mark.requirement("S14")
def test_the_winner_of_one_refresh_token_keeps_its_tokens(served: Served, client: httpx.Client) -> None:
    for _ in range(ROUNDS):
        token = redeem(served, client, walk(served, client)).json()["refresh_token"]
        answers = all_there_before_one_is_whole(served, refreshment(served, token))
        assert_live(served, client, winner_of(answers))


@pytest.mark.requirement("S12")
def test_one_code_gives_tokens_once_however_its_clients_come(served: Served, client: httpx.Client) -> None:
    for _ in range(ROUNDS):
        winner_of(as_they_come(served, redemption(served, walk(served, client))))


@pytest.mark.requirement("S14")
def test_one_refresh_token_rotates_once_however_its_clients_come(served: Served, client: httpx.Client) -> None:
    for _ in range(ROUNDS):
        token = redeem(served, client, walk(served, client)).json()["refresh_token"]
        winner_of(as_they_come(served, refreshment(served, token)))


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S12")
def test_one_consent_page_gives_one_code_however_often_it_is_answered(served: Served, client: httpx.Client) -> None:
    walk(served, client)
    for _ in range(ROUNDS):
        page = client.get(link(served, prompt="consent")[0]).headers["location"]
        form = fields(client.get(page).text) | {"decision": "allow"}
        barrier = Barrier(CLIENTS)

        with ThreadPoolExecutor(CLIENTS) as pool:

            def allow(_: int) -> str:
                barrier.wait()  # noqa: B023 - used within the round
                reply = client.post(page.partition("?")[0], data=form)  # noqa: B023
                return str(reply.headers.get("location", ""))

            locations = list(pool.map(allow, range(CLIENTS)))

        assert sum("code=" in location for location in locations) == 1
        assert locations.count("") == CLIENTS - 1
