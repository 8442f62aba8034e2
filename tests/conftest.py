"""Databases for tests: one that takes `db` runs on both engines, a SQLite file and a PostgreSQL of the tests' own."""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.open import open_database
from tests.toolchain import PostgresServer, memory_folder, need, postgres_bin

# The suite commits some ten thousand times: on a disk it waits for flushes more than for anything else.
if memory := memory_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)

one_engine = pytest.mark.parametrize("engine", ["sqlite"])
"""For tests of what is decided before a database is asked: there, one engine tells all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests of one id: xdist knows a test by its id, and would run one of them only."""
    twice = [nodeid for nodeid, times in Counter(item.nodeid for item in items).items() if times > 1]
    if twice:
        raise pytest.UsageError(f"more than one test is called {', '.join(twice)}")


Opener = Callable[[], Awaitable[Database]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the length of a run, started when the first test asks for it."""
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres: PostgresServer) -> str:
    url = postgres.create_database()
    asyncio.run(_migrate(url))
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A SQLite file of the newest schema, without any row."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'store.db')}"


@pytest.fixture
def postgres_url(postgres: PostgresServer, migrated_database: str) -> Iterator[str]:
    """A PostgreSQL database of the newest schema, without any row."""
    url = postgres.create_database(template=migrated_database)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> str:
    """A database of the newest schema, without any row."""
    found: str = request.getfixturevalue(f"{engine}_url")
    return found


@pytest.fixture
async def open_another(url: str) -> AsyncIterator[Opener]:
    """Opens the same database once more, as another process would."""
    opened: list[Database] = []

    async def open_it() -> Database:
        opened.append(await open_database(url, SystemClock()))
        return opened[-1]

    yield open_it
    for database in opened:
        await database.close()


@pytest.fixture
async def db(open_another: Opener) -> Database:
    return await open_another()


async def _migrate(url: str) -> None:
    database = await open_database(url, SystemClock())
    await schema.upgrade(database)
    await database.close()
