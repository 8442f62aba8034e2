"""An MCP server whose callers come with tokens of Grantway: what they must be, and where an MCP client gets them.

    GRANTWAY=http://localhost:8400 RESOURCE=http://localhost:8500/mcp python server.py

It tells a client that has no token where to get one (RFC 9728), and takes a token only if it is for this very server:
`aud` is its URL, which the client named as `resource` (RFC 8707). A JWT is checked with the published keys; about any
other token it asks Grantway, as the app in CLIENT_ID and CLIENT_SECRET, which needs the setting `introspect_all`.
"""

import asyncio
import base64
import json
import os
import urllib.request
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

ISSUER = os.environ["GRANTWAY"] + "/oidc"
RESOURCE = os.environ["RESOURCE"]
CLIENT_ID, CLIENT_SECRET = os.environ.get("CLIENT_ID", ""), os.environ.get("CLIENT_SECRET", "")
SCOPES = os.environ.get("SCOPES", "api").split()


class Tokens:
    """Which tokens are good here: RFC 9068 for JWTs, RFC 7662 for the others."""

    @cached_property
    def _metadata(self) -> dict[str, Any]:
        found = _read(urllib.request.Request(f"{ISSUER}/.well-known/openid-configuration"))
        if found["issuer"] != ISSUER:
            raise ValueError("this is the metadata of another issuer")
        return found

    @cached_property
    def _keys(self) -> jwt.PyJWKClient:
        return jwt.PyJWKClient(self._metadata["jwks_uri"])

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what a token says; None where it is none for this server."""
        try:
            # Opaque tokens have dots too, but begin with the id of an org.
            claims = await asyncio.to_thread(self._signed if token.startswith("ey") else self._asked, token)
        except (jwt.PyJWTError, OSError, ValueError):
            return None
        audience = claims.get("aud", [])
        if RESOURCE not in (audience if isinstance(audience, list) else [audience]):
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(),
            expires_at=claims["exp"],
            resource=RESOURCE,
            subject=claims["sub"],
            claims=claims,
        )

    def _signed(self, token: str) -> dict[str, Any]:
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":
            raise ValueError("not an access token")
        key = self._keys.get_signing_key_from_jwt(token)
        need = ["exp", "sub", "client_id", "scope"]
        return jwt.decode(token, key, algorithms=["RS256"], audience=RESOURCE, issuer=ISSUER, options={"require": need})

    def _asked(self, token: str) -> dict[str, Any]:
        pair = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}".encode()
        request = urllib.request.Request(self._metadata["introspection_endpoint"], urlencode({"token": token}).encode())
        request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
        answer = _read(request)
        if answer.get("active") is not True or answer.get("iss") != ISSUER:
            raise ValueError("not active")
        return answer


def _read(request: urllib.request.Request) -> dict[str, Any]:
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


server = MCPServer(
    "Notes",
    token_verifier=Tokens(),
    auth=AuthSettings(
        issuer_url=ISSUER, resource_server_url=RESOURCE, required_scopes=SCOPES, validate_token_resource=True
    ),
)


@server.tool()
def who_am_i() -> str:
    """Say for whom the client acts here."""
    token = get_access_token()
    return token.subject if token is not None and token.subject else "nobody"


if __name__ == "__main__":
    place = urlsplit(RESOURCE)
    app = server.streamable_http_app(streamable_http_path=place.path)
    uvicorn.run(app, host=place.hostname, port=place.port, log_level="warning")
