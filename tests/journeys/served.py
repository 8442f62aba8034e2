"""A server as a user starts it: its own process, a data folder of its own, a free port."""

import base64
import contextlib
import hashlib
import html
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

GRANTWAY = (sys.executable, "-c", "from grantway.cli import main; main()")
_READY = re.compile(r"Grantway is ready: (http\S+)")


@dataclass
class Served:
    """A running server and what `demo.json` says of it."""

    base: str
    folder: Path
    process: subprocess.Popen[str]
    demo: dict[str, Any]
    options: list[str] = field(default_factory=list)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=100_000))
    """What it has printed since it was ready."""
    listener: threading.Thread | None = None

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command against the same data folder."""
        return grantway("--data", str(self.folder), *self.options, *arguments)

    def demo_app(self, name: str, callback: str) -> dict[str, Any]:
        """Give a demo app another callback, and return what a client needs to know of the app."""
        changed = self.cli("app", "set", name, f"callback_url={callback}")
        assert changed.returncode == 0, changed.stderr
        app: dict[str, Any] = next(one for one in self.demo["apps"] if one["name"] == name)
        app["callback_url"] = callback
        return app

    @property
    def app(self) -> dict[str, Any]:
        """The first demo app."""
        return dict(self.demo["apps"][0])


def grantway(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    return subprocess.run([*GRANTWAY, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def start(folder: Path, *arguments: str, launcher: Sequence[str] = GRANTWAY) -> Served:
    """Start a demo server on a free port and wait until it says that it is ready; `launcher` runs the command line."""
    process = subprocess.Popen(
        [*launcher, "serve", "--demo", "--port", "0", "--data", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen = ""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        seen += line
        if found := _READY.search(line):
            served = Served(found[1], folder, process, json.loads((folder / "demo.json").read_text()))
            served.listener = threading.Thread(target=_listen, args=(served,), daemon=True)
            served.listener.start()
            return served
        if not line:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    raise AssertionError(f"the server did not start:\n{seen}")


def kill(served: Served, number: int = signal.SIGINT) -> None:
    """End the server and all of its workers, as Ctrl+C does unless told otherwise."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(served.process.pid, number)
    wait_until_dead(served)


def kill_a_worker(served: Served) -> None:
    """Kill one of several workers with SIGKILL, and return when it is gone."""
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    worker = int(next(one for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()))
    watch = os.pidfd_open(worker)
    try:
        os.kill(worker, signal.SIGKILL)
        select.select([watch], [], [])
    finally:
        os.close(watch)


def wait_until_dead(served: Served) -> None:
    """Return when the server and all of its workers are gone: the last of them closes what they print to."""
    served.process.wait(timeout=40)
    if served.listener is not None:
        served.listener.join(timeout=40)


def _listen(served: Served) -> None:
    """Take down what the server prints until it ends: a full pipe would stop it."""
    assert served.process.stdout is not None
    with served.process.stdout as lines:
        served.log.extend(lines)


@contextlib.contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Served]:
    """A server for the length of a block."""
    served = start(folder, *arguments)
    try:
        yield served
    finally:
        kill(served)


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


@dataclass
class SignedIn:
    """What came of a walk through login and consent."""

    location: str
    answer: dict[str, str]
    verifier: str


def link(served: Served, door: str = "/services/oauth2", **more: str) -> tuple[str, str]:
    """Return where the first demo app sends a browser to ask for a code, and the verifier that goes with it."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": served.app["consumer_key"],
        "redirect_uri": served.app["callback_url"],
        "scope": "openid api refresh_token",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{served.base}{door}/authorize?{urlencode(asked)}", verifier


def walk(
    served: Served,
    client: httpx.Client,
    *,
    door: str = "/services/oauth2",
    decision: str = "allow",
    user: dict[str, str] | None = None,
    **more: str,
) -> SignedIn:
    """Go to authorize, log in (as the first demo user), decide, and come back with what the callback was told."""
    url, verifier = link(served, door, **more)
    location = go(served, client, url, decision=decision, user=user)
    return SignedIn(location, {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}, verifier)


def go(
    served: Served, client: httpx.Client, url: str, *, decision: str = "allow", user: dict[str, str] | None = None
) -> str:
    """Go where an app sends a browser, log in, decide; return the callback's address with the answer in it."""
    reply = client.get(url)
    for _ in range(5):
        location: str = reply.headers.get("location", "")
        if location and not location.startswith(served.base):
            return location
        page = client.get(location)
        form = fields(page.text) | (
            {"decision": decision} if "decision" in page.text else user or served.demo["users"][0]
        )
        reply = client.post(location.partition("?")[0], data=form)
    raise AssertionError(f"no way to the callback: {reply.status_code} {reply.text[:300]}")


def redemption(served: Served, signed_in: SignedIn) -> dict[str, str]:
    """Return the parameters that redeem the code of a walk."""
    return {
        "grant_type": "authorization_code",
        "code": signed_in.answer["code"],
        "client_id": served.app["consumer_key"],
        "client_secret": served.app["consumer_secret"],
        "redirect_uri": served.app["callback_url"],
        "code_verifier": signed_in.verifier,
    }


def refreshment(served: Served, token: str) -> dict[str, str]:
    """Return the token request that uses a refresh token."""
    return {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": served.app["consumer_key"],
        "client_secret": served.app["consumer_secret"],
    }


def redeem(served: Served, client: httpx.Client, signed_in: SignedIn, door: str = "/services/oauth2") -> httpx.Response:
    """Redeem the code of a walk."""
    return client.post(f"{served.base}{door}/token", data=redemption(served, signed_in))


def refresh(served: Served, client: httpx.Client, token: str, door: str = "/services/oauth2") -> httpx.Response:
    """Use a refresh token."""
    return client.post(f"{served.base}{door}/token", data=refreshment(served, token))
