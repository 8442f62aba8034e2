"""A client that loses the answer of a rotation tries again: what strict and resilient rotation do (decision 3)."""

import select
import socket
from urllib.parse import urlencode

import httpx
import pytest

from tests.journeys.served import Served, redeem, refresh, refreshment, walk


def send_and_lose(served: Served, token: str) -> None:
    """Send a refresh, and cut the connection when the answer has come, before it is read."""
    body = urlencode(refreshment(served, token)).encode()
    host = served.base.removeprefix("http://")
    with socket.create_connection(("127.0.0.1", int(host.rsplit(":", 1)[1])), timeout=30) as lost:
        lost.sendall(
            f"POST /services/oauth2/token HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
            + body
        )
        # The answer is there, and nobody reads it.
        assert select.select([lost], [], [], 30)[0]


def is_active(served: Served, client: httpx.Client, token: str) -> bool:
    """Tell whether a token is the current one of its line."""
    asked = {"token": token, "client_id": served.app["consumer_key"], "client_secret": served.app["consumer_secret"]}
    return bool(client.post(f"{served.base}/services/oauth2/introspect", data=asked).json()["active"])


def rotating(served: Served, overlap_s: int) -> None:
    """Have the app rotate with so many seconds of overlap."""
    changed = served.cli("app", "set", served.app["name"], f"rotation_overlap={overlap_s}")
    assert changed.returncode == 0, changed.stderr


@pytest.mark.enforces("rotation_overlap")
def test_strict_rotation_takes_the_retry_for_a_replay_and_ends_the_line(served: Served, client: httpx.Client) -> None:
    rotating(served, 0)
    answer = redeem(served, client, walk(served, client, prompt="consent")).json()

    send_and_lose(served, answer["refresh_token"])
    retried = refresh(served, client, answer["refresh_token"])

    assert retried.status_code == 400
    assert retried.json()["error"] == "invalid_grant"
    assert not is_active(served, client, answer["access_token"])


@pytest.mark.enforces("rotation_overlap")
def test_resilient_rotation_gives_the_retry_the_same_successor_and_the_line_goes_on(
    served: Served, client: httpx.Client
) -> None:
    rotating(served, 30)
    try:
        answer = redeem(served, client, walk(served, client, prompt="consent")).json()

        send_and_lose(served, answer["refresh_token"])
        first = refresh(served, client, answer["refresh_token"]).json()
        again = refresh(served, client, answer["refresh_token"]).json()

        assert first["refresh_token"] == again["refresh_token"]
        assert refresh(served, client, first["refresh_token"]).status_code == 200
        # The successor has been used: the client did get it, so its predecessor is worth nothing any more.
        assert refresh(served, client, answer["refresh_token"]).status_code == 400
    finally:
        rotating(served, 0)
