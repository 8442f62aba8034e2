"""What tests of every floor share: one PostgreSQL server of their own."""

from collections.abc import Iterator

import pytest

from tests.toolchain import PostgresServer, need, postgres_bin


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the length of a run, started when the first test asks for it."""
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        yield server
