"""The authorization endpoint as the OpenID Foundation's modules see it, one test a bullet (conformance.md 3)."""

import pytest

from grantway import settings as s
from tests.endpoints.browsing import (
    LOGIN,
    Browser,
    asked,
    claims,
    goes_to,
    hidden,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import BASE, CALLBACK, STANDARDS, House


async def test_parameters_and_scopes_come_in_any_order(house: House, browser: Browser, door: str) -> None:
    """`alternate-happy-flow`."""
    app = await house.app()
    params = dict(reversed(asked(app, scope="refresh_token openid api", state="s").items()))

    login = await browser.follow(await browser.get(f"{door}/authorize", params))
    answer = told(await browser.answer(await browser.follow(await browser.log_in(login))))

    assert "code" in answer
    assert answer["state"] == "s"


async def test_a_missing_response_type_is_told_to_the_callback(house: House, browser: Browser, door: str) -> None:
    """`response-type-missing`."""
    answer = told(await browser.ask(await house.app(), door=door, response_type="", state="s"))

    assert answer["error"] in {"invalid_request", "unsupported_response_type"}
    assert answer["state"] == "s"


async def test_a_request_without_nonce_succeeds_and_none_is_invented(house: House, browser: Browser, door: str) -> None:
    """`ensure-request-without-nonce-succeeds-for-code-flow`."""
    app = await house.app()

    tokens = await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door)

    assert "nonce" not in claims(tokens)


async def test_a_nonce_comes_back_in_the_id_token(house: House, browser: Browser, door: str) -> None:
    """Section 2, ID Token: nonce echoed exactly when sent."""
    app = await house.app()

    tokens = await redeem(house, app, await browser.approve(app, door=door, scope="openid", nonce="n-~ä"), door)

    assert claims(tokens)["nonce"] == "n-~ä"


@pytest.mark.parametrize(
    "more",
    [
        {"display": "page"},
        {"display": "popup"},
        {"display": "hologram"},
        {"ui_locales": "se de"},
        {"claims_locales": "se"},
        {"login_hint": "somebody@example.com"},
        {"acr_values": "1 2"},
        {"extra": "foobar"},
        {"claims": '{"userinfo":{"name":{"essential":true}}}'},
    ],
    ids=lambda more: "=".join(*more.items()),
)
async def test_optional_and_unknown_parameters_are_used_or_passed_over(
    house: House, browser: Browser, more: dict[str, str]
) -> None:
    """`display-page`, `display-popup`, `ui-locales`, `claims-locales`, `login-hint`, unknown parameter, acr values."""
    assert (await browser.to_login(await house.app(), door=STANDARDS, **more)).status_code == 200


async def test_login_hint_stands_in_the_login_form(house: House, browser: Browser, door: str) -> None:
    """`login-hint`."""
    page = await browser.to_login(await house.app(), door=door, login_hint="ben@harbour.example")

    assert 'value="ben@harbour.example"' in page.text


async def test_a_registered_callback_with_something_added_is_refused_on_a_page(
    house: House, browser: Browser, door: str
) -> None:
    """`ensure-registered-redirect-uri`, `redirect-uri-query-added`."""
    app = await house.app()
    for suffix in ("/foo", "/", "?x=y", "#x", "%2F", "/../callback", ".evil.example", " ", "\t"):
        reply = await browser.ask(app, door=door, redirect_uri=CALLBACK + suffix)

        assert reply.status_code == 400
        assert page_error(reply) == ("invalid_request" if door == STANDARDS else "redirect_uri_mismatch")


async def test_a_callback_with_a_query_of_its_own_keeps_it(house: House, browser: Browser, door: str) -> None:
    """`redirect-uri-query-OK`."""
    callback = CALLBACK + "?dummy1=lorem&dummy2=ipsum"
    app = await house.app({s.CALLBACK_URL: (callback,)})

    page = await browser.to_consent(app, door=door, redirect_uri=callback)

    answer = told(await browser.answer(page), callback)
    assert (answer["dummy1"], answer["dummy2"]) == ("lorem", "ipsum")
    assert "code" in answer


