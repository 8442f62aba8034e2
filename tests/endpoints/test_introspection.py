"""Introspection: who may look at which token, and what is said of it (salesforce-oauth.md 3.21; RFC 7662; S17)."""

from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.kit.jose import JwtRefused
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import DOOR_NAME, ISSUER, basic, both_doors, in_body, read_id_token

INACTIVE = {"active": False}


async def look(web: httpx.AsyncClient, app: TestApp, token: str, door: str = SALESFORCE, **more: str) -> Any:
    """Introspect a token with an app's credentials and return what is said."""
    return (await web.post(f"{door}/introspect", data={**in_body(app), "token": token, **more})).json()


async def test_an_access_token_of_salesforces_door(house: House, web: httpx.AsyncClient) -> None:
    """Section 3.21: `sub` is the identity URL, times are in seconds."""
    app = await house.app()
    answer = await house.sign_in(app, scopes="api id openid")
    issued = int(answer["issued_at"]) // 1000

    assert await look(web, app, answer["access_token"]) == {
        "active": True,
        "scope": "api id openid",
        "client_id": app.consumer_key,
        "username": "ada@harbour.example",
        "sub": answer["id"],
        "token_type": "access_token",
        "exp": issued + 7200,
        "iat": issued,
        "nbf": issued,
        "iss": BASE,
    }


async def test_an_access_token_of_the_standards_door(house: House, web: httpx.AsyncClient) -> None:
    """RFC 7662, section 2.2: token_type is the one that the token answer named."""
    app = await house.app()
    issued = house.clock.now_ms() // 1000
    answer = await house.sign_in(app, door=STANDARDS, scopes="api openid")

    assert await look(web, app, answer["access_token"], STANDARDS) == {
        "active": True,
        "scope": "api openid",
        "client_id": app.consumer_key,
        "username": "ada@harbour.example",
        "sub": house.user_ids["ada"],
        "token_type": "Bearer",
        "exp": issued + answer["expires_in"],
        "iat": issued,
        "nbf": issued,
        "iss": ISSUER[STANDARDS],
    }


