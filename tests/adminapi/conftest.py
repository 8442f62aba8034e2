"""A house and a program of its administrator."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from grantway.manage.server import orgs
from tests.adminapi.client import Program, administrator
from tests.endpoints.house import House, open_house


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put the operation into the id of each test of schemathesis, which names it in a way that pytest 9.2 overlooks."""
    if operation := getattr(item, "operation_label", ""):
        item._id = replace(item.id, params=operation)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        await orgs.change(opened.desk, opened.org, {"allow_connected_app_creation": "true"})
        yield opened


@pytest.fixture
async def program(house: House) -> Program:
    """A program whose token's user has every permission."""
    return await administrator(house)
