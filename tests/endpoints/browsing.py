"""Browsers before the house: HTTP through the edge and the routes, cookies kept, every step as a person takes it."""

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from argon2 import PasswordHasher

from grantway.kit.jose import s256
from grantway.kit.urls import Urls
from grantway.manage.people import holders, users
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp

PASSWORD = "correct horse battery staple"
CHALLENGE = {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}
LOGIN = "/login"
CONSENT = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
BOTH_DOORS = [SALESFORCE, STANDARDS]
# As weak as argon2 lets it be, so that a login costs a test next to nothing; a hash bears its own parameters.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Browser:
    """One browser: its cookies, its address, and the server it talks to."""

    house: House
    base: str = BASE
    address: str = "192.0.2.7"
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        server = self.house.server
        if self.base != BASE:
            server = replace(server, urls=Urls.serving(self.base))
        dispatch = Dispatch(server)
        edge = Edge(dispatch, dispatch.refuse_status, now_us=server.clock.now_us)
        transport = httpx.ASGITransport(edge, client=(self.address, 50_000))
        self.client = httpx.AsyncClient(transport=transport, base_url=self.base, headers={"accept": "text/html"})

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Open an address."""
        return await self.client.get(url, params=params)

    async def post(
        self, url: str, form: Mapping[str, str], *, origin: str | None = "", without_cookies: bool = False
    ) -> httpx.Response:
        """Send a form from a page of the server; from another site where `origin` is given or cookies stay behind."""
        headers = {} if origin is None else {"origin": origin or self.base}
        request = self.client.build_request("POST", url, data=dict(form), headers=headers)
        if without_cookies:
            request.headers.pop("cookie", None)
        return await self.client.send(request)

    async def ask(self, app: TestApp, *, door: str = SALESFORCE, **more: str) -> httpx.Response:
        """Send an authorization request by GET; an empty value leaves a parameter out."""
        return await self.get(f"{door}/authorize?{urlencode(asked(app, **more))}")

    async def follow(self, reply: httpx.Response) -> httpx.Response:
        """Go where an answer leads, which must be a page of the server."""
        location = reply.headers["location"]
        assert location.startswith(self.base + "/"), location
        return await self.get(location)

    async def to_login(self, app: TestApp, *, door: str = SALESFORCE, **more: str) -> httpx.Response:
        """Ask, and open the login page it leads to."""
        page = await self.follow(await self.ask(app, door=door, **more))
        assert page.url.path == LOGIN, page.text
        return page

    async def log_in(
        self, page: httpx.Response, username: str = "ada@harbour.example", password: str = PASSWORD, **more: str
    ) -> httpx.Response:
        """Fill in the login page, and send it."""
        return await self.post(LOGIN, hidden(page) | {"username": username, "password": password} | more)

    async def to_consent(
        self, app: TestApp, username: str = "ada@harbour.example", *, door: str = SALESFORCE, **more: str
    ) -> httpx.Response:
        """Ask, log in, and open the consent page it leads to."""
        page = await self.follow(await self.log_in(await self.to_login(app, door=door, **more), username))
        assert page.url.path == CONSENT, page.text
        return page

    async def answer(self, page: httpx.Response, decision: str = "allow", **more: str) -> httpx.Response:
        """Press a button of the consent page."""
        return await self.post(CONSENT, hidden(page) | {"decision": decision} | more)

    async def approve(
        self, app: TestApp, username: str = "ada@harbour.example", *, door: str = SALESFORCE, **more: str
    ) -> dict[str, str]:
        """Ask, log in, allow, and return what the callback was told."""
        return told(await self.answer(await self.to_consent(app, username, door=door, **more)))


def asked(app: TestApp, **more: str) -> dict[str, str]:
    """Return the parameters of an authorization request with PKCE."""
    params = {
        "response_type": "code",
        "client_id": app.consumer_key,
        "redirect_uri": CALLBACK,
        **CHALLENGE,
        **more,
    }
    return {name: value for name, value in params.items() if value}


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    found = {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
    assert found.keys() == {"transaction", "csrf"}, page.text
    return found


def told(reply: httpx.Response, callback: str = CALLBACK) -> dict[str, str]:
    """Return what the callback was told in its query; the answer must lead to the callback."""
    location = reply.headers.get("location", "")
    assert location.startswith(callback + ("&" if "?" in callback else "?")), (location, reply.text)
    told_once = parse_qs(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in told_once.values())
    return {name: values[0] for name, values in told_once.items()}


def page_error(reply: httpx.Response) -> str:
    """Return the error code on an error page, which must lead nowhere."""
    assert "location" not in reply.headers
    found = re.search(r'<code id="error-code">([^<]+)</code>', reply.text)
    assert found, reply.text
    return found[1]


def goes_to(reply: httpx.Response, path: str) -> bool:
    """Tell whether an answer leads to one of the server's pages."""
    return urlsplit(str(reply.headers.get("location", ""))).path == path


async def give_passwords(house: House) -> None:
    """Let every user of the house log in with `PASSWORD`."""
    await house.change("UPDATE person SET password_hash = :hash", _HASH)


async def neighbour(house: House, *permissions: str, **settings: Any) -> str:
    """Add an org next door with one user, cleo@quay.example, who has these permissions; return the org's id."""
    username = "cleo@quay.example"
    async with house.desk.changing() as changing:
        org = await orgs.create(changing, orgs.NewOrg(name="Quay"))
        await orgs.change(changing, org, settings)
        await holders.create(changing, holders.PROFILES, org.id, "Visitor", permissions)
        asked = users.NewUser(username=username, email=username, first_name="Cleo", profile="Visitor")
        house.user_ids["cleo"] = (await users.create(changing, org, asked)).id
    await give_passwords(house)
    return org.id


async def redeem(house: House, app: TestApp, answer: Mapping[str, str], door: str = SALESFORCE) -> dict[str, Any]:
    """Redeem the code that a callback was told, and return the token answer."""
    status, tokens = await house.redeem(app, answer["code"], door=door)
    assert status == 200, tokens
    return tokens


def claims(tokens: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of the ID token in a token answer."""
    payload = tokens["id_token"].split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


async def codes(house: House) -> int:
    """Return how many codes were issued."""
    return len(await house.db.all(Statement("SELECT id FROM authorization_code")))
