"""Guests: a subject without a user of their own acts as the org's guest user (RFC 8693; salesforce-oauth.md 3.15)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import jwt
import pytest

from grantway import settings as s
from grantway.endpoints.people import userinfo
from grantway.manage.connected_apps import apps
from grantway.manage.exchange import token_handlers
from grantway.manage.people import users
from grantway.manage.people.security_tokens import reset
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.explain import explain
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.issuer import Provider, believing, exchanging_app, handler_for, open_provider, outside_token
from tests.endpoints.signer import signer
from tests.endpoints.test_jwt_bearer import claims as said_of
from tests.endpoints.test_jwt_bearer import preauthorized, send
from tests.endpoints.test_token_exchange import exchange, introspected

GUEST = "guest@harbour.example"
STRANGER = "somebody@elsewhere.example"
CLOSED = {"error": "invalid_request", "error_description": "guest flow not enabled"}
UNAPPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
INACTIVE = {"error": "invalid_grant", "error_description": "inactive user"}


@pytest.fixture
async def provider(house: House) -> AsyncIterator[Provider]:
    """Another identity provider, which the house's server may ask."""
    async with open_provider(house) as opened:
        yield opened


@pytest.fixture
async def guest(house: House) -> str:
    """The guest user of the house's org, pre-authorized by its profile."""
    asked = users.NewUser(username=GUEST, email="shop@harbour.example", profile="Standard", guest=True)
    return (await users.create(house.desk, house.org, asked)).id


async def guests_app(house: House, values: dict[s.AnySetting, Any] | None = None) -> TestApp:
    """Register an app that issues JWTs and has scopes for guests and for users."""
    scopes = ("api", "openid", "web", "refresh_token")
    return await exchanging_app(house, {s.JWT_ACCESS_TOKENS: True, s.SCOPES: scopes, **(values or {})})


async def let_in(house: House, provider: Provider, app: TestApp, **more: Any) -> None:
    """Make a handler that lets guests in, the default of an app."""
    await handler_for(house, app, believing(provider, guest_user=GUEST, **more))


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT-based access token, whose signature other tests check."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def test_a_subject_without_a_user_acts_as_the_guest_user(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    status, answer = await exchange(house, app, outside_token(house, sub=STRANGER))

    assert (status, answer["id"][-18:]) == (200, guest)
    assert answer["token_format"] == "jwt"
    assert answer["scope"] == "api"
    assert not {"refresh_token", "id_token"} & set(answer)
    assert await house.is_active(app, answer["access_token"])


