"""When a person is asked again: prompt, max_age and id_token_hint, one test a bullet (conformance.md 3)."""

from tests.endpoints.browsing import (
    CONSENT,
    LOGIN,
    Browser,
    claims,
    goes_to,
    redeem,
    told,
)
from tests.endpoints.house import STANDARDS, House


async def test_prompt_login_asks_again_and_renews_auth_time(house: House, browser: Browser) -> None:
    """`prompt-login`."""
    app = await house.app()
    first = claims(await redeem(house, app, await browser.approve(app, door=STANDARDS, scope="openid"), STANDARDS))
    house.clock.advance(seconds=2)

    page = await browser.to_login(app, door=STANDARDS, scope="openid", prompt="login")
    second = claims(await redeem(house, app, told(await browser.log_in(page)), STANDARDS))

    assert second["auth_time"] == first["auth_time"] + 2
    assert second["sub"] == first["sub"]


async def test_prompt_none_without_a_login_is_an_error_at_the_callback(
    house: House, browser: Browser, door: str
) -> None:
    """`prompt-none-not-logged-in`."""
    answer = told(await browser.ask(await house.app(), door=door, prompt="none", state="s"))

    assert answer["error"] == ("login_required" if door == STANDARDS else "immediate_unsuccessful")
    assert answer["state"] == "s"


async def test_prompt_none_with_a_login_and_consent_succeeds_at_once(house: House, browser: Browser, door: str) -> None:
    """`prompt-none-logged-in`: the same person, the same auth_time, consent remembered."""
    app = await house.app()
    first = claims(await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door))
    house.clock.advance(seconds=2)

    reply = await browser.ask(app, door=door, scope="openid", prompt="none")

    second = claims(await redeem(house, app, told(reply), door))
    assert (second["sub"], second.get("auth_time")) == (first["sub"], first.get("auth_time"))


async def test_prompt_none_with_the_first_id_token_succeeds_at_once(house: House, browser: Browser, door: str) -> None:
    """`id-token-hint`."""
    app = await house.app()
    tokens = await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door)

    reply = await browser.ask(app, door=door, scope="openid", prompt="none", id_token_hint=tokens["id_token"])

    assert claims(await redeem(house, app, told(reply), door))["sub"] == claims(tokens)["sub"]


async def test_an_expired_id_token_still_is_a_hint(house: House, browser: Browser, door: str) -> None:
    """OpenID Connect Core 3.1.2.1: the server accepts expired ID tokens as hints."""
    app = await house.app()
    tokens = await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door)
    house.clock.advance(minutes=60)

    reply = await browser.ask(app, door=door, scope="openid", prompt="none", id_token_hint=tokens["id_token"])

    assert "code" in told(reply)


async def test_a_login_older_than_max_age_is_asked_for_again(house: House, browser: Browser) -> None:
    """`max-age-1`."""
    app = await house.app()
    first = claims(await redeem(house, app, await browser.approve(app, door=STANDARDS, scope="openid"), STANDARDS))
    house.clock.advance(seconds=2)

    page = await browser.to_login(app, door=STANDARDS, scope="openid", max_age="1")
    second = claims(await redeem(house, app, told(await browser.log_in(page)), STANDARDS))

    assert second["auth_time"] > first["auth_time"]


async def test_max_age_0_is_prompt_login(house: House, browser: Browser, door: str) -> None:
    """OpenID Connect Core 3.1.2.1, max_age: even within the moment of the first login."""
    app = await house.app()
    await browser.approve(app, door=door)

    assert goes_to(await browser.ask(app, door=door, max_age="0"), LOGIN)


async def test_a_login_younger_than_max_age_is_used(house: House, browser: Browser) -> None:
    """`max-age-10000`: auth_time in both ID tokens, and equal."""
    app = await house.app()
    more = {"door": STANDARDS, "scope": "openid"}
    first = claims(await redeem(house, app, await browser.approve(app, max_age="15000", **more), STANDARDS))
    house.clock.advance(seconds=2)

    second = claims(await redeem(house, app, told(await browser.ask(app, max_age="10000", **more)), STANDARDS))

    assert first["auth_time"] == second["auth_time"]


async def test_an_old_login_with_prompt_none_and_max_age_is_no_login(house: House, browser: Browser) -> None:
    """OpenID Connect Core 3.1.2.1: prompt=none never shows a page, whatever else is asked."""
    app = await house.app()
    await browser.approve(app, door=STANDARDS)
    house.clock.advance(seconds=2)

    assert told(await browser.ask(app, door=STANDARDS, prompt="none", max_age="1"))["error"] == "login_required"


async def test_prompt_consent_asks_again_though_consent_is_remembered(
    house: House, browser: Browser, door: str
) -> None:
    """Section 7: remembered per client and scope unless prompt=consent."""
    app = await house.app()
    await browser.approve(app, door=door)

    assert goes_to(await browser.ask(app, door=door, prompt="consent"), CONSENT)