@both_doors
async def test_a_refresh_token_says_that_it_is_one_and_has_an_end_where_its_policy_gives_one(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    ending = await house.app({s.REFRESH_TOKEN_POLICY: s.REFRESH_TOKEN_POLICY.kind.parse("specific_lifetime:10:DAYS")})
    endless = await house.app()
    begun = house.clock.now_ms()
    of_ending = await look(web, ending, (await house.sign_in(ending, door=door))["refresh_token"], door)
    of_endless = await look(web, endless, (await house.sign_in(endless, door=door))["refresh_token"], door)

    assert of_ending["token_type"] == of_endless["token_type"] == "refresh_token"
    assert of_ending["exp"] == (begun + 10 * 86_400_000) // 1000
    assert "exp" not in of_endless


@both_doors
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something_else", ""])
async def test_a_hint_right_wrong_or_unknown_changes_nothing(
    house: House, web: httpx.AsyncClient, door: str, hint: str
) -> None:
    """RFC 7662, section 2.1: the server extends its search to all token types."""
    app = await house.app()
    answer = await house.sign_in(app, door=door)

    for token in (answer["access_token"], answer["refresh_token"]):
        assert (await look(web, app, token, door, token_type_hint=hint))["active"] is True


@both_doors
@pytest.mark.requirement("S17")
async def test_another_apps_token_is_inactive(house: House, web: httpx.AsyncClient, door: str) -> None:
    mine, other = await house.app(), await house.app()
    answer = await house.sign_in(mine, door=door)

    for token in (answer["access_token"], answer["refresh_token"]):
        assert await look(web, other, token, door) == INACTIVE


@both_doors
@pytest.mark.enforces("introspect_all")
@pytest.mark.requirement("S17")
async def test_introspect_all_sees_every_token_of_its_org_and_none_of_another(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await house.app()
    gateway = await house.app({s.INTROSPECT_ALL: True})
    stranger = await (await house.elsewhere()).app({s.INTROSPECT_ALL: True})
    answer = await house.sign_in(app, door=door)

    for token in (answer["access_token"], answer["refresh_token"]):
        assert (await look(web, gateway, token, door))["client_id"] == app.consumer_key
        assert await look(web, stranger, token, door) == INACTIVE


@both_doors
@pytest.mark.requirement("S17")
async def test_a_dead_token_is_exactly_active_false(house: House, web: httpx.AsyncClient, door: str) -> None:
    """Unknown, forged, revoked, rotated out and expired read the same."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True, s.SESSION_TIMEOUT: 15})
    revoked, rotated, old = [await house.sign_in(app, door=door) for _ in range(3)]
    await house.revoke(revoked["refresh_token"])
    await house.refresh(app, rotated["refresh_token"], door=door)
    house.clock.advance(minutes=15)

    for token in (
        revoked["access_token"],
        revoked["refresh_token"],
        rotated["refresh_token"],
        old["access_token"],
        old["access_token"][:-1] + ("a" if old["access_token"][-1] != "a" else "b"),
        old["refresh_token"][:-1] + ("a" if old["refresh_token"][-1] != "a" else "b"),
        house.org_id[:15] + "!" + "a" * 96,
        "5Aep861" + "a" * 80,
    ):
        assert await look(web, app, token, door) == INACTIVE


async def test_what_is_no_token_at_all_is_an_error_at_salesforces_door_only(
    house: House, web: httpx.AsyncClient
) -> None:
    """Section 3.21; S17: only junk has its own error."""
    app = await house.app()
    here = await web.post(f"{SALESFORCE}/introspect", data={**in_body(app), "token": "junk"})

    assert here.status_code == 400
    assert here.json() == {
        "error": "unsupported_token_type",
        "error_description": "this token type is not supported",
    }
    assert await look(web, app, "junk", STANDARDS) == INACTIVE


async def test_a_missing_token_is_junk_at_salesforces_door_and_invalid_request_at_the_standards(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app()
    here = await web.post(f"{SALESFORCE}/introspect", data=in_body(app))
    there = await web.post(f"{STANDARDS}/introspect", data=in_body(app))

    assert (here.status_code, here.json()["error"]) == (400, "unsupported_token_type")
    assert (there.status_code, there.json()["error"]) == (400, "invalid_request")


@both_doors
@pytest.mark.requirement("S11")
async def test_a_code_and_an_id_token_are_no_tokens_to_look_at(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    answer = await house.sign_in(app, door=door)

    for text in (code, answer["id_token"], app.consumer_secret):
        assert not (await look(web, app, text, door)).get("active", False)


@both_doors
async def test_basic_authentication_will_do(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    answer = await house.sign_in(app, door=door)
    reply = await web.post(
        f"{door}/introspect",
        data={"token": answer["access_token"]},
        headers=basic(app.consumer_key, app.consumer_secret),
    )

    assert reply.json()["active"] is True


@pytest.mark.parametrize("credentials", ["none", "wrong", "unknown", "bearer"])
@both_doors
async def test_without_client_authentication_nothing_is_said(
    house: House, web: httpx.AsyncClient, door: str, credentials: str
) -> None:
    """RFC 7662, section 2.1. A public client cannot introspect: anyone could be it."""
    app = await house.app({s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False, s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    token = (await house.sign_in(app, door=door))["access_token"]
    form, headers = {
        "none": ({"client_id": app.consumer_key}, {}),
        "wrong": ({"client_id": app.consumer_key, "client_secret": "x"}, {}),
        "unknown": ({"client_id": "3MVGnobody", "client_secret": "x"}, {}),
        "bearer": ({}, {"authorization": f"Bearer {token}"}),
    }[credentials]
    refused = await web.post(f"{door}/introspect", data={**form, "token": token}, headers=headers)

    assert refused.status_code == (400 if door == SALESFORCE else 401)
    assert refused.json()["error"] in ("invalid_client", "invalid_client_id")
    assert ("www-authenticate" in refused.headers) == (door == STANDARDS)


@both_doors
async def test_a_token_of_either_door_is_known_at_both_and_bears_its_own_issuer(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Decision 1: one engine; a gateway need not know at which door its caller got the token."""
    app = await house.app()
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    assert (await look(web, app, here["access_token"], door))["iss"] == ISSUER[SALESFORCE]
    assert (await look(web, app, there["access_token"], door))["iss"] == ISSUER[STANDARDS]


@both_doors
async def test_the_answer_is_not_stored(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    reply = await web.post(f"{door}/introspect", data={**in_body(app), "token": "5Aep861" + "a" * 80})

    assert "no-store" in reply.headers["cache-control"]
    assert reply.headers["content-type"].startswith("application/json")


async def test_it_takes_post_only(house: House, web: httpx.AsyncClient) -> None:
    here, there = await web.get(f"{SALESFORCE}/introspect"), await web.get(f"{STANDARDS}/introspect")

    assert (here.status_code, here.json()["error_description"]) == (400, "must use HTTP POST")
    assert (there.status_code, there.headers["allow"]) == (405, "POST")


JWT_ANSWER = {"accept": "application/token-introspection+jwt"}


async def signed_answer(house: House, web: httpx.AsyncClient, app: TestApp, token: str) -> dict[str, Any]:
    """Ask for a signed answer and return its claims; the signature is checked with the published key."""
    reply = await web.post(f"{STANDARDS}/introspect", data={**in_body(app), "token": token}, headers=JWT_ANSWER)
    assert reply.headers["content-type"] == "application/token-introspection+jwt"
    header, claims = await read_id_token(web, reply.text, STANDARDS)
    assert header["typ"] == "token-introspection+jwt"
    return claims


@pytest.mark.parametrize("form", ["opaque", "jwt", "refresh"])
async def test_the_standards_door_signs_its_answer_for_who_asks_for_a_jwt(
    house: House, web: httpx.AsyncClient, form: str
) -> None:
    """RFC 9701, section 5: issuer, audience and time, the answer inside, and neither `sub` nor `exp` beside it."""
    app = await (house.jwt_app if form == "jwt" else house.app)()
    answer = await house.sign_in(app, door=STANDARDS)
    token = answer["refresh_token" if form == "refresh" else "access_token"]

    assert await signed_answer(house, web, app, token) == {
        "iss": ISSUER[STANDARDS],
        "aud": app.consumer_key,
        "iat": house.clock.now_ms() // 1000,
        "token_introspection": await look(web, app, token, STANDARDS),
    }


async def test_a_signed_answer_about_a_token_that_one_may_not_see_says_inactive_and_no_more(
    house: House, web: httpx.AsyncClient
) -> None:
    """RFC 9701, section 5."""
    token = (await house.sign_in(await house.app(), door=STANDARDS))["access_token"]

    assert (await signed_answer(house, web, await house.app(), token))["token_introspection"] == INACTIVE


@pytest.mark.parametrize(
    ("accept", "is_signed"),
    [
        ("application/json, application/token-introspection+jwt", True),
        ("application/token-introspection+jwt;q=0.5, application/json;q=0.4", True),
        ("application/token-introspection+jwt;q=0.5, application/json", False),
        ("application/token-introspection+jwt;q=0", False),
        ("application/token-introspection+jwt;q=nan", False),
        ("*/*", False),
        ("application/*", False),
    ],
)
async def test_the_accept_header_decides_whether_the_answer_is_signed(
    house: House, web: httpx.AsyncClient, accept: str, is_signed: bool
) -> None:
    app = await house.app()
    form = {**in_body(app), "token": (await house.sign_in(app))["access_token"]}
    here = await web.post(f"{SALESFORCE}/introspect", data=form, headers={"accept": accept})
    there = await web.post(f"{STANDARDS}/introspect", data=form, headers={"accept": accept})

    assert here.json()["active"] is True
    assert (there.headers["content-type"] == "application/token-introspection+jwt") is is_signed


async def test_a_refusal_is_json_whatever_was_asked_for(house: House, web: httpx.AsyncClient) -> None:
    form = {"client_id": (await house.app()).consumer_key, "client_secret": "x", "token": "x"}
    reply = await web.post(f"{STANDARDS}/introspect", data=form, headers=JWT_ANSWER)

    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


async def test_a_signed_answer_is_no_id_token(house: House, web: httpx.AsyncClient) -> None:
    """RFC 8725, section 3.11: the same key signs both, and `typ` keeps them apart."""
    app = await house.app()
    answer = await house.sign_in(app, door=STANDARDS)
    form = {**in_body(app), "token": answer["access_token"]}
    signed = (await web.post(f"{STANDARDS}/introspect", data=form, headers=JWT_ANSWER)).text

    assert (await house.server.signing.read(house.db, answer["id_token"]))["aud"] == app.consumer_key
    with pytest.raises(JwtRefused, match="another kind"):
        await house.server.signing.read(house.db, signed)


@pytest.mark.requirement("S17")
@pytest.mark.parametrize("form", ["opaque", "jwt", "refresh"])
async def test_who_may_not_look_at_a_token_has_nothing_found_out_about_it(
    house: House, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """So a living and a dead token of another app take the same time too: no check of either is made."""
    app, nosy = await (house.jwt_app if form == "jwt" else house.app)(), await house.app()
    token = (await house.sign_in(app))["refresh_token" if form == "refresh" else "access_token"]
    judged: list[object] = []
    monkeypatch.setattr("grantway.endpoints.introspect.judge", judged.append)
    monkeypatch.setattr("grantway.endpoints.introspect.decide", lambda *case: judged.append(case))

    assert await look(web, nosy, token) == INACTIVE
    assert not judged
