"""The Token Exchange Flow: another provider's token stands for a user (RFC 8693; salesforce-oauth.md 3.11)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.endpoints.introspect import introspect
from grantway.kit.clock import MINUTE_MS
from grantway.kit.urls import Urls
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.explain import explain
from grantway.settings.token_handlers import INTROSPECTION_SECRET
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.issuer import (
    AUDIENCE,
    ISSUER,
    SECRET,
    Provider,
    believing,
    exchanging_app,
    handler_for,
    open_provider,
    outside_token,
    public_jwk,
)
from tests.endpoints.signer import signer
from tests.endpoints.test_resource import list_resources

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
NOT_ENABLED = {"error": "invalid_request", "error_description": "app not enabled for token exchange"}
NOT_FOUND = {"error": "invalid_request", "error_description": "token handler not found"}
FAILED = {"error": "invalid_request", "error_description": "token handler validation failed"}
UNAPPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}


@pytest.fixture
async def provider(house: House) -> AsyncIterator[Provider]:
    """Another identity provider, which the house's server may ask."""
    async with open_provider(house) as opened:
        yield opened


async def exchange(
    house: House, app: TestApp, token: str, *, door: str = SALESFORCE, kind: str = "jwt", **more: str
) -> tuple[int, dict[str, Any]]:
    """Exchange a token with the app's secret; an empty parameter is left out."""
    form = {
        "grant_type": GRANT_TYPE,
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
        "subject_token": token,
        "subject_token_type": TYPE + kind if kind else "",
        **more,
    }
    return await house.token({name: value for name, value in form.items() if value}, door=door)


async def introspected(house: House, app: TestApp, token: str) -> dict[str, Any]:
    """Return what introspection says at the standards' door."""
    form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    reply = await introspect(house.call(f"{STANDARDS}/introspect", form), house.server, BASE)
    found: dict[str, Any] = json.loads(reply.body)
    return found


@pytest.mark.enforces("token_exchange")
@pytest.mark.enforces("token_exchange_allowed")
@pytest.mark.parametrize("kind", list(AppKind))
async def test_another_providers_token_gives_the_user_it_names_a_token_where_app_and_org_allow_it(
    house: House, provider: Provider, kind: AppKind
) -> None:
    app = await exchanging_app(house, kind=kind)
    await handler_for(house, app, believing(provider))
    status, answer = await exchange(house, app, outside_token(house))

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])
    assert answer["refresh_token"]
    assert "issued_token_type" not in answer
    assert await house.is_active(app, answer["access_token"])
    for setting in (s.TOKEN_EXCHANGE, s.TOKEN_EXCHANGE_ALLOWED):
        other = await exchanging_app(house, {setting: False}, kind=kind)
        await token_handlers.enable(
            house.desk, house.org, "Harbour_IdP", other.id, "ada@harbour.example", is_default=True
        )
        assert await exchange(house, other, outside_token(house)) == (400, NOT_ENABLED)
    assert await house.reasons() == ["exchange.not_enabled", "exchange.not_allowed"]


async def test_the_standards_door_answers_as_rfc_8693_has_it(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    status, answer = await exchange(house, app, outside_token(house), door=STANDARDS, scope="api")

    assert status == 200
    assert answer["issued_token_type"] == TYPE + "access_token"
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "api")
    assert "refresh_token" not in answer


@pytest.mark.enforces("require_secret_for_token_exchange_flow")
async def test_the_secret_may_be_left_out_where_the_app_says_so(house: House, provider: Provider) -> None:
    needs = await exchanging_app(house, {s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: True})
    free = await exchanging_app(house, {s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: False})
    await handler_for(house, needs, believing(provider))
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", free.id, "ada@harbour.example", is_default=True)

    assert (await exchange(house, free, outside_token(house), client_secret=""))[0] == 200
    assert (await exchange(house, free, outside_token(house), client_secret="wrong"))[0] == 400
    asked = len(provider.asked)
    status, answer = await exchange(house, needs, outside_token(house, header={"kid": "new"}), client_secret="")
    assert (status, answer["error"]) == (400, "invalid_client")
    # Nobody is asked anything for a client that did not prove itself.
    assert len(provider.asked) == asked


