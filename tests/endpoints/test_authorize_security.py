"""The authorization endpoint under attack: where answers may go, what they carry, and what a request may hold."""

import re

import httpx
import pytest

from grantway import settings as s
from grantway.kit.jose import s256
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    CONSENT,
    LOGIN,
    Browser,
    goes_to,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import SALESFORCE, STANDARDS, VERIFIER, House

NO_CHALLENGE = {"code_challenge": "", "code_challenge_method": ""}


async def four_answers(house: House, browser: Browser, door: str) -> list[httpx.Response]:
    """Return the login page, the consent page, the redirect with a code, and an error page."""
    app = await house.app()
    login = await browser.to_login(app, door=door)
    consent = await browser.follow(await browser.log_in(login))
    code = await browser.answer(consent)
    return [login, consent, code, await browser.ask(app, door=door, redirect_uri="https://evil.example/")]


@pytest.mark.requirement("S5")
async def test_pages_cannot_be_framed_scripted_stored_or_told_to_others(
    house: House, browser: Browser, door: str
) -> None:
    """S5: clickjacking, injection, caches, referrers; on login, consent and error page."""
    login, consent, _code, error = await four_answers(house, browser, door)
    for page in (login, consent, error):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["content-type"] == "text/html;charset=UTF-8"
        assert not re.search(r"<script|style=|\son\w+=|https?://(?!localhost)", page.text)


@pytest.mark.requirement("S5")
async def test_a_redirect_with_a_code_is_not_stored_and_sends_no_referrer(
    house: House, browser: Browser, door: str
) -> None:
    """S5: 303 after a form, so that no browser sends the form on."""
    code = (await four_answers(house, browser, door))[2]

    assert code.status_code == 303
    assert "no-store" in code.headers["cache-control"]
    assert code.headers["referrer-policy"] == "no-referrer"
    assert code.content == b""


@pytest.mark.requirement("S6")
async def test_no_other_site_may_read_an_answer(house: House, browser: Browser, door: str) -> None:
    """S6: no CORS at the authorization endpoint and the pages, preflights included."""
    browser.client.headers["origin"] = "https://app.example"
    for reply in await four_answers(house, browser, door):
        assert not [name for name in reply.headers if name.startswith("access-control-")]
    for path in (f"{door}/authorize", LOGIN, CONSENT):
        preflight = await browser.client.options(path, headers={"access-control-request-method": "POST"})
        assert preflight.status_code == 405
        assert not [name for name in preflight.headers if name.startswith("access-control-")]


@pytest.mark.requirement("S53")
async def test_other_methods_are_refused_by_name(house: House, browser: Browser, door: str) -> None:
    """S53: 405 with the methods there are."""
    del house
    for method in ("PUT", "DELETE", "PATCH"):
        reply = await browser.client.request(method, f"{door}/authorize")
        assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.requirement("S7")
@pytest.mark.requirement("S59")
async def test_no_parameter_of_a_request_is_shown_on_the_error_page(house: House, browser: Browser, door: str) -> None:
    """S7, S59: neither as markup nor as words that could tell a person what to do."""
    app = await house.app()
    words = "<b>Call 555-0100 now</b>"
    params = {"state": words, "scope": words, "redirect_uri": words, "login_hint": words, "error_description": words}

    reply = await browser.ask(app, door=door, **params)

    assert page_error(reply)
    assert "555-0100" not in reply.text


@pytest.mark.requirement("S13")
async def test_a_challenge_other_than_s256_is_refused_at_the_callback(
    house: House, browser: Browser, door: str
) -> None:
    """security.md, section 1, PKCE: never plain, under whatever name; no downgrade by a malformed challenge."""
    app = await house.app()
    for more in (
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge_method": "plain", "code_challenge": VERIFIER},
        {"code_challenge": "short"},
        {"code_challenge": s256(VERIFIER) + "="},
        {"code_challenge": "+" + s256(VERIFIER)[1:]},
        {"code_challenge": "", "code_challenge_method": "plain"},
    ):
        assert told(await browser.ask(app, door=door, **more))["error"] == "invalid_request"


@pytest.mark.requirement("S13")
async def test_a_code_asked_for_with_a_challenge_needs_its_verifier(house: House, browser: Browser, door: str) -> None:
    """S13: code injection. A stolen code needs its verifier, and without a challenge no verifier is taken."""
    app = await house.app()
    for more, verifier in (({}, ""), ({}, "w" * 64), (NO_CHALLENGE, VERIFIER)):
        answer = await browser.approve(app, door=door, prompt="login consent", **more)

        status, refused = await house.redeem(app, answer["code"], door=door, code_verifier=verifier)

        assert status == 400
        assert refused["error"] in {"invalid_grant", "invalid_request"}


