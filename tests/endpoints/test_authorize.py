"""The authorization endpoint before anybody has logged in: what is refused where, and which setting refused."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grantway import settings as s
from grantway.endpoints.authorize import authorize
from grantway.endpoints.introspect import introspect
from grantway.kit.http import Reply
from grantway.kit.jose import s256
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp

CHALLENGE = {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}


async def ask(house: House, app: TestApp, *, door: str = SALESFORCE, **more: str) -> Reply:
    """Send an authorization request; an empty value leaves the parameter out."""
    asked = {"response_type": "code", "client_id": app.consumer_key, "redirect_uri": CALLBACK, **more}
    query = urlencode({name: value for name, value in asked.items() if value})
    return await authorize(house.call(f"{door}/authorize", method="GET", query=query), house.server, BASE)


def told(reply: Reply) -> dict[str, str]:
    """Return what the callback was told; the answer must lead to the callback."""
    location = dict(reply.headers)[b"location"].decode()
    assert location.startswith(CALLBACK + "?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.enforces("require_pkce")
async def test_a_required_challenge_is_refused_without_a_redirect_at_salesforces_door(house: House) -> None:
    app = await house.app({s.REQUIRE_PKCE: True})

    refused = await ask(house, app)

    assert (refused.status, refused.body) == (
        400,
        b"error=invalid_request&error_description=missing%20required%20code%20challenge",
    )
    assert told(await ask(house, app, door=STANDARDS, state="x"))["error"] == "invalid_request"
    assert b"/login?" in dict((await ask(house, app, **CHALLENGE)).headers)[b"location"]


@pytest.mark.enforces("require_pkce_for_all_apps")
async def test_the_org_can_require_pkce_of_every_app(house: House) -> None:
    app = await house.app()
    await house.change("""UPDATE org SET settings = '{"require_pkce_for_all_apps": true}', version = 2""")

    assert (await ask(house, app)).status == 400
    assert await house.reasons() == ["authorize.challenge_missing_for_org"]


async def test_public_apps_need_pkce_at_the_standards_door(house: House) -> None:
    app = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})

    assert told(await ask(house, app, door=STANDARDS))["error"] == "invalid_request"
    assert (await ask(house, app)).status == 302


async def test_an_absent_method_is_s256_at_salesforces_door_and_plain_at_the_standards(house: House) -> None:
    app = await house.app()
    challenge = {"code_challenge": s256(VERIFIER)}

    assert b"/login?" in dict((await ask(house, app, **challenge)).headers)[b"location"]
    assert told(await ask(house, app, door=STANDARDS, **challenge))["error"] == "invalid_request"
    assert told(await ask(house, app, **challenge, code_challenge_method="plain"))["error"] == "invalid_request"


@pytest.mark.enforces("callback_url")
@pytest.mark.requirement("S1")
@pytest.mark.parametrize(
    "redirect_uri", ["", CALLBACK + "/", CALLBACK + "?a=b", CALLBACK.upper(), "https://evil.example", "javascript:1"]
)
async def test_any_other_callback_is_refused_without_a_redirect(house: House, redirect_uri: str) -> None:
    reply = await ask(house, await house.app(), redirect_uri=redirect_uri)

    assert reply.status == 400
    assert b"location" not in dict(reply.headers)
    assert reply.body.startswith(b"error=redirect_uri_mis")


@pytest.mark.enforces("scopes")
async def test_a_scope_outside_the_apps_stays_on_salesforces_page_and_goes_to_the_standards_callback(
    house: House,
) -> None:
    app = await house.app({s.SCOPES: ("api",)})

    assert (await ask(house, app, scope="api web")).body.startswith(b"error=invalid_scope")
    answer = told(await ask(house, app, door=STANDARDS, scope="api web", state="s"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("invalid_scope", "s", f"{BASE}/oidc")


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
async def test_a_trusted_callback_hears_what_is_wrong(house: House, more: dict[str, str], error: str) -> None:
    app = await house.app()

    answer = told(await ask(house, app, door=STANDARDS, state="keep me", **{**CHALLENGE, **more}))

    assert (answer["error"], answer["state"]) == (error, "keep me")
    assert "code" not in answer


async def test_immediate_is_salesforces_word_for_prompt_none(house: House) -> None:
    assert told(await ask(house, await house.app(), immediate="true"))["error"] == "immediate_unsuccessful"


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
        st.text(max_size=40),
        max_size=6,
    ),
    door=st.sampled_from([SALESFORCE, STANDARDS]),
)
async def test_no_request_breaks_the_endpoint_or_leads_to_an_unregistered_place(
    house: House, more: dict[str, Any], door: str
) -> None:
    app = await house.app()

    reply = await ask(house, app, door=door, **{k: v.encode("utf-8", "replace").decode() for k, v in more.items()})

    location = dict(reply.headers).get(b"location", b"").decode()
    assert reply.status in (302, 400)
    assert not location or location.startswith((CALLBACK + "?", CALLBACK + "#", BASE + "/login?"))
