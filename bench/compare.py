"""CPU time of a request in this working tree and in another commit, in alternating rounds of one run."""

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import uvloop

from bench.cases import CASES, Case, OtherAnswer
from bench.ours import grantway
from bench.run import measure, show
from bench.target import Target
from bench.wire import run

_ROOT = Path(__file__).resolve().parents[1]
# What differs less than this between two runs of one commit says nothing.
_NOISE = 0.05


def _launcher(tree: Path) -> tuple[str, ...]:
    return ("env", f"PYTHONPATH={tree / 'src'}", sys.executable, "-c", "from grantway.cli import main; main()")


def _knows(target: Target, case: Case) -> bool:
    """Tell whether a server answers one request of a case as it should."""
    try:
        uvloop.run(run(target.port, list(islice(case.begin(target), 1)), 0))
    except OtherAnswer:
        return False
    return True


def main() -> int:
    """Measure both; the status is 1 when this tree needs noticeably more CPU for any case."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("cases", nargs="*", help="; ".join(case.name for case in CASES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--connections", type=int, default=16)
    chosen = parser.parse_args()
    slower = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base = folder / "base"
        subprocess.run(["git", "worktree", "add", "--detach", str(base), chosen.base], cwd=_ROOT, check=True)
        stack.callback(subprocess.run, ["git", "worktree", "remove", "--force", str(base)], cwd=_ROOT, check=True)
        running: list[Target] = []
        for name, tree in (("this tree", _ROOT), (chosen.base, base)):
            people = chosen.connections
            target = stack.enter_context(grantway(folder / f"data-{len(running)}", people, launcher=_launcher(tree)))
            target.name = name
            running.append(target)
        for case in CASES:
            if chosen.cases and case.name not in chosen.cases:
                continue
            if not _knows(running[-1], case):
                print(f"{case.about}: left out, for {chosen.base} does not know it", flush=True)
                continue
            result = measure(
                case, running, connections=chosen.connections, rounds=chosen.rounds, seconds=chosen.seconds
            )
            show(result)
            ours, theirs = (result.rows[target.name].cpu_us for target in running)
            if ours > theirs * (1 + _NOISE):
                slower.append(f"{case.about}: {ours / theirs:.2f} x the CPU time of {chosen.base}")
    print("\n".join(slower) or f"no case needs more than {_NOISE:.0%} more CPU time than {chosen.base}")
    return 1 if slower else 0


if __name__ == "__main__":
    raise SystemExit(main())