async def test_the_refresh_token_works_and_its_line_can_be_revoked(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    answer = (await exchange(house, app, outside_token(house)))[1]
    status, again = await house.refresh(app, answer["refresh_token"])

    assert status == 200
    await house.revoke(answer["refresh_token"])
    assert not await house.is_active(app, answer["access_token"])
    assert not await house.is_active(app, again["access_token"])


async def test_scope_narrows_at_both_doors_and_never_widens(house: House, provider: Provider, door: str) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))

    assert (await exchange(house, app, outside_token(house), door=door, scope="api"))[1]["scope"] == "api"
    for beyond in ("api full", "refresh_token"):
        status, answer = await exchange(house, app, outside_token(house), door=door, scope=beyond)
        assert (status, answer["error"]) == (400, "invalid_scope")


async def test_openid_gives_an_id_token(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))

    assert (await exchange(house, app, outside_token(house)))[1]["id_token"].count(".") == 2


async def test_a_handler_is_meant_by_its_name_its_class_or_as_the_default(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, code="HarbourTokenHandler"))

    for name in ("Harbour_IdP", "HarbourTokenHandler", ""):
        assert (await exchange(house, app, outside_token(house), token_handler=name))[0] == 200
    assert await exchange(house, app, outside_token(house), token_handler="Other") == (400, NOT_FOUND)
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, "ada@harbour.example")
    assert await exchange(house, app, outside_token(house)) == (400, NOT_FOUND)
    await token_handlers.disable(house.desk, house.org, "Harbour_IdP", app.id)
    assert await exchange(house, app, outside_token(house), token_handler="Harbour_IdP") == (400, NOT_FOUND)
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, "ada@harbour.example", is_default=True)
    await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"enabled": False})
    assert await exchange(house, app, outside_token(house)) == (400, NOT_FOUND)
    assert await house.reasons() == [
        "exchange.handler_unknown",
        "exchange.no_default",
        "exchange.handler_not_for_app",
        "exchange.handler_off",
    ]


async def test_handler_then_verdict_then_approval_as_it_was_seen_live(house: House, provider: Provider) -> None:
    app = await exchanging_app(house, {s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE, s.PROFILES: ()})
    expired = outside_token(house, exp=1)

    assert await exchange(house, app, expired) == (400, NOT_FOUND)
    await handler_for(house, app, believing(provider))
    assert await exchange(house, app, expired) == (400, FAILED)
    assert await exchange(house, app, outside_token(house)) == (400, UNAPPROVED)
    # An approval that came with a refresh token is one; that all users may approve for themselves is none.
    await house.sign_in(app, scopes="api refresh_token")
    assert (await exchange(house, app, outside_token(house)))[1]["scope"] == "api refresh_token"


@pytest.mark.requirement("S19")
async def test_a_user_who_is_frozen_or_in_no_profile_of_the_app_gets_nothing(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    ben = await exchange(house, app, outside_token(house, sub="ben@harbour.example"))
    await users.change(house.desk, house.org, "ben@harbour.example", {"profile": "Standard"})
    assert (await exchange(house, app, outside_token(house, sub="ben@harbour.example")))[0] == 200
    await users.freeze(house.desk, house.org, "ben@harbour.example", frozen=True)

    assert (ben[0], ben[1]["error"]) == (400, "invalid_app_access")
    assert (await exchange(house, app, outside_token(house, sub="ben@harbour.example")))[0] == 400


async def test_the_execution_user_must_be_able_to_act(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await token_handlers.create(house.desk, house.org, "Harbour_IdP", believing(provider))
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, "ben@harbour.example", is_default=True)
    assert (await exchange(house, app, outside_token(house)))[0] == 200
    await users.freeze(house.desk, house.org, "ben@harbour.example", frozen=True)

    assert await exchange(house, app, outside_token(house)) == (400, FAILED)
    assert await house.reasons() == ["exchange.run_as_gone"]


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "Ed25519"])
async def test_the_issuers_key_may_be_of_any_modern_kind(house: House, provider: Provider, kind: str) -> None:
    app = await exchanging_app(house)
    provider.keys = [{"kty": "weird", "kid": f"{kind}-0"}, {"kty": "oct", "k": "AAAA"}, public_jwk(kind, use=None)]
    await handler_for(house, app, believing(provider))

    assert (await exchange(house, app, outside_token(house, kind=kind)))[0] == 200


