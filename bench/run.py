"""Ours, durable, against oidc-provider with its memory store, in alternating rounds of one run."""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import uvloop

from bench.cases import CASES, Case
from bench.ours import grantway
from bench.signing import raw_rates
from bench.target import Target, cpu_s, pin
from bench.theirs import peer
from bench.wire import Load, run
from tests.journeys.served import GRANTWAY
from tests.toolchain import PostgresServer

_SLOW_DISK = Path(__file__).with_name("slow_disk.py")


async def _round(case: Case, target: Target, connections: int, seconds: float) -> tuple[Load, float, float]:
    scripts = list(islice(case.begin(target), connections))
    before, store_before = cpu_s(target.pids), cpu_s(target.store_pids)
    load = await run(target.port, scripts, seconds)
    units = len(load.taken)
    return (
        load,
        (cpu_s(target.pids) - before) / units * 1e6,
        (cpu_s(target.store_pids) - store_before) / units * 1e6,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Medians over the rounds of one server."""

    rate: int
    ratio: float
    cpu_us: float
    store_cpu_us: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case, a row for each server; ratios are to the last."""

    case: str
    about: str
    aim: str
    connections: int
    rows: dict[str, Row]


def measure(case: Case, targets: list[Target], *, connections: int, rounds: int, seconds: float) -> Result:
    """Run rounds in turn and return the medians of each target, and of each one's ratio to the last."""
    found: dict[str, list[tuple[Load, float, float]]] = {target.name: [] for target in targets}
    for target in targets:
        uvloop.run(_round(case, target, connections, min(seconds, 0.5)))
    for _ in range(rounds):
        for target in targets:
            found[target.name].append(uvloop.run(_round(case, target, connections, seconds)))
    base = found[targets[-1].name]
    rows = {
        name: Row(
            rate=round(statistics.median(load.rate for load, _, _ in gone)),
            ratio=round(statistics.median(a[0].rate / b[0].rate for a, b in zip(gone, base, strict=True)), 2),
            cpu_us=round(statistics.median(cpu for _, cpu, _ in gone), 1),
            store_cpu_us=round(statistics.median(cpu for _, _, cpu in gone), 1),
            p50_ms=round(statistics.median(load.percentile_ms(0.5) for load, _, _ in gone), 2),
            p99_ms=round(statistics.median(load.percentile_ms(0.99) for load, _, _ in gone), 2),
        )
        for name, gone in found.items()
    }
    return Result(case=case.name, about=case.about, aim=case.aim, connections=connections, rows=rows)


def show(result: Result) -> None:
    """Print one case."""
    aim = f", aim {result.aim} x" if result.aim else ""
    print(f"{result.about} ({result.connections} connections){aim}")
    for name, row in result.rows.items():
        store = f" + {row.store_cpu_us:.0f} in the database" if row.store_cpu_us else ""
        latency = f"p50 {row.p50_ms:.2f} ms, p99 {row.p99_ms:.2f} ms"
        print(
            f"  {name:<24} {row.ratio:>6.2f} x {row.rate:>8}/s {row.cpu_us:>7.0f} us CPU{store}   {latency}", flush=True
        )


@contextmanager
def targets(people: int, *, with_postgres: bool, commit_ms: float, workers: int) -> Iterator[list[Target]]:
    """Run ours on SQLite, ours on PostgreSQL if wanted, and the peer, which comes last."""
    launcher = (sys.executable, str(_SLOW_DISK), str(commit_ms)) if commit_ms else GRANTWAY
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = [stack.enter_context(grantway(folder / "sqlite", people, launcher=launcher, workers=workers))]
        if with_postgres:
            postgres = stack.enter_context(PostgresServer())
            ours = grantway(folder / "postgres", people, postgres=postgres, launcher=launcher, workers=workers)
            found.append(stack.enter_context(ours))
        found.append(stack.enter_context(peer(people)))
        yield found


def _give_each_a_core(running: list[Target]) -> None:
    """Put each server on one core and the load on another, as far as there are two; a database takes what is left."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for target in running:
            pin(target.pids, cores[0])
        os.sched_setaffinity(0, {cores[1]})


def main() -> None:
    """Measure the cases named, or all."""
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("cases", nargs="*", help="; ".join(case.name for case in CASES))
    parser.add_argument("--rounds", type=int, default=5, help="pairs of rounds (5)")
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (3)")
    parser.add_argument("--connections", type=int, nargs="+", default=[32], help="keep-alive connections (32)")
    parser.add_argument("--postgres", action="store_true", help="measure ours on PostgreSQL too")
    parser.add_argument("--commit-ms", type=float, default=0, help="make each of our commits so much slower (0)")
    parser.add_argument("--workers", type=int, default=1, help="processes of ours; more than one share all cores (1)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    chosen = parser.parse_args()
    cases = [case for case in CASES if not chosen.cases or case.name in chosen.cases]
    results: list[Result] = []
    people = max(32, *chosen.connections)
    options = {"with_postgres": chosen.postgres, "commit_ms": chosen.commit_ms, "workers": chosen.workers}
    if any(case.signed for case in cases):
        signs, verifies = raw_rates()
        print(f"bare RSA-2048, a second of CPU: {signs:,.0f} signatures, {verifies:,.0f} verifications", flush=True)
    with targets(people, **options) as running:
        if chosen.workers == 1:
            _give_each_a_core(running)
        for connections in chosen.connections:
            for case in cases:
                can = [target for target in running if target.exchange_client] if case.alone else running
                result = measure(case, can, connections=connections, rounds=chosen.rounds, seconds=chosen.seconds)
                show(result)
                results.append(result)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
