"""The MCP Python SDK, unmodified, at the standards' door (clients.md 6): as client and, in the example, as server."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.journeys.node_clients import run_python
from tests.journeys.served import Served, go, serving
from tests.toolchain import need, python_clients

pytestmark = pytest.mark.xdist_group("mcp_sdk")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mcp_server" / "server.py"
CALLBACK = "http://127.0.0.1:1/callback"  # nobody listens: the person's browser stops there
CONTACT = "ops@demo.example"
KNOWN_APP = ("scopes=api", "scopes=openid", "scopes=refresh_token", f"callback_url={CALLBACK}", "require_pkce=true")
PUBLIC = ("require_secret_for_web_server_flow=false", "require_secret_for_refresh_token_flow=false")


@dataclass
class Visitor:
    """Ada at a browser, who logs in and allows; `asked` is what clients have sent her to."""

    served: Served
    asked: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, url: str) -> str:
        """Follow a client's link through login and consent; give the URL that its callback was called with."""
        self.asked.append({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})
        with httpx.Client(headers={"accept": "text/html"}, timeout=30) as browser:
            return go(self.served, browser, url)


def create(served: Served, name: str, *values: str) -> dict[str, Any]:
    made = served.cli("app", "create", name, "--contact-email", CONTACT, *values, "--json")
    assert made.returncode == 0, made.stderr
    return dict(json.loads(made.stdout))


@contextmanager
def notes_server(served: Served) -> Iterator[str]:
    """The example's MCP server, with an app that may introspect every token of the org; gives its URL."""
    asks = create(served, "Notes_Server", "introspect_all=true", "scopes=api")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    env = {"PATH": os.environ["PATH"], "GRANTWAY": served.base, "RESOURCE": url}
    env |= {"CLIENT_ID": asks["consumer_key"], "CLIENT_SECRET": asks["consumer_secret"]}
    with subprocess.Popen([need(python_clients(), "the environment of Python clients"), str(EXAMPLE)], env=env) as run:
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and run.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield url
        finally:
            run.kill()  # it would wait for its clients' open streams


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("mcp") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def notes(served: Served) -> Iterator[str]:
    with notes_server(served) as url:
        yield url


@pytest.fixture
def ada(served: Served) -> Visitor:
    return Visitor(served)


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_a_client_that_an_administrator_registered_calls_and_refreshes(
    served: Served, notes: str, ada: Visitor
) -> None:
    app = create(served, "Notes_Reader", *KNOWN_APP, *PUBLIC, "jwt_access_tokens=true")
    known = {"client_id": app["consumer_key"], "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}

    seen = run_python("mcp_sdk.py", ada, url=notes, callback=CALLBACK, client=known)

    first, second = seen["answers"]
    assert [asked["resource"] for asked in ada.asked] == [notes]
    assert seen["who"] == [claims_of(first["access_token"])["sub"]] * 2
    assert claims_of(first["access_token"])["aud"] == claims_of(second["access_token"])["aud"] == notes
    assert second["refresh_token"] != first["refresh_token"]
    assert "GET /.well-known/oauth-authorization-server/oidc" in seen["asked"]
