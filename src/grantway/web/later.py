"""Endpoints whose code is loaded by the first request that needs it: to issue tokens a server starts without them."""

import asyncio
from collections.abc import Awaitable, Callable

from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply

Endpoint = Callable[[Call, Server, str], Awaitable[Reply]]


class Later:
    """An endpoint that is imported when it is first asked, in a thread: what else is under way goes on meanwhile."""

    def __init__(self, load: Callable[[], Endpoint]) -> None:
        """Take what imports the endpoint, returns it and bears its name; several requests at once may call it."""
        self.__name__ = load.__name__.removeprefix("_")
        self._load = load
        self._endpoint: Endpoint | None = None

    async def __call__(self, call: Call, server: Server, base: str) -> Reply:
        """Answer one call."""
        if self._endpoint is None:
            self._endpoint = await asyncio.to_thread(self._load)
        return await self._endpoint(call, server, base)
