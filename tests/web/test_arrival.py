"""A stamp tells whether a request came before or after a commit (decision 3)."""

import asyncio
import contextlib
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from grantway.kit.http import Call, Reply
from grantway.web.arrival import Arrivals
from tests.web.edge_server import NOW_US, Running, Wire, echo, serving

pytestmark = pytest.mark.requirement("S14")
ROUNDS = 150


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def _commit() -> int:
    stamp = NOW_US()
    time.sleep(0.0005)  # the disk
    return stamp


async def commit(call: Call) -> Reply:
    """Commit as a store may: on the loop, after some turns of it, or in a thread. Say when, and when we arrived."""
    if call.path == "/on-the-loop":
        stamp = NOW_US()
    elif call.path == "/after-turns":
        await asyncio.sleep(0)
        stamp = NOW_US()
    elif call.path == "/thread":
        stamp = await asyncio.get_running_loop().run_in_executor(None, _commit)
    elif call.path == "/block":
        time.sleep(0.05)  # the loop is busy with something
        stamp = NOW_US()
    else:
        stamp = 0
    return Reply(200, b"%d %d" % (call.arrived_us, stamp))


def ask(wire: Wire, path: str) -> tuple[int, int]:
    wire.send(get(path))
    arrived, committed = wire.answer().body.split()
    return int(arrived), int(committed)


@pytest.fixture
def others(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server that other clients keep busy."""
    with serving(commit) as server:
        stop = threading.Event()

        def client() -> None:
            with server.connect() as wire:
                while not stop.is_set():
                    ask(wire, "/thread")

        threads = [threading.Thread(target=client) for _ in range(request.param)]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@pytest.mark.parametrize("others", [0, 4], indirect=True, ids=["quiet", "busy"])
@pytest.mark.parametrize("path", ["/on-the-loop", "/after-turns", "/thread"])
@pytest.mark.parametrize("anew", [False, True], ids=["kept", "anew"])
def test_what_is_sent_after_an_answer_arrives_after_the_commit_it_told_of(
    others: Running, path: str, anew: bool
) -> None:
    committed = 0
    with others.connect() as kept:
        for _ in range(ROUNDS):
            if anew:
                with others.connect() as wire:
                    arrived, now_committed = ask(wire, path)
            else:
                arrived, now_committed = ask(kept, path)
            assert arrived > committed
            committed = now_committed


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
def test_what_lay_in_the_kernel_while_the_loop_was_busy_arrived_before_the_commit(kept: bool) -> None:
    in_time = 0
    with serving(commit) as server:
        while in_time < 5:
            with server.connect() as first, server.connect() as second, contextlib.ExitStack() as stack:
                ask(second, "/warm")
                first.send(get("/block"))
                time.sleep(0.02)  # now the loop is blocked, and the commit is still to come
                late = second if kept else stack.enter_context(server.connect())
                late.send(get("/late"))
                sent = NOW_US()
                arrived, _ = map(int, late.answer().body.split())
                _, committed = map(int, first.answer().body.split())
                if sent < committed:  # a busy machine may have held us up
                    in_time += 1
                    assert arrived <= committed


def test_pipelined_requests_arrived_with_the_first() -> None:
    with serving(commit) as server, server.connect() as wire:
        wire.send(get("/on-the-loop") + get("/late"))
        _, committed = map(int, wire.answer().body.split())
        arrived, _ = map(int, wire.answer().body.split())
        assert arrived <= committed


def test_what_a_client_sends_while_it_is_not_read_from_arrived_before_the_answer() -> None:
    """A waiting request stops the reading; what comes then lies in the kernel for as long as the answer takes."""
    in_time = 0
    with serving(commit) as server, server.connect() as wire:
        while in_time < 5:
            wire.send(get("/block") + get("/waits"))
            time.sleep(0.02)
            wire.send(get("/late"))
            sent = NOW_US()
            _, committed = map(int, wire.answer().body.split())
            wire.answer()
            arrived, _ = map(int, wire.answer().body.split())
            if sent < committed:  # a busy machine may have held us up
                in_time += 1
                assert arrived <= committed


def test_an_idle_server_stamps_with_the_present() -> None:
    late = []
    with serving(echo) as server, server.connect() as wire:
        for _ in range(50):
            time.sleep(0.003)
            sent = NOW_US()
            wire.send(get("/"))
            late.append(wire.answer().json["arrived_us"] - sent)
    # The stamp may be that of the turn before when the machine held the server up between two turns.
    assert sorted(late)[2] >= 0
    assert statistics.median(late) < 5000


def test_the_first_byte_counts_not_the_last() -> None:
    with serving(echo) as server, server.connect() as wire:
        wire.send(b"G")
        time.sleep(0.2)
        before_the_rest = NOW_US()
        wire.send(get("/")[1:])
        assert wire.answer().json["arrived_us"] < before_the_rest


def test_blank_lines_are_not_the_first_byte() -> None:
    with serving(echo) as server, server.connect() as wire:
        wire.send(b"\r\n")
        time.sleep(0.05)
        sent = NOW_US()
        wire.send(get("/"))
        assert wire.answer().json["arrived_us"] >= sent


def test_a_connection_opened_early_does_not_make_its_request_early() -> None:
    with serving(commit) as server, server.connect() as early, server.connect() as wire:
        time.sleep(0.05)
        _, committed = ask(wire, "/thread")
        arrived, _ = ask(early, "/late")
        assert arrived > committed


async def test_a_clock_set_back_leaves_no_stamp_in_the_future() -> None:
    now = 1_000_000_000

    def clock() -> int:
        return now

    arrivals = Arrivals(asyncio.get_running_loop(), clock)
    sent = asyncio.Event()
    arrivals.poll_before(sent.set)
    await asyncio.wait_for(sent.wait(), 2)
    now -= 500_000_000
    await asyncio.sleep(0.01)
    assert arrivals.bytes_came() <= now
