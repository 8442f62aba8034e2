"""Userinfo at both doors (salesforce-oauth.md 1.7; OpenID Connect Core 5.3, 5.4; RFC 6750)."""

from typing import Any

import httpx
import pytest

from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House
from tests.endpoints.wire import bearer, both_doors, read_id_token

HERE = f"{SALESFORCE}/userinfo"
THERE = f"{STANDARDS}/userinfo"
DETAILS = (
    """UPDATE person SET details = '{"nickname": "countess", "phone": "+44 20 7946 0018","""
    """ "street": "12 St James Square", "city": "London", "state": "LND","""
    """ "postal_code": "SW1Y", "country": "GB", "locale": "en_GB", "timezone": "Europe/London"}'"""
)
BY_SCOPE: dict[str, dict[str, Any]] = {
    "profile": {
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "nickname": "countess",
        "preferred_username": "ada@harbour.example",
        "locale": "en-GB",
        "zoneinfo": "Europe/London",
        "updated_at": 1_795_000_000,
    },
    "email": {"email": "ada@harbour.example", "email_verified": True},
    "phone": {"phone_number": "+44 20 7946 0018", "phone_number_verified": False},
    "address": {
        "address": {
            "street_address": "12 St James Square",
            "locality": "London",
            "region": "LND",
            "postal_code": "SW1Y",
            "country": "GB",
        }
    },
}


async def test_at_salesforces_door_every_field_is_there_in_the_order_seen(house: House, web: httpx.AsyncClient) -> None:
    """Section 1.7."""
    answer = await house.sign_in(await house.app())
    said = (await web.get(HERE, headers=bearer(answer))).json()

    assert list(said) == [
        "sub",
        "user_id",
        "organization_id",
        "preferred_username",
        "nickname",
        "name",
        "email",
        "email_verified",
        "given_name",
        "family_name",
        "zoneinfo",
        "photos",
        "profile",
        "picture",
        "address",
        "phone_number",
        "phone_number_verified",
        "is_salesforce_integration_user",
        "urls",
        "active",
        "user_type",
        "language",
        "locale",
        "utcOffset",
        "updated_at",
        "is_app_installed",
    ]
    assert said["sub"] == answer["id"]
    assert said["user_id"] == house.user_ids["ada"]
    assert said["organization_id"] == house.org_id
    assert len(said["user_id"]) == len(said["organization_id"]) == 18


