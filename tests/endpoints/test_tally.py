"""Numbers for the dashboard: counted with each token and refusal, written behind the answers."""

import pytest

from grantway import settings as s
from grantway.endpoints.tally import KEPT_MS
from grantway.kit.clock import HOUR_MS
from grantway.store.hour_counts import REFUSALS, TOKENS, counts_since, hour_of
from tests.endpoints.house import House


async def numbers(house: House, what: str, org_id: str | None = None) -> dict[tuple[int, str], int]:
    """What the database says once everything is written, by hours from now and name."""
    await house.server.tally.flush()
    start = house.clock.now_ms() - 10 * HOUR_MS
    found = await counts_since(house.db, house.org_id if org_id is None else org_id, what, start)
    now = hour_of(house.clock.now_ms())
    return {((hour - now) // HOUR_MS, name): number for hour, name, number in found}


async def test_each_token_is_counted_under_its_flow(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    for _ in range(3):
        assert (await house.refresh(app, answer["refresh_token"]))[0] == 200

    assert await numbers(house, TOKENS) == {(0, "token.code"): 1, (0, "token.refresh"): 3}


async def test_each_refusal_is_counted_under_its_reason_and_the_apps_org(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: False})
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)
    await house.token(form | {"client_secret": "wrong"})
    await house.token(form | {"client_id": "nobody"})

    assert sum((await numbers(house, REFUSALS)).values()) == 2
    assert await numbers(house, REFUSALS, "") == {(0, "client.unknown"): 1}
    assert await numbers(house, TOKENS) == {}


async def test_numbers_written_later_are_added_to_those_of_the_hour(house: House) -> None:
    app = await house.app()
    await house.sign_in(app)
    await house.server.tally.flush()
    await house.sign_in(app)

    assert await numbers(house, TOKENS) == {(0, "token.code"): 2}


async def test_each_hour_has_its_own_numbers_and_old_ones_are_forgotten(house: House) -> None:
    app = await house.app()
    await house.sign_in(app)
    await house.server.tally.flush()
    house.clock.advance(ms=HOUR_MS)
    await house.sign_in(app)

    assert await numbers(house, TOKENS) == {(-1, "token.code"): 1, (0, "token.code"): 1}

    house.clock.advance(ms=KEPT_MS + HOUR_MS)
    await house.sign_in(app)
    await house.server.tally.flush()

    assert [number for *_, number in await counts_since(house.db, house.org_id, TOKENS, 0)] == [1]


async def test_a_token_request_does_not_wait_for_its_number(house: House) -> None:
    app = await house.app()
    await house.sign_in(app)

    assert await counts_since(house.db, house.org_id, TOKENS, 0) == ()


@pytest.mark.requirement("R5")
async def test_what_was_counted_is_written_when_the_server_ends(house: House) -> None:
    await house.sign_in(await house.app())
    await house.server.tally.close()

    assert [number for *_, number in await counts_since(house.db, house.org_id, TOKENS, 0)] == [1]
