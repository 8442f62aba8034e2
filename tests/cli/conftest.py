"""Command lines on both engines, each with a database of its own in which there is one org: Harbour."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grantway.kit.keyfile import new_key_line
from tests.cli.terminal import Terminal
from tests.toolchain import PostgresServer


@pytest.fixture(scope="session")
def sqlite_begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the org, to copy."""
    folder = tmp_path_factory.mktemp("begun")
    Terminal(["--data", str(folder)]).says("org", "create", "Harbour")
    return folder


@pytest.fixture(scope="session")
def postgres_begun(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A PostgreSQL database with the org, to copy."""
    key_file = tmp_path_factory.mktemp("named") / "named.key"
    key_file.write_text(new_key_line())
    begun = Terminal(["--database", postgres.create_database(), "--secret-key-file", str(key_file)])
    begun.says("db", "upgrade")
    begun.says("org", "create", "Harbour")
    return begun


@pytest.fixture
def data(sqlite_begun: Path, tmp_path: Path) -> str:
    """A data folder with one org."""
    return str(shutil.copytree(sqlite_begun, tmp_path / "data"))


@pytest.fixture
def terminal(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A command line at a database with one org."""
    if engine == "sqlite":
        yield Terminal(["--data", request.getfixturevalue("data")])
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    begun: Terminal = request.getfixturevalue("postgres_begun")
    copy = server.create_database(template=begun.database)
    key_file = shutil.copy(begun.key_file, tmp_path / "named.key")
    yield Terminal(["--database", copy, "--secret-key-file", str(key_file)])
    server.drop_database(copy)
