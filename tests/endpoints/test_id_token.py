"""The ID token as a client checks it (salesforce-oauth.md 8; OpenID Connect Core 2, 3.1.3.7; S20)."""

import base64
import hashlib

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from grantway import settings as s
from grantway.kit.jose import SigningKey
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House
from tests.endpoints.wire import ISSUER, bearer, both_doors, machine, read_id_token

ALWAYS = {"iss", "sub", "aud", "exp", "iat", "at_hash"}


@both_doors
async def test_it_is_rs256_under_a_published_key_id(house: House, web: httpx.AsyncClient, door: str) -> None:
    """Module `idtoken-rs256`, `idtoken-signature`."""
    answer = await house.sign_in(await house.app(), door=door)
    header, _ = await read_id_token(web, answer["id_token"], door)

    assert header == {"alg": "RS256", "typ": "JWT", "kid": "220"}


async def test_at_salesforces_door_it_holds_salesforces_claims_and_no_others(
    house: House, web: httpx.AsyncClient
) -> None:
    """Section 8: no sid, auth_time, azp or acr; `sub` is the identity URL, `aud` one string."""
    app = await house.app()
    answer = await house.sign_in(app)
    _, claims = await read_id_token(web, answer["id_token"], SALESFORCE)

    assert set(claims) == ALWAYS
    assert claims["sub"] == answer["id"] == f"{BASE}/id/{house.org_id}/{house.user_ids['ada']}"
    assert claims["aud"] == app.consumer_key


async def test_at_the_standards_door_the_subject_is_the_users_id_and_the_login_has_its_time(
    house: House, web: httpx.AsyncClient
) -> None:
    """Decision 1."""
    app = await house.app()
    answer = await house.sign_in(app, door=STANDARDS)
    _, claims = await read_id_token(web, answer["id_token"], STANDARDS)

    assert set(claims) == ALWAYS | {"auth_time"}
    assert claims["sub"] == house.user_ids["ada"]
    assert claims["aud"] == app.consumer_key
    assert claims["auth_time"] == house.clock.now_ms() // 1000


@both_doors
async def test_the_issuer_is_the_doors(house: House, web: httpx.AsyncClient, door: str) -> None:
    answer = await house.sign_in(await house.app(), door=door)
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert claims["iss"] == ISSUER[door]


