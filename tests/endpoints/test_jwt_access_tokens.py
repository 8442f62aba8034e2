"""JWT-based access tokens: their form at each door, their end, and that an API can check them without asking (3.20)."""

import json
from typing import Any

import httpx
import jwt
import pytest

from grantway import settings as s
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.signer import GRANT_TYPE, signer
from tests.endpoints.wire import ISSUER, JWKS, MACHINE, bearer, both_doors, in_body

pytestmark = pytest.mark.enforces("jwt_access_tokens")


async def verified(web: httpx.AsyncClient, token: str, door: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as an API sees them that knows the key set alone, by a library of others (PyJWT)."""
    keys = jwt.PyJWKSet.from_dict((await web.get(JWKS[door])).json())
    header = jwt.get_unverified_header(token)
    # The house's clock stands still in another year than the machine's.
    claims = jwt.decode(
        token,
        keys[header["kid"]],
        algorithms=["RS256"],
        audience=BASE,
        issuer=ISSUER[door],
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat", "sub"]},
    )
    return header, claims


async def answers(house: House, app: TestApp, door: str) -> dict[str, dict[str, Any]]:
    """Get a token answer by a flow of each kind: a person's, its refresh, a program's, an assertion's."""
    code = await house.sign_in(app, door=door)
    _, refresh = await house.refresh(app, code["refresh_token"], door=door)
    _, machine = await house.token(MACHINE | in_body(app), door=door)
    now = house.clock.now_ms() // 1000
    said = {"iss": app.consumer_key, "sub": "ada@harbour.example", "aud": ISSUER[door], "exp": now + 180}
    _, bearer = await house.token({"grant_type": GRANT_TYPE, "assertion": signer().sign(said)}, door=door)
    return {"code": code, "refresh": refresh, "client credentials": machine, "assertion": bearer}


async def test_at_salesforces_door_it_has_salesforces_header_and_claims_in_salesforces_order(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.jwt_app()
    now = house.clock.now_ms()
    answer = await house.sign_in(app, scopes="api openid")
    header, claims = await verified(web, answer["access_token"], SALESFORCE)

    assert list(header.items()) == [
        ("tnk", f"core/prod/{house.org_id}"),
        ("ver", "1.0"),
        ("kid", f"CORE_ATJWT.{house.org_id[:15]}.{now}"),
        ("tty", "sfdc-core-token"),
        ("typ", "JWT"),
        ("alg", "RS256"),
    ]
    sfi = claims["sfi"]
    assert len(sfi) == 64
    assert set(sfi) <= set("0123456789abcdef")
    assert list(claims.items()) == [
        ("scp", "api openid"),
        ("aud", [BASE]),
        ("sub", f"uid:{house.user_ids['ada']}"),
        ("nbf", now // 1000 - 15),
        ("mty", "oauth"),
        ("sfi", sfi),
        ("roles", []),
        ("iss", BASE),
        ("hsc", False),
        ("exp", now // 1000 + 7200),
        ("iat", now // 1000),
        ("client_id", app.consumer_key),
    ]


async def test_with_the_platforms_scope_its_gateway_is_an_audience_too(house: House, web: httpx.AsyncClient) -> None:
    app = await house.jwt_app({s.SCOPES: ("sfap_api", "api")})
    answer = await house.sign_in(app, scopes="sfap_api api")

    assert (await verified(web, answer["access_token"], SALESFORCE))[1]["aud"] == [BASE, "https://api.salesforce.com"]


async def test_at_the_standards_door_it_is_what_rfc_9068_says(house: House, web: httpx.AsyncClient) -> None:
    app = await house.jwt_app()
    now = house.clock.now_ms()
    answer = await house.sign_in(app, door=STANDARDS, scopes="api openid")
    header, claims = await verified(web, answer["access_token"], STANDARDS)

    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": f"CORE_ATJWT.{house.org_id[:15]}.{now}"}
    assert len(claims.pop("jti")) == 16
    assert claims == {
        "iss": f"{BASE}/oidc",
        "exp": now // 1000 + 7200,
        "aud": BASE,
        "sub": house.user_ids["ada"],
        "client_id": app.consumer_key,
        "iat": now // 1000,
        "scope": "api openid",
        "auth_time": now // 1000,
    }


@both_doors
async def test_every_flow_gives_one_and_each_is_another(house: House, web: httpx.AsyncClient, door: str) -> None:
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    values: dict[s.AnySetting, Any] = {s.CLIENT_CREDENTIALS: True, s.CERTIFICATE: certificate}
    app = await house.jwt_app(values, run_as="ada@harbour.example")
    found = await answers(house, app, door)

    names = {name: (await verified(web, one["access_token"], door))[1] for name, one in found.items()}
    assert len({claims.get("sfi") or claims["jti"] for claims in names.values()}) == 4
    assert ("auth_time" in names["refresh"]) is (door == STANDARDS)
    assert "auth_time" not in names["client credentials"], "nobody logged in"
    for one in found.values():
        reply = await web.get(f"{door}/userinfo", headers=bearer(one))
        assert reply.status_code == 200, reply.text


async def test_salesforces_door_tells_the_format_of_a_jwt_and_of_nothing_else(house: House) -> None:
    with_jwt, opaque = await house.jwt_app(), await house.app()
    answer = await house.sign_in(with_jwt)

    assert answer["token_format"] == "jwt"
    assert list(answer) == [
        "access_token",
        "refresh_token",
        "signature",
        "token_format",
        "scope",
        "id_token",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    ]
    assert "token_format" not in await house.sign_in(opaque)
    assert "token_format" not in await house.sign_in(with_jwt, door=STANDARDS)


async def test_it_never_says_more_of_the_person_than_the_id(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.jwt_app(), door=STANDARDS, scopes="api openid id")
    _, claims = await verified(web, answer["access_token"], STANDARDS)

    assert "ada" not in json.dumps(claims).lower()


@both_doors
@pytest.mark.enforces("named_user_jwt_timeout")
@pytest.mark.parametrize(
    ("values", "minutes"),
    [({}, 120), ({s.SESSION_TIMEOUT: 20}, 20), ({s.SESSION_TIMEOUT: 20, s.NAMED_USER_JWT_TIMEOUT: 5}, 5)],
    ids=["org", "app", "own"],
)
async def test_it_lives_as_long_as_its_timeout_says_or_the_session(
    house: House, web: httpx.AsyncClient, door: str, values: dict[s.AnySetting, Any], minutes: int
) -> None:
    app = await house.jwt_app(values)
    answer = await house.sign_in(app, door=door)
    _, claims = await verified(web, answer["access_token"], door)

    assert claims["exp"] - claims["iat"] == minutes * 60
    assert answer.get("expires_in") == (minutes * 60 if door == STANDARDS else None)
    form = in_body(app) | {"token": answer["access_token"]}
    told = (await web.post(f"{door}/introspect", data=form)).json()
    assert {name: told[name] for name in ("exp", "iat")} == {name: claims[name] for name in ("exp", "iat")}
    assert told["nbf"] == claims.get("nbf", claims["iat"])
    assert told["token_type"] == ("Bearer" if door == STANDARDS else "access_token")


@both_doors
@pytest.mark.enforces("named_user_jwt_timeout")
async def test_it_ends_when_it_says_and_use_does_not_prolong_it(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    house.clock.advance(ms=700)
    answer = await house.sign_in(await house.jwt_app({s.NAMED_USER_JWT_TIMEOUT: 10}), door=door)
    _, claims = await verified(web, answer["access_token"], door)
    for _ in range(9):
        house.clock.advance(minutes=1)
        assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).status_code == 200

    house.clock.advance(ms=claims["exp"] * 1000 - house.clock.now_ms() - 1)
    assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).status_code == 200
    house.clock.advance(ms=1)
    assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).status_code in (401, 403)
    assert await house.reasons() == ["bearer.jwt_expired"]


async def test_switching_them_off_leaves_those_that_are_out(house: House, web: httpx.AsyncClient) -> None:
    app = await house.jwt_app()
    before = await house.sign_in(app)
    await house.change("""UPDATE app SET settings = json_set(settings, '$.jwt_access_tokens', json('false'))""")

    _, after = await house.refresh(app, before["refresh_token"])
    assert "token_format" not in after
    assert [len(one["access_token"]) == 112 for one in (before, after)] == [False, True]
    for one in (before, after):
        assert (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(one))).status_code == 200


@both_doors
async def test_a_token_of_the_other_door_is_none_here(house: House, web: httpx.AsyncClient, door: str) -> None:
    answer = await house.sign_in(await house.jwt_app(), door=door)
    other = STANDARDS if door == SALESFORCE else SALESFORCE

    assert (await web.get(f"{other}/userinfo", headers=bearer(answer))).status_code in (401, 403)


async def test_discovery_promises_nothing_more_and_nothing_less(house: House, web: httpx.AsyncClient) -> None:
    """RFC 9068 adds no metadata: the key set is where it was."""
    await house.sign_in(await house.jwt_app())
    for well_known, door in (("/.well-known", SALESFORCE), ("/oidc/.well-known", STANDARDS)):
        document = (await web.get(f"{well_known}/openid-configuration")).json()
        assert document["jwks_uri"] == BASE + JWKS[door]
