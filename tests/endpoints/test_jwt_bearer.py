"""The JWT Bearer Flow: a signed assertion stands for a user who is not there (RFC 7523; salesforce-oauth.md 3.6)."""

import asyncio
import base64
import json
from typing import Any

import pytest

from grantway import settings as s
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.kit.jose import SigningKey
from grantway.manage.connected_apps import apps
from grantway.manage.server import orgs
from grantway.store.sweep import Sweep
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.signer import GRANT_TYPE, proof, signer

ADA = "ada@harbour.example"
AUDIENCE = {SALESFORCE: BASE, STANDARDS: BASE + "/oidc"}
UNAPPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
INVALID = {"error": "invalid_grant", "error_description": "invalid assertion"}


async def preauthorized(house: House, kind: str = "RSA") -> TestApp:
    """An app with a certificate, for which the users of the house's profile are pre-authorized."""
    return await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer(kind).certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        }
    )


def claims(house: House, app: TestApp, *, door: str = SALESFORCE, **more: Any) -> dict[str, Any]:
    """What a client says; None leaves a claim out."""
    now = house.clock.now_ms() // 1000
    said = {"iss": app.consumer_key, "sub": ADA, "aud": AUDIENCE[door], "exp": now + 180, **more}
    return {name: value for name, value in said.items() if value is not None}


