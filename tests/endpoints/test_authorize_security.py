"""The authorization endpoint under attack: where answers may go, what they carry, and what a request may hold."""

import re
from urllib.parse import urlencode

import httpx
import pytest

from grantway import settings as s
from grantway.kit.jose import s256
from grantway.protocol.door import Voice
from grantway.protocol.no import authorize as reasons
from grantway.protocol.refusal import Reason
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    CONSENT,
    LOGIN,
    Browser,
    asked,
    goes_to,
    neighbour,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House

NO_CHALLENGE = {"code_challenge": "", "code_challenge_method": ""}


async def four_answers(house: House, browser: Browser, door: str) -> list[httpx.Response]:
    """Return the login page, the consent page, the redirect with a code, and an error page."""
    app = await house.app()
    login = await browser.to_login(app, door=door)
    consent = await browser.follow(await browser.log_in(login))
    code = await browser.answer(consent)
    return [login, consent, code, await browser.ask(app, door=door, redirect_uri="https://evil.example/")]


@pytest.mark.requirement("S1")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "https://evil.example/",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example\\@app.example/callback",
        "https://app.example/callback/../open?to=evil",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "https://app.example/call%62ack",
        "https://app.example/callback\n",
        "https://app.example/callback\r\nset-cookie: a=b",
        "javascript:alert(1)//https://app.example/callback",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
    ],
)
async def test_an_answer_goes_to_a_registered_callback_or_nowhere(
    house: House, browser: Browser, redirect_uri: str
) -> None:
    """S1: byte equality; whatever else is wrong with the request, there is no redirect."""
    app = await house.app()
    for door in (SALESFORCE, STANDARDS):
        for more in ({}, {"prompt": "none"}, {"response_type": "token"}, {"request": "x"}):
            assert page_error(await browser.ask(app, door=door, redirect_uri=redirect_uri, **more))


