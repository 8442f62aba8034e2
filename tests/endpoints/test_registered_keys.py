"""The keys of clients that register themselves: one, several, or a URL (RFC 7591, section 2)."""

import json
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from tests.endpoints.house import CALLBACK, STANDARDS, VERIFIER, House
from tests.endpoints.registrant import ASKED, at_home, error, joined, known, public_key, sent, token_of
from tests.endpoints.signer import proof


@pytest.mark.requirement("S21")
async def test_a_client_that_registered_its_key_proves_itself_by_it_alone(house: House) -> None:
    asked: dict[str, Any] = {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_key() | {"kid": "1"}]},
    }
    client = await joined(house, await token_of(house, await house.app()), **asked)
    app = await known(house, client)
    held = await apps.find(house.desk, house.org, app.id)
    assert "client_secret" not in client
    assert client["jwks"] == asked["jwks"]
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form["code"] = await house.code(app, door="standards")

    for wrong in (
        {"client_id": app.consumer_key, "client_secret": held.secret.reveal()},
        {"client_id": app.consumer_key},
        proof(house, app, door=STANDARDS, number=1),
    ):
        assert (await house.token(form | wrong, door=STANDARDS))[0] == 401
    assert (await house.token(form | proof(house, app, door=STANDARDS), door=STANDARDS))[0] == 200


async def test_a_client_with_several_keys_proves_itself_by_each_of_them(house: House) -> None:
    keys = [public_key() | {"kid": "old"}, public_key(1) | {"kid": "new", "use": "sig", "alg": "RS256"}]
    asked: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": keys}}
    client = await joined(house, await token_of(house, await house.app()), **asked)
    app = await known(house, client)

    assert client["jwks"] == asked["jwks"]
    assert (await at_home(house, client)).body == json.dumps(client, separators=(",", ":")).encode()
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    for number in (0, 1):
        form["code"] = await house.code(app, door="standards")
        proves = proof(house, app, door=STANDARDS, number=number, jti=str(number))
        assert (await house.token(form | proves, door=STANDARDS))[0] == 200


async def test_a_client_names_the_url_of_its_keys_and_may_change_to_keys_that_it_sends(house: House) -> None:
    asked: dict[str, Any] = {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://client.invalid/keys",
    }
    client = await joined(house, await token_of(house, await house.app()), **asked)
    app = await known(house, client)
    held = await apps.find(house.desk, house.org, app.id)
    assert (client["jwks_uri"], held[s.JWKS_URI]) == (asked["jwks_uri"], asked["jwks_uri"])
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form["code"] = await house.code(app, door="standards")
    assert (await house.token(form | proof(house, app, door=STANDARDS), door=STANDARDS))[0] == 401
    assert await house.reasons() == ["client.assertion_keys_unreachable"]

    both = await at_home(house, client, "PUT", client | {"jwks": {"keys": [public_key()]}})
    assert (both.status, json.loads(both.body)["error"]) == (400, "invalid_client_metadata")
    sent = {name: value for name, value in client.items() if name != "jwks_uri"} | {"jwks": {"keys": [public_key()]}}
    changed = json.loads((await at_home(house, client, "PUT", sent)).body)

    assert "jwks_uri" not in changed
    assert changed["jwks"] == sent["jwks"]
    assert (await house.token(form | proof(house, app, door=STANDARDS), door=STANDARDS))[0] == 200


async def test_a_signing_algorithm_that_is_not_taken_is_refused(house: House) -> None:
    asked = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public_key()]}}
    token = await token_of(house, await house.app())
    answers = [
        await sent(house, ASKED | asked | {"token_endpoint_auth_signing_alg": alg}, token) for alg in ("HS256", "RS256")
    ]

    assert [reply.status for reply in answers] == [400, 201]
    assert await house.reasons() == ["registration.signing_alg"]


async def test_a_client_exchanges_its_key_by_an_update(house: House) -> None:
    asked: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public_key()]}}
    client = await joined(house, await token_of(house, await house.app()), **asked)
    app = await known(house, client)

    await at_home(house, client, "PUT", client | {"jwks": {"keys": [public_key(1)]}})

    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form["code"] = await house.code(app, door="standards")
    assert (await house.token(form | proof(house, app, door=STANDARDS), door=STANDARDS))[0] == 401
    assert (await house.token(form | proof(house, app, door=STANDARDS, number=1), door=STANDARDS))[0] == 200


@pytest.mark.parametrize(
    "keys",
    [
        {"jwks_uri": "http://app.example/jwks"},
        {"jwks_uri": "https://ada:secret@app.example/jwks"},
        {"jwks_uri": ""},
        {"jwks_uri": ["https://app.example/jwks"]},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "EC"}] * 21}},
        {"jwks": {"keys": [public_key() | {"use": "enc"}]}},
        {"jwks": {"keys": [public_key(), public_key(1) | {"d": "AAAA"}]}},
        {"jwks": {"keys": [public_key(), {"kty": "oct", "k": "AAAA"}]}},
        {"jwks": {"keys": [public_key() | {"kid": str(n), "n": "A" * 2000} for n in range(20)]}},
        {"jwks": public_key()},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}},
        {"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}},
        {"jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "x": "AAAA"}]}},
        {"jwks": {"keys": [{"kty": ["RSA"]}]}},
        {"jwks": {"keys": [{"kty": "RSA", "n": "é", "e": "AQAB", "use": "enc"}]}},
        {"jwks": {"keys": [{"kty": "EC", "d": "AAAA"}]}},
        {"jwks": {"keys": [{"kty": "\ud800"}]}},
        {"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "\ud800"}]}},
        {"jwks": [1]},
    ],
)
async def test_a_key_that_cannot_be_used_is_refused(house: House, keys: dict[str, Any]) -> None:
    token = await token_of(house, await house.app())
    reply = await sent(house, ASKED | {"token_endpoint_auth_method": "private_key_jwt"} | keys, token)

    assert error(reply) == (400, "invalid_client_metadata")
