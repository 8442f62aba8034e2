"""While the next release upgrades the database, servers of this one go on, and can be restarted (R7)."""

import httpx
import pytest

from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.open import open_database
from tests.journeys.engines import Engine
from tests.journeys.served import redeem, refresh, serving, walk
from tests.store.test_adjacent_releases import upgraded_by_the_next_release

pytestmark = pytest.mark.requirement("R7")


async def test_servers_of_this_release_work_on_a_database_that_the_next_one_has_upgraded(
    engine: Engine, client: httpx.Client
) -> None:
    with serving(engine.folder, *engine.options) as before:
        before.options = engine.options
        answer = redeem(before, client, walk(before, client)).json()
        db = await open_database(engine.url, SystemClock())
        await upgraded_by_the_next_release(db, schema.migrations()[-1].number)
        await db.close()

        rotated = refresh(before, client, answer["refresh_token"]).json()
        assert before.cli("app", "set", before.app["name"], "description=still here").returncode == 0

        with serving(engine.folder, *engine.options) as restarted:
            restarted.options = engine.options
            assert refresh(restarted, client, rotated["refresh_token"]).status_code == 200
            assert restarted.cli("db", "check").returncode == 0
            assert redeem(restarted, client, walk(restarted, client, prompt="consent")).status_code == 200
