"""oidc-provider with its in-memory adapter: the peer that every figure is put in relation to."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from bench.signing import public_jwk
from bench.target import Person, Target
from tests.toolchain import node
from tests.toolchain.postgres import free_port

PATHS = {
    "token": "/token",
    "introspect": "/token/introspection",
    "userinfo": "/me",
    "authorize": "/auth",
    "discovery": "/.well-known/openid-configuration",
    "jwks": "/jwks",
}
# A web app that calls back by https need not ask for consent anew each time.
_CALLBACK = "https://client.example/callback"
_SECRET = "bench-secret-bench-secret-bench-secret"


@contextmanager
def peer(people: int) -> Iterator[Target]:
    """Run the peer with so many people logged in."""
    program = node()
    if program is None:
        sys.exit("Node 22 is missing; scripts/fetch-test-tools node fetches it")
    folder = Path(__file__).parent
    # The peer's modules are found beside the clients.
    script = folder.parent / "tests" / "clients" / "bench_peer.mjs"
    script.write_text((folder / "peer.mjs").read_text())
    port = free_port()
    process = subprocess.Popen(
        [program, str(script), str(port), _SECRET, _CALLBACK, json.dumps(public_jwk())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        target = Target("oidc-provider", port, f"127.0.0.1:{port}", "bench", _SECRET, _CALLBACK, PATHS, [process.pid])
        target.jwt_client = target.client | {"resource": "https://api.example"}
        target.signing_id, target.issuer = "bench-signing", f"http://{target.host}"
        target.people = [_log_in(target, f"bench{number}") for number in range(people)]
        yield target
    finally:
        process.kill()
        process.wait()
        script.unlink()


def _log_in(target: Target, name: str) -> Person:
    with httpx.Client(base_url=f"http://{target.host}", timeout=30) as browser:
        plain = target.tokens(browser, _code(browser, target, "api", name))
        tokens = target.tokens(browser, _code(browser, target, "openid api", name))
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar if cookie.path == "/")
    return Person(cookies, tokens["access_token"], tokens["refresh_token"], plain["refresh_token"])


def _code(browser: httpx.Client, target: Target, scope: str, name: str) -> str:
    reply = browser.get(target.authorize(scope))
    for _ in range(12):
        location = reply.headers.get("location", "")
        if location.startswith(target.callback):
            return target.code_in(location)
        if location:
            reply = browser.get(location)
            continue
        action = re.search(r'action="([^"]+)"', reply.text)
        if action is None:
            raise RuntimeError(f"no form: {reply.status_code} {reply.text[:300]}")
        login = "login" in re.findall(r'name="prompt" value="(\w+)"', reply.text)
        form = {"prompt": "login", "login": name, "password": "x"} if login else {"prompt": "consent"}
        reply = browser.post(urljoin(str(reply.url), action[1]), data=form)
    raise RuntimeError("no way to the callback")
