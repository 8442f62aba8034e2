"""A house for each test of the endpoints."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.endpoints.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        yield opened
