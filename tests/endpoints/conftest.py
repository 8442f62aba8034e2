"""A house for each test of the endpoints, and a client that calls it over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.endpoints.house import House, open_house
from tests.endpoints.wire import open_web


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def web(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the house."""
    async with open_web(house.server) as client:
        yield client
