"""Apps that sign with a key of their key set, pasted or published at a URL (RFC 7523; RFC 7517; S22, S31)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.introspect import introspect
from grantway.endpoints.revoke import revoke
from grantway.kit.clock import MINUTE_MS
from grantway.manage.connected_apps import apps
from grantway.manage.usage.explain import explain
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.issuer import Provider, open_provider, public_jwk
from tests.endpoints.signer import ASSERTION_TYPE, GRANT_TYPE, signer
from tests.endpoints.wire import MACHINE, both_doors

ADA = "ada@harbour.example"
_ALGORITHMS = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}
ways = pytest.mark.parametrize("way", ["client", "bearer"])


@pytest.fixture
async def publisher(house: House) -> AsyncIterator[Provider]:
    """A host on this machine that serves a key set, and that the operator lets the server ask."""
    async with open_provider(house) as provider:
        yield provider


async def with_keys(house: House, **keys: Any) -> TestApp:
    """An app with keys, as settings, that acts for its run-as user and for pre-authorized ones."""
    return await house.app(
        {
            **{s.BY_NAME[name]: s.BY_NAME[name].kind.parse(raw) for name, raw in keys.items()},
            s.CLIENT_CREDENTIALS: True,
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        },
        run_as=ADA,
    )


def pasted(*keys: dict[str, Any]) -> dict[str, Any]:
    """The setting that holds public keys."""
    return {"jwks": {"keys": list(keys)}}


def assertion(
    house: House, app: TestApp, way: str, door: str = STANDARDS, *, kind: str = "RSA", number: int = 0, **more: Any
) -> str:
    """An assertion of a client; `kid` and `alg` change its header, where None leaves out what would stand there."""
    now, header = house.clock.now_ms() // 1000, {"kid": more.pop("kid", f"{kind}-{number}")}
    alg = more.pop("alg", _ALGORITHMS[kind])
    said = {
        "iss": app.consumer_key,
        "sub": app.consumer_key if way == "client" else ADA,
        "aud": BASE if door == SALESFORCE else BASE + "/oidc",
        "exp": now + 60,
        "jti": str(more.pop("jti", "1")),
    }
    shown = {name: value for name, value in header.items() if value is not None}
    return signer(kind, number=number).sign(said, alg=alg, header=shown)


def asks(way: str, signed: str) -> dict[str, str]:
    """A token request with an assertion: of the client itself, or for a user."""
    if way == "client":
        return {**MACHINE, "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    return {"grant_type": GRANT_TYPE, "assertion": signed}


async def send(house: House, app: TestApp, way: str, door: str = STANDARDS, **more: Any) -> tuple[int, dict[str, Any]]:
    """Ask for a token by a fresh assertion."""
    house.clock.advance(ms=1)
    more = {"jti": house.clock.now_ms(), **more}
    return await house.token(asks(way, assertion(house, app, way, door, **more)), door=door)


async def explained(house: House) -> tuple[str, str, str]:
    """Return reason, explanation and blamed setting of the newest refusal, as `grantway explain` shows them."""
    await house.server.refusals.flush()
    row = await house.db.one(Statement("SELECT request_id FROM refusal ORDER BY at DESC, request_id DESC LIMIT 1"))
    assert row is not None
    found = await explain(house.desk, str(row[0]))
    return found.reason, found.means, found.setting


@pytest.mark.enforces("jwks")
@ways
@both_doors
async def test_every_key_of_a_pasted_set_signs_by_its_id(house: House, door: str, way: str) -> None:
    kinds = ("RSA", "P-256", "Ed25519")
    app = await with_keys(house, **pasted(*(public_jwk(kind) for kind in kinds)))

    assert [(await send(house, app, way, door, kind=kind))[0] for kind in kinds] == [200, 200, 200]


@pytest.mark.enforces("jwks_uri")
@ways
@both_doors
async def test_every_key_that_is_published_signs_and_the_set_is_fetched_once(
    house: House, publisher: Provider, door: str, way: str
) -> None:
    publisher.keys = [public_jwk(), public_jwk("P-256"), public_jwk("Ed25519")]
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")

    answers = [(await send(house, app, way, door, kind=kind))[0] for kind in ("RSA", "P-256", "Ed25519")]
    assert answers == [200, 200, 200]
    assert publisher.asked_for("/keys") == 1


@both_doors
async def test_introspection_and_revocation_take_a_key_that_is_published(
    house: House, publisher: Provider, door: str
) -> None:
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")
    token = (await send(house, app, "client", door))[1]["access_token"]
    proof = {"client_assertion_type": ASSERTION_TYPE, "token": token}

    first = proof | {"client_assertion": assertion(house, app, "client", door, jti="i")}
    told = await introspect(house.call(f"{door}/introspect", first), house.server, BASE)
    second = proof | {"client_assertion": assertion(house, app, "client", door, jti="r")}
    await revoke(house.call(f"{door}/revoke", second), house.server, BASE)

    assert json.loads(told.body)["active"] is True
    assert not await house.is_active(app, token)


@ways
async def test_without_a_key_id_any_key_for_the_algorithm_may_have_signed(house: House, way: str) -> None:
    app = await with_keys(house, **pasted(public_jwk(number=1), public_jwk("P-256"), public_jwk()))

    assert (await send(house, app, way, kid=None))[0] == 200
    assert (await send(house, app, way, kind="P-256", kid=None))[0] == 200
    assert (await send(house, app, way, number=2, kid=None))[0] != 200


@ways
async def test_a_certificate_and_a_key_set_count_side_by_side(house: House, publisher: Provider, way: str) -> None:
    publisher.keys = [public_jwk(number=1)]
    app = await with_keys(house, certificate=signer().certificate, jwks_uri=f"{publisher.url}/keys")

    assert (await send(house, app, way))[0] == 200
    assert publisher.asked_for("/keys") == 0  # what the certificate vouches for needs no other host
    assert (await send(house, app, way, number=1))[0] == 200
    assert (await send(house, app, way, number=2))[0] != 200
    assert (await explained(house))[1].endswith("there are RSA-1; nor does its certificate fit.")


@ways
async def test_after_a_rotation_the_new_key_counts_at_once_and_the_old_one_ten_minutes_at_most(
    house: House, publisher: Provider, way: str
) -> None:
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")
    assert (await send(house, app, way))[0] == 200
    house.clock.advance(ms=MINUTE_MS)

    publisher.keys = [public_jwk(number=1)]
    assert (await send(house, app, way, number=1))[0] == 200
    assert publisher.asked_for("/keys") == 2

    assert (await send(house, app, way))[0] != 200
    assert (await explained(house))[1].endswith("the assertion names the key RSA-0, and there are RSA-1.")

    publisher.keys = []
    house.clock.advance(ms=10 * MINUTE_MS)
    assert (await send(house, app, way, number=1))[0] != 200
    assert (await explained(house))[1].endswith("it holds no key that can check a signature.")


async def test_unknown_key_ids_make_the_server_ask_once_a_minute_also_while_nothing_answers(
    house: House, publisher: Provider
) -> None:
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")
    assert (await send(house, app, "client"))[0] == 200
    house.clock.advance(ms=MINUTE_MS)
    publisher.answers["/keys"] = b"no JSON"

    for number in range(1, 4):
        assert (await send(house, app, "client", number=1, kid=f"new-{number}"))[0] == 401

    assert publisher.asked_for("/keys") == 2
    assert await house.reasons() == [
        "client.assertion_keys_unreachable",
        "client.assertion_not_published",
        "client.assertion_not_published",
    ]
    assert (await send(house, app, "client"))[0] == 200


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a key that is in no set": (pasted(public_jwk()), {"number": 1, "kid": "RSA-0"}, "the key did not sign it"),
    "another id": (pasted(public_jwk()), {"kid": "RSA-9"}, "the assertion names the key RSA-9, and there are RSA-0"),
    "the id of another key": (
        pasted(public_jwk(), public_jwk("P-256")),
        {"kid": "P-256-0"},
        "its algorithm is not one of the key's (ES256)",
    ),
    "an encryption key": (
        pasted(public_jwk(use="enc"), public_jwk("P-256")),
        {},
        "the assertion names the key RSA-0, and there are P-256-0",
    ),
    "a key for another algorithm": (
        pasted(public_jwk(alg="RS512")),
        {},
        "its algorithm is not one of the key's (RS512)",
    ),
    "a key for other operations": (
        pasted(public_jwk(key_ops=["encrypt"]), public_jwk("P-256")),
        {},
        "the assertion names the key RSA-0, and there are P-256-0",
    ),
}


@pytest.mark.requirement("S22")
@ways
@pytest.mark.parametrize("case", WRONG)
async def test_what_no_key_of_the_set_signed_is_refused_and_says_why(house: House, way: str, case: str) -> None:
    keys, more, why = WRONG[case]
    app = await with_keys(house, **keys)
    status, answer = await send(house, app, way, **more)

    expected = (401, "invalid_client") if way == "client" else (400, "invalid_grant")
    assert (status, answer["error"]) == expected
    reason, means, setting = await explained(house)
    assert reason == ("client.assertion_not_in_set" if way == "client" else "assertion.not_in_set")
    assert why in means
    assert setting == "jwks"


@pytest.mark.requirement("S22")
@ways
@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_no_set_makes_an_unsigned_or_symmetric_assertion_count(house: House, way: str, alg: str) -> None:
    app = await with_keys(house, **pasted(public_jwk()))
    head, body, signature = assertion(house, app, way).split(".")
    other = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "RSA-0"}).encode()).decode().rstrip("=")
    status, answer = await house.token(asks(way, f"{other}.{body}.{signature}"), door=STANDARDS)

    assert head != other
    assert (status, answer["error"]) == ((401, "invalid_client") if way == "client" else (400, "invalid_grant"))
    assert "its algorithm is not one of the key's (RS256, " in (await explained(house))[1]


UNFIT = {
    "no JSON": (b"no JSON", "what it answered is no key set: not JSON, or a member twice"),
    "no set": (b'{"keys": {}}', "what it answered is no key set: it is no JWK set: it has no list keys"),
    "too many keys": (
        json.dumps({"keys": [{"kty": "RSA"}] * 51}).encode(),
        "what it answered is no key set: it has more than 50 keys",
    ),
    "too large": (b"x" * 70_000, "it is larger than 64 KB"),
}


@pytest.mark.requirement("S31")
@ways
@pytest.mark.parametrize("case", UNFIT)
async def test_a_set_that_cannot_be_used_is_the_clients_failure_and_says_why(
    house: House, publisher: Provider, way: str, case: str
) -> None:
    publisher.answers["/keys"], why = UNFIT[case]
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")
    status, answer = await send(house, app, way)

    assert (status, answer["error"]) == ((401, "invalid_client") if way == "client" else (400, "invalid_grant"))
    reason, means, setting = await explained(house)
    assert reason == ("client.assertion_keys_unreachable" if way == "client" else "assertion.keys_unreachable")
    assert f"at {publisher.url}/keys could not be had: {why}." in means
    assert setting == "jwks_uri"

    publisher.answers.clear()
    assert (await send(house, app, way))[0] == 200


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/keys", "its address is not https"),
        ("https://127.0.0.1/keys", "its host is not on the public network"),
        ("https://169.254.169.254/latest", "its host is not on the public network"),
        ("https://[::1]/keys", "its host is not on the public network"),
        ("https://localhost/keys", "its host is not on the public network"),
        ("http://id.harbour.example/keys", "its address is not https"),
    ],
)
async def test_the_url_of_a_set_leads_nowhere_inside(house: House, publisher: Provider, url: str, why: str) -> None:
    app = await with_keys(house, jwks_uri=url)

    assert (await send(house, app, "client"))[0] == 401
    assert publisher.asked == []
    assert why in (await explained(house))[1]


@pytest.mark.requirement("S31")
async def test_a_redirect_to_a_set_is_not_followed(house: House, publisher: Provider) -> None:
    publisher.status = b"302 Found\r\nLocation: /keys"
    app = await with_keys(house, jwks_uri=f"{publisher.url}/moved")

    assert (await send(house, app, "client"))[0] == 401
    assert [path for path, _, _ in publisher.asked] == ["/moved"]
    assert "could not be had: it answered 302" in (await explained(house))[1]


@pytest.mark.requirement("S22")
async def test_private_and_symmetric_keys_that_are_published_check_nothing(house: House, publisher: Provider) -> None:
    publisher.keys = [public_jwk(d="AQAB"), {"kty": "oct", "k": "AAAA", "kid": "RSA-0"}, public_jwk(q="AQAB")]
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")

    assert (await send(house, app, "client"))[0] == 401
    assert "it holds no key that can check a signature" in (await explained(house))[1]


@pytest.mark.requirement("S31")
async def test_a_host_that_does_not_answer_holds_a_bounded_number_of_requests(
    house: House, publisher: Provider
) -> None:
    publisher.hold = asyncio.Event()
    app = await with_keys(house, jwks_uri=f"{publisher.url}/keys")
    sent = [asyncio.create_task(send(house, app, "client")) for _ in range(40)]
    answers = asyncio.as_completed(sent)
    turned_away = [(await next(answers))[0] for _ in range(8)]
    publisher.hold.set()
    waited = [(await answer)[0] for answer in answers]

    assert (turned_away, waited) == ([401] * 8, [200] * 32)
    assert publisher.asked_for("/keys") == 1


async def test_a_gateway_vouches_for_its_devices_by_its_key_set(house: House, publisher: Provider) -> None:
    publisher.keys = [public_jwk("P-256")]
    app = await house.app(
        {
            s.JWKS_URI: f"{publisher.url}/keys",
            s.ASSET_TOKENS: True,
            s.ASSET_TOKEN_AUDIENCES: ("https://fleet.harbour.example",),
            s.SCOPES: ("api", "openid", "refresh_token"),
        }
    )
    token = (await house.redeem(app, await house.code(app)))[1]["access_token"]
    now = house.clock.now_ms() // 1000
    said = {"aud": BASE, "exp": now + 60, "iat": now, "did": "sensor-1", "jti": "1"}
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "actor_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
    }
    for kind, status in (("P-256", 200), ("RSA", 400)):
        actor = signer(kind).sign(said, alg=_ALGORITHMS[kind], header={"kid": "P-256-0"})
        assert (await house.token(form | {"actor_token": actor}))[0] == status
    assert (await explained(house))[0] == "asset.actor_not_signed"


async def test_an_app_without_any_key_says_which_settings_would_give_it_one(house: House) -> None:
    app = await with_keys(house)
    await send(house, app, "client")

    reason, means, setting = await explained(house)
    assert (reason, setting) == ("client.assertion_no_certificate", "certificate")
    assert "neither certificate nor key set" in means


async def test_what_is_stored_of_a_set_is_public_and_in_the_audit_its_fingerprint(house: House) -> None:
    app = await with_keys(house)
    change = {"jwks": json.dumps({"keys": [public_jwk(x5c=["MIIB"])]})}
    await apps.change(house.desk, house.org, app.id, change)

    (row,) = await house.db.all(Statement("SELECT settings FROM app"))
    (entry,) = await house.db.all(Statement("SELECT detail FROM event WHERE detail LIKE '%jwks%'"))
    assert json.loads(str(row[0]))["jwks"] == {"keys": [public_jwk()]}
    assert "1 key: RSA-0 (RSA); SHA-256 " in str(entry[0])
    assert public_jwk()["n"] not in str(entry[0])
