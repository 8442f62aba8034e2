"""Clients that prove themselves by a signed assertion instead of a secret (RFC 7523 2.2; OpenID Connect Core 9)."""

import asyncio
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.introspect import introspect
from grantway.endpoints.revoke import revoke
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.signer import proof, signer
from tests.endpoints.wire import MACHINE, both_doors

ADA = "ada@harbour.example"


async def certified(house: House) -> TestApp:
    """An app with a certificate and the client credentials flow."""
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    return await house.app({s.CERTIFICATE: certificate, s.CLIENT_CREDENTIALS: True}, run_as=ADA)


@both_doors
async def test_a_client_gets_a_token_by_its_assertion_alone(house: House, door: str) -> None:
    app = await certified(house)

    assert (await house.token({**MACHINE, **proof(house, app, door=door)}, door=door))[0] == 200


@both_doors
async def test_codes_and_refresh_tokens_are_redeemed_with_an_assertion(house: House, door: str) -> None:
    app = await certified(house)
    code = await house.code(app, door="salesforce" if door == SALESFORCE else "standards")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    status, answer = await house.token({**form, **proof(house, app, door=door)}, door=door)
    assert status == 200
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}

    assert (await house.token({**form, **proof(house, app, door=door, jti="2")}, door=door))[0] == 200


@both_doors
async def test_introspection_takes_an_assertion_once(house: House, door: str) -> None:
    app = await certified(house)
    token = (await house.token({**MACHINE, **proof(house, app, door=door)}, door=door))[1]["access_token"]
    form = {"token": token, **proof(house, app, door=door, jti="2")}
    first = await introspect(house.call(f"{door}/introspect", form), house.server, BASE)
    second = await introspect(house.call(f"{door}/introspect", form), house.server, BASE)

    assert first.status == 200
    assert b'"active":true' in first.body
    assert second.status == (400 if door == SALESFORCE else 401)
    assert b"invalid_client" in second.body


async def test_revocation_at_the_standards_door_takes_an_assertion(house: House) -> None:
    app = await certified(house)
    answer = (await house.token({**MACHINE, **proof(house, app, door=STANDARDS)}, door=STANDARDS))[1]
    form = {"token": answer["access_token"], **proof(house, app, door=STANDARDS, jti="2")}
    reply = await revoke(house.call(f"{STANDARDS}/revoke", form), house.server, BASE)

    assert reply.status == 200
    assert not await house.is_active(app, answer["access_token"])


@pytest.mark.requirement("S23")
@both_doors
@pytest.mark.parametrize(
    "more",
    [
        {"number": 1},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": 4_000_000_000},
        {"iat_in": 60},
        {"nbf_in": 60},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"sub": None},
    ],
    ids=lambda more: "-".join(f"{name}={value}" for name, value in more.items()),
)
async def test_an_assertion_that_proves_nothing_is_an_invalid_client(
    house: House, door: str, more: dict[str, Any]
) -> None:
    app = await certified(house)
    now = house.clock.now_ms() // 1000
    said = {
        name[:3] if name.endswith("_in") else name: v + now if name.endswith("_in") else v for name, v in more.items()
    }
    status, answer = await house.token({**MACHINE, **proof(house, app, door=door, **said)}, door=door)

    assert (status, answer["error"]) == (400 if door == SALESFORCE else 401, "invalid_client")


@pytest.mark.requirement("S23")
@both_doors
async def test_clocks_may_differ_by_ten_seconds(house: House, door: str) -> None:
    app = await certified(house)
    ahead = house.clock.now_ms() // 1000 + 10

    assert (await house.token({**MACHINE, **proof(house, app, door=door, iat=ahead, nbf=ahead)}, door=door))[0] == 200


@pytest.mark.requirement("S23")
@both_doors
@pytest.mark.parametrize("jti", ["once", None])
async def test_an_assertion_counts_once(house: House, door: str, jti: str | None) -> None:
    app = await certified(house)
    form = {**MACHINE, **proof(house, app, door=door, jti=jti)}

    answers = await asyncio.gather(*(house.token(form, door=door) for _ in range(8)))
    assert sorted(status for status, _ in answers) == [200] + [400 if door == SALESFORCE else 401] * 7


async def test_a_code_is_not_used_up_by_an_assertion_that_was_used_before(house: House) -> None:
    app = await certified(house)
    used = proof(house, app, door=SALESFORCE)
    assert (await house.token({**MACHINE, **used}))[0] == 200
    form = {
        "grant_type": "authorization_code",
        "code": await house.code(app),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }

    assert (await house.token({**form, **used}))[0] == 400
    assert (await house.token({**form, **proof(house, app, door=SALESFORCE, jti="2")}))[0] == 200


@pytest.mark.requirement("S21")
@both_doors
async def test_an_assertion_beside_a_secret_is_one_method_too_many(house: House, door: str) -> None:
    app = await certified(house)
    status, answer = await house.token(
        {**MACHINE, "client_secret": app.consumer_secret, **proof(house, app, door=door)}, door=door
    )

    assert (status, answer["error"]) == (400, "invalid_request")


@both_doors
async def test_the_client_id_may_be_sent_along_and_must_be_the_same(house: House, door: str) -> None:
    app, other = await certified(house), await certified(house)

    right = {**MACHINE, "client_id": app.consumer_key, **proof(house, app, door=door)}
    wrong = {**MACHINE, "client_id": other.consumer_key, **proof(house, app, door=door, jti="2")}
    assert (await house.token(right, door=door))[0] == 200
    assert (await house.token(wrong, door=door))[1]["error"] == "invalid_client"


async def test_the_type_of_the_assertion_must_be_named(house: House) -> None:
    app = await certified(house)
    form = {**MACHINE, **proof(house, app, door=SALESFORCE)} | {"client_assertion_type": "jwt"}

    assert (await house.token(form))[1]["error"] == "invalid_client"
    assert await house.reasons() == ["client.assertion_type_unknown"]


async def test_an_app_without_certificate_cannot_prove_itself_so(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as=ADA)

    assert (await house.token({**MACHINE, **proof(house, app, door=SALESFORCE)}))[1]["error"] == "invalid_client"
    assert await house.reasons() == ["client.assertion_no_certificate"]