async def test_a_certificate_serves_in_the_place_of_a_key_set(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, jwks_url="", certificate=signer().certificate))

    thumbprints = {"x5t": "abc", "x5t#S256": "abc", "kid": None}
    assert (await exchange(house, app, outside_token(house, header=thumbprints)))[0] == 200
    assert await exchange(house, app, outside_token(house, number=1)) == (400, FAILED)
    assert provider.asked == []


def _now(house: House, seconds: int) -> int:
    return house.clock.now_ms() // 1000 + seconds


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("exchange.ended", {"exp": -31}),
        ("exchange.no_end", {"exp": None}),
        ("exchange.too_early", {"nbf": 60}),
        ("exchange.too_early", {"iat": 60}),
        ("exchange.other_issuer", {"iss": "https://id.harbour.example/"}),
        ("exchange.other_issuer", {"iss": None}),
        ("exchange.no_audience", {"aud": None}),
        ("exchange.other_audience", {"aud": [BASE, "https://other.example"]}),
        ("exchange.nobody_named", {"sub": None}),
        ("exchange.nobody_named", {"sub": "a" * 256}),
        ("exchange.unreadable", {"sub": 7}),
        ("exchange.unreadable", {"exp": "soon"}),
        ("exchange.unreadable", {"header": {"jku": "https://evil.example/keys"}}),
        ("exchange.unreadable", {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}}),
        ("exchange.unreadable", {"header": {"x5u": "https://evil.example/cert"}}),
        ("exchange.unreadable", {"padding": "x" * 20_000}),
        ("exchange.not_signed", {"number": 1, "header": {"kid": "RSA-0"}}),
        ("exchange.not_signed", {"number": 1, "header": {"kid": None}}),
        ("exchange.not_signed", {"kind": "P-256", "header": {"kid": "RSA-0"}}),
        ("exchange.no_key", {"header": {"kid": "unknown"}}),
        ("exchange.wrong_kind", {"header": {"typ": "logout+jwt"}}),
        ("exchange.wrong_kind", {"header": {"typ": "\ud800"}}),
        ("exchange.unreadable", {"header": {"kid": "\ud800"}}),
        ("exchange.no_such_user", {"sub": "nobody@harbour.example"}),
    ],
)
@pytest.mark.requirement("S22")
async def test_what_is_wrong_with_a_token_is_told_to_explain_alone(
    house: House, provider: Provider, reason: str, change: dict[str, Any]
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    given = {name: _now(house, value) if name in ("exp", "nbf", "iat") and isinstance(value, int) else value
             for name, value in change.items()}  # fmt: skip
    answer = await exchange(house, app, outside_token(house, **given))

    assert answer == (400, UNAPPROVED if reason == "exchange.no_such_user" else FAILED)
    assert await house.reasons() == [reason]
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    told = await explain(house.desk, str(request_id))
    assert told.reason == reason
    assert "?" not in told.means, "every fact that the explanation speaks of is there"


@pytest.mark.parametrize(
    ("token_type", "typ", "taken"),
    [
        ("access_token", "at+jwt", True),
        ("jwt", "application/at+jwt", True),
        ("id_token", "JWT", True),
        ("id_token", "at+jwt", False),
        ("JWT", "JWT", True),
    ],
)
async def test_an_access_token_is_no_id_token(
    house: House, provider: Provider, token_type: str, typ: str, taken: bool
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    status, _ = await exchange(house, app, outside_token(house, header={"typ": typ}), kind=token_type)

    assert status == (200 if taken else 400)


@pytest.mark.parametrize(
    ("reason", "parameters"),
    [
        ("exchange.missing", {"subject_token": ""}),
        ("exchange.missing", {"subject_token_type": ""}),
        ("exchange.type_unknown", {"subject_token_type": "jwt"}),
        ("exchange.type_unknown", {"subject_token_type": TYPE + "saml1"}),
        ("exchange.type_not_taken", {"subject_token_type": TYPE + "saml2"}),
        ("exchange.requested_type", {"requested_token_type": TYPE + "refresh_token"}),
        ("exchange.other_target", {"audience": "https://other.example"}),
        ("exchange.other_target", {"resource": "https://other.example"}),
        ("exchange.missing", {"actor_token": "x"}),
        ("exchange.actor_not_taken", {"actor_token": "x", "actor_token_type": TYPE + "jwt"}),
    ],
)
async def test_a_request_that_is_not_whole_asks_nobody(
    house: House, provider: Provider, reason: str, parameters: dict[str, str]
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    status, _ = await exchange(house, app, outside_token(house), **parameters)

    assert status == 400
    assert await house.reasons() == [reason]
    assert provider.asked == []


async def test_at_the_standards_door_a_token_is_for_the_resource_that_is_asked_for_and_stays_so(
    house: House, provider: Provider
) -> None:
    """RFC 8693, section 2.1; RFC 8707."""
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    asked = "https://mcp.example.com/mcp"
    status, answer = await exchange(house, app, outside_token(house), door=STANDARDS, resource=asked)

    assert status == 200
    assert (await introspected(house, app, answer["access_token"]))["aud"] == asked
    _, refreshed = await house.refresh(app, answer["refresh_token"], door=STANDARDS)
    assert (await introspected(house, app, refreshed["access_token"]))["aud"] == asked
    wider = await house.refresh(app, answer["refresh_token"], door=STANDARDS, resource="https://other.example")
    assert (wider[0], wider[1]["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("resource", ["mcp.example.com", "https://other.example"])
async def test_a_resource_that_the_org_does_not_serve_asks_nobody(
    house: House, provider: Provider, resource: str
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    await list_resources(house, "https://mcp.example.com/mcp")
    status, answer = await exchange(house, app, outside_token(house), door=STANDARDS, resource=resource)

    assert (status, answer["error"]) == (400, "invalid_target")
    assert (await house.reasons())[0].startswith("resource.")
    assert provider.asked == []


async def test_a_key_set_is_kept_for_ten_minutes_and_asked_for_again_for_a_new_key(
    house: House, provider: Provider
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    await exchange(house, app, outside_token(house))
    await exchange(house, app, outside_token(house))
    assert provider.asked_for("/keys") == 1

    # A key that is not there makes it ask, but not more often than once a minute.
    provider.keys = [public_jwk(), public_jwk(number=1)]
    assert await exchange(house, app, outside_token(house, number=1)) == (400, FAILED)
    house.clock.advance(ms=MINUTE_MS)
    assert (await exchange(house, app, outside_token(house, number=1)))[0] == 200
    assert provider.asked_for("/keys") == 2

    # A key that was taken back is good no longer than the set is kept.
    provider.keys = [public_jwk(number=1)]
    house.clock.advance(ms=10 * MINUTE_MS)
    assert await exchange(house, app, outside_token(house)) == (400, FAILED)


async def test_that_no_key_set_could_be_had_is_not_remembered(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    for broken in (b"no JSON", b'{"keys": {}}', json.dumps({"keys": [public_jwk()] * 51}).encode(), b"x" * 70_000):
        provider.answers["/keys"] = broken
        assert await exchange(house, app, outside_token(house)) == (400, FAILED)
    provider.answers.clear()

    assert (await exchange(house, app, outside_token(house)))[0] == 200
    assert await house.reasons() == ["exchange.keys_unreachable"] * 4


async def test_many_requests_at_once_fetch_a_key_set_once(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    answers = await asyncio.gather(*(exchange(house, app, outside_token(house)) for _ in range(8)))

    assert [status for status, _ in answers] == [200] * 8
    assert provider.asked_for("/keys") == 1


@pytest.mark.parametrize("members", [{"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "RS512"}, {"d": "AQAB"}])
async def test_a_key_that_is_not_for_this_signature_checks_nothing(
    house: House, provider: Provider, members: dict[str, Any]
) -> None:
    app = await exchanging_app(house)
    provider.keys = [public_jwk(**members)]
    await handler_for(house, app, believing(provider))

    assert await exchange(house, app, outside_token(house)) == (400, FAILED)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/keys",
        "https://127.0.0.1/keys",
        "https://169.254.169.254/latest",
        "https://[::1]/keys",
        "https://localhost/keys",
        "http://id.harbour.example/keys",
    ],
)
@pytest.mark.parametrize("field", ["jwks_url", "introspection_url"])
@pytest.mark.requirement("S31")
async def test_a_handlers_urls_lead_nowhere_inside(house: House, provider: Provider, url: str, field: str) -> None:
    app = await exchanging_app(house)
    fields = believing(provider, jwks_url="", introspection_client_id="x", introspection_secret="y")
    await handler_for(house, app, {**fields, field: url})
    token = outside_token(house) if field == "jwks_url" else "opaque"

    assert await exchange(house, app, token) == (400, FAILED)
    expected = "exchange.keys_unreachable" if field == "jwks_url" else "exchange.introspection_failed"
    assert await house.reasons() == [expected]


def introspecting(provider: Provider, **more: Any) -> dict[str, Any]:
    """The fields of a handler that asks the provider about tokens."""
    return {
        "introspection_url": f"{provider.url}/introspect",
        "introspection_client_id": "grant way",
        "introspection_secret": SECRET,
        "subject_token_types": "access_token,refresh_token",
        **more,
    }


async def test_a_token_that_is_no_jwt_is_asked_about_at_its_issuer(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, introspecting(provider, user_claim="username"))
    provider.says = {"active": True, "username": "ada@harbour.example", "exp": _now(house, 60)}
    status, answer = await exchange(house, app, "an opaque token", kind="access_token")

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])
    ((_, head, body),) = provider.asked
    assert body == b"token=an+opaque+token&token_type_hint=access_token"
    assert b"authorization: basic Z3JhbnQlMjB3YXk6dGhl".lower() in head.lower()


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("exchange.inactive", {"active": False}),
        ("exchange.inactive", {"active": "true", "sub": "ada@harbour.example"}),
        ("exchange.ended", {"active": True, "sub": "ada@harbour.example", "aud": AUDIENCE, "exp": 1}),
        ("exchange.other_issuer", {"active": True, "sub": "ada@harbour.example", "iss": "https://other.example"}),
        ("exchange.no_audience", {"active": True, "sub": "ada@harbour.example"}),
        ("exchange.other_audience", {"active": True, "sub": "ada@harbour.example", "aud": "https://other.example"}),
        ("exchange.nobody_named", {"active": True, "aud": AUDIENCE}),
        ("exchange.introspection_failed", []),
    ],
)
async def test_a_token_that_its_issuer_does_not_vouch_for_is_not_believed(
    house: House, provider: Provider, reason: str, says: dict[str, Any]
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, introspecting(provider, issuer=ISSUER, audiences=AUDIENCE))
    provider.says = says

    assert await exchange(house, app, "opaque", kind="access_token") == (400, FAILED)
    assert await house.reasons() == [reason]


async def test_users_are_found_by_what_the_handler_matches(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    await users.change(house.desk, house.org, "ada@harbour.example", {"federation_id": "A-1", "email": "a@b.example"})
    ada = house.user_ids["ada"]
    for matches, claims in (
        ("federation_id", {"sub": "A-1"}),
        ("email", {"sub": "a@b.example", "email_verified": True}),
        ("user_id", {"sub": ada[:15]}),
        ("username", {"sub": "ADA@harbour.example"}),
    ):
        await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"matches": matches})
        status, answer = await exchange(house, app, outside_token(house, **claims))
        assert (status, answer["id"][-18:]) == (200, ada)

    await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"matches": "email"})
    unverified = outside_token(house, sub="a@b.example", email_verified=False)
    assert await exchange(house, app, unverified) == (400, FAILED)
    await users.change(house.desk, house.org, "ben@harbour.example", {"email": "a@b.example"})
    assert await exchange(house, app, outside_token(house, sub="a@b.example")) == (400, UNAPPROVED)
    assert await house.reasons() == ["exchange.email_unverified", "exchange.ambiguous"]


@pytest.mark.requirement("S19")
async def test_a_handler_names_users_of_its_own_org_alone(house: House, provider: Provider) -> None:
    elsewhere = await house.elsewhere()
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, user_creation=True, new_user_profile="Standard"))
    asked = users.NewUser(username="eve@elsewhere.example", email="eve@elsewhere.example")
    eve = await users.create(house.desk, elsewhere.org, asked)

    for matches, sub in (("username", eve.username), ("email", eve.email), ("user_id", eve.id)):
        await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"matches": matches})
        assert (await exchange(house, app, outside_token(house, sub=sub)))[1] == UNAPPROVED


