"""What a client sees: HTTP over the whole server, and an ID token checked by a library that did not make it."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from grantway import settings as s
from grantway.endpoints.server import Server
from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp

both_doors = pytest.mark.parametrize("door", [SALESFORCE, STANDARDS], ids=["salesforce", "standards"])
JWKS = {SALESFORCE: "/id/keys", STANDARDS: "/oidc/jwks"}
DOOR_NAME = {SALESFORCE: "salesforce", STANDARDS: "standards"}
ISSUER = {SALESFORCE: BASE, STANDARDS: f"{BASE}/oidc"}


MACHINE = {"grant_type": "client_credentials"}


@asynccontextmanager
async def open_web(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Be an HTTP client of a server: its edge, its routes and its endpoints, without sockets."""
    dispatch = Dispatch(server)
    edge = Edge(dispatch, dispatch.refuse_status, now_us=server.clock.now_us)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=BASE) as client:
        yield client


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    """Return the header that sends the access token of a token answer."""
    return {"authorization": f"Bearer {answer['access_token']}"}


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header of Basic authentication, as it stands."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def in_body(app: TestApp) -> dict[str, str]:
    """Return an app's credentials as parameters."""
    return {"client_id": app.consumer_key, "client_secret": app.consumer_secret}


async def machine(house: House) -> TestApp:
    """Register an app that gets its tokens by client credentials, as ada."""
    return await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")


def decoded(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def read_id_token(web: httpx.AsyncClient, id_token: str, door: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of an ID token, its RS256 signature checked with the published key that it names."""
    head, body, mac = id_token.split(".")
    header = json.loads(decoded(head))
    published = (await web.get(JWKS[door])).json()["keys"]
    (key,) = [key for key in published if key["kid"] == header["kid"]]
    numbers = RSAPublicNumbers(int.from_bytes(decoded(key["e"])), int.from_bytes(decoded(key["n"])))
    numbers.public_key().verify(decoded(mac), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    return header, json.loads(decoded(body))
