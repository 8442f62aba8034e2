"""Another identity provider: its keys, its JWK set and its introspection endpoint, over real HTTP on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from joserfc import jwk

from grantway import settings as s
from grantway.manage.exchange import token_handlers
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Allowed
from tests.endpoints.house import House, TestApp
from tests.endpoints.signer import signer

ISSUER = "https://id.harbour.example"
AUDIENCE = "https://harbour.example/grantway"
SECRET = "the secret of the introspection client"
RUN_AS = "runner@harbour.example"
JWK_KINDS = {"RSA": "RSA", "P-256": "EC", "P-384": "EC", "Ed25519": "OKP"}


def public_jwk(kind: str = "RSA", *, number: int = 0, **more: Any) -> dict[str, Any]:
    """The public key of a signer as it stands in a JWK set; None leaves a member out."""
    key = jwk.import_key(signer(kind, number=number).pem, JWK_KINDS[kind])  # type: ignore[call-overload]
    members = {**key.as_dict(private=False), "kid": f"{kind}-{number}", "use": "sig", **more}
    return {name: value for name, value in members.items() if value is not None}


@dataclass
class Provider:
    """What the provider answers, and what it was asked: (path, head, body); `hold` keeps it from answering."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk()])
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    says: Mapping[str, Any] = field(default_factory=dict)
    status: bytes = b""
    hold: asyncio.Event | None = None

    def fetcher(self) -> Fetcher:
        """Return a fetcher that may ask it."""
        return Fetcher(Allowed([self.url]))

    def asked_for(self, path: str) -> int:
        """Return how often something was asked for."""
        return [one[0] for one in self.asked].count(path)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        body = await reader.readexactly(length)
        path = head.split(b" ")[1].decode()
        self.asked.append((path, head, body))
        if self.hold is not None:
            await self.hold.wait()
        said = {"/keys": {"keys": self.keys}, "/introspect": self.says}.get(path)
        text = self.answers.get(path) or json.dumps(said).encode()
        status = b"404 Not Found" if said is None and path not in self.answers else b"200 OK"
        writer.write(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n" % (self.status or status))
        writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_provider(house: House) -> AsyncIterator[Provider]:
    """Start the provider, and let the house's server ask it."""
    provider = Provider()
    server = await asyncio.start_server(provider.talk, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    house.server = replace(house.server, fetcher=provider.fetcher())
    try:
        yield provider
    finally:
        server.close()


async def exchanging_app(house: House, values: Mapping[s.AnySetting, Any] | None = None, **more: Any) -> TestApp:
    """Register an app that may exchange tokens, with the users of the profile Standard pre-authorized."""
    return await house.app(
        {
            s.TOKEN_EXCHANGE: True,
            s.TOKEN_EXCHANGE_ALLOWED: True,
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
            **(values or {}),
        },
        **more,
    )


async def handler_for(house: House, app: TestApp, fields: Mapping[str, Any], *, name: str = "Harbour_IdP") -> str:
    """Make a handler, enabled for an app as its default, and return its name."""
    handler = await token_handlers.create(house.desk, house.org, name, fields)
    await token_handlers.enable(house.desk, house.org, name, app.id, "ada@harbour.example", is_default=True)
    return handler.name


def believing(provider: Provider, **more: Any) -> dict[str, Any]:
    """The fields of a handler that believes the provider's JWTs."""
    return {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "jwks_url": f"{provider.url}/keys",
        "subject_token_types": "jwt,id_token,access_token",
        **more,
    }


def outside_token(house: House, **more: Any) -> str:
    """A token of the provider about ada; None leaves a claim out.

    `kind` and `number` choose the signer, `header` changes the header, `alg` the algorithm.
    """
    kind, number = more.pop("kind", "RSA"), more.pop("number", 0)
    now = house.clock.now_ms() // 1000
    header = {"kid": f"{kind}-{number}", **more.pop("header", {})}
    alg = more.pop("alg", {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}[kind])
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada@harbour.example", "exp": now + 300, "iat": now, **more}
    claims = {name: value for name, value in said.items() if value is not None}
    shown = {name: value for name, value in header.items() if value is not None}
    return signer(kind, number=number).sign(claims, alg=alg, header=shown)
