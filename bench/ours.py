"""Grantway as the benchmark starts it: the demo org with some more people in it, on SQLite or PostgreSQL."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.target import Person, Target, descendants
from grantway.kit.clock import SystemClock
from grantway.kit.keyfile import new_key_line, read_key_ring
from grantway.manage import orgs, users
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.store.open import open_database
from tests.journeys.served import Served, fields, kill, start
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
    folder: Path, people: int, *, postgres: PostgresServer | None = None, workers: int = 1
) -> Iterator[Target]:
    """Run a server with so many people logged in."""
    url = postgres.create_database() if postgres is not None else f"sqlite:///{folder}/grantway.db"
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "secret.key"
    key_file.write_text(new_key_line())
    served = start(folder, "--database", url, "--secret-key-file", str(key_file), "--workers", str(workers))
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
            store_pids=postgres.pids() if postgres is not None else [],
        )
        names = asyncio.run(_people(folder, url, people))
        target.people = [_log_in(target, served, name) for name in names]
        if postgres is not None:
            target.store_pids = postgres.pids()
        yield target
    finally:
        kill(served)


async def _people(folder: Path, url: str, count: int) -> list[str]:
    clock = SystemClock()
    ring = read_key_ring((folder / "secret.key").read_text())
    db = await open_database(url, clock)
    try:
        desk = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR)
        org = (await orgs.all_orgs(desk))[0]
        names = [f"bench{number}@demo.example" for number in range(count)]
        for name in names:
            await users.create(desk, org, users.NewUser(username=name, email=name, password=PASSWORD))
    finally:
        await db.close()
    return names


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
