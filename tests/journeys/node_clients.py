"""Clients that nobody here wrote, unmodified, each run by a script of `tests/clients` as its own process."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from tests.journeys.chromium import Person
from tests.toolchain import need, node, node_modules

_CLIENTS = Path(__file__).resolve().parents[1] / "clients"
_PATIENCE_S = 120


def run(script: str, visitor: Person | None, trusting: Path | None = None, **told: object) -> dict[str, Any]:
    """Run a client's script and return its findings; the person, if there is one, authorizes whenever the script asks.

    `trusting`: a certificate that the client takes for an authority.
    """
    program = need(node(), "Node 22")
    need(node_modules(), "the folder of Node clients")
    with (
        tempfile.TemporaryFile("w+") as problems,
        subprocess.Popen(
            [program, str(_CLIENTS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=problems,
            text=True,
            env={
                "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
                **({"NODE_EXTRA_CA_CERTS": str(trusting)} if trusting else {}),
            },
        ) as process,
    ):
        alarm = threading.Timer(_PATIENCE_S, process.kill)
        alarm.start()
        try:
            said = _say(process, told)
            while "visit" in said:
                assert visitor is not None, "nobody is at a browser"
                said = _say(process, visitor.authorize(said["visit"]))
        finally:
            alarm.cancel()
            process.kill()
        problems.seek(0)
        assert "findings" in said, problems.read()
    return dict(said["findings"])


def _say(process: subprocess.Popen[str], what: object) -> dict[str, Any]:
    """Say one thing to a script; give what it says next, nothing when it has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return dict(json.loads(process.stdout.readline() or "{}"))