def mirrored(signature: str) -> str:
    """The other signature of P-256 that is as good: r and n - s."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    both = base64.urlsafe_b64decode(signature + "==")
    half = (order - int.from_bytes(both[32:])).to_bytes(32)
    return base64.urlsafe_b64encode(both[:32] + half).rstrip(b"=").decode()


async def send(house: House, assertion: str, *, door: str = SALESFORCE, **more: str) -> tuple[int, dict[str, Any]]:
    """Send an assertion to the token endpoint."""
    return await house.token({"grant_type": GRANT_TYPE, "assertion": assertion, **more}, door=door)


@pytest.mark.enforces("certificate")
async def test_an_assertion_signed_for_a_preauthorized_user_gives_an_access_token_and_no_refresh_token(
    house: House,
) -> None:
    app = await preauthorized(house)
    status, answer = await send(house, signer().sign(claims(house, app)))

    assert status == 200
    assert "refresh_token" not in answer
    assert set(answer["scope"].split()) == {"id", "api", "openid"}
    assert answer["id"].endswith(house.user_ids["ada"])
    assert await house.is_active(app, answer["access_token"])
    # Without the certificate the same is refused.
    other = await house.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PROFILES: ("Standard",)})
    assert await send(house, signer().sign(claims(house, other))) == (400, INVALID)


@pytest.mark.parametrize(
    ("kind", "alg"), [("RSA", "RS512"), ("RSA", "PS256"), ("P-256", "ES256"), ("P-384", "ES384"), ("Ed25519", "EdDSA")]
)
@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_the_certificates_key_may_be_of_any_modern_kind(house: House, kind: str, alg: str, door: str) -> None:
    app = await preauthorized(house, kind)

    assert (await send(house, signer(kind).sign(claims(house, app, door=door), alg=alg), door=door))[0] == 200


async def test_a_user_who_approved_before_with_a_refresh_token_gets_what_was_approved(house: House) -> None:
    app = await house.app({s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate)})
    assert await send(house, signer().sign(claims(house, app))) == (400, UNAPPROVED)

    await house.redeem(app, await house.code(app, scopes="api refresh_token"))
    status, answer = await send(house, signer().sign(claims(house, app)))

    assert (status, answer["scope"]) == (200, "api")


async def test_an_approval_without_a_refresh_token_is_none(house: House) -> None:
    app = await house.app({s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate)})
    await house.redeem(app, await house.code(app, scopes="api"))

    assert await send(house, signer().sign(claims(house, app))) == (400, UNAPPROVED)


async def test_an_approval_of_nothing_but_the_refresh_token_is_none(house: House) -> None:
    app = await house.app({s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate)})
    await house.redeem(app, await house.code(app, scopes="refresh_token"))

    assert await send(house, signer().sign(claims(house, app))) == (400, UNAPPROVED)


async def test_an_approval_that_was_revoked_or_outlived_its_policy_is_none(house: House) -> None:
    policy = s.REFRESH_TOKEN_POLICY.kind.parse("specific_inactivity:1:DAYS")
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    values: dict[s.AnySetting, Any] = {s.CERTIFICATE: certificate, s.REFRESH_TOKEN_POLICY: policy}
    revoked, idle = await house.app(values), await house.app(values)
    answer = (await house.redeem(revoked, await house.code(revoked)))[1]
    await house.redeem(idle, await house.code(idle))
    await house.revoke(answer["refresh_token"])

    assert await send(house, signer().sign(claims(house, revoked))) == (400, UNAPPROVED)
    house.clock.advance(ms=DAY_MS + 1)
    assert await send(house, signer().sign(claims(house, idle))) == (400, UNAPPROVED)


async def test_an_unknown_user_and_one_who_did_not_approve_are_refused_alike(house: House) -> None:
    app = await house.app({s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate)})
    unapproved = await send(house, signer().sign(claims(house, app)))
    unknown = await send(house, signer().sign(claims(house, app, sub="nobody@harbour.example")))

    assert unapproved == unknown == (400, UNAPPROVED)


async def test_a_user_outside_the_apps_profiles_is_not_admin_approved(house: House) -> None:
    app = await preauthorized(house)
    other = await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
        }
    )

    assert (await send(house, signer().sign(claims(house, app))))[0] == 200
    assert (await send(house, signer().sign(claims(house, other))))[1] == {
        "error": "invalid_app_access",
        "error_description": "user is not admin approved to access this app",
    }


async def test_a_preauthorized_user_needs_an_app_that_may_ask_for_a_refresh_token(house: House) -> None:
    app = await preauthorized(house)
    without = await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
            s.SCOPES: ("api",),
        }
    )

    assert (await send(house, signer().sign(claims(house, app))))[0] == 200
    assert await send(house, signer().sign(claims(house, without))) == (
        400,
        {
            "error": "invalid_request",
            "error_description": (
                "refresh_token scope is required and the connected app should be installed and preauthorized."
            ),
        },
    )


@pytest.mark.requirement("S23")
@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"aud": "https://elsewhere.example"}, "audience is invalid"),
        ({"aud": None}, "audience is invalid"),
        ({"aud": []}, "audience is invalid"),
        ({"aud": 7}, "invalid assertion"),
        ({"exp": None}, "invalid assertion"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"exp": -1}, "invalid assertion"),
        ({"exp": True}, "invalid assertion"),
        ({"exp": 1}, "expired authorization code"),
        ({"nbf": 4_000_000_000}, "invalid assertion"),
        ({"iat": 4_000_000_000}, "invalid assertion"),
        ({"iss": None}, "invalid assertion"),
        ({"iss": 7}, "invalid assertion"),
        ({"sub": None}, "invalid assertion"),
        ({"sub": {"a": 1}}, "invalid assertion"),
        ({"sub": "a" * 2000}, "invalid assertion"),
        ({"prn": "nobody@harbour.example"}, "user hasn't approved this consumer"),
        ({"jti": 7}, "invalid assertion"),
    ],
)
async def test_an_assertion_with_wrong_claims_is_refused_in_salesforces_words(
    house: House, more: dict[str, Any], answer: str
) -> None:
    app = await preauthorized(house)

    assert await send(house, signer().sign(claims(house, app, **more))) == (
        400,
        {"error": "invalid_grant", "error_description": answer},
    )


@pytest.mark.requirement("S22")
@pytest.mark.parametrize(
    "header",
    [{"jwk": {"kty": "oct", "k": "AA"}}, {"jku": "https://evil.example/k"}, {"x5c": ["AA"]}, {"x5u": "https://e.vil"}],
)
async def test_an_assertion_that_brings_its_own_key_is_refused_unread(house: House, header: dict[str, Any]) -> None:
    app = await preauthorized(house)
    own = signer().sign(claims(house, app)).split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", **header}).encode()).rstrip(b"=").decode()
    assertion = ".".join([head, *own[1:]])

    assert await send(house, assertion) == (400, INVALID)


@pytest.mark.requirement("S22")
@pytest.mark.parametrize("alg", ["none", "HS256", "RS255", ""])
async def test_an_algorithm_that_is_not_the_keys_is_refused(house: House, alg: str) -> None:
    app = await preauthorized(house)
    head = base64.urlsafe_b64encode(json.dumps({"alg": alg}).encode()).rstrip(b"=").decode()
    assertion = ".".join([head, *signer().sign(claims(house, app)).split(".")[1:]])
    status, answer = await send(house, assertion)

    assert (status, answer["error"]) == (400, "invalid_client")


async def test_a_signature_of_another_key_is_an_invalid_client_and_at_the_standards_door_an_invalid_grant(
    house: House,
) -> None:
    app = await preauthorized(house)
    foreign = signer(number=1)

    assert (await send(house, foreign.sign(claims(house, app))))[1] == {
        "error": "invalid_client",
        "error_description": "invalid client credentials",
    }
    refused = await send(house, foreign.sign(claims(house, app, door=STANDARDS)), door=STANDARDS)
    assert (refused[0], refused[1]["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c", "a.b.c.d", "." * 3, "é.é.é", "A" * 20_000])
async def test_what_is_no_jwt_is_an_invalid_assertion(house: House, text: str) -> None:
    assert await send(house, text) == (400, INVALID)


async def test_an_issuer_that_no_app_has_is_an_unknown_client(house: House) -> None:
    app = await preauthorized(house)
    status, answer = await send(house, signer().sign(claims(house, app, iss="3MVGnobody")))

    assert (status, answer["error"]) == (400, "invalid_client_id")


async def test_at_the_standards_door_an_assertion_of_nobody_is_not_valid(house: House) -> None:
    """RFC 7521, section 4.1.1: the client did not try to authenticate, so it is no invalid_client."""
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, door=STANDARDS, iss="3MVGnobody"))
    status, answer = await send(house, assertion, door=STANDARDS)

    assert (status, answer["error"]) == (400, "invalid_grant")
    assert await house.reasons() == ["assertion.unknown_issuer"]


async def test_a_client_id_may_be_sent_along_and_must_be_the_issuer(house: House) -> None:
    app, other = await preauthorized(house), await preauthorized(house)
    assertion = signer().sign(claims(house, app))

    assert (await send(house, assertion, client_id=app.consumer_key))[0] == 200
    assert await send(house, assertion, client_id=other.consumer_key) == (400, INVALID)


async def test_a_secret_that_is_sent_along_must_be_right(house: House) -> None:
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app))
    wrong = await send(house, assertion, client_id=app.consumer_key, client_secret="wrong")

    assert (wrong[0], wrong[1]["error"]) == (400, "invalid_client")
    right = await send(house, assertion, client_id=app.consumer_key, client_secret=app.consumer_secret)
    assert right[0] == 200


async def test_scope_is_refused_at_salesforces_door_and_narrows_at_the_standards(house: House) -> None:
    app = await preauthorized(house)
    refused = await send(house, signer().sign(claims(house, app)), scope="api")
    first, second = (signer().sign(claims(house, app, door=STANDARDS, jti=jti)) for jti in ("1", "2"))
    narrowed = await send(house, first, door=STANDARDS, scope="api")
    beyond = await send(house, second, door=STANDARDS, scope="web")

    assert refused[1]["error_description"] == "scope parameter not supported"
    assert (narrowed[0], narrowed[1]["scope"]) == (200, "api")
    assert (beyond[0], beyond[1]["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("form", ["seconds", "text", "milliseconds", "far"])
async def test_salesforces_door_takes_every_form_of_exp_that_its_clients_send(house: House, form: str) -> None:
    app = await preauthorized(house)
    now_ms = house.clock.now_ms()
    end = {
        "seconds": now_ms // 1000 + 180,
        "text": str(now_ms // 1000 + 180),
        "milliseconds": now_ms + 180_000,
        "far": now_ms // 1000 + 86_400 * 365,
    }[form]

    assert (await send(house, signer().sign(claims(house, app, exp=end))))[0] == 200


async def test_three_minutes_of_skew_are_allowed_at_salesforces_door(house: House) -> None:
    app = await preauthorized(house)
    now = house.clock.now_ms() // 1000

    assert (await send(house, signer().sign(claims(house, app, exp=now - 170))))[0] == 200
    assert (await send(house, signer().sign(claims(house, app, nbf=now + 170, iat=now + 170))))[0] == 200
    assert (await send(house, signer().sign(claims(house, app, exp=now - 190))))[0] == 400


@pytest.mark.parametrize("audience", [BASE + "/", BASE + "/services/oauth2/token", "http://127.0.0.1:8400"])
async def test_salesforces_door_takes_each_of_its_urls_as_audience(house: House, audience: str) -> None:
    app = await preauthorized(house)

    assert (await send(house, signer().sign(claims(house, app, aud=audience))))[0] == 200


@pytest.mark.enforces("sites")
@pytest.mark.parametrize("tail", ["", "/", "/services/oauth2/token"])
async def test_salesforces_door_takes_the_sites_that_the_apps_org_lists_as_audience(house: House, tail: str) -> None:
    app, site = await preauthorized(house), "https://harbour.my.site.com/customers"
    said = claims(house, app, aud=site + tail)
    refused = await send(house, signer().sign(said))
    await orgs.change(house.desk, house.org, {"sites": [site]})

    assert refused == (400, {"error": "invalid_grant", "error_description": "audience is invalid"})
    assert (await send(house, signer().sign(said)))[0] == 200
    assert (await send(house, signer().sign(claims(house, app, door=STANDARDS, aud=site)), door=STANDARDS))[0] == 400


async def test_on_this_machine_alone_salesforces_login_hosts_are_taken_as_audience(house: House) -> None:
    app = await preauthorized(house)

    assert (await send(house, signer().sign(claims(house, app, aud="https://test.salesforce.com"))))[0] == 200
    at_standards = signer().sign(claims(house, app, aud="https://test.salesforce.com"))
    assert (await send(house, at_standards, door=STANDARDS))[0] == 400


@pytest.mark.requirement("S23")
async def test_the_same_bytes_come_again_within_five_minutes_and_never_later(house: House) -> None:
    app = await preauthorized(house)
    far = signer().sign(claims(house, app, exp=house.clock.now_ms() // 1000 + 86_400))

    assert [(await send(house, far))[0] for _ in range(3)] == [200, 200, 200]
    house.clock.advance(ms=5 * MINUTE_MS)
    assert await send(house, far) == (400, INVALID)
    house.clock.advance(ms=DAY_MS + 4 * MINUTE_MS)
    assert (await send(house, far))[0] == 400


@pytest.mark.requirement("S23")
async def test_a_jti_counts_once_for_its_app(house: House) -> None:
    app, other = await preauthorized(house), await preauthorized(house)

    assert (await send(house, signer().sign(claims(house, app, jti="one"))))[0] == 200
    assert await send(house, signer().sign(claims(house, app, jti="one", iat=1))) == (400, INVALID)
    assert (await send(house, signer().sign(claims(house, other, jti="one"))))[0] == 200


@pytest.mark.requirement("S12")
async def test_of_many_requests_at_once_with_one_jti_exactly_one_wins(house: House) -> None:
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, jti="race"))
    answers = await asyncio.gather(*(send(house, assertion) for _ in range(16)))

    assert sorted(status for status, _ in answers) == [200] + [400] * 15


@pytest.mark.requirement("S23")
async def test_at_the_standards_door_an_assertion_counts_once_and_ends_soon(house: House) -> None:
    app = await preauthorized(house)
    now = house.clock.now_ms() // 1000
    once = signer().sign(claims(house, app, door=STANDARDS))
    far = signer().sign(claims(house, app, door=STANDARDS, exp=now + 3600))
    as_text = signer().sign(claims(house, app, door=STANDARDS, exp=str(now + 60)))

    assert (await send(house, once, door=STANDARDS))[0] == 200
    for assertion in (once, far, as_text):
        status, answer = await send(house, assertion, door=STANDARDS)
        assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("S23")
async def test_an_app_can_fill_the_replay_table_only_so_far(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grantway.policy.assertion.FAR_LIMIT", 3)
    app = await preauthorized(house)
    far = house.clock.now_ms() // 1000 + 86_400

    for number in range(3):
        assert (await send(house, signer().sign(claims(house, app, exp=far + number))))[0] == 200
    assert await send(house, signer().sign(claims(house, app, exp=far + 9))) == (400, INVALID)
    assert (await send(house, signer().sign(claims(house, app))))[0] == 200


async def test_a_refused_assertion_is_not_used_up(house: House) -> None:
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, jti="kept"))

    assert (await send(house, assertion, scope="api"))[0] == 400
    assert (await send(house, assertion))[0] == 200


async def test_a_certificate_that_has_expired_still_counts_as_it_does_at_salesforce(house: House) -> None:
    old = signer(until=2021)
    app = await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(old.certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        }
    )

    assert (await send(house, old.sign(claims(house, app))))[0] == 200


@pytest.mark.requirement("S24")
async def test_a_replaced_certificate_counts_from_the_next_request_on(house: House) -> None:
    app = await preauthorized(house)
    assert (await send(house, signer().sign(claims(house, app))))[0] == 200
    await apps.change(house.desk, house.org, app.id, {"certificate": signer(number=1).certificate})

    assert (await send(house, signer().sign(claims(house, app))))[0] == 400
    assert (await send(house, signer(number=1).sign(claims(house, app))))[0] == 200


async def test_frozen_users_and_blocked_apps_are_refused_whoever_signed(house: House) -> None:
    app = await preauthorized(house)
    await house.change("UPDATE person SET is_frozen = 1 WHERE username = :name", ADA)

    assert (await send(house, signer().sign(claims(house, app))))[1]["error"] == "invalid_grant"


async def test_an_id_token_is_no_assertion(house: House) -> None:
    app = await preauthorized(house)
    forged = SigningKey("1", SigningKey.generate_pem()).sign(claims(house, app))

    assert (await send(house, forged))[0] == 400


@pytest.mark.requirement("S23")
async def test_another_signature_of_the_same_statement_does_not_make_it_a_new_one(house: House) -> None:
    app = await preauthorized(house, "P-256")
    assertion = signer("P-256").sign(claims(house, app, door=STANDARDS), alg="ES256")
    assert (await send(house, assertion, door=STANDARDS))[0] == 200
    statement, _, signature = assertion.rpartition(".")

    assert (await send(house, f"{statement}.{mirrored(signature)}", door=STANDARDS))[0] == 400
    assert (await house.reasons())[-1] == "assertion.seen"


@pytest.mark.requirement("S23")
async def test_the_looser_clock_of_salesforces_door_makes_no_assertion_good_twice(house: House) -> None:
    app = await preauthorized(house)
    now = house.clock.now_ms() // 1000
    both = [AUDIENCE[SALESFORCE], AUDIENCE[STANDARDS]]
    assertion = signer().sign(claims(house, app, door=STANDARDS, aud=both, exp=now + 60, jti="both"))
    assert (await send(house, assertion, door=STANDARDS))[0] == 200

    house.clock.advance(ms=2 * MINUTE_MS)
    sweep = Sweep(house.db, house.clock.now_ms())
    while await sweep.step():
        pass

    assert await send(house, assertion) == (400, INVALID)


@pytest.mark.requirement("S23")
async def test_the_assertions_of_client_and_grant_may_have_the_same_id(house: House) -> None:
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, jti="1"))

    assert (await send(house, assertion, **proof(house, app, door=SALESFORCE, jti="1")))[0] == 200
