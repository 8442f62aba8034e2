"""Signing in to the console: who gets in, where it leads, how it ends (S33, S34, S41)."""

import pytest

from tests.console.setup import ADMIN, Setup, field_of, sign_in
from tests.endpoints.browsing import PASSWORD, Browser
from tests.endpoints.house import House

pytestmark = pytest.mark.requirement("S41")


async def test_whoever_is_not_signed_in_is_led_to_the_login_page_and_back_to_where_they_wanted(
    house: House, setup: Setup
) -> None:
    stranger = Browser(house)
    sent = await stranger.get("/setup/nowhere?x=1")
    page = await stranger.follow(sent)
    form = {"csrf": field_of(page, "csrf"), "username": ADMIN, "password": PASSWORD}

    reply = await stranger.post(str(page.url), form)

    assert reply.status_code == 303
    assert reply.headers["location"].endswith("/setup/nowhere?x=1")


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/id/", "/setup/..%2f..", "/setup\\evil"])
async def test_the_login_leads_nowhere_but_into_the_console(house: House, setup: Setup, to: str) -> None:
    stranger = Browser(house)
    page = await stranger.get(f"/setup/login?to={to}")
    form = {"csrf": field_of(page, "csrf"), "username": ADMIN, "password": PASSWORD}

    location = (await stranger.post(str(page.url), form)).headers["location"]

    assert location.startswith("http://localhost:8400/setup/")


async def test_a_wrong_password_is_told_on_the_page(house: House, setup: Setup) -> None:
    stranger = Browser(house)
    page = await stranger.get("/setup/login")

    reply = await stranger.post(
        "/setup/login", {"csrf": field_of(page, "csrf"), "username": ADMIN, "password": "wrong"}
    )

    assert reply.status_code == 400
    assert "do not fit together" in reply.text


async def test_a_login_form_of_another_page_is_shown_again(house: House, setup: Setup) -> None:
    stranger = Browser(house)

    reply = await stranger.post("/setup/login", {"csrf": "f" * 64, "username": ADMIN, "password": PASSWORD})

    assert reply.status_code == 400
    assert "log in again" in reply.text


async def test_logging_out_ends_the_session_on_the_server(house: House, setup: Setup) -> None:
    cookies = dict(setup.browser.client.cookies)

    await setup.follow(await setup.send("/setup/logout", {}))

    setup.browser.client.cookies.update(cookies)
    assert (await setup.browser.get("/setup/")).status_code == 303


async def test_a_frozen_user_is_out_at_the_next_page(house: House, setup: Setup) -> None:
    await house.change("UPDATE person SET is_frozen = 1 WHERE username = :name", ADMIN)

    assert (await setup.browser.get("/setup/")).status_code == 303


async def test_a_form_without_the_sessions_token_or_from_another_origin_changes_nothing(
    house: House, setup: Setup
) -> None:
    other = await sign_in(house, ADMIN)
    token = field_of(await other.open("/setup/"), "csrf")

    forged = await setup.browser.post("/setup/", {"csrf": token})
    elsewhere = await setup.browser.post("/setup/logout", {"csrf": token}, origin="https://evil.example")

    assert forged.status_code in (403, 405)
    assert elsewhere.status_code == 303
    assert (await setup.open("/setup/")).status_code == 200


async def test_an_unknown_page_says_so_within_the_console(setup: Setup) -> None:
    reply = await setup.open("/setup/nowhere", 404)

    assert "There is no page /setup/nowhere" in reply.text
    assert "default-src &#39;none&#39;" not in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]


async def test_every_page_of_the_console_is_kept_from_frames_caches_and_foreign_scripts(setup: Setup) -> None:
    reply = await setup.open("/setup/")

    policy = reply.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["cache-control"] == "no-store"


async def test_what_goes_wrong_inside_is_told_in_the_consoles_words(house: House, setup: Setup) -> None:
    long = {"content-type": "application/x-www-form-urlencoded"}

    reply = await setup.browser.client.post("/setup/org", content=b"x" * 300_000, headers=long)

    assert reply.status_code == 413
    assert "<h1>Setup could not do this</h1>" in reply.text
