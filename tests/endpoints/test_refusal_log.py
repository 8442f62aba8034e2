"""Refusals are written behind the answers: whoever waits for that, and who ends it, loses none."""

import asyncio

from grantway.store.statement import Statement
from tests.endpoints.browsing import Browser
from tests.endpoints.house import House

_COUNT = Statement("SELECT count(*) FROM refusal")


async def refuse_three(house: House) -> None:
    """Have three requests refused."""
    for _ in range(3):
        assert (await Browser(house).get("/oidc/authorize")).status_code == 400


async def test_who_waits_for_the_writing_also_waits_for_what_is_being_written(house_on_each_engine: House) -> None:
    house, log = house_on_each_engine, house_on_each_engine.server.refusals
    await refuse_three(house)
    first, second = asyncio.ensure_future(log.flush()), asyncio.ensure_future(log.flush())
    await second

    assert await house.db.all(_COUNT) == [(3,)]
    await first


async def test_what_is_being_written_when_the_log_closes_is_written(house_on_each_engine: House) -> None:
    house, log = house_on_each_engine, house_on_each_engine.server.refusals
    await refuse_three(house)
    writing = asyncio.ensure_future(log.flush())
    await log.close()

    assert await house.db.all(_COUNT) == [(3,)]
    await writing
