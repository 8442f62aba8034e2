"""Setup and the admin API are loaded by the first request for them."""

import asyncio
import subprocess
import sys
from pathlib import Path

from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.web.later import Endpoint, Later
from tests.endpoints.house import BASE, House, open_house


def test_a_server_starts_without_the_pages_and_the_api_of_setup() -> None:
    program = "import sys, grantway.app; print({'grantway.console', 'grantway.adminapi.routes'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


async def test_requests_that_come_while_an_endpoint_is_loaded_wait_for_it_and_hold_up_nobody(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await _asked_at_once(house)


async def _asked_at_once(house: House) -> None:
    loop, loading = asyncio.get_running_loop(), asyncio.Event()
    loaded = asyncio.Event()

    async def answer(call: Call, server: Server, base: str) -> Reply:
        del call, server, base
        return Reply(204, b"")

    def load() -> Endpoint:
        loop.call_soon_threadsafe(loading.set)
        asyncio.run_coroutine_threadsafe(loaded.wait(), loop).result(10)
        return answer

    later = Later(load)
    asked = [asyncio.ensure_future(later(house.call("/setup/"), house.server, BASE)) for _ in range(3)]
    await loading.wait()  # the loop goes on meanwhile
    assert not any(one.done() for one in asked)
    loaded.set()

    assert [reply.status for reply in await asyncio.gather(*asked)] == [204, 204, 204]
    assert (await later(house.call("/setup/"), house.server, BASE)).status == 204
