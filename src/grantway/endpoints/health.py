"""GET /healthz and /readyz: is the process alive, and can it do its work?"""

from typing import Final

from grantway.endpoints.answer import text_reply
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.store.schema import pending
from grantway.store.statement import Unavailable

_OK: Final = "ok\n"


async def alive(call: Call, server: Server, base: str) -> Reply:
    """Say that the process answers."""
    del call, server, base
    return text_reply(_OK)


async def ready(call: Call, server: Server, base: str) -> Reply:
    """Say whether to send requests here: not while stopping, nor without a database of the current schema."""
    del call, base
    if server.stopping.is_set():
        return text_reply("stopping\n", 503)
    try:
        missing = await pending(server.db)
    except Unavailable:
        return text_reply("database not reachable\n", 503)
    if missing:
        return text_reply("schema not current; run grantway db upgrade\n", 503)
    return text_reply(_OK)