async def manager(house: House) -> str:
    """Make a user who may make users, and return the username."""
    await holders.create(house.desk, holders.PROFILES, house.org.id, "Manager", ("ManageUsers", "ApiEnabled"))
    asked = users.NewUser(username="mia@harbour.example", email="mia@harbour.example", profile="Manager")
    return (await users.create(house.desk, house.org, asked)).username


async def creating(house: House, provider: Provider, **more: Any) -> TestApp:
    """An app whose handler makes the users that are not there."""
    app = await exchanging_app(house)
    fields = believing(provider, user_creation=True, new_user_profile="Standard", **more)
    await token_handlers.create(house.desk, house.org, "Harbour_IdP", fields)
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, await manager(house), is_default=True)
    return app


@pytest.mark.parametrize("matches", ["username", "email", "federation_id"])
async def test_a_user_who_is_not_there_is_made_once(house_on_each_engine: House, matches: str) -> None:
    house = house_on_each_engine
    async with open_provider(house) as provider:
        app = await creating(house, provider, matches=matches)
        sub = "N-7" if matches == "federation_id" else "new@harbour.example"
        claims = {"sub": sub, "email": "new@harbour.example", "given_name": "Neo", "family_name": "New"}
        answers = await asyncio.gather(*(exchange(house, app, outside_token(house, **claims)) for _ in range(6)))
        answers.append(await exchange(house, app, outside_token(house, **claims)))
    made = await users.find(house.desk, house.org, "new@harbour.example")

    assert [status for status, _ in answers] == [200] * 7
    assert {answer["id"][-18:] for _, answer in answers} == {made.id}
    assert (made.name, made.email, made.profile_name) == ("Neo New", "new@harbour.example", "Standard")
    assert await house.reasons() == []


