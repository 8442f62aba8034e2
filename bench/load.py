"""A small HTTP load: keep-alive connections, each sending its next request when the last was answered."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run gave: requests a second, the median and 99th percentile of latency in ms."""

    rate: float
    p50_ms: float
    p99_ms: float


def request(host: str, path: str, body: bytes) -> bytes:
    """Return a form POST as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer; anything but a 200 ends the run."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode())
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return await reader.readexactly(int(line.split(b":")[1]))
    raise RuntimeError("an answer without Content-Length")


async def run(port: int, data: bytes, *, connections: int, seconds: float) -> Load:
    """Send `data` over `connections` connections for `seconds` and measure."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (begun := time.perf_counter()) < end:
            writer.write(data)
            await answer(reader)
            latencies.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    rate = len(latencies) / (time.perf_counter() - begun)
    latencies.sort()
    return Load(
        rate=rate, p50_ms=latencies[len(latencies) // 2] * 1000, p99_ms=latencies[int(len(latencies) * 0.99)] * 1000
    )
