"""The MCP Python SDK, unmodified, at the standards' door (clients.md 6): as client and, in the example, as server."""

import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.journeys.node_clients import run_python
from tests.journeys.served import Served, go, serving
from tests.toolchain import need, python_clients
from tests.toolchain.certificate import write_certificate

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mcp_server" / "server.py"
CALLBACK = "http://127.0.0.1:1/callback"  # nobody listens: the person's browser stops there
METADATA = "/.well-known/oauth-authorization-server/oidc"
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


class _Document(BaseHTTPRequestHandler):
    """The client's own site: says what the client is, to whoever asks."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        site = f"https://{self.headers['host']}"
        about = {"client_id": site + self.path, "client_name": "Notes reader", "redirect_uris": [CALLBACK]}
        body = json.dumps(about | {"token_endpoint_auth_method": "none"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture(scope="module")
def site(certificate: Path) -> Iterator[str]:
    """Where the client's metadata document stands; gives the origin."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Document) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, site: str, certificate: Path) -> Iterator[Served]:
    """A server that may ask the client's site, which stands on this machine and has a certificate of the tests."""
    options = ("--outbound-allow", site, "--outbound-ca", str(certificate))
    with serving(tmp_path_factory.mktemp("mcp") / "data", *options) as running:
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

    first, *_, second = seen["answers"]
    assert [asked["resource"] for asked in ada.asked] == [notes]
    assert seen["who"] == [claims_of(first["access_token"])["sub"]] * 2
    assert claims_of(first["access_token"])["aud"] == claims_of(second["access_token"])["aud"] == notes
    assert second["refresh_token"] != first["refresh_token"]
    assert f"GET {METADATA}" in seen["asked"]


def of_org(served: Served, *values: str) -> None:
    changed = served.cli("org", "set", *values)
    assert changed.returncode == 0, changed.stderr


def listed(served: Served, key: str) -> dict[str, Any]:
    """Return an app as the command line shows it."""
    shown = served.cli("app", "show", key, "--json")
    assert shown.returncode == 0, shown.stderr
    return dict(json.loads(shown.stdout))


def test_a_client_that_nobody_knows_registers_itself_calls_and_refreshes(
    served: Served, notes: str, ada: Visitor
) -> None:
    of_org(served, "open_registration=true", "open_registration_scopes=openid,api,refresh_token")

    seen = run_python("mcp_sdk.py", ada, url=notes, callback=CALLBACK)

    first, *_, second = seen["answers"]
    assert "POST /oidc/register" in seen["asked"]
    assert seen["client"]["token_endpoint_auth_method"] == "client_secret_basic"
    assert seen["who"][0] == seen["who"][1]
    assert seen["who"][0].startswith("005")
    assert set(first["scope"].split()) <= {"openid", "api", "offline_access", "refresh_token"}
    assert second["refresh_token"] != first["refresh_token"]
    assert ada.asked[0]["resource"] == notes
    assert listed(served, seen["client"]["client_id"])["registered"] is True


def test_without_the_orgs_switch_it_is_told_so(served: Served, notes: str, ada: Visitor) -> None:
    of_org(served, "open_registration=false")

    with pytest.raises(AssertionError, match="OAuthRegistrationError: Registration failed: 401"):
        run_python("mcp_sdk.py", ada, url=notes, callback=CALLBACK)

    assert ada.asked == []


@pytest.mark.enforces("client_id_documents")
def test_a_client_with_a_metadata_document_registers_nowhere_and_calls_and_refreshes(
    served: Served, notes: str, ada: Visitor, site: str
) -> None:
    document = f"{site}/notes/client.json"
    of_org(
        served,
        "client_id_documents=true",
        f"client_document_sources={site}",
        "open_registration_scopes=openid,api,refresh_token",
    )

    # What the metadata says of the org is up to a second old.
    deadline = time.monotonic() + 10
    with httpx.Client() as client:
        while "client_id_metadata_document_supported" not in client.get(f"{served.base}{METADATA}").json():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    seen = run_python("mcp_sdk.py", ada, url=notes, callback=CALLBACK, document=document)
    first, *_, second = seen["answers"]
    assert seen["client"]["client_id"] == ada.asked[0]["client_id"] == document
    assert "POST /oidc/register" not in seen["asked"]
    assert seen["who"][0] == seen["who"][1]
    assert seen["who"][0].startswith("005")
    assert second["refresh_token"] != first["refresh_token"]
    app = listed(served, document)
    assert (app["settings"]["label"], app["registered"]) == ("Notes reader", True)

    # An administrator ends it as any app.
    assert served.cli("app", "block", app["name"]).returncode == 0
    with httpx.Client() as client:
        form = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"], "client_id": document}
        refused = client.post(f"{served.base}/oidc/token", data=form).json()
    assert refused["error"] == "unauthorized_client"
