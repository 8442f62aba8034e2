"""A client that registers itself: what it sends, and what comes back."""

import json
from typing import Any

from joserfc import jwk

from grantway.endpoints.register import register, registered
from grantway.kit.http import Call, Reply
from grantway.manage.connected_apps import apps
from grantway.manage.registration import registration_tokens
from grantway.manage.server import orgs
from tests.endpoints.house import BASE, CALLBACK, STANDARDS, House, TestApp
from tests.endpoints.signer import signer

JSON = (b"content-type", b"application/json")
ASKED = {"redirect_uris": [CALLBACK], "client_name": "Harbour Chat"}


async def token_of(house: House, app: TestApp) -> str:
    """Make an app's initial access token."""
    return (await registration_tokens.make(house.desk, house.org, app.id)).reveal()


def call_with(house: House, path: str, document: Any, token: str, method: str) -> Call:
    """Return a request with a JSON document (None for none) and a token (empty for none)."""
    headers = [JSON] if document is not None else []
    if token:
        headers.append((b"authorization", b"Bearer " + token.encode()))
    call = house.call(path, method=method, headers=tuple(headers))
    body = document if isinstance(document, bytes) else json.dumps(document).encode() if document is not None else b""
    return Call(
        method=method,
        path=path,
        headers=call.headers,
        body=body,
        address=call.address,
        host=call.host,
        request_id=call.request_id,
        arrived_us=call.arrived_us,
    )


async def sent(house: House, document: Any, token: str = "", *, door: str = STANDARDS) -> Reply:
    """Send a registration."""
    reply = await register(call_with(house, f"{door}/register", document, token, "POST"), house.server, BASE)
    house.clock.advance(ms=1)
    return reply


async def joined(house: House, token: str, *, door: str = STANDARDS, **more: Any) -> dict[str, Any]:
    """Register and return the answer; what is given as None is left out."""
    asked = {name: value for name, value in (ASKED | more).items() if value is not None}
    reply = await sent(house, asked, token, door=door)
    assert reply.status == 201, reply.body
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


async def at_home(
    house: House, client: dict[str, Any], method: str = "GET", document: Any = None, **other: str
) -> Reply:
    """Ask a client's configuration endpoint, by default with its own token."""
    path = other.get("uri", client["registration_client_uri"]).removeprefix(BASE)
    token = other.get("token", client["registration_access_token"])
    return await registered(call_with(house, path, document, token, method), house.server, BASE)


def as_app(client: dict[str, Any]) -> TestApp:
    """Return a registered client as the house knows apps; it has no id here."""
    return TestApp("", client["client_id"], client.get("client_secret", ""))


async def known(house: House, client: dict[str, Any]) -> TestApp:
    """Return a registered client as the house knows apps."""
    app = await apps.find(house.desk, house.org, client["client_id"])
    return TestApp(app.id, client["client_id"], client.get("client_secret", ""))


def error(reply: Reply) -> tuple[int, str]:
    """Return the status and code of an error; it has a description too."""
    body = json.loads(reply.body)
    assert body["error_description"]
    return reply.status, body["error"]


def public_key(number: int = 0) -> dict[str, Any]:
    """Return the public half of a signer's key as a JWK."""
    key = jwk.import_key(signer(number=number).pem, "RSA")
    return dict(key.as_dict(private=False))


async def opened(house: House, **more: Any) -> None:
    """Let anybody register."""
    await orgs.change(house.desk, house.org, {"open_registration": True, **more})
