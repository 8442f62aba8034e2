"""Discovery: each document says what its door really does (salesforce-oauth.md 1.3, 1.4; RFC 8414)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from grantway import settings as s
from grantway.kit.jose import s256
from grantway.kit.urls import Urls
from grantway.manage.connected_apps import apps
from grantway.manage.server import orgs
from grantway.protocol import door as doors
from tests.endpoints.browsing import PASSWORD, give_passwords
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.issuer import AUDIENCE, handler_for, outside_token
from tests.endpoints.issuer import ISSUER as ISSUER_OF_OTHERS
from tests.endpoints.saml_signer import signed
from tests.endpoints.signer import proof, signer
from tests.endpoints.test_saml_assertion import TYPE as ASSERTION_TYPE
from tests.endpoints.test_saml_assertion import response, sign_on
from tests.endpoints.wire import (
    DOOR_NAME,
    ISSUER,
    MACHINE,
    basic,
    bearer,
    both_doors,
    in_body,
    machine,
    open_web,
    read_id_token,
)

WELL_KNOWN = "/.well-known/openid-configuration"
DOCUMENT = {SALESFORCE: WELL_KNOWN, STANDARDS: STANDARDS + WELL_KNOWN}
LOCATIONS = {
    WELL_KNOWN: SALESFORCE,
    "/.well-known/oauth-authorization-server": SALESFORCE,
    STANDARDS + WELL_KNOWN: STANDARDS,
    "/.well-known/oauth-authorization-server/oidc": STANDARDS,
    "/.well-known/openid-configuration/oidc": STANDARDS,
}
# Registered for authorization server metadata (RFC 8414 and what followed it, OpenID Connect Discovery, RFC 9207).
REGISTERED = {
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "introspection_endpoint",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "introspection_signing_alg_values_supported",
    "display_values_supported",
    "claim_types_supported",
    "claims_supported",
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "request_object_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "prompt_values_supported",
    "authorization_response_iss_parameter_supported",
}
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
EVERY_GRANT = {
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "password",
    "implicit",
    "assertion",
    "device",
    "hybrid_auth_code",
    "hybrid_refresh",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
}
DETAILS = """UPDATE person SET details = '{"nickname": "countess", "phone": "+44", "street": "12", "city": "London"}'"""


async def document(web: httpx.AsyncClient, door: str) -> dict[str, Any]:
    """Read a door's document."""
    return dict((await web.get(DOCUMENT[door])).json())


async def certified(house: House) -> TestApp:
    """An app that may prove itself in every way, and act for a machine."""
    values: dict[s.AnySetting, Any] = {
        s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
        s.CLIENT_CREDENTIALS: True,
        s.USERNAME_PASSWORD: True,
        s.TOKEN_EXCHANGE: True,
        s.TOKEN_EXCHANGE_ALLOWED: True,
        s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False,
    }
    return await house.app(values, run_as="ada@harbour.example")


async def ask(web: httpx.AsyncClient, app: TestApp, door: str, **more: str) -> httpx.Response:
    """Send a good authorization request with something changed; an empty value leaves the parameter out."""
    asked = {
        "response_type": "code",
        "client_id": app.consumer_key,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
        **more,
    }
    return await web.get(f"{door}/authorize", params={name: value for name, value in asked.items() if value})


def leads_to_login(reply: httpx.Response) -> bool:
    """Tell whether a request was taken: nobody is logged in, so the login page comes next."""
    return reply.status_code == 302 and urlsplit(reply.headers["location"]).path == "/login"


def error_of(reply: httpx.Response) -> str:
    """Return the error code that the callback is told, in query or fragment, or that the raw answer has."""
    callback = urlsplit(str(reply.headers.get("location", "")))
    return parse_qs(callback.query or callback.fragment or reply.text)["error"][0]


@pytest.mark.parametrize("path", LOCATIONS)
async def test_each_location_has_the_document_of_its_issuer(web: httpx.AsyncClient, path: str) -> None:
    """conformance.md 2: 200, JSON, the issuer that belongs to the location; decision 1."""
    reply = await web.get(path)

    assert reply.status_code == 200
    assert reply.headers["content-type"].split(";")[0] == "application/json"
    assert reply.json()["issuer"] == ISSUER[LOCATIONS[path]]
    assert reply.json() == await document(web, LOCATIONS[path])


