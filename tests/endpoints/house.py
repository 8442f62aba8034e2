"""A small house to test endpoints in: one org, its users and apps, in a real database."""

import base64
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.domain.token import Code
from grantway.endpoints.authorize import authorize
from grantway.endpoints.introspect import introspect
from grantway.endpoints.refusals import RefusalLog
from grantway.endpoints.revoke import revoke
from grantway.endpoints.server import Server
from grantway.endpoints.signing import Signing
from grantway.endpoints.tally import Tally
from grantway.endpoints.token import token
from grantway.kit.access_jwt import key_id
from grantway.kit.clock import FrozenClock
from grantway.kit.http import Call, Reply, new_request_id
from grantway.kit.ids import new_row_id
from grantway.kit.jose import SigningKey, s256
from grantway.kit.secrets import KeyRing, fingerprint, new_code
from grantway.kit.urls import Urls
from grantway.manage.caller import OPERATOR
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import holders, users
from grantway.manage.server import orgs
from grantway.outbound.fetch import Fetcher
from grantway.store import schema, tokens
from grantway.store.apps import Apps
from grantway.store.database import Database
from grantway.store.directory import Directory
from grantway.store.open import open_database
from grantway.store.signing_keys import ACCESS_TOKEN, ID_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Insert, Statement, Write
from grantway.store.sweep import Sweep

BASE = "http://localhost:8400"
CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 64
SALESFORCE = "/services/oauth2"
STANDARDS = "/oidc"
_FORM = (b"content-type", b"application/x-www-form-urlencoded")
_SIGNING_PEM = SigningKey.generate_pem()
_KEY = Insert("signing_key", ["kid", "purpose", "private_box", "created_at", "retired_at"])
_ORG_KEY = Insert("signing_key", [*_KEY.columns, "org_id"])
_NAME_KEY = Statement("UPDATE org SET access_kid = :kid WHERE id = :org_id")


@cache
def access_pem() -> bytes:
    """Return the private key that signs JWT-based access tokens in every house: to make one takes long."""
    return SigningKey.generate_pem()


@dataclass(frozen=True)
class TestApp:
    """An app of the house, with its secret in clear."""

    __test__ = False
    id: str
    consumer_key: str
    consumer_secret: str


