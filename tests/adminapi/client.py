"""A program that speaks to the admin API with an access token of a user: HTTP through the edge and the routes."""

from dataclasses import dataclass
from typing import Any

import httpx

from grantway import settings as s
from grantway.domain.permissions import ALL
from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from tests.console.setup import add_user
from tests.endpoints.house import BASE, House, TestApp

ROOT = "/setup/api/v1"
NORA = "nora@harbour.example"
APPS = ("ApiEnabled", "CustomizeApplication", "ManageRemoteAccess")


@dataclass
class Program:
    """A program and the token it has."""

    house: House
    http: httpx.AsyncClient
    token: str

    async def ask(
        self, method: str, path: str, json: Any = None, *, status: int = 200, **headers: str
    ) -> httpx.Response:
        """Ask the API, which must answer with a status; underscores in header names stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/setup") or "://" in path else ROOT + path
        reply = await self.http.request(method, address, json=json, headers=sent)
        assert reply.status_code == status, (method, path, reply.status_code, reply.text)
        return reply

    async def get(self, path: str) -> Any:
        """Return the JSON of a resource."""
        return (await self.ask("GET", path)).json()

    async def change(self, path: str, json: Any, *, status: int = 200) -> httpx.Response:
        """Change a resource that was just read."""
        tag = (await self.ask("GET", path)).headers["etag"]
        return await self.ask("PATCH", path, json, status=status, If_Match=tag)

    async def make(self, name: str = "Sync", kind: str = "connected_app", **settings: Any) -> dict[str, Any]:
        """Make an app and return the answer."""
        body = {"name": name, "kind": kind, "settings": {"contact_email": "it@harbour.example", **settings}}
        made: dict[str, Any] = (await self.ask("POST", "/apps", body, status=201)).json()
        return made


def http_of(house: House, token: str = "") -> httpx.AsyncClient:
    """Return a client of the server, with a token if one is given."""
    dispatch = Dispatch(house.server)
    edge = Edge(dispatch, dispatch.refuse_status, now_us=house.server.clock.now_us)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(edge, client=("192.0.2.7", 50_000))
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


async def program_of(
    house: House, username: str, *permissions: str, scopes: str = "api", app: TestApp | None = None
) -> Program:
    """Return a program of a new user with exactly these user permissions."""
    house.user_ids[username] = await add_user(house, username, *permissions)
    app = app or await house.app({s.SCOPES: ("api", "full", "openid", "refresh_token")})
    token = (await house.sign_in(app, username, scopes=scopes))["access_token"]
    return Program(house, http_of(house, token), token)


async def administrator(house: House) -> Program:
    """Return a program of a user with every permission."""
    return await program_of(house, NORA, *ALL)
