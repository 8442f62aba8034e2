"""The authorization endpoint before anybody has logged in: what is refused where, and which setting refused."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grantway import settings as s
from grantway.endpoints.introspect import introspect
from tests.endpoints.browsing import LOGIN, Browser, goes_to, page_error, told
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, House, TestApp

NO_CHALLENGE = {"code_challenge": "", "code_challenge_method": ""}


@pytest.mark.enforces("require_pkce")
async def test_a_required_challenge_is_refused_without_a_redirect_at_salesforces_door(
    house: House, browser: Browser
) -> None:
    app = await house.app({s.REQUIRE_PKCE: True})
    refused = await browser.ask(app, **NO_CHALLENGE)

    assert page_error(refused) == "invalid_request"
    assert "missing required code challenge" in refused.text
    assert told(await browser.ask(app, door=STANDARDS, **NO_CHALLENGE))["error"] == "invalid_request"
    assert goes_to(await browser.ask(app), LOGIN)
    free = await house.app({s.REQUIRE_PKCE: False})
    assert goes_to(await browser.ask(free, **NO_CHALLENGE), LOGIN)


@pytest.mark.enforces("require_pkce_for_all_apps")
async def test_the_org_can_require_pkce_of_every_app(house: House, browser: Browser) -> None:
    app = await house.app()
    assert goes_to(await browser.ask(app, **NO_CHALLENGE), LOGIN)
    await house.change("""UPDATE org SET settings = '{"require_pkce_for_all_apps": true}', version = 2""")

    assert (await browser.ask(app, **NO_CHALLENGE)).status_code == 400
    assert await house.reasons() == ["authorize.challenge_missing_for_org"]


async def test_public_apps_need_pkce_at_the_standards_door(house: House, browser: Browser) -> None:
    app = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})

    assert told(await browser.ask(app, door=STANDARDS, **NO_CHALLENGE))["error"] == "invalid_request"
    assert goes_to(await browser.ask(app, **NO_CHALLENGE), LOGIN)


async def test_an_absent_method_is_s256_at_salesforces_door_and_plain_at_the_standards(
    house: House, browser: Browser
) -> None:
    app = await house.app()

    assert goes_to(await browser.ask(app, code_challenge_method=""), LOGIN)
    assert told(await browser.ask(app, door=STANDARDS, code_challenge_method=""))["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "device_code"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://x.example"}, "request_uri_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"id_token_hint": "a.b.c"}, "invalid_request"),
    ],
)
async def test_a_trusted_callback_hears_what_is_wrong(
    house: House, browser: Browser, more: dict[str, str], error: str
) -> None:
    answer = told(await browser.ask(await house.app(), door=STANDARDS, state="keep me", **more))

    assert (answer["error"], answer["state"]) == (error, "keep me")
    assert "code" not in answer


@pytest.mark.enforces("introspect_all")
@pytest.mark.requirement("S17")
async def test_only_the_app_that_may_introspect_all_sees_other_apps_tokens(house: House) -> None:
    mine, nosy, guard = await house.app(), await house.app(), await house.app({s.INTROSPECT_ALL: True})
    token = (await house.sign_in(mine))["access_token"]

    async def seen_by(app: TestApp) -> bytes:
        form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
        return (await introspect(house.call(f"{SALESFORCE}/introspect", form), house.server, BASE)).body

    assert await seen_by(nosy) == b'{"active":false}'
    assert b'"active":true' in await seen_by(guard)
    assert b'"active":true' in await seen_by(mine)


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    more=st.dictionaries(
        st.sampled_from(
            [
                "response_type",
                "redirect_uri",
                "scope",
                "state",
                "nonce",
                "prompt",
                "max_age",
                "display",
                "code_challenge",
                "login_hint",
                "ui_locales",
                "code_challenge_method",
                "id_token_hint",
                "immediate",
                "request",
                "response_mode",
            ]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        max_size=6,
    ),
    door=st.sampled_from([SALESFORCE, STANDARDS]),
)
async def test_no_request_breaks_the_endpoint_or_leads_to_an_unregistered_place(
    house: House, browser: Browser, more: dict[str, Any], door: str
) -> None:
    app = await house.app()

    reply = await browser.ask(app, door=door, **more)

    location = reply.headers.get("location", "")
    assert reply.status_code in (302, 400)
    assert not location or location.startswith((CALLBACK + "?", CALLBACK + "#", BASE + "/login?"))
