"""What is measured: a server that runs, where its endpoints are, and the people who are logged in there."""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Person:
    """Somebody logged in: the browser's cookies, and tokens with and without an ID token beside them."""

    cookies: str
    access_token: str
    refresh_token: str
    plain_refresh_token: str = ""


@dataclass
class Target:
    """A running server. `pids` are the processes whose CPU counts, `store_pids` those of its database server.

    `jwt_client`: the parameters by which a client that asks for itself gets a JWT and no opaque token.
    `signing_id`: the client that proves itself by signed assertions, which are for `issuer`.
    `exchange_client`: the parameters of the client that exchanges tokens; empty where there is no such flow.
    """

    name: str
    port: int
    host: str
    client_id: str
    client_secret: str
    callback: str
    paths: dict[str, str]
    pids: list[int]
    database: str = ""
    store_pids: list[int] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    jwt_client: dict[str, str] = field(default_factory=dict)
    signing_id: str = ""
    exchange_client: dict[str, str] = field(default_factory=dict)
    issuer: str = ""

    @property
    def client(self) -> dict[str, str]:
        """The client's own parameters."""
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def authorize(self, scope: str) -> str:
        """Return the path and query of an authorization request."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": scope,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.paths['authorize']}?{urlencode(asked)}"

    def redeem(self, code: str) -> str:
        """Return the form that trades a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback}
        return urlencode(form | {"code_verifier": VERIFIER} | self.client)

    def code_in(self, location: str) -> str:
        """Return the code in a callback's URL.

        Raises:
            RuntimeError: there is none.
        """
        found = parse_qs(urlsplit(location).query).get("code")
        if not location.startswith(self.callback) or not found:
            raise RuntimeError(f"no code: {location[:300]}")
        return found[0]

    def tokens(self, browser: httpx.Client, code: str) -> dict[str, str]:
        """Trade a code."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        reply = browser.post(
            f"http://{self.host}{self.paths['token']}", content=self.redeem(code), headers=kind
        ).raise_for_status()
        found: dict[str, str] = reply.json()
        return found


def cpu_s(pids: list[int]) -> float:
    """Return the CPU seconds that processes have used; one that is gone counts nothing."""
    total = 0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue
        total += int(parts[11]) + int(parts[12])
    return total / _TICKS


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def pin(pids: list[int], core: int) -> None:
    """Keep processes, with all their threads, on one core."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def resident_mb(pids: list[int]) -> float:
    """Return the memory that processes hold, in MB."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
