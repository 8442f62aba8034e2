"""Who is refused because of a setting can find out which one it was, and how it is changed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from grantway import settings as s
from grantway.endpoints.people import userinfo
from grantway.endpoints.register import register
from grantway.endpoints.token import token
from grantway.grants.token_exchange import GRANT_TYPE as EXCHANGE
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.usage.explain import explain
from grantway.orgdata.credentials import credentials
from grantway.protocol import no
from grantway.store.statement import Statement
from tests.endpoints.browsing import PASSWORD, give_passwords
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.issuer import AUDIENCE, ISSUER, handler_for, outside_token, public_jwk
from tests.endpoints.saml_signer import encoded, file
from tests.endpoints.signer import GRANT_TYPE, signer
from tests.endpoints.test_asset_token import SETTINGS as ASSETS
from tests.endpoints.test_asset_token import send
from tests.endpoints.test_saml_assertion import TYPE, sign_on
from tests.endpoints.wire import in_body

Values = dict[s.AnySetting, Any]


async def authorize(house: House, app: TestApp) -> None:
    await house.authorize(app)


async def redeem(house: House, app: TestApp) -> None:
    await house.redeem(app, await house.code(app))


async def redeem_without_secret(house: House, app: TestApp) -> None:
    await house.redeem(app, await house.code(app), client_secret="")


async def refresh_without_secret(house: House, app: TestApp) -> None:
    await house.refresh(app, (await house.sign_in(app))["refresh_token"], client_secret="")


async def refresh_twice(house: House, app: TestApp) -> None:
    token = (await house.sign_in(app))["refresh_token"]
    await house.refresh(app, token)
    await house.refresh(app, token)


async def refresh_late(house: House, app: TestApp) -> None:
    token = (await house.sign_in(app))["refresh_token"]
    house.clock.advance(minutes=120)
    await house.refresh(app, token)


async def refresh_after_a_month(house: House, app: TestApp) -> None:
    token = (await house.sign_in(app))["refresh_token"]
    house.clock.advance(days=30)
    await house.refresh(app, token)


async def refresh_after_a_month_in_an_org_that_limits_it(house: House, app: TestApp) -> None:
    await house.change("""UPDATE org SET settings = '{"limit_idle_refresh_tokens_of_all_apps": true}', version = 2""")
    await refresh_after_a_month(house, app)


async def use_late(house: House, app: TestApp) -> None:
    token = (await house.sign_in(app))["access_token"]
    house.clock.advance(minutes=180)
    bearer = (b"authorization", f"Bearer {token}".encode())
    await userinfo(house.call(f"{SALESFORCE}/userinfo", method="GET", headers=(bearer,)), house.server, BASE)


async def use_a_jwt_late(house: House, app: TestApp) -> None:
    del app
    await use_late(house, await house.jwt_app())


async def ask_for_a_scope_too_many(house: House, app: TestApp) -> None:
    await house.authorize(app, scope="api web")


async def ask_for_a_scope_that_is_not(house: House, app: TestApp) -> None:
    await house.authorize(app, scope="api shipments_read")


async def ask_to_be_answered_elsewhere(house: House, app: TestApp) -> None:
    await house.authorize(app, redirect_uri="https://evil.example/")


async def authorize_in_an_org_that_requires_pkce(house: House, app: TestApp) -> None:
    await house.change("""UPDATE org SET settings = '{"require_pkce_for_all_apps": true}', version = 2""")
    await house.authorize(app)


async def redeem_where_api_access_is_limited(house: House, app: TestApp) -> None:
    await house.change("""UPDATE org SET settings = '{"admin_approved_apps_only": true}', version = 2""")
    await redeem(house, app)


async def redeem_with_the_secret_in_the_url(house: House, app: TestApp) -> None:
    query = f"client_id={app.consumer_key}&client_secret={app.consumer_secret}"
    await token(house.call(f"{SALESFORCE}/token", query=query), house.server, BASE)


async def ask_for_a_token_for_nowhere(house: House, app: TestApp) -> None:
    await house.authorize(app, door=STANDARDS, resource="http://mcp.example.com")


async def be_known_by_a_document(house: House, app: TestApp) -> None:
    await house.authorize(replace(app, consumer_key="https://mcp.example/client.json"), door=STANDARDS)


async def be_known_by_a_document_of_another_place(house: House, app: TestApp) -> None:
    await house.change("""UPDATE org SET settings = '{"client_id_documents": true}', version = 2""")
    await be_known_by_a_document(house, app)


async def redeem_in_another_org_what_is_local(house: House, app: TestApp) -> None:
    await house.change("UPDATE app SET kind = 'external_client_app'")
    elsewhere = await house.elsewhere()
    await elsewhere.redeem(app, await elsewhere.code(app))


async def read_a_consumer_secret_by_rest(house: House, app: TestApp) -> None:
    bearer = (b"authorization", f"Bearer {(await house.sign_in(app))['access_token']}".encode())
    path = f"/services/data/v65.0/apps/oauth/credentials/{app.id}"
    await credentials(house.call(path, method="GET", headers=(bearer,)), house.server, BASE)


async def client_credentials(house: House, app: TestApp) -> None:
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form)


async def assert_without_certificate(house: House, app: TestApp) -> None:
    exp = house.clock.now_ms() // 1000 + 60
    claims = {"iss": app.consumer_key, "sub": "ada@harbour.example", "aud": BASE, "exp": exp}
    await house.token({"grant_type": GRANT_TYPE, "assertion": signer().sign(claims)})


async def log_in(house: House, app: TestApp) -> None:
    await give_passwords(house)
    form = {"grant_type": "password", "username": "ada@harbour.example", "password": PASSWORD, **in_body(app)}
    await house.token(form)


async def log_in_without_the_security_token(house: House, app: TestApp) -> None:
    await house.change("""UPDATE org SET settings = '{"block_username_password_flow": false}', version = 2""")
    await log_in(house, app)


async def ask_for_an_asset_token(house: House, app: TestApp) -> None:
    await send(house, (await house.sign_in(app))["access_token"])


def sign_on_with(**changed: Any) -> Callable[[House, TestApp], Awaitable[None]]:
    async def send_a_response(house: House, app: TestApp) -> None:
        del app
        await sign_on(house, **changed)
        message = encoded(file("response.xml"))
        await house.token({"grant_type": "assertion", "assertion_type": TYPE, "assertion": message})

    return send_a_response


def exchange_a_token(**fields: Any) -> Callable[[House, TestApp], Awaitable[None]]:
    async def exchange(house: House, app: TestApp) -> None:
        believes = {
            "issuer": ISSUER,
            "audiences": AUDIENCE,
            "certificate": signer().certificate,
            "new_user_profile": "Minimum",
        }
        if name := fields.get("guest_user"):
            await users.create(house.desk, house.org, users.NewUser(username=name, email=name, guest=True))
        await handler_for(house, app, believes | fields)
        outside = outside_token(
            house, header={"kid": None}, email="new@harbour.example", **_CLAIMS.get(str(fields), {})
        )
        form = {"grant_type": EXCHANGE, "client_id": app.consumer_key, "subject_token": outside}
        await house.token(form | {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"})

    return exchange


_CREATES = {"user_creation": True}
_GUESTS = {"guest_user": "guest@harbour.example"}
_CLAIMS = {str(fields): {"sub": "new@harbour.example"} for fields in (_CREATES, _GUESTS)}
_FREE: Values = {s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: False}
_EXCHANGES: Values = {s.TOKEN_EXCHANGE: True, s.TOKEN_EXCHANGE_ALLOWED: True}


async def register_without_a_token(house: House, app: TestApp) -> None:
    del app
    json_type = ((b"content-type", b"application/json"),)
    call = house.call("/oidc/register", headers=json_type)
    await register(structs.replace(call, body=b'{"redirect_uris": ["https://new.example/cb"]}'), house.server, BASE)


CASES: list[tuple[s.AnySetting, Values, Callable[[House, TestApp], Awaitable[None]]]] = [
    (s.OAUTH_ENABLED, {s.OAUTH_ENABLED: False}, redeem),
    (s.CALLBACK_URL, {}, ask_to_be_answered_elsewhere),
    (s.SCOPES, {}, ask_for_a_scope_too_many),
    (s.CUSTOM_SCOPES, {}, ask_for_a_scope_that_is_not),
    (s.REQUIRE_PKCE, {s.REQUIRE_PKCE: True}, authorize),
    (s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW, {}, redeem_without_secret),
    (s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW, {}, refresh_without_secret),
    (
        s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW,
        _EXCHANGES | {s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: True},
        exchange_a_token(),
    ),
    (s.TOKEN_EXCHANGE, _FREE | {s.TOKEN_EXCHANGE_ALLOWED: True}, exchange_a_token()),
    (s.TOKEN_EXCHANGE_ALLOWED, _FREE | {s.TOKEN_EXCHANGE: True}, exchange_a_token()),
    (s.PERMITTED_USERS, _FREE | _EXCHANGES, exchange_a_token()),
    (s.PROFILES, _FREE | _EXCHANGES, exchange_a_token(**_CREATES)),
    (s.JWT_ACCESS_TOKENS, _FREE | _EXCHANGES, exchange_a_token(**_GUESTS)),
    (s.REFRESH_TOKEN_ROTATION, {s.REFRESH_TOKEN_ROTATION: True}, refresh_twice),
    (s.DISTRIBUTION_STATE, {}, redeem_in_another_org_what_is_local),
    (s.CLIENT_CREDENTIALS, {}, client_credentials),
    (s.USERNAME_PASSWORD, {}, log_in),
    (s.BLOCK_USERNAME_PASSWORD_FLOW, {s.USERNAME_PASSWORD: True}, log_in),
    (s.TRUSTED_IP_RANGES, {s.USERNAME_PASSWORD: True}, log_in_without_the_security_token),
    (s.CERTIFICATE, {}, assert_without_certificate),
    (s.JWKS, {s.JWKS: s.JWKS.kind.parse({"keys": [public_jwk(number=1)]})}, assert_without_certificate),
    # Nobody serves it: the connection is refused, or not even tried.
    (s.JWKS_URI, {s.JWKS_URI: "https://127.0.0.1:9/keys"}, assert_without_certificate),
    (s.ASSET_TOKENS, {}, ask_for_an_asset_token),
    (s.ASSET_TOKEN_AUDIENCES, {s.ASSET_TOKENS: True}, ask_for_an_asset_token),
    (s.ASSET_SIGNING_CERTIFICATE, ASSETS | {s.ASSET_SIGNING_CERTIFICATE: "Gone"}, ask_for_an_asset_token),
    (
        s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW,
        ASSETS | {s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: True},
        ask_for_an_asset_token,
    ),
    (s.RUN_AS, {s.CLIENT_CREDENTIALS: True}, client_credentials),
    (s.DOORS, {s.DOORS: s.Doors.STANDARDS}, redeem),
    (
        s.PERMITTED_USERS,
        {s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED},
        redeem,
    ),
    (
        s.REFRESH_TOKEN_POLICY,
        {s.REFRESH_TOKEN_POLICY: s.RefreshTokenPolicy(form="specific_lifetime", number=1, unit="HOURS")},
        refresh_late,
    ),
    (s.LIMIT_IDLE_REFRESH_TOKENS, {s.LIMIT_IDLE_REFRESH_TOKENS: True}, refresh_after_a_month),
    (s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS, {}, refresh_after_a_month_in_an_org_that_limits_it),
    (s.ENABLED_IN_ORG, {s.ENABLED_IN_ORG: False}, redeem),
    (s.SESSION_TIMEOUT, {s.SESSION_TIMEOUT: 15}, use_late),
    (s.ORG_SESSION_TIMEOUT, {}, use_late),
    (s.NAMED_USER_JWT_TIMEOUT, {}, use_a_jwt_late),
    (s.ADMIN_APPROVED_APPS_ONLY, {}, redeem_where_api_access_is_limited),
    (s.OPEN_REGISTRATION, {}, register_without_a_token),
    (s.CONSUMER_SECRETS_BY_REST, {}, read_a_consumer_secret_by_rest),
    (s.ALLOW_LEGACY_QUERY_PARAMETERS, {}, redeem_with_the_secret_in_the_url),
    (s.SAML_ASSERTION_FLOW, {}, sign_on_with(saml_assertion_flow=False)),
    (s.SAML_ASSERTION_APP, {}, sign_on_with(saml_assertion_app="")),
    (s.SSO_USER, {}, sign_on_with(sso_user="federation_id")),
    (s.SSO_ISSUER, {}, sign_on_with(sso_issuer="https://another.example")),
    (s.SSO_CERTIFICATE, {}, sign_on_with(sso_certificate=None)),
    (s.SSO_ENTITY_ID, {}, sign_on_with(sso_entity_id="https://another.example")),
    (s.REQUIRE_PKCE_FOR_ALL_APPS, {}, authorize_in_an_org_that_requires_pkce),
    (s.RESOURCES, {}, ask_for_a_token_for_nowhere),
    (s.CLIENT_ID_DOCUMENTS, {}, be_known_by_a_document),
    (s.CLIENT_DOCUMENT_SOURCES, {}, be_known_by_a_document_of_another_place),
]


@pytest.mark.parametrize(("setting", "values", "provoke"), CASES, ids=lambda part: getattr(part, "name", None))
async def test_a_refusal_names_its_setting_and_the_command_that_changes_it(
    house: House,
    setting: s.AnySetting,
    values: Values,
    provoke: Callable[[House, TestApp], Awaitable[None]],
) -> None:
    await provoke(house, await house.app(values))
    await house.server.refusals.flush()
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    desk = Desk(db=house.db, clock=house.clock, ring=house.server.ring, caller=OPERATOR)

    told = await explain(desk, str(request_id))

    assert (told.setting, told.setting_label) == (setting.name, setting.label)
    of = "grantway org set" if setting.held_by is s.Holder.ORG else f"grantway app set {told.app}"
    assert told.change == f"{of} {setting.name}=VALUE"
    assert told.remedy
    assert "?" not in told.means, "every fact that the explanation speaks of is there"


def test_every_setting_that_can_refuse_is_among_these() -> None:
    assert {setting for setting, _, _ in CASES} == {reason.setting for reason in no.ALL.values() if reason.setting}