async def test_a_subject_with_a_user_is_that_user_and_no_guest(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    _, answer = await exchange(house, app, outside_token(house))

    assert answer["id"][-18:] == house.user_ids["ada"] != guest
    assert "uvid" not in claims_of(answer["access_token"])


@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_the_token_says_which_visitor_it_is_for_the_same_each_time(
    house: House, provider: Provider, guest: str, door: str
) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    tokens = []
    for visitor in (STRANGER, STRANGER, "another@elsewhere.example"):
        _, answer = await exchange(house, app, outside_token(house, sub=visitor), door=door)
        tokens.append(answer["access_token"])
    first, again, other = (claims_of(token)["uvid"] for token in tokens)

    assert first == again != other
    assert UUID(first).version == 5  # made of the handler and the name (RFC 9562, section 5.5)
    if door == STANDARDS:
        assert (await introspected(house, app, tokens[0]))["uvid"] == first


async def test_a_visitor_who_is_called_by_a_uuid_keeps_it(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    uvid = "3f2c1f9e-5d1c-4c0a-9b7e-2f60d6a9c1aa"
    _, answer = await exchange(house, app, outside_token(house, sub=uvid.upper()))

    assert claims_of(answer["access_token"])["uvid"] == uvid


@pytest.mark.enforces("guest_jwt_timeout")
async def test_a_guests_token_has_a_lifetime_of_its_own(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house, {s.GUEST_JWT_TIMEOUT: 5, s.NAMED_USER_JWT_TIMEOUT: 30})
    await let_in(house, provider, app)
    _, of_guest = await exchange(house, app, outside_token(house, sub=STRANGER))
    _, of_ada = await exchange(house, app, outside_token(house))

    lives = []
    for answer in (of_guest, of_ada):
        claims = claims_of(answer["access_token"])
        lives.append((claims["exp"] - claims["iat"]) // 60)
    assert lives == [5, 30]
    house.clock.advance(minutes=5)
    assert not await house.is_active(app, of_guest["access_token"])


async def test_an_app_that_issues_no_jwts_lets_no_guest_in(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house, {s.JWT_ACCESS_TOKENS: False})
    await let_in(house, provider, app)

    assert await exchange(house, app, outside_token(house, sub=STRANGER)) == (400, CLOSED)
    assert (await exchange(house, app, outside_token(house)))[0] == 200  # named users do without
    assert await house.reasons() == ["exchange.guest_needs_jwt"]


@pytest.mark.parametrize("scope", ["openid", "web", "api openid", "api refresh_token"])
async def test_scopes_about_somebody_or_for_later_are_not_for_guests(
    house: House, provider: Provider, guest: str, scope: str
) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    status, answer = await exchange(house, app, outside_token(house, sub=STRANGER), scope=scope)

    assert (status, answer["error"]) == (400, "invalid_scope")


async def test_where_no_scope_is_for_guests_none_is_let_in(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house, {s.SCOPES: ("openid", "web")})
    await let_in(house, provider, app)
    status, answer = await exchange(house, app, outside_token(house, sub=STRANGER))

    assert (status, answer["error"]) == (400, "invalid_scope")
    assert await house.reasons() == ["exchange.guest_without_scopes"]


async def test_the_guest_user_must_be_pre_authorized(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house, {s.PROFILES: ("Visitor",)})
    await let_in(house, provider, app)

    assert (await exchange(house, app, outside_token(house, sub=STRANGER)))[0] == 400
    open_app = await guests_app(house, {s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE})
    await token_handlers.enable(
        house.desk, house.org, "Harbour_IdP", open_app.id, "ada@harbour.example", is_default=True
    )
    assert await exchange(house, open_app, outside_token(house, sub=STRANGER)) == (400, UNAPPROVED)
    assert await house.reasons() == ["app.not_admin_approved", "exchange.not_approved"]


async def test_freezing_the_guest_user_ends_what_visitors_have(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    _, answer = await exchange(house, app, outside_token(house, sub=STRANGER))
    await users.freeze(house.desk, house.org, GUEST, frozen=True)

    assert not await house.is_active(app, answer["access_token"])
    assert await exchange(house, app, outside_token(house, sub=STRANGER)) == (400, INACTIVE)


async def test_nobody_is_the_guest_user_by_name(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    signing = await preauthorized(house)

    assert await exchange(house, app, outside_token(house, sub=GUEST)) == (400, INACTIVE)
    assert await send(house, signer().sign(said_of(house, signing, sub=GUEST))) == (400, INACTIVE)
    assert await house.reasons() == ["user.is_guest", "user.is_guest"]


async def test_a_guest_has_no_identity_to_tell(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    _, answer = await exchange(house, app, outside_token(house, sub=STRANGER), door=STANDARDS)
    bearer = (b"authorization", f"Bearer {answer['access_token']}".encode())
    reply = await userinfo(house.call(f"{STANDARDS}/userinfo", method="GET", headers=(bearer,)), house.server, BASE)

    assert reply.status == 403
    assert b"insufficient_scope" in dict(reply.headers)[b"www-authenticate"]


async def test_nobody_logs_in_as_a_guest_user(house: House, guest: str) -> None:
    with pytest.raises(ManageProblem, match="nobody logs in as a guest user"):
        await users.set_password(house.desk, house.org, GUEST, "correct horse battery")
    with pytest.raises(ManageProblem, match="nobody logs in as a guest user"):
        await reset(house.desk, house.org, GUEST)
    asked = users.NewUser(username="g2@harbour.example", email="g@h.example", password="correct horse", guest=True)
    with pytest.raises(ManageProblem, match="nobody logs in as a guest user"):
        await users.create(house.desk, house.org, asked)


async def test_only_a_guest_user_of_the_org_can_be_the_guest_user_of_a_handler(
    house: House, provider: Provider, guest: str
) -> None:
    fields = believing(provider)
    for name, problem in (
        ("nobody@harbour.example", "there is no user"),
        ("ada@harbour.example", "somebody's account"),
    ):
        with pytest.raises(ManageProblem, match=problem):
            await token_handlers.create(house.desk, house.org, "Harbour_IdP", {**fields, "guest_user": name})
    asked = {**fields, "guest_user": GUEST, "user_creation": True}
    with pytest.raises(ManageProblem, match="not both"):
        await token_handlers.create(house.desk, house.org, "Harbour_IdP", asked)
    await token_handlers.create(house.desk, house.org, "Harbour_IdP", {**fields, "guest_user": GUEST})
    with pytest.raises(ManageProblem, match="not both"):
        await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"user_creation": True})


async def test_a_guest_user_runs_nothing(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await token_handlers.create(house.desk, house.org, "Harbour_IdP", believing(provider))
    with pytest.raises(ManageProblem, match="is a guest user"):
        await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, GUEST)
    with pytest.raises(ManageProblem, match="is a guest user"):
        await apps.change(house.desk, house.org, app.id, {"run_as": GUEST})


async def test_a_refused_guest_is_explained(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house, {s.JWT_ACCESS_TOKENS: False})
    await let_in(house, provider, app)
    await exchange(house, app, outside_token(house, sub=STRANGER))
    assert await house.reasons() == ["exchange.guest_needs_jwt"]
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    told = await explain(house.desk, str(request_id))

    assert "only a JWT says which guest it is for" in told.means
    assert "jwt_access_tokens=true" in told.remedy
