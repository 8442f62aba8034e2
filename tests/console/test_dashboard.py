"""The first page: what happened, in numbers that can be traced, and which apps need attention."""

import pytest

from grantway import settings as s
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.pages.bars import bars
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House


async def test_tokens_refusals_and_grants_are_counted(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Shipment Sync"})
    answer, *_ = [await house.sign_in(app) for _ in range(3)]
    await house.refresh(app, answer["refresh_token"])
    await house.refresh(app, "wrong")

    page = await setup.open("/setup/")

    assert "<span>Tokens issued, 24 hours</span><b>4</b>" in page.text
    assert "<span>Refused, 24 hours</span><b>1</b>" in page.text
    assert "<span>Live grants</span><b>3</b>" in page.text
    assert '<th scope="row">Web Server</th><td class="num">3</td>' in page.text
    assert '<th scope="row">Refresh Token</th><td class="num">1</td>' in page.text
    assert "/setup/traces?reason=refresh.unknown" in page.text


async def test_what_was_taken_back_is_no_live_grant_a_minute_later(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    await house.sign_in(app)
    assert "<span>Live grants</span><b>2</b>" in (await setup.open("/setup/")).text

    await house.revoke(answer["refresh_token"])
    assert "<span>Live grants</span><b>2</b>" in (await setup.open("/setup/")).text

    house.clock.advance(ms=MINUTE_MS)
    assert "<span>Live grants</span><b>1</b>" in (await setup.open("/setup/")).text


async def test_numbers_of_a_week_are_shown_on_request(house: House, setup: Setup) -> None:
    await house.sign_in(await house.app())
    await house.server.tally.flush()
    house.clock.advance(ms=3 * DAY_MS)
    again = await sign_in(house, "nora@harbour.example")

    assert "<span>Tokens issued, 24 hours</span><b>0</b>" in (await again.open("/setup/")).text
    assert "<span>Tokens issued, 7 days</span><b>1</b>" in (await again.open("/setup/?days=7")).text


async def test_an_app_whose_used_token_came_back_comes_first(house: House, setup: Setup) -> None:
    await house.app({s.LABEL: "A Wide One", s.SCOPES: ("full",)})
    replayed = await house.app({s.LABEL: "Shipment Sync", s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(replayed)
    await house.refresh(replayed, first["refresh_token"])
    house.clock.advance(ms=MINUTE_MS)
    await house.refresh(replayed, first["refresh_token"])

    page = await setup.open("/setup/")

    assert "2 of 2 apps need attention" in page.text
    assert page.text.index("Shipment Sync") < page.text.index("A Wide One")
    assert "1 request refused in 24 hours: refresh.reused" in page.text


async def test_another_orgs_numbers_are_not_ours(house: House, setup: Setup) -> None:
    elsewhere = await house.elsewhere()
    await elsewhere.token({"grant_type": "client_credentials", "client_id": (await elsewhere.app()).consumer_key})

    page = await setup.open("/setup/")

    assert "<span>Refused, 24 hours</span><b>0</b>" in page.text
    assert "No app yet" in page.text


async def test_who_may_not_see_apps_is_told_what_it_takes(house: House) -> None:
    await add_user(house, "plain@harbour.example", "ApiEnabled")
    plain = await sign_in(house, "plain@harbour.example")

    assert "Customize Application" in (await plain.open("/setup/")).text


@pytest.mark.parametrize("numbers", [{}, {"a": 1}, {"a": 3, "b": 4}, {"a": 10**9, "b": 1}, {"c": 999_999}])
def test_bars_begin_at_zero_fit_the_drawing_and_add_up(numbers: dict[str, int]) -> None:
    chart = bars([("1", "one", numbers), ("2", "two", {})])

    assert chart.total == sum(numbers.values())
    for bar in chart.bars:
        assert all(10 <= piece.y <= 270 and piece.y + piece.height <= 270 for piece in bar.pieces)
        assert bar.x + bar.width <= chart.width
    assert next(label for _, label in chart.lines) == "0"
    assert [y for y, _ in chart.lines] == sorted((y for y, _ in chart.lines), reverse=True)
