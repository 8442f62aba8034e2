"""A house for each test of the endpoints, and who calls there: an HTTP client, a browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.endpoints.browsing import Browser, give_passwords
from tests.endpoints.house import SALESFORCE, STANDARDS, House, open_house
from tests.endpoints.wire import open_web
from tests.outbound.peer import serve, serve_tls
from tests.toolchain import PostgresServer

__all__ = ["serve", "serve_tls"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without sockets on a fresh database, its clock standing still."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database for a house, once of each engine; an empty URL is SQLite's."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database(template=request.getfixturevalue("migrated_database"))
    yield url
    server.drop_database(url)


@pytest.fixture
async def house_on_each_engine(tmp_path: Path, engine_url: str) -> AsyncIterator[House]:
    """The same as `house`, once on each engine."""
    async with open_house(tmp_path, engine_url) as opened:
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


@pytest.fixture
async def web(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the house."""
    async with open_web(house.server) as client:
        yield client
