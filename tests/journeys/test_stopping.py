"""SIGTERM and Ctrl+C answer what is under way and take nothing new; a rolling restart loses no request (R6)."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.journeys.balancer import balancing, free_port
from tests.journeys.engines import Engine
from tests.journeys.load import Load, assert_kept
from tests.journeys.served import Served, kill, start, wait_until_dead

pytestmark = pytest.mark.requirement("R6")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_fails_readiness_then_refuses_connections_and_answers_what_is_under_way(
    tmp_path: Path, workers: str
) -> None:
    served = start(tmp_path, "--workers", workers)
    try:
        with httpx.Client() as client:
            slow = _Slow(served)
            served.process.send_signal(signal.SIGTERM)

            while (ready := client.get(f"{served.base}/readyz")).status_code == 200:
                pass
            assert (ready.status_code, ready.text) == (503, "stopping\n")
            assert ready.headers["connection"] == "close"
            while _takes_connections(served):
                pass
            assert slow.answer().startswith(b"HTTP/1.1 200 ")
        assert served.process.wait(timeout=40) == 0
    finally:
        kill(served, signal.SIGKILL)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_answers_what_is_under_way_and_ends_the_server_in_order(tmp_path: Path, workers: str) -> None:
    served = start(tmp_path, "--workers", workers)
    try:
        slow = _Slow(served)
        # A terminal sends it to every process of the group.
        os.killpg(served.process.pid, signal.SIGINT)
        while _takes_connections(served):
            pass
        assert slow.answer().startswith(b"HTTP/1.1 200 ")
        wait_until_dead(served)
    finally:
        kill(served, signal.SIGKILL)
    assert served.process.returncode == 0
    assert list(served.log) == []
    # The database was closed: nothing is left to be recovered.
    assert not (tmp_path / "grantway.db-wal").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_ctrl_c_waits_for_nothing_that_is_under_way(tmp_path: Path, workers: str) -> None:
    served = start(tmp_path, "--workers", workers)
    try:
        slow = _Slow(served)
        os.killpg(served.process.pid, signal.SIGINT)
        while _takes_connections(served):
            pass
        os.killpg(served.process.pid, signal.SIGINT)
        served.process.wait(timeout=5)
        wait_until_dead(served)
        assert slow.answer() == b""
    finally:
        kill(served, signal.SIGKILL)
    assert list(served.log) == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_connections_that_come_while_a_server_stops_are_told_to_go_with_their_first_answer(
    tmp_path: Path, workers: str
) -> None:
    served = start(tmp_path, "--workers", workers)
    told = 0
    try:
        with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0)) as client:
            served.process.send_signal(signal.SIGTERM)
            with suppress(httpx.TransportError):  # it takes none any more
                while (reply := client.get(f"{served.base}/readyz")).status_code == 200 or told < 100:
                    assert reply.headers.get("connection") == ("close" if reply.status_code == 503 else None)
                    told += reply.status_code == 503
    finally:
        kill(served, signal.SIGKILL)
    assert told > 0


def test_a_rolling_restart_behind_a_balancer_loses_no_request(engine: Engine) -> None:
    ports = [free_port(), free_port()]
    with balancing(*ports) as port:
        options = [*engine.options, "--base-url", f"http://127.0.0.1:{port}", "--port"]
        running = [start(engine.folder, *options, str(one)) for one in ports]
        try:
            with Load(running[0]) as load:
                load.until_acknowledged(40)
                for number, one in enumerate(ports):
                    running[number].process.send_signal(signal.SIGTERM)
                    assert running[number].process.wait(timeout=40) == 0
                    running[number] = start(engine.folder, *options, str(one))
                load.until_acknowledged(40)

            assert load.refused == []
            assert_kept(running[0], load)
        finally:
            for served in running:
                kill(served)


class _Slow:
    """A request for a token whose last byte is held back."""

    def __init__(self, served: Served) -> None:
        app = served.app
        body = f"grant_type=client_credentials&client_id={app['consumer_key']}&client_secret={app['consumer_secret']}"
        host = served.base.removeprefix("http://")
        self._last = body[-1:].encode()
        self._socket = socket.create_connection(_address(served), timeout=20)
        self._socket.sendall(
            f"POST /services/oauth2/token HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert self._socket.recv(100).startswith(b"HTTP/1.1 100 ")  # the server has begun with it
        self._socket.sendall(body[:-1].encode())

    def answer(self) -> bytes:
        """Send the rest and return the answer."""
        with self._socket, self._socket.makefile("rb") as answer:
            self._socket.sendall(self._last)
            return answer.read()


def _address(served: Served) -> tuple[str, int]:
    return "127.0.0.1", int(served.base.rpartition(":")[2])


def _takes_connections(served: Served) -> bool:
    try:
        socket.create_connection(_address(served), timeout=20).close()
    except (ConnectionRefusedError, ConnectionResetError):  # reset: it came while the server let go of its port
        return False
    return True