async def test_a_callback_with_another_query_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """`redirect-uri-query-mismatch`."""
    app = await house.app({s.CALLBACK_URL: (CALLBACK + "?a=1",)})

    for sent in (CALLBACK, CALLBACK + "?a=2", CALLBACK + "?a=1&b=2"):
        assert page_error(await browser.ask(app, door=door, redirect_uri=sent))


async def test_no_callback_among_two_registered_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """`ensure-redirect-uri-in-authorization-request`."""
    app = await house.app({s.CALLBACK_URL: (CALLBACK, CALLBACK + "2")})

    assert page_error(await browser.ask(app, door=door, redirect_uri=""))


async def test_a_form_post_from_a_foreign_page_is_taken(house: House, browser: Browser, door: str) -> None:
    """`ensure-post-request-succeeds`: no token of ours, and no cookie, which a cross-site POST leaves behind."""
    app = await house.app()

    reply = await browser.post(f"{door}/authorize", asked(app, state="s"), origin="null", without_cookies=True)
    login = await browser.follow(await browser.follow(reply))

    assert reply.status_code == 303
    answer = told(await browser.answer(await browser.follow(await browser.log_in(login))))
    assert answer["state"] == "s"


async def test_a_form_post_from_a_foreign_page_finds_who_is_logged_in(
    house: House, browser: Browser, door: str
) -> None:
    """`ensure-post-request-succeeds`: the cookie that stayed behind comes along with the next step."""
    app = await house.app()
    await browser.approve(app, door=door)

    reply = await browser.post(f"{door}/authorize", asked(app), origin="null", without_cookies=True)

    assert "code" in told(await browser.follow(reply))


async def test_a_request_with_a_valid_challenge_succeeds(house: House, browser: Browser, door: str) -> None:
    """`ensure-request-with-valid-pkce-succeeds`."""
    app = await house.app({s.REQUIRE_PKCE: True})

    assert "access_token" in await redeem(house, app, await browser.approve(app, door=door), door)


async def test_a_request_object_is_refused_and_never_passed_over(house: House, browser: Browser, door: str) -> None:
    """`unsigned-request-object-...`, `request-uri-unsigned-...`, `ensure-request-object-with-redirect-uri`."""
    app = await house.app()

    assert told(await browser.ask(app, door=door, request="e30.e30."))["error"] == "request_not_supported"
    by_reference = await browser.ask(app, door=door, request_uri="https://app.example/object")
    assert told(by_reference)["error"] == "request_uri_not_supported"


async def test_a_parameter_without_a_value_counts_as_left_out(house: House, browser: Browser, door: str) -> None:
    """RFC 6749, section 3.1."""
    names = ("request", "request_uri", "response_mode", "prompt", "max_age", "scope", "nonce", "id_token_hint")

    reply = await browser.get(f"{door}/authorize", asked(await house.app()) | dict.fromkeys(names, ""))

    assert goes_to(reply, LOGIN)


@pytest.mark.parametrize(
    "state", ["a b+c%20d&e=f#g;ä€😀\r\n\t\"<'>\\", "s" * 128, "s" * 4096], ids=["odd", "128", "4096"]
)
async def test_state_comes_back_unchanged_with_a_code_and_with_an_error(
    house: House, browser: Browser, door: str, state: str
) -> None:
    """Section 2, authorization response: state unchanged, whatever its length, also in errors."""
    app = await house.app()
    params = asked(app, state=state)

    async def ask(**more: str) -> dict[str, str]:
        return told(await browser.follow(await browser.post(f"{door}/authorize", params | more, without_cookies=True)))

    assert (await ask(prompt="none"))["state"] == state
    await browser.approve(app, door=door)
    answer = await ask()
    assert answer["state"] == state
    assert "code" in answer


async def test_a_state_too_long_to_come_back_is_refused_and_never_cut(
    house: House, browser: Browser, door: str
) -> None:
    """Section 4: echoed whole or invalid_request, never cut."""
    reply = await browser.post(f"{door}/authorize", asked(await house.app(), state="s" * 4097))

    assert page_error(reply) == "invalid_request"