@dataclass
class House:
    """A server without sockets, its clock standing still, and the ways a test acts on it."""

    server: Server
    clock: FrozenClock
    desk: Desk
    org: Org
    user_ids: dict[str, str] = field(default_factory=dict)

    @property
    def org_id(self) -> str:
        """The id of the house's org."""
        return self.org.id

    @property
    def db(self) -> Database:
        """The house's database."""
        return self.server.db

    async def elsewhere(self) -> "House":
        """Make another org on this server, and see the server from there."""
        return replace(self, org=await orgs.create(self.desk, orgs.NewOrg(name=f"Elsewhere {secrets.token_hex(4)}")))

    async def app(
        self,
        values: Mapping[s.AnySetting, Any] | None = None,
        *,
        run_as: str = "",
        kind: AppKind = AppKind.CONNECTED_APP,
    ) -> TestApp:
        """Register an app with these settings; everything else has the default of an imported app."""
        given: dict[s.AnySetting, Any] = {
            s.SCOPES: ("api", "id", "openid", "refresh_token"),
            s.CALLBACK_URL: (CALLBACK,),
            **({s.RUN_AS: run_as} if run_as else {}),
            **(values or {}),
        }
        app = (await apps.add(self.desk, self.org, f"App_{secrets.token_hex(6)}", given, kind=kind)).app
        return TestApp(app.id, app.consumer_key, app.secret.reveal())

    async def jwt_app(self, values: Mapping[s.AnySetting, Any] | None = None, *, run_as: str = "") -> TestApp:
        """Register an app whose access tokens are JWTs; the house's org has a key for them from here on."""
        kid, now = key_id(self.org_id, self.clock.now_ms()), self.clock.now_ms()
        async with self.db.transaction() as transaction:
            row = await transaction.one(Statement("SELECT access_kid FROM org WHERE id = :id"), self.org_id)
            if row is not None and not row[0]:
                box = self.server.ring.seal(access_pem(), SEAL_PURPOSE)
                await transaction.run(_ORG_KEY, kid, ACCESS_TOKEN, box, now, None, self.org_id)
                await transaction.run(_NAME_KEY, kid, self.org_id)
        return await self.app({s.JWT_ACCESS_TOKENS: True, **(values or {})}, run_as=run_as)

    async def change(self, text: str, *values: str | int) -> None:
        """Change something behind the server's back, as another process would."""
        async with self.db.transaction() as transaction:
            await transaction.run(Statement(text), *values)

    async def code(
        self,
        app: TestApp,
        user: str = "ada",
        *,
        door: str = "salesforce",
        scopes: str = "api id openid refresh_token",
        challenge: str = s256(VERIFIER),
        nonce: str = "",
        resources: str = "",
        lives_ms: int = 900_000,
    ) -> str:
        """Issue an authorization code, as the consent page does."""
        now = self.clock.now_ms()
        row_id, text = new_code(now)
        code = Code(
            id=row_id,
            hash=fingerprint(text),
            family_id=new_row_id(now),
            app_id=app.id,
            org_id=self.org_id,
            user_id=self.user_ids[user],
            door=door,
            redirect_uri=CALLBACK,
            redirect_uri_sent=1,
            scopes=scopes,
            challenge=challenge,
            nonce=nonce,
            auth_time=now // 1000,
            session_id="",
            issued_at=now,
            expires_at=now + lives_ms,
            spent_at=None,
            settled_us=None,
            resources=resources,
        )
        await self.db.commit(Write((tokens.add_code(code),)))
        return text

    def call(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        query: str = "",
        arrived_us: int | None = None,
    ) -> Call:
        """Make a call as the HTTP edge would; it arrives now unless told otherwise."""
        return Call(
            method=method,
            path=path,
            query=query,
            headers=(*headers, _FORM) if form is not None else headers,
            body=urlencode(form or {}).encode(),
            address="127.0.0.1",
            host="localhost:8400",
            request_id=new_request_id(),
            arrived_us=self.clock.now_us() if arrived_us is None else arrived_us,
        )

    async def token(
        self, form: Mapping[str, str], *, door: str = SALESFORCE, arrived_us: int | None = None, basic: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Send a token request and return status and JSON; a millisecond passes with it."""
        headers = ((b"authorization", b"Basic " + base64.b64encode(basic.encode())),) if basic else ()
        call = self.call(f"{door}/token", form, arrived_us=arrived_us, headers=headers)
        reply = await token(call, self.server, BASE)
        self.clock.advance(ms=1)
        return _json(reply)

    async def redeem(
        self, app: TestApp, code: str, *, door: str = SALESFORCE, **more: str
    ) -> tuple[int, dict[str, Any]]:
        """Redeem a code with the app's secret and the verifier."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app.consumer_key,
            "client_secret": app.consumer_secret,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **more,
        }
        return await self.token({name: value for name, value in form.items() if value}, door=door)

    async def refresh(
        self,
        app: TestApp,
        refresh_token: str,
        *,
        door: str = SALESFORCE,
        arrived_us: int | None = None,
        **more: str,
    ) -> tuple[int, dict[str, Any]]:
        """Use a refresh token with the app's secret."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": app.consumer_key,
            "client_secret": app.consumer_secret,
            **more,
        }
        sent = {name: value for name, value in form.items() if value}
        return await self.token(sent, door=door, arrived_us=arrived_us)

    async def authorize(self, app: TestApp, *, door: str = SALESFORCE, **more: str) -> Reply:
        """Send an authorization request; an empty value leaves the parameter out."""
        asked = {"response_type": "code", "client_id": app.consumer_key, "redirect_uri": CALLBACK, **more}
        query = urlencode({name: value for name, value in asked.items() if value})
        return await authorize(self.call(f"{door}/authorize", method="GET", query=query), self.server, BASE)

    async def sign_in(self, app: TestApp, user: str = "ada", *, door: str = SALESFORCE, **more: Any) -> dict[str, Any]:
        """Go through the web server flow and return the token answer."""
        name = "salesforce" if door == SALESFORCE else "standards"
        status, answer = await self.redeem(app, await self.code(app, user, door=name, **more), door=door)
        assert status == 200, answer
        return answer

    async def revoke(self, text: str) -> Reply:
        """Revoke a token at Salesforce's door."""
        return await revoke(self.call(f"{SALESFORCE}/revoke", {"token": text}), self.server, BASE)

    async def is_active(self, app: TestApp, token: str) -> bool:
        """Ask the introspection endpoint, as an app, whether a token is good; who may not ask is told nothing."""
        form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
        reply = await introspect(self.call(f"{SALESFORCE}/introspect", form), self.server, BASE)
        return b'"active":true' in reply.body

    async def sweep(self) -> None:
        """Have housekeeping go through all tables once."""
        sweep = Sweep(self.db, self.clock.now_ms())
        while await sweep.step():
            pass

    async def reasons(self) -> list[str]:
        """Return the ids of the reasons refused with so far, oldest first, as `explain` will know them."""
        await self.server.refusals.flush()
        rows = await self.db.all(Statement("SELECT reason FROM refusal ORDER BY at, request_id"))
        return [str(row[0]) for row in rows]