async def test_at_salesforces_door_updated_at_is_a_date_in_words_and_at_the_standards_a_number(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app()
    here = await web.get(HERE, headers=bearer(await house.sign_in(app)))
    there = await web.get(THERE, headers=bearer(await house.sign_in(app, door=STANDARDS)))

    assert here.json()["updated_at"] == "2026-11-18T11:06:40Z"
    assert there.json()["updated_at"] == 1_795_000_000


@both_doors
async def test_the_subject_is_the_id_tokens(house: House, web: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2: sub present and equal to the ID Token's."""
    answer = await house.sign_in(await house.app(), door=door)
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).json()["sub"] == claims["sub"]


@pytest.mark.parametrize("scope", sorted(BY_SCOPE))
async def test_at_the_standards_door_each_scope_brings_its_claims_and_no_others(
    house: House, web: httpx.AsyncClient, scope: str
) -> None:
    """OpenID Connect Core 5.4; modules `scope-profile`, `scope-email`, `scope-address`, `scope-phone`."""
    await house.change(DETAILS)
    answer = await house.sign_in(await house.app(), door=STANDARDS, scopes=f"openid {scope}")

    said = (await web.get(THERE, headers=bearer(answer))).json()

    assert said == {"sub": house.user_ids["ada"], **BY_SCOPE[scope]}


@pytest.mark.parametrize("scopes", ["openid id", "openid profile email address phone"])
async def test_at_the_standards_door_all_scopes_bring_all_claims_and_id_stands_for_them(
    house: House, web: httpx.AsyncClient, scopes: str
) -> None:
    """Module `scope-all`."""
    await house.change(DETAILS)
    answer = await house.sign_in(await house.app(), door=STANDARDS, scopes=scopes)

    said = (await web.get(THERE, headers=bearer(answer))).json()

    assert said == {"sub": house.user_ids["ada"], **{n: v for claims in BY_SCOPE.values() for n, v in claims.items()}}


async def test_at_the_standards_door_what_is_not_known_is_left_out(house: House, web: httpx.AsyncClient) -> None:
    """conformance.md 2: strings are not empty and never null; the address is a non-empty object."""
    await house.change("UPDATE person SET first_name = '', details = '{}'")
    answer = await house.sign_in(await house.app(), door=STANDARDS, scopes="openid id")

    said = (await web.get(THERE, headers=bearer(answer))).json()

    assert {"given_name", "nickname", "address", "phone_number", "phone_number_verified"}.isdisjoint(said)
    assert all(value not in ("", None) for value in said.values())


async def test_at_salesforces_door_what_is_not_known_is_null(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())

    said = (await web.get(HERE, headers=bearer(answer))).json()

    assert said["picture"] is None
    assert said["phone_number"] is None


@both_doors
async def test_post_with_the_header_or_with_the_token_in_the_form_is_answered_alike(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """conformance.md 2; RFC 6750, section 2.2."""
    answer = await house.sign_in(await house.app(), door=door)
    got = await web.get(f"{door}/userinfo", headers=bearer(answer))
    by_header = await web.post(f"{door}/userinfo", headers=bearer(answer))
    by_form = await web.post(f"{door}/userinfo", data={"access_token": answer["access_token"]})

    assert got.status_code == by_header.status_code == by_form.status_code == 200
    assert got.json() == by_header.json() == by_form.json()


@both_doors
async def test_the_answer_is_json_that_nobody_stores(house: House, web: httpx.AsyncClient, door: str) -> None:
    reply = await web.get(f"{door}/userinfo", headers=bearer(await house.sign_in(await house.app(), door=door)))

    assert reply.headers["content-type"].split(";")[0] == "application/json"
    assert "no-store" in reply.headers["cache-control"]


@both_doors
async def test_head_answers_as_get_does_without_a_body(house: House, web: httpx.AsyncClient, door: str) -> None:
    headers = bearer(await house.sign_in(await house.app(), door=door))
    got, head = await web.get(f"{door}/userinfo", headers=headers), await web.head(f"{door}/userinfo", headers=headers)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.requirement("S53")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@both_doors
async def test_other_methods_are_405_and_the_answer_names_those_there_are(
    web: httpx.AsyncClient, door: str, method: str
) -> None:
    reply = await web.request(method, f"{door}/userinfo")

    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD, POST"


async def test_the_scheme_oauth_is_salesforces_alone(house: House, web: httpx.AsyncClient) -> None:
    """Decision 16."""
    app = await house.app()
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    assert (await web.get(HERE, headers={"authorization": f"OAuth {here['access_token']}"})).status_code == 200
    assert (await web.get(THERE, headers={"authorization": f"OAuth {there['access_token']}"})).status_code == 401


@both_doors
async def test_the_scheme_may_be_written_in_any_case(house: House, web: httpx.AsyncClient, door: str) -> None:
    """RFC 9110, section 11.1."""
    answer = await house.sign_in(await house.app(), door=door)

    for scheme in ("bearer", "BEARER"):
        headers = {"authorization": f"{scheme} {answer['access_token']}"}
        assert (await web.get(f"{door}/userinfo", headers=headers)).status_code == 200


@pytest.mark.parametrize("name", ["access_token", "oauth_token", "sid"])
@both_doors
async def test_a_token_in_the_url_is_refused(house: House, web: httpx.AsyncClient, door: str, name: str) -> None:
    """Decision 2. One that repeats the header's is ignored."""
    answer = await house.sign_in(await house.app(), door=door)
    params = {name: answer["access_token"]}

    assert (await web.get(f"{door}/userinfo", params=params)).status_code == 400
    assert (await web.get(f"{door}/userinfo", params=params, headers=bearer(answer))).status_code == 200


async def test_the_same_token_in_header_and_form_is_taken_at_salesforces_door_and_refused_at_the_standards(
    house: House, web: httpx.AsyncClient
) -> None:
    """clients.md 7.7; RFC 6750, sections 2 and 3.1: one method in each request."""
    app = await house.app()
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    twice = await web.post(HERE, headers=bearer(here), data={"access_token": here["access_token"]})
    refused = await web.post(THERE, headers=bearer(there), data={"access_token": there["access_token"]})

    assert twice.status_code == 200
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"


async def test_two_tokens_that_differ_are_refused_at_salesforces_door(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    one, other = await house.sign_in(app), await house.sign_in(app)

    refused = await web.post(HERE, headers=bearer(one), data={"access_token": other["access_token"]})

    assert (refused.status_code, refused.text) == (403, "Bad_OAuth_Token")


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Missing_OAuth_Token"),
        ({"authorization": "Basic eDp5"}, "Missing_OAuth_Token"),
        ({"authorization": "Bearer "}, "Bad_OAuth_Token"),
        ({"authorization": "Bearer nonsense"}, "Bad_OAuth_Token"),
        ({"authorization": "Bearer 00D000000000001!" + "a" * 96}, "Bad_OAuth_Token"),
    ],
)
async def test_at_salesforces_door_a_bad_token_is_403_and_one_plain_word(
    web: httpx.AsyncClient, headers: dict[str, str], words: str
) -> None:
    """Section 1.6: clients switch on this exact pair to start a refresh."""
    refused = await web.get(HERE, headers=headers)

    assert (refused.status_code, refused.text) == (403, words)
    assert refused.headers["content-type"].startswith("text/plain")
    assert "www-authenticate" not in refused.headers


async def test_at_the_standards_door_no_token_is_challenged_without_an_error_code(web: httpx.AsyncClient) -> None:
    """RFC 6750, section 3.1: a request without any authentication hears no error code."""
    refused = await web.get(THERE)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="grantway"'


@pytest.mark.parametrize("token", ["nonsense", "00D000000000001!" + "a" * 96])
async def test_at_the_standards_door_a_bad_token_is_challenged_with_invalid_token(
    web: httpx.AsyncClient, token: str
) -> None:
    refused = await web.get(THERE, headers={"authorization": f"Bearer {token}"})

    assert refused.status_code == 401
    assert refused.json() == {"error": "invalid_token", "error_description": "the access token is not valid"}
    assert refused.headers["www-authenticate"] == (
        'Bearer realm="grantway", error="invalid_token", error_description="the access token is not valid"'
    )


async def test_a_token_without_the_scope_is_insufficient_scope_at_the_standards_door(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app()
    here = await house.sign_in(app, scopes="custom_permissions")
    there = await house.sign_in(app, door=STANDARDS, scopes="api id email")

    refused = await web.get(THERE, headers=bearer(there))

    assert refused.status_code == 403
    assert refused.json()["error"] == "insufficient_scope"
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert (await web.get(HERE, headers=bearer(here))).text == "Bad_OAuth_Token"


async def test_a_token_of_one_door_is_none_at_the_other(house: House, web: httpx.AsyncClient) -> None:
    """Decision 1: a token bears its issuer."""
    app = await house.app()
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    assert (await web.get(THERE, headers=bearer(here))).status_code == 401
    assert (await web.get(HERE, headers=bearer(there))).status_code == 403


async def test_the_urls_name_our_own_host_with_the_version_left_open(house: House, web: httpx.AsyncClient) -> None:
    """Section 1.6: the literal `{version}` stays unless a version is asked for; the SOAP URLs end in 15 characters."""
    answer = await house.sign_in(await house.app())
    open_urls = (await web.get(HERE, headers=bearer(answer))).json()["urls"]
    filled = (await web.get(HERE, headers=bearer(answer), params={"version": "60.0"})).json()["urls"]

    assert open_urls["rest"] == f"{BASE}/services/data/v{{version}}/"
    assert open_urls["enterprise"] == f"{BASE}/services/Soap/c/{{version}}/{house.org_id[:15]}"
    assert filled["rest"] == f"{BASE}/services/data/v60.0/"
