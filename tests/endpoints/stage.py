"""A house in which everything is ready to be asked for: tokens at both doors, and pages open in a browser."""

import hashlib
from dataclasses import dataclass
from typing import Any

from grantway import settings as s
from grantway.kit.jose import s256
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.raw import Answer, Wire
from tests.journeys.served import fields

PASSWORD = "correct horse battery staple"
DOORS = {SALESFORCE: "salesforce", STANDARDS: "standards"}
# What a request may change though it is refused: the record of it, and the count of failed logins. What the stage's own
# tokens were used for is written some seconds later, in the midst of the tests.
_RECORDS = frozenset({"event", "refusal", "login_failure", "hour_count", "app_use"})
_TABLES = Statement("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")


@dataclass(frozen=True)
class OpenPage:
    """A page that waits for its form: the cookie of its browser, and the form's hidden fields."""

    cookie: bytes
    hidden: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """A house with an app and what it holds at each door, and another app with the same."""

    house: House
    wire: Wire
    app: TestApp
    other: TestApp
    held: dict[str, dict[str, str]]
    others: dict[str, dict[str, str]]
    login: OpenPage
    consent: OpenPage

    async def state(self) -> dict[str, tuple[int, str]]:
        """Return how many rows each table has, and a hash of all that stands in it."""
        db = self.house.db
        found = {}
        for table in [str(row[0]) for row in await db.all(_TABLES)]:
            if table not in _RECORDS:
                rows = await db.all(Statement(f"SELECT * FROM {table}"))
                found[table] = (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
        return found


async def set_stage(house: House) -> Stage:
    """Prepare everything that a garbage request could spoil."""
    desk = Desk(db=house.db, clock=house.clock, ring=house.server.ring, caller=OPERATOR)
    org = await orgs.find(desk, house.org_id)
    await users.set_password(desk, org, "ada@harbour.example", PASSWORD)
    house.clock.advance(seconds=1)
    values: dict[s.AnySetting, Any] = {
        s.REQUIRE_PKCE: True,
        s.CLIENT_CREDENTIALS: True,
        s.REFRESH_TOKEN_ROTATION: True,
    }
    app, other = [await house.app(values, run_as="ada@harbour.example") for _ in range(2)]
    wire = Wire(house)
    return Stage(
        house=house,
        wire=wire,
        app=app,
        other=other,
        held=await _held(house, app),
        others=await _held(house, other),
        login=await _open_page(wire, app, log_in=False),
        consent=await _open_page(wire, app, log_in=True),
    )


async def _held(house: House, app: TestApp) -> dict[str, dict[str, str]]:
    """Return an unused code, a refresh token and an access token of an app at each door."""
    held = {}
    for door, name in DOORS.items():
        answer = await house.sign_in(app, door=door)
        code = await house.code(app, door=name)
        held[door] = {"code": code, "refresh_token": answer["refresh_token"], "access_token": answer["access_token"]}
    return held


async def _open_page(wire: Wire, app: TestApp, *, log_in: bool) -> OpenPage:
    """Go as far as the login page, or the consent page behind it, in a browser of its own."""
    asked = {
        "response_type": "code",
        "client_id": app.consumer_key,
        "redirect_uri": CALLBACK,
        "code_challenge": s256(VERIFIER),
    }
    opened = await _follow(wire, await wire.get(f"{SALESFORCE}/authorize", asked))
    if not log_in:
        return opened
    form = opened.hidden | {"username": "ada@harbour.example", "password": PASSWORD}
    return await _follow(wire, await wire.post("/login", form, (b"cookie", opened.cookie)))


async def _follow(wire: Wire, answer: Answer) -> OpenPage:
    cookie = "; ".join(answer.cookies).encode()
    path, _, query = answer.headers["location"].removeprefix(BASE).partition("?")
    page = await wire.send("GET", path, query=query.encode(), headers=((b"cookie", cookie),))
    return OpenPage(cookie, fields(page.text))