def _json(reply: Reply) -> tuple[int, dict[str, Any]]:
    return reply.status, json.loads(reply.body)


def _user(name: str, profile: str) -> users.NewUser:
    address = f"{name}@harbour.example"
    return users.NewUser(
        username=address, email=address, first_name=name.title(), last_name="Lovelace", profile=profile
    )


@dataclass(frozen=True)
class _Furnished:
    """A house that was built once: the bytes of its database, and what opens and names things in it."""

    file: bytes
    ring: KeyRing
    org: Org
    user_ids: dict[str, str]


_built: list[_Furnished] = []


@asynccontextmanager
async def open_house(folder: Path, url: str = "") -> AsyncIterator[House]:
    """Build a house: org Harbour, users ada (Standard) and ben (Minimum); on a SQLite file of its own if no URL is
    given, which is a copy of one that was built once: to migrate and furnish each takes longer than most tests.
    """
    clock = FrozenClock()
    if url:
        db = await open_database(url, clock)
        await schema.upgrade(db)
        opening = house_on(db, clock)
    else:
        built = await _once()
        (folder / "house.db").write_bytes(built.file)
        db = await open_database(f"sqlite:///{folder}/house.db", clock)
        opening = _living_in(db, clock, built.ring, built.org, dict(built.user_ids))
    try:
        async with opening as house:
            yield house
    finally:
        await db.close()


async def _once() -> _Furnished:
    if not _built:
        with TemporaryDirectory() as folder:
            file = Path(folder, "house.db")
            clock, ring = FrozenClock(), KeyRing([os.urandom(32)])
            db = await open_database(f"sqlite:///{file}", clock)
            await schema.upgrade(db)
            org, user_ids = await _furnish(db, clock, ring)
            await db.close()
            _built.append(_Furnished(file.read_bytes(), ring, org, user_ids))
    return _built[0]


@asynccontextmanager
async def house_on(db: Database, clock: FrozenClock) -> AsyncIterator[House]:
    """Build the house in an empty database of the newest schema, which stays open in the end."""
    ring = KeyRing([os.urandom(32)])
    org, user_ids = await _furnish(db, clock, ring)
    async with _living_in(db, clock, ring, org, user_ids) as house:
        yield house


async def _furnish(db: Database, clock: FrozenClock, ring: KeyRing) -> tuple[Org, dict[str, str]]:
    desk = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR)
    async with desk.changing() as changing:
        org = await orgs.create(changing, orgs.NewOrg(name="Harbour"))
        for profile, permissions in (("Standard", ("ApiEnabled",)), ("Minimum", ())):
            await holders.create(changing, holders.PROFILES, org.id, profile, permissions)
        user_ids = {
            name: (await users.create(changing, org, _user(name, profile))).id
            for name, profile in (("ada", "Standard"), ("ben", "Minimum"))
        }
        # Every house signs with the same key: to make one takes longer than most tests.
        await changing.run(_KEY, "220", ID_TOKEN, ring.seal(_SIGNING_PEM, SEAL_PURPOSE), clock.now_ms(), None)
    return org, user_ids


@asynccontextmanager
async def _living_in(
    db: Database, clock: FrozenClock, ring: KeyRing, org: Org, user_ids: dict[str, str]
) -> AsyncIterator[House]:
    desk = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR)
    refusals = RefusalLog(db)
    tally = Tally(db, clock)
    with ThreadPoolExecutor(2) as workers:
        server = Server(
            db=db,
            clock=clock,
            ring=ring,
            urls=Urls.serving(BASE),
            directory=Directory(db, Apps(ring)),
            signing=Signing(ring, clock),
            refusals=refusals,
            tally=tally,
            workers=workers,
            fetcher=Fetcher(),
        )
        try:
            yield House(server, clock, desk, org, user_ids)
        finally:
            await server.census.close()
            await refusals.close()
            await tally.close()