async def test_the_error_of_a_response_type_that_answers_in_the_fragment_goes_there(
    house: House, browser: Browser, door: str
) -> None:
    """Section 2, authorization response: any response type with id_token or token: fragment, errors too."""
    app = await house.app()
    for response_type in ("token", "id_token", "code token", "token id_token", "hybrid_token"):
        location = (await browser.ask(app, door=door, response_type=response_type, state="s")).headers["location"]

        assert location.startswith(CALLBACK + "#error=unsupported_response_type&")
        assert "state=s" in location


async def test_no_parameter_of_an_error_is_beyond_those_registered(house: House, browser: Browser, door: str) -> None:
    """Section 2: errors carry only error, error_description, state, iss; no code in an error response."""
    app = await house.app()
    page = await browser.to_consent(app, door=door, state="s")

    for reply in (await browser.answer(page, "deny"), await browser.ask(app, door=door, max_age="x", state="s")):
        assert told(reply).keys() == {"error", "error_description", "state", "iss"}


async def test_every_answer_names_its_issuer(house: House, browser: Browser, door: str) -> None:
    """Section 2: `iss` equals the issuer of the metadata, with a code and with an error."""
    app = await house.app()
    issuer = (await browser.get(f"{door if door == STANDARDS else ''}/.well-known/openid-configuration")).json()

    assert told(await browser.ask(app, door=door, prompt="none"))["iss"] == issuer["issuer"]
    assert (await browser.approve(app, door=door))["iss"] == issuer["issuer"]
    assert issuer["authorization_response_iss_parameter_supported"] is True


async def test_the_login_page_has_the_fields_and_hooks_a_driver_needs(house: House, browser: Browser) -> None:
    """Section 7: login."""
    text = (await browser.to_login(await house.app({s.LABEL: "Tide Tables"}))).text

    for hook in ('name="username"', 'name="password"', 'id="login-submit"', 'id="login-cancel"', "Tide Tables"):
        assert hook in text


async def test_the_consent_page_has_the_buttons_a_driver_needs(house: House, browser: Browser) -> None:
    """Section 7: consent."""
    text = (await browser.to_consent(await house.app())).text

    assert 'id="consent-allow" name="decision" value="allow"' in text
    assert 'id="consent-deny" name="decision" value="deny"' in text


async def test_the_error_page_has_status_400_and_the_hooks(house: House, browser: Browser) -> None:
    """Section 7: error page, for an unknown client."""
    reply = await browser.get("/oidc/authorize", {"client_id": "3MVG9nobody", "response_type": "code"})

    assert reply.status_code == 400
    assert page_error(reply)
    assert 'id="error-description"' in reply.text


async def test_ten_logins_in_a_minute_meet_no_delay(house: House, browser: Browser) -> None:
    """Section 7: no rate limit that ten logins a minute hit."""
    app = await house.app()
    for _ in range(10):
        page = await browser.to_login(app, prompt="login")
        assert (await browser.log_in(page)).status_code == 303


async def test_one_cookie_serves_several_flows_and_tabs(house: House, browser: Browser) -> None:
    """Section 7: session cookies work over several flows and tabs."""
    first, second = await house.app(), await house.app()
    tab, other_tab = await browser.to_login(first), await browser.to_login(second)
    assert hidden(tab)["transaction"] != hidden(other_tab)["transaction"]

    in_tab = await browser.follow(await browser.log_in(tab))
    in_other_tab = await browser.follow(await browser.log_in(other_tab))

    assert "code" in told(await browser.answer(in_other_tab))
    assert goes_to(await browser.answer(in_tab), LOGIN)  # the login in the other tab ended the first one's session


async def test_a_fresh_cookie_jar_meets_the_login_page(house: House, browser: Browser, door: str) -> None:
    """Section 7: a fresh cookie jar always meets the login page."""
    app = await house.app()
    await browser.approve(app, door=door)

    assert goes_to(await Browser(house, BASE).ask(app, door=door), LOGIN)
