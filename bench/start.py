"""How long until the first answer, on a fresh and on a full database, and what an import costs."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.target import resident_mb
from bench.theirs import peer
from tests.journeys.served import Served, kill, start


def _first_answer(folder: Path, *options: str) -> tuple[float, float, Served]:
    begun = time.perf_counter()
    served = start(folder, *options)
    httpx.get(f"{served.base}/oidc/.well-known/openid-configuration").raise_for_status()
    return (time.perf_counter() - begun) * 1000, resident_mb([served.process.pid]), served


def measure(folder: Path, rounds: int) -> None:
    """Print the median of starts on one data folder; the first, which makes it, is told apart."""
    times, memory = [], 0.0
    for number in range(rounds + 1):
        taken, memory, served = _first_answer(folder)
        kill(served)
        if number:
            times.append(taken)
        else:
            print(f"  first start, database and demo org made   {taken:6.0f} ms")
    print(f"  start on an existing database              {statistics.median(times):6.0f} ms")
    print(f"  memory after the first answer              {memory:6.0f} MB")


def imports(rounds: int) -> None:
    """Print what it costs to import the package, and all that serving needs."""
    for statement in ("pass", "import grantway", "import grantway.app"):
        times = []
        for _ in range(rounds):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times.append((time.perf_counter() - begun) * 1000)
        print(f"  python -c '{statement}'{' ' * (30 - len(statement))} {statistics.median(times):6.0f} ms")


def main() -> None:
    """Measure ours and the peer."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("grantway")
        measure(Path(folder), chosen.rounds)
    imports(chosen.rounds)
    times, memory = [], 0.0
    for _ in range(chosen.rounds):
        begun = time.perf_counter()
        with peer(0) as target:
            httpx.get(f"http://{target.host}{target.paths['discovery']}").raise_for_status()
            times.append((time.perf_counter() - begun) * 1000)
            memory = resident_mb(target.pids)
    print(f"oidc-provider\n  start                                      {statistics.median(times):6.0f} ms")
    print(f"  memory after the first answer              {memory:6.0f} MB")


if __name__ == "__main__":
    main()