async def test_what_salesforce_does_not_serve_is_not_served(web: httpx.AsyncClient) -> None:
    """Section 1.2."""
    assert (await web.get("/.well-known/oauth-protected-resource")).status_code == 404


async def test_salesforces_document_has_its_keys_in_the_order_seen(web: httpx.AsyncClient) -> None:
    """Section 1.3; what is not built yet (logout) is not named."""
    names = [name for name in await document(web, SALESFORCE) if not name.startswith(("request", "authorization_resp"))]

    assert " ".join(names) == (
        "issuer authorization_endpoint token_endpoint revocation_endpoint userinfo_endpoint jwks_uri"
        " registration_endpoint introspection_endpoint scopes_supported response_types_supported"
        " subject_types_supported"
        " id_token_signing_alg_values_supported display_values_supported token_endpoint_auth_methods_supported"
        " claims_supported code_challenge_methods_supported grant_types_supported"
    )


@both_doors
async def test_every_member_is_registered(web: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2: unregistered extra members give a warning."""
    assert set(await document(web, door)) <= REGISTERED


@both_doors
async def test_every_endpoint_named_is_there_and_under_the_name_that_was_called(
    web: httpx.AsyncClient, door: str
) -> None:
    found = await document(web, door)
    for name, url in found.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert url.startswith(BASE + "/")
            assert (await web.get(url)).status_code != 404


@pytest.fixture
async def secure(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same server under a public https name."""
    async with open_web(replace(house.server, urls=Urls.serving("https://sso.example"))) as client:
        client.base_url = httpx.URL("https://sso.example")
        yield client


@both_doors
async def test_under_https_every_endpoint_is_https(secure: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2: issuer without query or fragment, every endpoint https."""
    found = await document(secure, door)

    assert found["issuer"] == "https://sso.example" + ("/oidc" if door == STANDARDS else "")
    assert all(url.startswith("https://sso.example/") for name, url in found.items() if name.endswith("_endpoint"))


@both_doors
async def test_what_every_openid_provider_must_say(web: httpx.AsyncClient, door: str) -> None:
    found = await document(web, door)

    assert "code" in found["response_types_supported"]
    assert found["subject_types_supported"] == ["public"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert "none" not in found["id_token_signing_alg_values_supported"]
    assert "openid" in found["scopes_supported"]
    assert found["claims_supported"]


@both_doors
async def test_each_grant_named_is_taken_and_no_other(house: House, web: httpx.AsyncClient, door: str) -> None:
    named = set((await document(web, door))["grant_types_supported"])
    await give_passwords(house)
    asked = {"block_username_password_flow": False, "trusted_ip_ranges": ["127.0.0.1 - 127.0.0.1"]}
    await orgs.change(house.desk, house.org, asked)
    await sign_on(house, signer().certificate)
    app = await certified(house)
    await apps.change(
        house.desk, house.org, app.id, {"asset_tokens": "true", "asset_token_audiences": "https://d.example"}
    )
    code = await house.code(app, door=DOOR_NAME[door])
    await handler_for(
        house, app, {"issuer": ISSUER_OF_OTHERS, "audiences": [AUDIENCE], "certificate": signer().certificate}
    )
    answer = await house.sign_in(app, door=door)
    house.clock.advance(ms=1)
    said = {"iss": app.consumer_key, "sub": "ada@harbour.example", "aud": (await document(web, door))["issuer"]}
    assertion = signer().sign({**said, "exp": house.clock.now_ms() // 1000 + 60})
    more = {
        "authorization_code": {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER},
        "refresh_token": {"refresh_token": answer["refresh_token"]},
        "urn:ietf:params:oauth:grant-type:jwt-bearer": {"assertion": assertion},
        "urn:ietf:params:oauth:grant-type:token-exchange": {
            "subject_token": answer["access_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        },
        "urn:ietf:params:oauth:grant-type:saml2-bearer": {"assertion": signed(house, app.consumer_key, door=door)},
        EXCHANGE: {"subject_token": outside_token(house), "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
        "password": {"username": "ada@harbour.example", "password": PASSWORD},
        "assertion": {
            "assertion_type": ASSERTION_TYPE,
            "assertion": response(house),
            "client_id": "",
            "client_secret": "",
        },
    }

    taken = set()
    for grant in sorted(EVERY_GRANT | named):
        form = {"grant_type": grant, **in_body(app), **more.get(grant, {})}
        reply = await web.post(f"{door}/token", data=form)
        if reply.status_code == 200:
            taken.add(grant)
        else:
            assert reply.json()["error"] == "unsupported_grant_type"

    assert taken == named


@both_doors
async def test_each_client_authentication_named_is_taken(house: House, web: httpx.AsyncClient, door: str) -> None:
    named = (await document(web, door))["token_endpoint_auth_methods_supported"]
    app = await certified(house)
    form = {"grant_type": "refresh_token", "refresh_token": (await house.sign_in(app, door=door))["refresh_token"]}
    ways: dict[str, dict[str, Any]] = {
        "client_secret_post": {"data": {**form, **in_body(app)}},
        "client_secret_basic": {"data": form, "headers": basic(app.consumer_key, app.consumer_secret)},
        "private_key_jwt": {"data": {**form, **proof(house, app, door=door)}},
        "none": {"data": {**form, "client_id": app.consumer_key}},
    }

    assert sorted(named) == sorted(ways)
    for name in named:
        assert (await web.post(f"{door}/token", **ways[name])).status_code == 200


@pytest.mark.parametrize("endpoint", ["revocation", "introspection"])
async def test_each_client_authentication_of_the_other_endpoints_is_taken_and_no_other(
    house: House, web: httpx.AsyncClient, endpoint: str
) -> None:
    found = await document(web, STANDARDS)
    app = await certified(house)
    form = {"token": "unknown"}
    ways: dict[str, dict[str, Any]] = {
        "client_secret_post": {"data": {**form, **in_body(app)}},
        "client_secret_basic": {"data": form, "headers": basic(app.consumer_key, app.consumer_secret)},
        "private_key_jwt": {"data": {**form, **proof(house, app, door=STANDARDS)}},
        "none": {"data": {**form, "client_id": app.consumer_key}},
    }

    url = found[f"{endpoint}_endpoint"]
    taken = [name for name, way in ways.items() if (await web.post(url, **way)).status_code == 200]
    assert taken == found[f"{endpoint}_endpoint_auth_methods_supported"]


@both_doors
async def test_each_scope_named_may_be_asked_for(house: House, web: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2: legal scope strings; an unknown one is refused."""
    named = (await document(web, door))["scopes_supported"]
    app = await house.app({s.SCOPES: tuple(scope for scope in s.SCOPES.kind.parse(named))})

    assert leads_to_login(await ask(web, app, door, scope=" ".join(named)))
    assert error_of(await ask(web, app, door, scope="openid unheard_of")) == "invalid_scope"
    assert len(named) == len(set(named))


@both_doors
async def test_each_response_type_named_is_taken_and_no_other(house: House, web: httpx.AsyncClient, door: str) -> None:
    named = (await document(web, door))["response_types_supported"]
    app = await house.app()

    for response_type in named:
        assert leads_to_login(await ask(web, app, door, response_type=response_type))
    for other in ("token", "id_token", "token id_token", "code id_token", "code token", "hybrid_token", "none"):
        assert other not in named
        assert error_of(await ask(web, app, door, response_type=other)) == "unsupported_response_type"


async def test_each_response_mode_named_is_taken_and_no_other(house: House, web: httpx.AsyncClient) -> None:
    named = (await document(web, STANDARDS))["response_modes_supported"]
    app = await house.app()

    for mode in named:
        assert leads_to_login(await ask(web, app, STANDARDS, response_mode=mode))
    for other in ("fragment", "form_post", "query.jwt", "jwt"):
        assert other not in named
        assert error_of(await ask(web, app, STANDARDS, response_mode=other)) == "invalid_request"


@both_doors
async def test_each_challenge_method_named_is_taken_and_no_other(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    named = (await document(web, door))["code_challenge_methods_supported"]
    app = await house.app()

    assert named == ["S256"]
    assert leads_to_login(await ask(web, app, door, code_challenge_method="S256"))
    assert error_of(await ask(web, app, door, code_challenge_method="plain")) == "invalid_request"


@both_doors
async def test_each_display_and_prompt_named_is_taken(house: House, web: httpx.AsyncClient, door: str) -> None:
    found = await document(web, door)
    app = await house.app()

    for display in found["display_values_supported"]:
        assert leads_to_login(await ask(web, app, door, display=display))
    for prompt in found.get("prompt_values_supported", []):
        reply = await ask(web, app, door, prompt=prompt)
        assert error_of(reply) == "login_required" if prompt == "none" else leads_to_login(reply)


@both_doors
async def test_request_objects_are_refused_as_the_document_says(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """conformance.md 3: ignoring the object would be a failure."""
    found = await document(web, door)
    app = await house.app()

    assert found["request_parameter_supported"] is False
    assert found["request_uri_parameter_supported"] is False
    assert error_of(await ask(web, app, door, request="a.b.c")) == "request_not_supported"
    assert error_of(await ask(web, app, door, request_uri="https://x.example")) == "request_uri_not_supported"


@both_doors
async def test_authorization_answers_bear_the_issuer_as_the_document_says(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """RFC 9207."""
    found = await document(web, door)
    reply = await ask(web, await house.app(), door, prompt="none")

    assert found["authorization_response_iss_parameter_supported"] is True
    assert parse_qs(urlsplit(reply.headers["location"]).query)["iss"] == [found["issuer"]]


async def test_salesforces_userinfo_has_every_claim_named(house: House, web: httpx.AsyncClient) -> None:
    await house.change(DETAILS)
    answer = await house.sign_in(await house.app())
    said = (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))).json()

    assert set((await document(web, SALESFORCE))["claims_supported"]) <= set(said)


async def test_the_standards_id_token_and_userinfo_have_the_claims_named_and_no_others(
    house: House, web: httpx.AsyncClient
) -> None:
    await house.change(DETAILS)
    app = await house.app({s.ID_TOKEN_AUDIENCES: ("https://api.example",)})
    answer = await house.sign_in(app, door=STANDARDS, nonce="n")
    said = (await web.get(f"{STANDARDS}/userinfo", headers=bearer(answer))).json()
    _, claims = await read_id_token(web, answer["id_token"], STANDARDS)

    assert set((await document(web, STANDARDS))["claims_supported"]) == set(said) | set(claims)


@both_doors
async def test_subjects_are_public_two_apps_see_the_same(house: House, web: httpx.AsyncClient, door: str) -> None:
    one, other = [await house.sign_in(await house.app(), door=door) for _ in range(2)]

    _, of_one = await read_id_token(web, one["id_token"], door)
    _, of_other = await read_id_token(web, other["id_token"], door)
    assert of_one["sub"] == of_other["sub"]


async def test_the_root_may_be_the_standards_and_its_issuer_is_then_the_base_url(house: House) -> None:
    """Decision 1, `--root-issuer standards`: document, ID token, introspection and callback agree on the issuer."""
    app = await machine(house)
    code = await house.code(app, door="standards")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    async with open_web(replace(house.server, root_door=doors.STANDARDS)) as web:
        found = (await web.get(WELL_KNOWN)).json()
        answer = (await web.post(found["token_endpoint"], data={**form, **in_body(app)})).json()
        _, claims = await read_id_token(web, answer["id_token"], STANDARDS)
        looked = await web.post(found["introspection_endpoint"], data={**in_body(app), "token": answer["access_token"]})
        told = await ask(web, app, STANDARDS, prompt="none")
        here = await web.post(f"{SALESFORCE}/token", data={**MACHINE, **in_body(app)})

    assert found["issuer"] == claims["iss"] == looked.json()["iss"] == BASE
    assert parse_qs(urlsplit(told.headers["location"]).query)["iss"] == [BASE]
    assert found["token_endpoint"] == f"{BASE}/oidc/token"
    assert here.json()["id"].startswith(f"{BASE}/id/")


async def test_mobile_clients_find_their_configuration(house: House, web: httpx.AsyncClient) -> None:
    """Section 1.4; the id has 15 characters."""
    found = (await web.get("/.well-known/auth-configuration")).json()

    assert found == {
        "OrgId": house.org_id[:15],
        "Url": BASE,
        "MobileSDK": {
            "UseiOSNativeBrowserForAuthentication": False,
            "UseAndroidNativeBrowserForAuthentication": False,
            "shareBrowserSessionIOS": False,
            "shareBrowserSessionAndroid": False,
        },
        "LoginPage": None,
        "SamlProviders": [],
        "AuthProviders": [],
        "CertificateLogin": None,
        "LoginPageType": "standard",
        "LoginPageTypeConfigs": {},
    }