@both_doors
async def test_at_hash_is_the_left_half_of_the_access_tokens_hash(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """OpenID Connect Core 3.1.3.6."""
    answer = await house.sign_in(await house.app(), door=door)
    _, claims = await read_id_token(web, answer["id_token"], door)

    left_half = hashlib.sha256(answer["access_token"].encode("ascii")).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(left_half).decode().rstrip("=")


@both_doors
async def test_the_nonce_comes_back_when_sent_and_only_then(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    with_nonce = await house.sign_in(app, door=door, nonce="n-0S6_WzA2Mj")
    without = await house.sign_in(app, door=door)

    assert (await read_id_token(web, with_nonce["id_token"], door))[1]["nonce"] == "n-0S6_WzA2Mj"
    assert "nonce" not in (await read_id_token(web, without["id_token"], door))[1]


@both_doors
@pytest.mark.enforces("id_token_validity")
@pytest.mark.requirement("S20")
@pytest.mark.parametrize(("setting", "seconds"), [(None, 120), (1, 60), (720, 43_200)])
async def test_it_lives_as_long_as_the_setting_says_two_minutes_by_default(
    house: House, web: httpx.AsyncClient, door: str, setting: int | None, seconds: int
) -> None:
    app = await house.app({} if setting is None else {s.ID_TOKEN_VALIDITY: setting})
    answer = await house.sign_in(app, door=door)
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert claims["exp"] - claims["iat"] == seconds
    assert claims["iat"] == house.clock.now_ms() // 1000


@both_doors
@pytest.mark.enforces("id_token_audiences")
@pytest.mark.requirement("S20")
async def test_further_audiences_stand_beside_the_consumer_key(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app({s.ID_TOKEN_AUDIENCES: ("https://api.example", "https://b.example")})
    answer = await house.sign_in(app, door=door)
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert claims["aud"] == [app.consumer_key, "https://api.example", "https://b.example"]
    plain = await house.app({s.ID_TOKEN_AUDIENCES: ()})
    _, claims = await read_id_token(web, (await house.sign_in(plain, door=door))["id_token"], door)
    assert claims["aud"] == plain.consumer_key


@pytest.mark.enforces("id_token_audiences")
async def test_with_further_audiences_azp_tells_a_strict_client_whose_token_it_is(
    house: House, web: httpx.AsyncClient
) -> None:
    """OpenID Connect Core 3.1.3.7, items 4 and 5. Salesforce has no `azp`, so neither has its door (section 8)."""
    app = await house.app({s.ID_TOKEN_AUDIENCES: ("https://api.example",)})
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    assert "azp" not in (await read_id_token(web, here["id_token"], SALESFORCE))[1]
    assert (await read_id_token(web, there["id_token"], STANDARDS))[1]["azp"] == app.consumer_key


@both_doors
async def test_claims_about_the_person_stay_in_userinfo(house: House, web: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2: no profile claims in it when an access token could fetch them."""
    answer = await house.sign_in(await house.app(), door=door, scopes="openid profile email address phone id")
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert {"name", "email", "address", "phone_number", "preferred_username"}.isdisjoint(claims)


@both_doors
@pytest.mark.enforces("id_token_standard_claims")
async def test_standard_claims_come_as_far_as_the_scopes_allow_where_the_app_wants_them(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await house.app({s.ID_TOKEN_STANDARD_CLAIMS: True})
    some = await house.sign_in(app, door=door, scopes="openid email")
    every = await house.sign_in(app, door=door, scopes="openid id")
    _, of_some = await read_id_token(web, some["id_token"], door)
    _, of_every = await read_id_token(web, every["id_token"], door)

    assert of_some["email"] == "ada@harbour.example"
    assert "given_name" not in of_some
    assert of_every["given_name"] == "Ada"
    assert of_every["iss"] == ISSUER[door]
    plain = await house.app({s.ID_TOKEN_STANDARD_CLAIMS: False})
    _, of_plain = await read_id_token(web, (await house.sign_in(plain, door=door))["id_token"], door)
    assert {"email", "given_name"}.isdisjoint(of_plain)


@both_doors
async def test_none_without_the_scope_openid(house: House, door: str) -> None:
    answer = await house.sign_in(await house.app(), door=door, scopes="api id refresh_token")

    assert "id_token" not in answer


@both_doors
async def test_a_refresh_gives_a_new_one_with_the_same_subject_and_login_and_no_nonce(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Module `refresh-token`; OpenID Connect Core 12.2."""
    app = await house.app({s.ID_TOKEN_AUDIENCES: ("https://api.example",)})
    first = await house.sign_in(app, door=door, nonce="once")
    house.clock.advance(seconds=90)
    _, second = await house.refresh(app, first["refresh_token"], door=door)
    _, before = await read_id_token(web, first["id_token"], door)
    _, after = await read_id_token(web, second["id_token"], door)

    kept = ("iss", "sub", "aud", "azp", "auth_time")
    assert [before.get(name) for name in kept] == [after.get(name) for name in kept]
    assert after["iat"] == before["iat"] + 90
    assert after["at_hash"] != before["at_hash"]
    assert "nonce" not in after


async def test_client_credentials_get_none_because_nobody_logged_in(house: House, web: httpx.AsyncClient) -> None:
    """Section 3.10."""
    app = await machine(house)
    form = {
        "grant_type": "client_credentials",
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
    }

    for door in (SALESFORCE, STANDARDS):
        answer = (await web.post(f"{door}/token", data=form)).json()
        assert "openid" in answer["scope"].split()
        assert "id_token" not in answer


@pytest.mark.requirement("S20")
@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/oidc/userinfo", "/services/data/v60.0/"])
async def test_it_is_no_access_token(house: House, web: httpx.AsyncClient, path: str) -> None:
    door = STANDARDS if path.startswith(STANDARDS) else SALESFORCE
    answer = await house.sign_in(await house.app(), door=door)

    assert (await web.get(path, headers=bearer(answer))).status_code == 200
    refused = await web.get(path, headers=bearer({"access_token": answer["id_token"]}))
    assert refused.status_code in (401, 403)


async def test_another_key_under_the_same_id_would_be_noticed(house: House, web: httpx.AsyncClient) -> None:
    """The check of this file can fail: a token that the published key did not sign does not pass it."""
    forged = SigningKey("220", SigningKey.generate_pem()).sign({"iss": BASE})

    with pytest.raises(InvalidSignature):
        await read_id_token(web, forged, SALESFORCE)
