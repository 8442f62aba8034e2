"""The MCP Python SDK, unmodified: it finds out whom to ask, gets tokens, calls a tool, refreshes, calls again.

It runs in the environment of the Python clients. Each line of JSON that it prints is answered by one (`visit`: a person
at a browser goes there, and the answer is where they came back), until it prints its findings.
"""

import asyncio
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx2 import AsyncClient, Request  # type: ignore[import-not-found]
from mcp import Client  # type: ignore[import-not-found]
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider  # type: ignore[import-not-found]
from mcp.client.streamable_http import streamable_http_client  # type: ignore[import-not-found]
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata  # type: ignore[import-not-found]


def say(what: object) -> Any:
    """Say one thing to the test, and return what it answers."""
    print(json.dumps(what), flush=True)
    return json.loads(sys.stdin.readline() or "null")


class Storage:
    """Keeps what the client gets, in memory."""

    def __init__(self, client: dict[str, Any] | None) -> None:
        self.tokens: Any = None
        self.client = OAuthClientInformationFull(**client) if client else None
        self.answers: list[Any] = []

    async def get_tokens(self) -> Any:
        """Return the tokens there are."""
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        """Keep other tokens."""
        self.tokens = tokens
        self.answers.append(tokens)

    async def get_client_info(self) -> Any:
        """Return what the client is registered as."""
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        """Keep what the client is registered as."""
        self.client = client_info


async def main() -> None:
    """Do all of it."""
    told = json.loads(sys.stdin.readline())
    came_back: dict[str, list[str]] = {}
    asked: list[str] = []

    async def visit(url: str) -> None:
        came_back.update(parse_qs(urlsplit(await asyncio.to_thread(say, {"visit": url})).query))

    async def arrived() -> Any:
        return AuthorizationCodeResult(**{name: came_back[name][0] for name in ("code", "state", "iss")})

    async def note(request: Request) -> None:
        asked.append(f"{request.method} {request.url.path}")

    storage = Storage(told.get("client"))
    about = OAuthClientMetadata(redirect_uris=[told["callback"]], client_name="Notes reader")
    provider = OAuthClientProvider(
        told["url"], about, storage, visit, arrived, client_metadata_url=told.get("document")
    )
    async with AsyncClient(auth=provider, event_hooks={"request": [note]}, timeout=20) as http:
        async with Client(streamable_http_client(told["url"], http_client=http)) as client:
            first = await client.call_tool("who_am_i", {})
        # As if the hours of the token had passed: the client then refreshes by itself.
        provider.context.token_expiry_time = 1
        async with Client(streamable_http_client(told["url"], http_client=http)) as client:
            second = await client.call_tool("who_am_i", {})
    registered = storage.client.model_dump(mode="json", exclude_none=True) if storage.client else {}
    say(
        {
            "findings": {
                "who": [one.content[0].text for one in (first, second)],
                "answers": [one.model_dump(mode="json", exclude_none=True) for one in storage.answers],
                "client": registered,
                "asked": asked,
            }
        }
    )


asyncio.run(main())
