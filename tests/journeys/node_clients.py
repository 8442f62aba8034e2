"""Clients that nobody here wrote, unmodified, each run by a script of `tests/clients` as its own process."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Protocol

from tests.toolchain import need, node, node_modules, python_clients

_CLIENTS = Path(__file__).resolve().parents[1] / "clients"
_PATIENCE_S = 120


class Visitor(Protocol):
    """Somebody whom a client sends to the server, and who comes back with an answer."""

    def authorize(self, url: str) -> str:
        """Follow an app's link through whatever is asked; give the URL that its callback was called with."""


def run(script: str, visitor: Visitor | None, trusting: Path | None = None, **told: object) -> dict[str, Any]:
    """Run a Node client's script and return its findings; the person, if there is one, authorizes whenever it asks.

    `trusting`: a certificate that the client takes for an authority.
    """
    program = need(node(), "Node 22")
    need(node_modules(), "the folder of Node clients")
    env = {"PATH": f"{Path(program).parent}:{os.environ['PATH']}"}
    if trusting:
        env["NODE_EXTRA_CA_CERTS"] = str(trusting)
    return _converse([program, str(_CLIENTS / script)], visitor, env, told)


def run_python(script: str, visitor: Visitor, **told: object) -> dict[str, Any]:
    """Run a Python client's script in the environment of the Python clients; otherwise as `run`."""
    program = need(python_clients(), "the environment of Python clients")
    return _converse([program, str(_CLIENTS / script)], visitor, {"PATH": os.environ["PATH"]}, told)


def _converse(
    command: list[str], visitor: Visitor | None, env: dict[str, str], told: dict[str, object]
) -> dict[str, Any]:
    with (
        tempfile.TemporaryFile("w+") as problems,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=problems, text=True, env=env
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
