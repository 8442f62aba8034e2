"""Memory of the server: idle, while a million tokens are issued, and while they are swept."""

import argparse
import sqlite3
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import uvloop

from bench.cases import client_credentials
from bench.ours import grantway
from bench.target import resident_mb
from bench.wire import run
from tests.journeys.served import kill, start

_SHIFTED = (sys.executable, str(Path(__file__).with_name("shifted_clock.py")), "48")


def main() -> None:
    """Issue, then start two days later and sweep."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with grantway(Path(folder), 1) as target:
            print(f"idle                          {resident_mb(target.pids):6.0f} MB", flush=True)
            issued, step = 0, max(1, chosen.tokens // 5)
            while issued < chosen.tokens:
                told = issued + step
                while issued < told:
                    issued += len(uvloop.run(run(target.port, list(islice(client_credentials(target), 32)), 5)).taken)
                print(f"after {issued:>10,} tokens       {resident_mb(target.pids):6.0f} MB", flush=True)
        options = ("--secret-key-file", str(Path(folder) / "secret.key"))
        served = start(Path(folder), *options, launcher=_SHIFTED)
        left, begun = issued, time.monotonic()
        try:
            with sqlite3.connect(Path(folder) / "grantway.db", isolation_level=None) as look:
                while left and time.monotonic() - begun < 1800:
                    time.sleep(10)
                    left = look.execute("SELECT count(*) FROM access_token").fetchone()[0]
                    memory = resident_mb([served.process.pid])
                    print(f"two days later, {left:>10,} left {memory:6.0f} MB", flush=True)
        finally:
            kill(served)


if __name__ == "__main__":
    main()
