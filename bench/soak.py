"""The ledger of tests/journeys/ledger for as many rounds as asked: load, crash, restart, check; and a report."""

import argparse
import secrets
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.journeys.engines import Engine, on_postgres, on_sqlite
from tests.journeys.ledger.rounds import Ledger, plan
from tests.toolchain import PostgresServer

# A broken promise is mostly broken in every round from then on.
_SHOWN = 50


def main() -> int:
    """Run, report, and say by the status whether every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="what the clients choose, and when")
    asked = parser.parse_args()
    print(f"{asked.rounds} rounds on {asked.engine}, seed {asked.seed}", flush=True)
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ledger = Ledger(_engine(asked.engine, folder, stack), asked.seed)
        for number in range(asked.rounds):
            ledger.round(plan(number, asked.engine))
            if ledger.broken or number % 100 == 99:
                print(f"after {number + 1} rounds: {len(ledger.broken)} promises broken", flush=True)
            if len(ledger.broken) >= _SHOWN:
                break
        ledger.finish()
    report(ledger, time.monotonic() - begun)
    return 1 if ledger.broken else 0


def _engine(name: str, folder: Path, stack: ExitStack) -> Engine:
    return on_sqlite(folder) if name == "sqlite" else on_postgres(folder, stack.enter_context(PostgresServer()))


def report(ledger: Ledger, seconds: float) -> None:
    """Print what came of it."""
    print(f"{'rounds':<40}{ledger.rounds} in {seconds:.0f} s")
    for heading, counted in (("answered", ledger.told), ("in doubt", ledger.doubts)):
        for kind, number in sorted(counted.items()):
            print(f"{heading + ': ' + kind:<40}{number}")
    print(f"{'promises broken':<40}{len(ledger.broken)}")
    for problem in ledger.broken[:_SHOWN]:
        print(f"  {problem}")


if __name__ == "__main__":
    raise SystemExit(main())