@pytest.mark.parametrize(
    ("reason", "values", "fields", "claims"),
    [
        ("exchange.no_such_user", {}, {"user_creation": False}, {}),
        ("exchange.no_such_user", {}, {}, {"email": None}),
        ("exchange.no_such_user", {}, {}, {"email_verified": False}),
        ("exchange.new_user_unapproved", {}, {"new_user_profile": "Minimum"}, {}),
        ("exchange.not_created", {}, {}, {"sub": "no address"}),
    ],
)
async def test_nobody_is_made_who_could_not_use_the_app(
    house: House,
    provider: Provider,
    reason: str,
    values: dict[str, Any],
    fields: dict[str, Any],
    claims: dict[str, Any],
) -> None:
    app = await creating(house, provider)
    await token_handlers.change(house.desk, house.org, "Harbour_IdP", fields or {"label": "Same"})
    before = len(await users.all_users(house.desk, house.org))
    said = {"sub": "new@harbour.example", "email": "new@harbour.example", **claims}

    assert await exchange(house, app, outside_token(house, **said)) == (400, UNAPPROVED)
    assert await house.reasons() == [reason]
    assert len(await users.all_users(house.desk, house.org)) == before


async def test_nobody_is_made_by_an_execution_user_who_may_not(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, user_creation=True, new_user_profile="Standard"))
    said = {"sub": "new@harbour.example", "email": "new@harbour.example"}

    assert await exchange(house, app, outside_token(house, **said)) == (400, UNAPPROVED)
    assert await house.reasons() == ["exchange.not_created"]


