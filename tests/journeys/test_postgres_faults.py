"""PostgreSQL restarted, crashed, hung and cut off under load: a clear 503, and service that resumes by itself (R5)."""

from collections.abc import Callable, Iterator

import pytest

from tests.journeys.engines import on_postgres
from tests.journeys.load import Load, assert_clear, assert_kept
from tests.journeys.served import Served, serving
from tests.toolchain import PostgresServer, need, postgres_bin

pytestmark = pytest.mark.postgres
_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'grantway%'"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that the tests of this file may harm."""
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def served(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server with two workers on it."""
    folder = tmp_path_factory.mktemp("data")
    with serving(folder, *on_postgres(folder, postgres).options, "--workers", "2") as running:
        yield running


def _cut(postgres: PostgresServer, load: Load) -> None:
    for _ in range(5):
        postgres.execute(_CUT)
        load.until_acknowledged(10)


def _restart(postgres: PostgresServer, load: Load) -> None:
    postgres.stop("fast")
    load.until_refused(8)
    postgres.start()


def _crash(postgres: PostgresServer, load: Load) -> None:
    postgres.stop("crash")
    load.until_refused(8)
    postgres.start()


def _hang(postgres: PostgresServer, load: Load) -> None:
    postgres.pause()
    try:
        load.until_refused(4)
    finally:
        postgres.resume()


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("harm", [_cut, _restart, _crash, _hang], ids=lambda harm: harm.__name__[1:])
def test_harm_to_postgresql_under_load_costs_clear_refusals_and_nothing_that_was_acknowledged(
    served: Served, postgres: PostgresServer, harm: Callable[[PostgresServer, Load], None]
) -> None:
    with Load(served) as load:
        load.until_acknowledged(40)
        harm(postgres, load)
        load.until_acknowledged(40)

    assert_clear(load.refused)
    assert_kept(served, load)
