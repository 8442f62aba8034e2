"""Many connections use one refresh token at the same moment: how many win, and how long the slowest waits."""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import httpx
import uvloop

from bench.ours import grantway
from bench.target import Target
from bench.wire import Answer, Script, post, run
from tests.toolchain import PostgresServer


async def _race(target: Target, token: str, connections: int) -> tuple[list[str], list[float]]:
    """Send the same request on connections that are open already; return the new tokens and all latencies (s)."""
    body = urlencode({"grant_type": "refresh_token", "refresh_token": token} | target.client)
    request = post(target.host, target.paths["token"], body)
    started = asyncio.Event()
    won: list[str] = []
    taken: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        await started.wait()
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-l"))
        found = json.loads(await reader.readexactly(length))
        taken.append(time.perf_counter() - begun)
        if "refresh_token" in found:
            won.append(found["refresh_token"])
        writer.close()

    running = [asyncio.ensure_future(one()) for _ in range(connections)]
    await asyncio.sleep(0.2)
    started.set()
    await asyncio.gather(*running)
    return won, taken


def race(target: Target, rounds: int, connections: int) -> None:
    """Race so many times, each time for a new line, and print what came of it.

    A request that comes when the winner has been answered is a replay, and ends the line: that is strict rotation.
    """
    winners: Counter[int] = Counter()
    taken: list[float] = []
    for _ in range(rounds):
        won, latencies = uvloop.run(_race(target, _new_line(target), connections))
        taken += latencies
        winners[len(won)] += 1
    taken.sort()
    p50, p99 = (taken[int(len(taken) * share)] * 1000 for share in (0.5, 0.99))
    print(f"{target.name}: {connections} connections, one refresh token, {rounds} races")
    told = ", ".join(f"{count} winner{'' if count == 1 else 's'} in {times}" for count, times in winners.items())
    print(f"  {told}; p50 {p50:.1f} ms, p99 {p99:.1f} ms", flush=True)


def _new_line(target: Target) -> str:
    with httpx.Client(base_url=f"http://{target.host}", timeout=30) as browser:
        cookies = {"cookie": target.people[0].cookies}
        location = browser.get(target.authorize("openid api refresh_token"), headers=cookies).headers["location"]
        return target.tokens(browser, target.code_in(location))["refresh_token"]


def idle(target: Target, seconds: float) -> None:
    """Print the latency that one client alone sees for a durable token."""
    body = urlencode({"grant_type": "client_credentials"} | target.client)
    request = post(target.host, target.paths["token"], body)

    def alone() -> Script:
        while True:
            answer: Answer = yield request
            if answer.status != 200:
                raise RuntimeError(answer.body.decode())
            yield None

    load = uvloop.run(run(target.port, [alone()], seconds))
    print(f"{target.name}: one client alone, a durable token")
    print(f"  p50 {load.percentile_ms(0.5):.2f} ms, p99 {load.percentile_ms(0.99):.2f} ms", flush=True)


def main() -> None:
    """Race on SQLite, on SQLite with two workers, and on PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--connections", type=int, default=64)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as postgres:
        for name, workers, server in (("one", 1, None), ("two", 2, None), ("postgres", 1, postgres)):
            with grantway(Path(folder) / name, 1, postgres=server, workers=workers) as target:
                target.name += f", {workers} worker{'s' if workers > 1 else ''}"
                idle(target, 3)
                race(target, chosen.rounds, chosen.connections)


if __name__ == "__main__":
    main()