@pytest.mark.requirement("S1")
async def test_an_unknown_client_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """S1: unknown, of the other door alone, with OAuth switched off, not named: to a stranger these are one page."""
    closed = "salesforce" if door == STANDARDS else "standards"
    hidden_app = await house.app({s.LABEL: "Secret Plans"})
    await house.change(
        "UPDATE app_policy SET settings = json_set(settings, '$.doors', :doors), version = version + 1", closed
    )
    await house.change("UPDATE app SET settings = json_set(settings, '$.doors', :doors), version = version + 1", closed)
    wheres = []
    for client_id in ("3MVG9nobody", hidden_app.consumer_key, "' OR 1=1 --", "x" * 3000):
        reply = await browser.get(f"{door}/authorize", asked(hidden_app) | {"client_id": client_id})
        assert reply.status_code == 400
        assert page_error(reply) in {"invalid_client_id", "invalid_client"}
        assert "Secret Plans" not in reply.text
        wheres.append(re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", "ID", reply.text))
    assert len(set(wheres)) == 1


@pytest.mark.requirement("S1")
async def test_what_is_no_browser_gets_the_raw_pair(house: House, browser: Browser) -> None:
    """S1, salesforce-oauth.md 2.3, point 1: as the Mobile SDK's tests look for it."""
    del house
    reply = await browser.client.get(
        f"{SALESFORCE}/authorize?client_id=nobody&response_type=code", headers={"accept": "*/*"}
    )

    assert (reply.status_code, reply.text) == (
        400,
        "error=invalid_client_id&error_description=client%20identifier%20invalid",
    )
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.requirement("S2")
@pytest.mark.parametrize(
    "more",
    [
        "redirect_uri=https://evil.example/",
        "client_id=other",
        "state=t",
        "scope=api",
        "prompt=none",
        "unknown=1&unknown=2",
        "state[]=x",
    ],
)
async def test_a_parameter_given_twice_is_refused_on_a_page(
    house: House, browser: Browser, door: str, more: str
) -> None:
    """S2: also in array syntax, also one that nobody knows."""
    query = urlencode(asked(await house.app(), state="s", scope="id", prompt="consent")) + "&" + more

    assert page_error(await browser.get(f"{door}/authorize?{query}")) == "invalid_request"


@pytest.mark.requirement("S2")
async def test_parameters_come_in_the_url_or_in_the_body_not_in_both(house: House, browser: Browser, door: str) -> None:
    """S2: mixtures are refused; either alone is taken."""
    params = asked(await house.app())

    assert page_error(await browser.post(f"{door}/authorize?{urlencode(params)}", {"state": "s"})) == "invalid_request"
    assert goes_to(await browser.follow(await browser.post(f"{door}/authorize", params)), LOGIN)
    assert goes_to(await browser.post(f"{door}/authorize", params), LOGIN)


@pytest.mark.requirement("S2")
@pytest.mark.requirement("S49")
async def test_what_is_not_utf8_or_holds_a_nul_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """S49: never stored, never echoed."""
    query = urlencode(asked(await house.app()))

    for state in ("%FF", "%ED%A0%80", "a%00b"):
        assert page_error(await browser.get(f"{door}/authorize?{query}&state={state}")) == "invalid_request"


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("name", ["client_secret", "password", "access_token", "code_verifier", "refresh_token"])
async def test_a_secret_in_the_url_is_refused_on_a_page(house: House, browser: Browser, door: str, name: str) -> None:
    """security.md, section 1, secrets in the URL; the answer does not repeat it."""
    reply = await browser.ask(await house.app(), door=door, **{name: "hunter2hunter2"})

    assert page_error(reply) == "invalid_request"
    assert "hunter2" not in reply.text


@pytest.mark.requirement("S4")
async def test_every_answer_at_the_callback_names_its_issuer(house: House, browser: Browser, door: str) -> None:
    """S4: against mix-up, with a code and with each kind of error."""
    app = await house.app()
    issuer = browser.base + (STANDARDS if door == STANDARDS else "")
    page = await browser.to_consent(app, door=door)

    answers = [
        told(await browser.answer(page, "deny")),
        told(await browser.ask(app, door=door, prompt="none")),
        told(await browser.ask(app, door=door, response_type="")),
        await browser.approve(app, door=door, prompt="login consent"),
    ]
    assert [answer["iss"] for answer in answers] == [issuer] * 4


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


@pytest.mark.requirement("S33")
async def test_a_foreign_page_cannot_log_a_person_out_with_a_request_too_long_to_send_on(
    house: House, browser: Browser, door: str
) -> None:
    """S33: their cookie stayed behind, and the answer must not replace it."""
    app = await house.app()
    await browser.approve(app, door=door)
    params = asked(app, state="\u00e4" * 2000, nonce="\u00e4" * 2000)

    reply = await browser.post(f"{door}/authorize", params, origin="https://evil.example", without_cookies=True)

    assert "set-cookie" not in reply.headers
    assert told(reply)["error"] == "invalid_request"
    assert "code" in told(await browser.ask(app, door=door))


@pytest.mark.requirement("S57")
async def test_a_consumer_key_is_all_that_leads_to_an_app_of_another_org(
    house: House, browser: Browser, door: str
) -> None:
    """S57: neither its id nor its name does."""
    await neighbour(house)
    app = await house.app()
    ((name,),) = await house.db.all(Statement("SELECT name FROM app"))

    for client_id in (app.id, app.id[:15], str(name), app.consumer_key.lower(), app.consumer_key + " "):
        assert page_error(await browser.get(f"{door}/authorize", asked(app) | {"client_id": client_id}))


def test_no_error_description_holds_what_a_header_or_a_client_stumbles_over() -> None:
    """conformance.md 2: printable ASCII without double quote and backslash, at both doors."""
    texts = [
        (reason.id, reason.wire(voice).says)
        for reason in vars(reasons).values()
        if isinstance(reason, Reason)
        for voice in (Voice.SALESFORCE, Voice.STANDARDS)
    ]

    assert len(texts) > 40
    assert [pair for pair in texts if not re.fullmatch(r"[ !#-\[\]-~]+", pair[1])] == []


async def test_the_answer_of_a_custom_scheme_callback_is_well_formed(house: House, browser: Browser, door: str) -> None:
    """RFC 8252, 7.1: apps in use have `myapp://` and `testsfdc:///`; nothing of theirs is rewritten."""
    for callback in ("testsfdc:///mobilesdk/detect/oauth/done", "com.example.app:/back", "myapp://x?keep=%C3%A4"):
        app = await house.app({s.CALLBACK_URL: (callback,)})

        assert told(await browser.ask(app, door=door, redirect_uri=callback, prompt="none"), callback)["error"]


async def test_the_callback_stands_in_no_page_but_by_its_host(house: House, browser: Browser) -> None:
    """The page names where an answer goes; the address itself could hold words meant for the person."""
    callback = CALLBACK + "/Call-555-0100-now"
    app = await house.app({s.CALLBACK_URL: (callback,)})
    login = await browser.to_login(app, redirect_uri=callback)
    consent = await browser.follow(await browser.log_in(login))

    for page in (login, consent):
        assert "app.example" in page.text
        assert "555-0100" not in page.text
