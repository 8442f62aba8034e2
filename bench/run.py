"""Ours, durable on SQLite, against oidc-provider with its memory store, in alternating rounds of one run."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import uvloop

from bench.load import Load, answer, request, run
from tests.journeys.served import kill, start
from tests.toolchain import node

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "32"))
PEER_PORT = 8499
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS


async def token(port: int, data: bytes) -> str:
    """Ask for one token."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    found: str = json.loads(await answer(reader))["access_token"]
    writer.close()
    return found


async def measure(name: str, ours: tuple[int, int, bytes], theirs: tuple[int, int, bytes]) -> None:
    """Run pairs of rounds and print the median of each and of their ratio."""
    found: dict[str, list[tuple[Load, float]]] = {"ours": [], "theirs": []}
    for _ in range(ROUNDS):
        for who, (pid, port, data) in (("ours", ours), ("theirs", theirs)):
            before = cpu_s(pid)
            load = await run(port, data, connections=CONNECTIONS, seconds=SECONDS)
            found[who].append((load, (cpu_s(pid) - before) / (load.rate * SECONDS) * 1e6))
    ratios = [a[0].rate / b[0].rate for a, b in zip(found["ours"], found["theirs"], strict=True)]
    print(f"{name}: {statistics.median(ratios):.2f} x the peer's rate")
    for who, rounds in found.items():
        rate = statistics.median(one.rate for one, _ in rounds)
        cpu = statistics.median(one for _, one in rounds)
        p99 = statistics.median(one.p99_ms for one, _ in rounds)
        print(f"  {who:<7} {rate:8.0f}/s  {cpu:6.0f} us CPU a request  p99 {p99:.1f} ms")


async def main() -> None:
    """Start both, measure both, end both."""
    program = node()
    if program is None:
        sys.exit("Node 22 is missing; scripts/fetch-test-tools node fetches it")
    folder = Path(__file__).parent
    # The peer's modules are found beside the clients.
    script = folder.parent / "tests" / "clients" / "bench_peer.mjs"
    script.write_text((folder / "peer.mjs").read_text())
    peer = subprocess.Popen([program, str(script), str(PEER_PORT)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as data:
        served = start(Path(data))
        try:
            assert peer.stdout is not None
            peer.stdout.readline()
            port = int(served.base.rsplit(":", 1)[1])
            mine = {"client_id": served.app["consumer_key"], "client_secret": served.app["consumer_secret"]}
            their = {"client_id": "bench", "client_secret": "bench-secret-bench-secret-bench-secret"}
            grant = {"grant_type": "client_credentials"}
            ours = request(f"localhost:{port}", "/oidc/token", urlencode(grant | mine).encode())
            theirs = request(f"127.0.0.1:{PEER_PORT}", "/token", urlencode(grant | their).encode())
            await measure("client credentials", (served.process.pid, port, ours), (peer.pid, PEER_PORT, theirs))
            seen = {"token": await token(port, ours)} | mine
            their_token = {"token": await token(PEER_PORT, theirs)} | their
            ours = request(f"localhost:{port}", "/oidc/introspect", urlencode(seen).encode())
            theirs = request(f"127.0.0.1:{PEER_PORT}", "/token/introspection", urlencode(their_token).encode())
            await measure("introspection", (served.process.pid, port, ours), (peer.pid, PEER_PORT, theirs))
        finally:
            kill(served)
            peer.kill()
            script.unlink()


uvloop.run(main())
