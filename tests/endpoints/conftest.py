"""A house for each test of the endpoints, and a browser in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.endpoints.browsing import Browser, give_passwords
from tests.endpoints.house import SALESFORCE, STANDARDS, House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser(house: House) -> Browser:
    """A browser that has never been here; every user of the house has a password."""
    await give_passwords(house)
    return Browser(house)


@pytest.fixture(params=[SALESFORCE, STANDARDS], ids=["salesforce", "standards"])
def door(request: pytest.FixtureRequest) -> str:
    """The path of each door in turn."""
    name: str = request.param
    return name
