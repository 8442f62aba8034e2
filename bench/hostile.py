"""What well-behaved clients see while others misbehave: 8 connections that ask for tokens, their 99th percentile."""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path

import uvloop

from bench.cases import client_credentials
from bench.ours import grantway
from bench.wire import run

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_HEAD = b"POST /oidc/token HTTP/1.1\r\nHost: localhost\r\n"


async def _connect(port: int, number: int) -> Streams:
    """Connect from one of many addresses, for one may hold so many connections only."""
    source = f"127.0.{1 + number // 250 % 250}.{1 + number % 250}"
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def idle(port: int, number: int) -> None:
    """Connect and say nothing."""
    reader, writer = await _connect(port, number)
    await reader.read()
    writer.close()
    await asyncio.sleep(1)


async def slow(port: int, number: int) -> None:
    """Send a header, a byte a second."""
    _, writer = await _connect(port, number)
    for byte in _HEAD:
        writer.write(bytes([byte]))
        await asyncio.sleep(1)
    writer.close()


async def huge(port: int, number: int) -> None:
    """Send header fields without end."""
    _, writer = await _connect(port, number)
    writer.write(_HEAD)
    for _ in range(100):
        writer.write(b"X: " + b"x" * 60_000)
        await writer.drain()


async def half_closed(port: int, number: int) -> None:
    """Announce a body, send half of it, and close the sending side."""
    reader, writer = await _connect(port, number)
    writer.write(_HEAD + b"Content-Length: 100\r\n\r\nhalf")
    writer.write_eof()
    await reader.read()
    writer.close()


async def pipelined(port: int, number: int) -> None:
    """Send many requests at once, and read no answer."""
    _, writer = await _connect(port, number)
    for _ in range(50):
        writer.write(b"GET /oidc/jwks HTTP/1.1\r\nHost: localhost\r\n\r\n" * 16)
        await writer.drain()
    await asyncio.sleep(5)
    writer.close()


ATTACKS: dict[str, tuple[int, Callable[[int, int], Awaitable[None]]]] = {
    "idle": (10_000, idle),
    "slow": (2_000, slow),
    "huge": (16, huge),
    "half_closed": (16, half_closed),
    "pipelined": (16, pipelined),
}


async def attack(name: str, port: int) -> None:
    """Misbehave on many connections until killed."""
    count, behave = ATTACKS[name]

    async def on_and_on(number: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                await behave(port, number)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(on_and_on(number) for number in range(count)))


def main() -> None:
    """Measure in peace, then under each attack."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--attack", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.attack:
        uvloop.run(attack(chosen.attack, chosen.port))
        return
    with tempfile.TemporaryDirectory() as folder, grantway(Path(folder), 0) as target:
        for name in ("nobody", *ATTACKS):
            command = [sys.executable, "-m", "bench.hostile", "--attack", name, "--port", str(target.port)]
            attacker = subprocess.Popen(command, stderr=subprocess.DEVNULL) if name in ATTACKS else None
            time.sleep(5 if attacker else 0)
            load = uvloop.run(run(target.port, list(islice(client_credentials(target), 8)), chosen.seconds))
            latency = f"p50 {load.percentile_ms(0.5):6.2f} ms   p99 {load.percentile_ms(0.99):6.2f} ms"
            many = f"{ATTACKS[name][0]} connections" if attacker else ""
            print(f"{name:<12} {many:<18} {load.rate:7.0f}/s   {latency}", flush=True)
            if attacker is not None:
                attacker.kill()
                attacker.wait()
                time.sleep(2)


if __name__ == "__main__":
    main()
