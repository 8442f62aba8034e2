"""Clients that nobody here wrote, unmodified, against a server as a user starts it (clients.md 3, 5)."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.served import Served, fields, serving
from tests.toolchain import need, node, node_modules

CLIENTS = Path(__file__).resolve().parents[1] / "clients"
pytestmark = [pytest.mark.node, pytest.mark.xdist_group("clients")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the clients."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        yield running


def visit(served: Served, url: str) -> str:
    """Be the person at the browser: log in, allow, and return where the app's callback was called."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as browser:
        reply = browser.get(url)
        for _ in range(5):
            location = reply.headers["location"]
            if not location.startswith(served.base):
                return str(location)
            page = browser.get(location)
            person = {"decision": "allow"} if "decision" in page.text else served.demo["users"][0]
            reply = browser.post(location.partition("?")[0], data=fields(page.text) | person)
    raise AssertionError("no way to the callback")


def drive(served: Served, script: str, issuer: str) -> dict[str, Any]:
    """Run a client's script, walk through login and consent for it, and return what it saw."""
    program = need(node(), "Node 22")
    need(node_modules(), "the folder of Node clients")
    told = {
        "issuer": issuer,
        "id": served.app["consumer_key"],
        "secret": served.app["consumer_secret"],
        "callback": served.app["callback_url"],
    }
    with subprocess.Popen(
        [program, str(CLIENTS / script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": f"{Path(program).parent}:{os.environ['PATH']}"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        first = process.stdout.readline()
        if first:
            process.stdin.write(visit(served, json.loads(first)["visit"]) + "\n")
            process.stdin.flush()
        last = process.stdout.readline()
        problem = process.stderr.read()
        process.wait(timeout=30)
    assert last, problem
    return dict(json.loads(last))


@pytest.mark.parametrize("door", ["", "/oidc"])
def test_openid_client_passes_at_both_doors(served: Served, door: str) -> None:
    seen = drive(served, "openid_client.mjs", served.base + door)

    assert seen["email"] == "ada@demo.example"
    assert seen["sub"].startswith("005" if door else f"{served.base}/id/00D")
    assert seen["active"] is True
    assert seen["replay"] == "invalid_grant"
    assert seen["afterReplay"] is False
    assert seen["afterRevocation"] is False


def test_jsforce_logs_in_refreshes_with_rotation_and_calls_the_api(served: Served) -> None:
    seen = drive(served, "jsforce.mjs", served.base)

    assert seen["username"] == "ada@demo.example"
    assert seen["robot"] == "integration@demo.example"
    assert seen["identity"].startswith(f"{served.base}/id/00D")
    assert seen["rotated"] is True
    assert "expired access/refresh token" in seen["spent"]