@pytest.mark.requirement("S13")
async def test_a_code_is_worth_nothing_to_another_app_or_at_the_other_door(
    house: House, browser: Browser, door: str
) -> None:
    """S13, S57: bound to its client and its door."""
    app, other = await house.app(), await house.app()
    answer = await browser.approve(app, door=door)
    other_door = SALESFORCE if door == STANDARDS else STANDARDS

    assert (await house.redeem(other, answer["code"], door=door))[1]["error"] == "invalid_grant"
    assert (await house.redeem(app, answer["code"], door=other_door))[1]["error"] == "invalid_grant"
    assert (await house.redeem(app, answer["code"], door=door))[0] == 200


@pytest.mark.requirement("S11")
async def test_codes_are_long_random_and_stored_as_a_hash(house: House, browser: Browser, door: str) -> None:
    """S11, salesforce-oauth.md 5: 76 characters that never repeat."""
    app = await house.app()
    first = (await browser.approve(app, door=door))["code"]
    codes = {first, *[told(await browser.ask(app, door=door))["code"] for _ in range(3)]}

    assert len(codes) == 4
    assert all(re.fullmatch(r"aPrx[A-Za-z0-9._]{70}==", code) for code in codes)
    rows = await house.db.all(Statement("SELECT * FROM authorization_code"))
    assert not [code for code in codes if code in str(rows)]


@pytest.mark.enforces("scopes")
async def test_a_scope_outside_the_apps_never_reaches_a_person(house: House, browser: Browser, door: str) -> None:
    """salesforce-oauth.md 6: a subset of the app's; `full` of an app without it, unknown names, other spellings."""
    both = await house.app({s.SCOPES: ("api", "id", "web")})
    assert goes_to(await browser.ask(both, door=door, scope="api web"), LOGIN)
    app = await house.app({s.SCOPES: ("api", "id")})
    for scope in ("api web", "full", "openid", "refresh_token", "offline_access", "API", "api,id", "nonsense"):
        reply = await browser.ask(app, door=door, scope=scope)

        assert page_error(reply) == "invalid_scope" if door == SALESFORCE else told(reply)["error"] == "invalid_scope"


async def test_no_scope_asked_for_means_all_of_the_apps(house: House, browser: Browser, door: str) -> None:
    """salesforce-oauth.md 3.1, scope."""
    app = await house.app({s.SCOPES: ("api", "id")})

    tokens = await redeem(house, app, await browser.approve(app, door=door), door)

    assert set(tokens["scope"].split()) == {"api", "id"}


async def test_immediate_is_prompt_none_at_salesforces_door_alone(house: House, browser: Browser) -> None:
    """salesforce-oauth.md 3.1: immediate=true needs a login and a consent, and means nothing to the RFCs."""
    app = await house.app()
    assert told(await browser.ask(app, immediate="true", state="s"))["error"] == "immediate_unsuccessful"
    page = await browser.to_consent(app)
    assert told(await browser.ask(app, immediate="true"))["error"] == "immediate_unsuccessful"
    await browser.answer(page)

    assert "code" in told(await browser.ask(app, immediate="true"))
    assert goes_to(await Browser(house).ask(app, door=STANDARDS, immediate="true"), LOGIN)


@pytest.mark.requirement("S10")
async def test_prompt_none_stands_alone(house: House, browser: Browser, door: str) -> None:
    """S10: none with another value is an error (OpenID Connect Core 3.1.2.1)."""
    answer = told(await browser.ask(await house.app(), door=door, prompt="none login"))

    assert answer["error"] == "invalid_request"


@pytest.mark.requirement("S10")
async def test_prompt_none_never_leaves_a_cookie_or_a_row(house: House, browser: Browser, door: str) -> None:
    """S10: whoever probes silently changes nothing."""
    app = await house.app()
    for more in ({"prompt": "none"}, {"redirect_uri": "https://evil.example/"}, {"response_type": ""}):
        assert "set-cookie" not in (await browser.ask(app, door=door, **more)).headers

    assert await house.db.all(Statement("SELECT id FROM browser")) == []
    assert await house.db.all(Statement("SELECT id FROM authorization_request")) == []


@pytest.mark.requirement("S10")
@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", "1e3", "99999999999999999999", "\u0661"])
async def test_max_age_is_a_whole_number(house: House, browser: Browser, door: str, max_age: str) -> None:
    """S10, S40: anything else is an error, never a guess."""
    assert told(await browser.ask(await house.app(), door=door, max_age=max_age))["error"] == "invalid_request"


async def test_select_account_shows_the_login_page(house: House, browser: Browser, door: str) -> None:
    """salesforce-oauth.md 3.1, prompt."""
    app = await house.app()
    await browser.approve(app, door=door)

    assert goes_to(await browser.ask(app, door=door, prompt="select_account"), LOGIN)
