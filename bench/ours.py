"""Grantway as the benchmark starts it: the demo org with some more people in it, on SQLite or PostgreSQL."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from bench.signing import PROVIDER, certificate
from bench.target import Person, Target, descendants
from grantway.kit.keyfile import new_key_line
from tests.journeys.served import GRANTWAY, Served, fields, kill, start
from tests.toolchain import PostgresServer

PASSWORD = "a-password-for-the-bench-7"
PATHS = {
    "token": "/oidc/token",
    "introspect": "/oidc/introspect",
    "userinfo": "/oidc/userinfo",
    "authorize": "/oidc/authorize",
    "discovery": "/oidc/.well-known/openid-configuration",
    "jwks": "/oidc/jwks",
}


@contextmanager
def grantway(
    folder: Path,
    people: int,
    *,
    postgres: PostgresServer | None = None,
    workers: int = 1,
    launcher: Sequence[str] = GRANTWAY,
) -> Iterator[Target]:
    """Run a server with so many people logged in."""
    url = postgres.create_database() if postgres is not None else f"sqlite:///{folder}/grantway.db"
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "secret.key"
    key_file.write_text(new_key_line())
    options = ("--database", url, "--secret-key-file", str(key_file), "--workers", str(workers))
    served = start(folder, *options, launcher=launcher)
    try:
        port = int(served.base.rsplit(":", 1)[1])
        target = Target(
            name="grantway on PostgreSQL" if postgres is not None else "grantway",
            port=port,
            host=f"localhost:{port}",
            client_id=served.app["consumer_key"],
            client_secret=served.app["consumer_secret"],
            callback=served.app["callback_url"],
            paths=PATHS,
            pids=descendants(served.process.pid),
            database=url,
            store_pids=postgres.pids() if postgres is not None else [],
        )
        command = (*launcher, "--database", url, "--secret-key-file", str(key_file))
        target.jwt_client = _jwt_client(command)
        target.issuer = f"{served.base}/oidc"
        # An older release, which bench-compare runs too, may have no such flow.
        with suppress(subprocess.CalledProcessError):
            _signing_client(command, folder, target)
        names = _people(command, people)
        target.people = [_log_in(target, served, name) for name in names]
        if postgres is not None:
            target.store_pids = postgres.pids()
        yield target
    finally:
        kill(served)


def _jwt_client(command: Sequence[str]) -> dict[str, str]:
    """Make an app that gets JWTs, and return its credentials."""
    runner = "integration@demo.example"
    values = ("client_credentials=true", f"run_as={runner}", "scopes=api", "jwt_access_tokens=true")
    asked = [*command, "app", "create", "Bench_JWT", "--contact-email", runner, *values, "--json"]
    made = json.loads(subprocess.run(asked, text=True, check=True, capture_output=True).stdout)
    return {"client_id": made["consumer_key"], "client_secret": made["consumer_secret"]}


def _signing_client(command: Sequence[str], folder: Path, target: Target) -> None:
    """Make an app that proves itself, acts for people and exchanges tokens by what the load signs."""
    (folder / "bench.crt").write_text(certificate())
    runner = "integration@demo.example"
    profiles = json.dumps(["Standard User", "Minimum Access - API Only Integrations"])
    values = (
        *("client_credentials=true", f"run_as={runner}", "scopes=api", "scopes=refresh_token"),
        *("callback_url=https://localhost/unused", f"certificate=@{folder / 'bench.crt'}"),
        *("permitted_users=admin_approved", f"profiles={profiles}"),
        *("token_exchange=true", "token_exchange_allowed=true"),
    )
    made = json.loads(_said(command, "app", "create", "Bench_Signing", "--contact-email", runner, *values, "--json"))
    target.signing_id = made["consumer_key"]
    target.exchange_client = {"client_id": made["consumer_key"], "client_secret": made["consumer_secret"]}
    fields = (f"issuer={PROVIDER}", f"audiences={PROVIDER}", f"certificate=@{folder / 'bench.crt'}")
    _said(command, "handler", "create", "Bench_Provider", *fields, "subject_token_types=jwt")
    _said(command, "handler", "enable", "Bench_Provider", "Bench_Signing", "--run-as", runner, "--default")


def _said(command: Sequence[str], *arguments: str) -> str:
    return subprocess.run([*command, *arguments], text=True, check=True, capture_output=True).stdout


def _people(command: Sequence[str], count: int) -> list[str]:
    """Make people by the command line, which is the same in every release."""

    def make(number: int) -> str:
        name = f"bench{number}@demo.example"
        asked = [*command, "user", "create", name, "--email", name, "--password-stdin"]
        subprocess.run(asked, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
        return name

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, range(count)))


def _log_in(target: Target, served: Served, username: str) -> Person:
    with httpx.Client(base_url=f"http://{target.host}", timeout=30) as browser:
        plain = target.tokens(browser, _code(browser, target, served, "api refresh_token", username))
        tokens = target.tokens(browser, _code(browser, target, served, "openid api refresh_token", username))
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
    return Person(cookies, tokens["access_token"], tokens["refresh_token"], plain["refresh_token"])


def _code(browser: httpx.Client, target: Target, served: Served, scope: str, username: str) -> str:
    reply = browser.get(target.authorize(scope))
    for _ in range(5):
        location = reply.headers["location"]
        if not location.startswith(served.base):
            return target.code_in(location)
        page = browser.get(location)
        person = {"decision": "allow"} if "decision" in page.text else {"username": username, "password": PASSWORD}
        reply = browser.post(location.partition("?")[0], data=fields(page.text) | person)
    raise RuntimeError("no way to the callback")