async def test_an_actor_stands_in_introspection_and_in_the_jwt_and_gets_no_refresh_token(
    house: House, provider: Provider
) -> None:
    app = await house.jwt_app(
        {
            s.TOKEN_EXCHANGE: True,
            s.TOKEN_EXCHANGE_ALLOWED: True,
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        }
    )
    await handler_for(house, app, believing(provider))
    actor = {"actor_token": outside_token(house, sub="robot"), "actor_token_type": TYPE + "jwt"}
    subject = outside_token(house, act={"sub": "first"}, may_act={"sub": "robot"})
    status, answer = await exchange(house, app, subject, door=STANDARDS, **actor)
    expected = {"sub": "robot", "iss": ISSUER, "act": {"sub": "first"}}

    assert status == 200
    assert "refresh_token" not in answer
    assert (await introspected(house, app, answer["access_token"]))["act"] == expected
    payload = answer["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "==="))["act"] == expected
    for reason, subject, sub in (
        ("exchange.actor_may_not", outside_token(house, may_act={"sub": "somebody"}), "robot"),
        ("exchange.actor_unnamed", outside_token(house), None),
        ("exchange.not_signed", outside_token(house), "forged"),
    ):
        number = 1 if sub == "forged" else 0
        token = outside_token(house, sub=sub, number=number, header={"kid": "RSA-0"})
        more = {**actor, "actor_token": token}
        assert (await exchange(house, app, subject, door=STANDARDS, **more))[0] == 400
        assert (await house.reasons())[-1] == reason


async def test_without_an_actor_there_is_no_act(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))
    answer = (await exchange(house, app, outside_token(house), door=STANDARDS))[1]

    assert "act" not in await introspected(house, app, answer["access_token"])


