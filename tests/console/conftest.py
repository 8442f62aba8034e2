"""A house with an administrator who is signed in to the console."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantway.domain.permissions import ALL
from grantway.manage.server import orgs
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.endpoints.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        await orgs.change(opened.desk, opened.org, {"allow_connected_app_creation": "true"})
        yield opened


@pytest.fixture
async def setup(house: House) -> Setup:
    """The console, signed in to by a user with every permission."""
    await add_user(house, ADMIN, *ALL)
    return await sign_in(house, ADMIN)
