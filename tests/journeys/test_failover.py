"""A primary with a standby, both named in the URL: the writable one is used, before and after a failover (R5)."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.engines import on_postgres
from tests.journeys.load import Load, assert_clear, assert_kept
from tests.journeys.served import serving
from tests.toolchain import PostgresServer, need, postgres_bin

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    """A PostgreSQL server of a test's own."""
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        yield server


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("harm", ["crash", "hang"])
def test_after_a_failover_the_new_primary_is_used_and_nothing_acknowledged_is_lost(
    primary: PostgresServer, tmp_path: Path, harm: str
) -> None:
    engine = on_postgres(tmp_path, primary)
    url = urlsplit(engine.url)
    with closing(primary.make_standby()) as standby:
        # The standby first: it is passed over while it is one.
        both = url._replace(netloc=url.netloc.replace("@", f"@127.0.0.1:{standby.port},")).geturl()
        with serving(tmp_path, *engine.options_for(both)) as served:
            with Load(served) as load:
                load.until_acknowledged(40)
                if harm == "crash":
                    primary.stop("crash")
                else:
                    primary.pause()
                standby.promote()
                load.until_acknowledged(40)

            assert_clear(load.refused)
            assert_kept(served, load)