async def test_a_handler_that_is_not_whole_believes_nothing(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, audiences=[]))

    assert await exchange(house, app, outside_token(house)) == (400, FAILED)
    await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"jwks_url": ""})
    assert await exchange(house, app, outside_token(house)) == (400, FAILED)
    assert await house.reasons() == ["exchange.incomplete"] * 2


@pytest.mark.requirement("S19")
async def test_this_servers_own_tokens_are_no_subject_of_a_handler(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, issuer=BASE + "/oidc"))

    assert await exchange(house, app, outside_token(house, iss=BASE + "/oidc")) == (400, FAILED)
    assert await house.reasons() == ["exchange.own_issuer"]


@pytest.mark.requirement("S19")
@pytest.mark.parametrize(
    "address", [BASE + "/oidc", "https://acme.my.grant.example", "https://ACME.my.grant.example:443/"]
)
async def test_this_server_is_no_issuer_behind_introspection_either(
    house: House, provider: Provider, address: str
) -> None:
    house.server = replace(house.server, urls=Urls(BASE, (), "grant.example"))
    app = await exchanging_app(house)
    await handler_for(house, app, introspecting(provider))
    provider.says = {"active": True, "sub": "ada@harbour.example", "iss": address}

    assert await exchange(house, app, "opaque", kind="access_token") == (400, FAILED)
    await token_handlers.change(
        house.desk, house.org, "Harbour_IdP", {"introspection_url": address, "introspection_secret": SECRET}
    )
    asked = len(provider.asked)
    assert await exchange(house, app, "opaque", kind="access_token") == (400, FAILED)
    assert len(provider.asked) == asked
    assert await house.reasons() == ["exchange.own_issuer"] * 2


@pytest.mark.requirement("S19")
async def test_an_unverified_email_is_no_username(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider, user_claim="email"))
    unverified = outside_token(house, email="ada@harbour.example", email_verified=False)

    assert await exchange(house, app, unverified) == (400, FAILED)
    assert await house.reasons() == ["exchange.email_unverified"]
    assert (await exchange(house, app, outside_token(house, email="ada@harbour.example")))[0] == 200


async def test_an_introspection_url_that_changes_takes_the_secret_anew(house: House, provider: Provider) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, introspecting(provider))
    kept = await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"introspection_secret": ""})
    moved = await token_handlers.change(
        house.desk, house.org, "Harbour_IdP", {"introspection_url": "https://evil.example/introspect"}
    )

    assert kept.box(INTROSPECTION_SECRET)
    assert not moved.box(INTROSPECTION_SECRET)
    with pytest.raises(ManageProblem, match="letters"):
        await token_handlers.create(house.desk, house.org, "Two Words", {})
