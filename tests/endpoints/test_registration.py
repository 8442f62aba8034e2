"""Clients that register themselves (RFC 7591, RFC 7592; salesforce-oauth.md 3.23; security.md S30)."""

import asyncio
import json
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc import jwk

from grantway import settings as s
from grantway.domain.app import AppKind, Policy
from grantway.endpoints.introspect import introspect
from grantway.endpoints.register import register, registered
from grantway.endpoints.sweeper import Sweeper
from grantway.kit.clock import HOUR_MS
from grantway.kit.http import Call, Reply
from grantway.manage.connected_apps import apps, install
from grantway.manage.problem import ManageProblem
from grantway.manage.registration import registering, registration_tokens
from grantway.manage.server import backup, orgs
from grantway.manage.usage import tokens
from grantway.protocol.door import SALESFORCE as SALESFORCE_DOOR
from grantway.protocol.door import STANDARDS as STANDARDS_DOOR
from grantway.protocol.door import Door
from grantway.protocol.refusal import Refused
from grantway.protocol.registration import Ceiling, Registration, answer, read_document, settle
from grantway.store.statement import Statement
from tests.endpoints.browsing import CONSENT, LOGIN, Browser, goes_to, told
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.signer import proof, signer
from tests.endpoints.test_assertions_explained import explained
from tests.endpoints.wire import both_doors, open_web

JSON = (b"content-type", b"application/json")
ASKED = {"redirect_uris": [CALLBACK], "client_name": "Harbour Chat"}


async def token_of(house: House, app: TestApp) -> str:
    """Make an app's initial access token."""
    return (await registration_tokens.make(house.desk, house.org, app.id)).reveal()


def _call(house: House, path: str, document: Any, token: str, method: str) -> Call:
    headers = [JSON] if document is not None else []
    if token:
        headers.append((b"authorization", b"Bearer " + token.encode()))
    call = house.call(path, method=method, headers=tuple(headers))
    body = document if isinstance(document, bytes) else json.dumps(document).encode() if document is not None else b""
    return Call(
        method=method,
        path=path,
        headers=call.headers,
        body=body,
        address=call.address,
        host=call.host,
        request_id=call.request_id,
        arrived_us=call.arrived_us,
    )


async def sent(house: House, document: Any, token: str = "", *, door: str = STANDARDS) -> Reply:
    """Send a registration."""
    reply = await register(_call(house, f"{door}/register", document, token, "POST"), house.server, BASE)
    house.clock.advance(ms=1)
    return reply


async def joined(house: House, token: str, *, door: str = STANDARDS, **more: Any) -> dict[str, Any]:
    """Register and return the answer; what is given as None is left out."""
    asked = {name: value for name, value in (ASKED | more).items() if value is not None}
    reply = await sent(house, asked, token, door=door)
    assert reply.status == 201, reply.body
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


async def at_home(
    house: House, client: dict[str, Any], method: str = "GET", document: Any = None, **other: str
) -> Reply:
    """Ask a client's configuration endpoint, by default with its own token."""
    path = other.get("uri", client["registration_client_uri"]).removeprefix(BASE)
    token = other.get("token", client["registration_access_token"])
    return await registered(_call(house, path, document, token, method), house.server, BASE)


def as_app(client: dict[str, Any]) -> TestApp:
    """Return a registered client as the house knows apps; it has no id here."""
    return TestApp("", client["client_id"], client.get("client_secret", ""))


async def known(house: House, client: dict[str, Any]) -> TestApp:
    """Return a registered client as the house knows apps."""
    app = await apps.find(house.desk, house.org, client["client_id"])
    return TestApp(app.id, client["client_id"], client.get("client_secret", ""))


def error(reply: Reply) -> tuple[int, str]:
    """Return the status and code of an error; it has a description too."""
    body = json.loads(reply.body)
    assert body["error_description"]
    return reply.status, body["error"]


@pytest.mark.requirement("S30")
@both_doors
async def test_without_an_initial_access_token_nobody_registers(house: House, door: str) -> None:
    await house.app()

    nothing = await sent(house, ASKED, door=door)
    wrong = await sent(house, ASKED, "x" * 43, door=door)

    assert error(nothing) == error(wrong) == (401, "invalid_token")
    assert (
        nothing.headers[-1][0],
        nothing.headers[-1][1].split(b", error_desc")[0],
    ) == (b"www-authenticate", b'Bearer realm="grantway", error="invalid_token"')
    assert await house.reasons() == [
        "registration.token_missing" if door == SALESFORCE else "registration.open_off",
        "registration.token_unknown",
    ]


async def test_salesforce_answers_with_its_own_members(house: House) -> None:
    token = await token_of(house, await house.app())
    asked: dict[str, Any] = {
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "application_type": "web",
        "contacts": ["it@harbour.example", "other@harbour.example"],
        "scopes": ["openid", "refresh_token", "id", "api"],
    }
    answer = await joined(house, token, door=SALESFORCE, **asked)
    given = ("client_id", "client_secret", "registration_access_token", "client_id_issued_at")

    assert {name: value for name, value in answer.items() if name not in given} == {
        "client_secret_expires_at": 0,
        "registration_client_uri": f"{BASE}/services/oauth2/register/{answer['client_id']}",
        "token_endpoint_auth_method": "client_secret_post",
        "redirect_uris": [CALLBACK],
        "response_types": ["code", "token", "id_token"],
        "grant_types": ["authorization_code", "hybrid_auth_code", "implicit", "refresh_token"],
        "application_type": "web",
        "contacts": ["it@harbour.example"],
        "client_name": "Harbour Chat",
        "scopes": ["openid", "refresh_token", "id", "api"],
    }


async def test_the_standards_answer_states_what_was_settled(house: House) -> None:
    token = await token_of(house, await house.app())
    more: dict[str, Any] = {
        "policy_uri": "https://x.example",
        "made_up": [1],
        "software_id": "chat",
        "client_uri": "https://c.example/",
    }
    answer = await joined(house, token, scope="openid profile api web", **more)
    given = ("client_id", "client_secret", "registration_access_token", "client_id_issued_at")

    assert {name: value for name, value in answer.items() if name not in given} == {
        "client_secret_expires_at": 0,
        "registration_client_uri": f"{BASE}/oidc/register/{answer['client_id']}",
        "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": [CALLBACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "application_type": "web",
        "client_name": "Harbour Chat",
        "scope": "openid profile api offline_access",
        "client_uri": "https://c.example/",
        "software_id": "chat",
    }


@both_doors
async def test_a_registered_client_goes_through_the_web_server_flow(house: House, door: str) -> None:
    client = await joined(house, await token_of(house, await house.app()), door=door)
    app = await known(house, client)
    answer = await house.sign_in(app, door=door, scopes="api id openid refresh_token")

    status, fresh = await house.refresh(app, answer["refresh_token"], door=door)

    assert status == 200
    assert fresh["refresh_token"] != answer["refresh_token"]
    other = SALESFORCE if door == STANDARDS else STANDARDS
    assert (await house.redeem(app, "x", door=other))[1]["error"] in ("invalid_client_id", "invalid_client")


async def test_a_client_without_a_secret_must_use_pkce_and_send_none(house: House) -> None:
    client = await joined(house, await token_of(house, await house.app()), token_endpoint_auth_method="none")
    assert "client_secret" not in client
    assert "client_secret_expires_at" not in client
    app = await known(house, client)
    held = await apps.find(house.desk, house.org, app.id)
    code = await house.code(app, door="standards")

    assert held[s.REQUIRE_PKCE]
    assert held[s.REFRESH_TOKEN_ROTATION]
    status, refused = await house.redeem(app, code, door=STANDARDS, client_secret=held.secret.reveal())
    assert (status, refused["error"]) == (401, "invalid_client")
    assert await house.reasons() == ["client.other_method"]
    assert (await house.redeem(app, code, door=STANDARDS))[0] == 200


@pytest.mark.requirement("S21")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_secret_counts_by_basic_and_in_the_body(house: House, method: str) -> None:
    client = await joined(house, await token_of(house, await house.app()), token_endpoint_auth_method=method)
    app = await known(house, client)
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    basic = f"{app.consumer_key}:{app.consumer_secret}"

    by_basic = {**form, "code": await house.code(app, door="standards")}
    assert (await house.token(by_basic, door=STANDARDS, basic=basic))[0] == 200
    assert (await house.redeem(app, await house.code(app, door="standards"), door=STANDARDS))[0] == 200
    without = await house.redeem(app, await house.code(app, door="standards"), door=STANDARDS, client_secret="")
    assert (without[0], without[1]["error"]) == (401, "invalid_client")


def public_key(number: int = 0) -> dict[str, Any]:
    """Return the public half of a signer's key as a JWK."""
    key = jwk.import_key(signer(number=number).pem, "RSA")
    return dict(key.as_dict(private=False))


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


async def test_a_registered_client_may_use_no_other_flow(house: House) -> None:
    parent = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    app = as_app(await joined(house, await token_of(house, parent)))
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    status, answer = await house.token(form, door=STANDARDS)

    assert (status, answer["error"]) == (400, "unauthorized_client")
    assert await house.reasons() == ["client.other_grant"]


@both_doors
async def test_scopes_never_go_beyond_the_parents_also_when_these_shrink(house: House, door: str) -> None:
    parent = await house.app({s.SCOPES: ("openid", "api", "id")})
    client = await joined(house, await token_of(house, parent), door=door, scope="openid api web full offline_access")
    words = client["scopes"] if door == SALESFORCE else client["scope"].split()
    assert words == ["openid", "api"]

    await apps.change(house.desk, house.org, parent.id, {"scopes": ["openid"]})

    assert (await apps.find(house.desk, house.org, client["client_id"]))[s.SCOPES] == ("openid",)
    shown = json.loads((await at_home(house, client)).body)
    assert (shown["scopes"] if door == SALESFORCE else shown["scope"].split()) == ["openid"]
    nothing = await sent(house, ASKED | {"scope": "web"}, await token_of(house, parent), door=door)
    assert error(nothing) == (400, "invalid_client_metadata")


async def test_where_the_parent_comes_to_require_pkce_its_children_do(house: House) -> None:
    parent = await house.app()
    client = await joined(house, await token_of(house, parent))
    assert not (await apps.find(house.desk, house.org, client["client_id"]))[s.REQUIRE_PKCE]

    await apps.change(house.desk, house.org, parent.id, {"require_pkce": True})

    assert (await apps.find(house.desk, house.org, client["client_id"]))[s.REQUIRE_PKCE]


async def test_a_child_does_not_look_like_its_parent_nor_speak_to_its_audiences(house: House) -> None:
    own: dict[s.AnySetting, Any] = {
        s.LOGO_URL: "https://app.example/logo.png",
        s.DESCRIPTION: "the real one",
        s.ID_TOKEN_AUDIENCES: ("https://other.example",),
        s.INTROSPECT_ALL: True,
        s.CLIENT_CREDENTIALS: True,
        s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
        s.JWT_ACCESS_TOKENS: True,
    }
    parent = await house.app(own, run_as="ada@harbour.example")
    client = await joined(house, await token_of(house, parent))

    held = await apps.find(house.desk, house.org, client["client_id"])

    assert [one.name for one in own if held[one] == own[one]] == ["jwt_access_tokens"]


async def _block(house: House, parent: TestApp) -> None:
    await apps.block(house.desk, house.org, parent.id, blocked=True)


async def _switch_off(house: House, parent: TestApp) -> None:
    await apps.change(house.desk, house.org, parent.id, {"oauth_enabled": False})


async def _delete(house: House, parent: TestApp) -> None:
    await apps.delete(house.desk, house.org, parent.id)


@pytest.mark.requirement("S30")
@pytest.mark.parametrize("end", [_block, _switch_off, _delete], ids=["blocked", "switched off", "deleted"])
async def test_what_ends_the_parent_ends_its_children(house: House, end: Any) -> None:
    parent = await house.app()
    token = await token_of(house, parent)
    client = await joined(house, token)
    app = await known(house, client)
    answer = await house.sign_in(app, door=STANDARDS)

    await end(house, parent)

    assert (await house.refresh(app, answer["refresh_token"], door=STANDARDS))[0] in (400, 401)
    assert not await house.is_active(app, answer["access_token"])
    assert (await at_home(house, client)).status in (401, 403)
    assert (await sent(house, ASKED, token)).status in (401, 403)


@pytest.mark.parametrize("end", [_block, _switch_off], ids=["blocked", "switched off"])
async def test_explain_names_the_parent_where_the_parent_ended_it(house: House, end: Any) -> None:
    """Nobody can unblock or change a registered app by itself."""
    parent = await house.app()
    app = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(app, door=STANDARDS)
    await end(house, parent)
    await house.refresh(app, answer["refresh_token"], door=STANDARDS)
    told = await explained(house)
    name = (await apps.find(house.desk, house.org, parent.id)).app.name

    assert name in told.means
    assert name in told.remedy + told.change


async def test_revoking_the_parents_tokens_ends_the_childrens(house: House) -> None:
    parent = await house.app()
    app = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(app, door=STANDARDS)
    house.clock.advance(ms=1)

    await tokens.revoke(house.desk, house.org, app=parent.id)

    assert (await house.refresh(app, answer["refresh_token"], door=STANDARDS))[1]["error"] == "invalid_grant"
    assert not await tokens.lines(house.desk, house.org)


async def test_a_child_is_in_another_org_where_its_parent_is_installed(house: House) -> None:
    parent = await house.app()
    client = await joined(house, await token_of(house, parent))
    there = await house.elsewhere()

    async def policy() -> Policy | None:
        met = await apps.met(there.desk, there.org, client["client_id"])
        assert met is not None
        return met.policy

    assert await policy() is None
    with pytest.raises(ManageProblem, match="is installed wherever"):
        await install.install(there.desk, there.org, client["client_id"])
    await install.install(there.desk, there.org, parent.consumer_key)
    assert await policy() is not None
    with pytest.raises(ManageProblem, match="is installed wherever"):
        await install.uninstall(there.desk, there.org, client["client_id"])
    await install.uninstall(there.desk, there.org, parent.consumer_key)
    assert await policy() is None


async def test_the_parents_pre_authorized_users_are_asked_about_its_children(house: House, browser: Browser) -> None:
    """Nobody looked at an app that registered: what an administrator approved is its parent."""
    parent = await house.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PROFILES: ("Standard",)})
    app = await known(house, await joined(house, await token_of(house, parent)))

    assert "code" in told(await browser.log_in(await browser.to_login(parent, door=STANDARDS)))
    asking = await browser.ask(app, door=STANDARDS)
    assert goes_to(asking, CONSENT)
    assert "code" in told(await browser.answer(await browser.follow(asking)))


@pytest.mark.requirement("S17")
async def test_a_parent_may_introspect_its_childrens_tokens_and_no_stranger_may(house: House) -> None:
    parent, stranger = await house.app(), await house.app()
    child = await known(house, await joined(house, await token_of(house, parent)))
    sibling = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(child, door=STANDARDS)

    for token in (answer["access_token"], answer["refresh_token"]):
        assert await house.is_active(parent, token)
        assert not await house.is_active(stranger, token)
        form = {"token": token, "client_id": sibling.consumer_key, "client_secret": sibling.consumer_secret}
        reply = await introspect(house.call("/oidc/introspect", form), house.server, BASE)
        assert reply.body == b'{"active":false}'


async def test_a_new_initial_access_token_ends_the_one_before(house: House) -> None:
    parent = await house.app()
    first = await token_of(house, parent)
    second = await token_of(house, parent)

    assert (await sent(house, ASKED, first)).status == 401
    assert (await sent(house, ASKED, second)).status == 201
    await registration_tokens.revoke(house.desk, house.org, parent.id)
    assert (await sent(house, ASKED, second)).status == 401


async def test_a_restored_database_brings_no_initial_access_token_back(house: House) -> None:
    token = await token_of(house, await house.app())

    await backup.mark_restored(house.desk)

    assert (await sent(house, ASKED, token)).status == 401


async def test_registration_tokens_are_kept_as_hashes_and_never_recorded(house: House) -> None:
    parent = await house.app()
    token = await token_of(house, parent)
    client = await joined(house, token)
    await at_home(house, client, "PUT", client | {"client_name": "Renamed"})

    for table in ("initial_access_token", "registered_client", "event", "app"):
        rows = str(await house.db.all(Statement(f"SELECT * FROM {table}")))
        assert token not in rows
        assert client["registration_access_token"] not in rows
        assert client["client_secret"] not in rows


@both_doors
async def test_a_client_reads_what_it_registered_and_repeating_it_changes_nothing(house: House, door: str) -> None:
    client = await joined(house, await token_of(house, await house.app()), door=door, contacts=["it@harbour.example"])
    before = await apps.find(house.desk, house.org, client["client_id"])
    read = await at_home(house, client)
    assert (read.status, json.loads(read.body)) == (200, client)

    again = await at_home(house, client, "PUT", json.loads(read.body))

    assert (again.status, json.loads(again.body)) == (200, client)
    assert (await apps.find(house.desk, house.org, client["client_id"])).version == before.version


async def test_an_update_replaces_and_what_is_left_out_goes_back(house: House) -> None:
    more: dict[str, Any] = {
        "client_uri": "https://c.example/",
        "software_id": "chat",
        "contacts": ["it@harbour.example"],
    }
    client = await joined(house, await token_of(house, await house.app()), token_endpoint_auth_method="none", **more)
    update = {"client_id": client["client_id"], "redirect_uris": ["com.example:/cb"], "scope": "openid"}

    read = json.loads((await at_home(house, client, "PUT", update)).body)

    assert read["redirect_uris"] == ["com.example:/cb"]
    assert read["token_endpoint_auth_method"] == "client_secret_basic"
    assert read["client_secret"]
    assert read["scope"] == "openid offline_access"
    assert not {"client_uri", "software_id", "contacts", "client_name"} & read.keys()
    held = await apps.find(house.desk, house.org, client["client_id"])
    assert (held[s.INFO_URL], held[s.CONTACT_EMAIL]) == ("", "")
    assert held[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]


@pytest.mark.requirement("S30")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("client_id", "another"),
        ("client_id", None),
        ("client_secret", "C" * 64),
        ("client_id_issued_at", 1),
        ("client_secret_expires_at", False),
        ("registration_access_token", "mine"),
        ("registration_client_uri", "https://evil.example"),
    ],
)
async def test_what_the_server_sets_cannot_be_set(house: House, member: str, value: Any) -> None:
    client = await joined(house, await token_of(house, await house.app()))

    reply = await at_home(house, client, "PUT", client | {member: value, "client_name": "Other"})

    assert error(reply) == (400, "invalid_client_metadata")
    assert json.loads((await at_home(house, client)).body) == client


async def test_a_deleted_client_is_gone_with_its_tokens(house: House) -> None:
    client = await joined(house, await token_of(house, await house.app()))
    app = await known(house, client)
    answer = await house.sign_in(app, door=STANDARDS)

    reply = await at_home(house, client, "DELETE")

    assert (reply.status, reply.body) == (204, b"")
    assert (await house.refresh(app, answer["refresh_token"], door=STANDARDS))[0] == 401
    assert error(await at_home(house, client)) == (401, "invalid_token")


async def test_only_its_own_token_at_its_own_door_opens_a_client(house: House) -> None:
    parent = await house.app()
    initial = await token_of(house, parent)
    client, other = await joined(house, initial), await joined(house, initial)
    elsewhere = client["registration_client_uri"].replace("/oidc/", "/services/oauth2/")

    for wrong in ({"token": other["registration_access_token"]}, {"token": initial}, {"token": ""}, {"uri": elsewhere}):
        for method in ("GET", "DELETE"):
            assert error(await at_home(house, client, method, **wrong)) == (401, "invalid_token")
    unknown = await at_home(house, client, uri=f"{BASE}/oidc/register/{parent.consumer_key}")
    assert error(unknown) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example/callback"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/" + "x" * 2000]}, "invalid_redirect_uri"),
        ({"redirect_uris": [7]}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": 7}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": ["none"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"client_name": 7}, "invalid_client_metadata"),
        ({"client_name": "x" * 81}, "invalid_client_metadata"),
        ({"client_name": "a\u0000b"}, "invalid_client_metadata"),
        ({"contacts": "it@harbour.example"}, "invalid_client_metadata"),
        ({"contacts": ["nobody"]}, "invalid_client_metadata"),
        ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"application_type": "desktop"}, "invalid_client_metadata"),
        ({"subject_type": "pairwise"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"scope": ["openid"]}, "invalid_client_metadata"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(house: House, change: dict[str, Any], code: str) -> None:
    token = await token_of(house, await house.app())

    reply = await sent(house, {k: v for k, v in (ASKED | change).items() if v is not None}, token)

    assert error(reply) == (400, code)
    assert (await house.reasons())[-1].startswith("registration.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        b'{"x": NaN}',
        b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 60_000,
        b'{"x": "' + b"y" * 70_000 + b'"}',
        b"\xff\xfe",
    ],
)
async def test_only_one_json_object_of_bounded_size_is_read(house: House, body: bytes) -> None:
    token = await token_of(house, await house.app())

    assert error(await sent(house, body, token)) == (400, "invalid_client_metadata")


async def test_the_hundred_and_first_is_refused_however_many_come_at_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    parent = await house.app()
    token = await token_of(house, parent)
    for _ in range(registration_tokens.MOST - 3):
        await joined(house, token)

    replies = await asyncio.gather(*(sent(house, ASKED, token) for _ in range(8)))

    assert sorted(reply.status for reply in replies) == [201] * 3 + [403] * 5
    held = await house.db.one(Statement("SELECT COUNT(*) FROM app WHERE parent_id = :id"), parent.id)
    assert held == (100,)
    assert (await sent(house, ASKED, await token_of(house, await house.app()))).status == 201


async def test_an_administrator_sees_and_deletes_a_registered_client_but_does_not_edit_it(house: House) -> None:
    client = await joined(house, await token_of(house, await house.app()))
    app = await known(house, client)

    for change in ({"scopes": ["api"]}, {"session_timeout": 30}):
        with pytest.raises(ManageProblem, match=r"registered itself|has the policies"):
            await apps.change(house.desk, house.org, app.id, change)
    with pytest.raises(ManageProblem, match="has the policies of"):
        await apps.block(house.desk, house.org, app.id, blocked=True)
    with pytest.raises(ManageProblem, match="no app can belong to it"):
        await registration_tokens.make(house.desk, house.org, app.id)
    await apps.delete(house.desk, house.org, app.id)
    assert (await at_home(house, client)).status == 401


async def opened(house: House, **more: Any) -> None:
    """Let anybody register."""
    await orgs.change(house.desk, house.org, {"open_registration": True, **more})


@pytest.mark.enforces("open_registration")
@pytest.mark.requirement("S30")
async def test_the_org_can_let_clients_in_without_a_token_at_the_standards_door_alone(house: House) -> None:
    assert (await sent(house, ASKED)).status == 401
    await opened(house)

    client = await joined(house, "", scope="openid profile api full")

    assert client["scope"] == "openid profile offline_access"
    app = await apps.find(house.desk, house.org, client["client_id"])
    assert (app.kind, app.is_child, app[s.REQUIRE_PKCE]) == (AppKind.EXTERNAL_CLIENT_APP, False, True)
    assert (await sent(house, ASKED, door=SALESFORCE)).status == 401
    assert (await sent(house, ASKED, "x" * 43)).status == 401
    assert json.loads((await at_home(house, client)).body) == client
    again = await at_home(house, client, "PUT", client | {"client_name": "Renamed"})
    assert json.loads(again.body) == client | {"client_name": "Renamed"}


async def test_an_update_leaves_alone_what_no_registration_settles(house: House) -> None:
    await opened(house)
    client = await joined(house, "", contacts=["it@harbour.example"])
    app = await apps.find(house.desk, house.org, client["client_id"])
    others = {"logo_url": "https://app.example/logo.png", "of_a_newer_release": 1}
    settings = json.dumps(json.loads(app.app.settings) | others)
    await house.change("UPDATE app SET settings = :settings, version = version + 1 WHERE id = :id", settings, app.id)

    del client["contacts"]
    assert (await at_home(house, client, "PUT", client | {"client_name": "Renamed"})).status == 200

    held = json.loads((await apps.find(house.desk, house.org, app.id)).app.settings)
    assert {name: held.get(name) for name in others} == others
    assert (held["label"], held.get("contact_email", "")) == ("Renamed", "")


@pytest.mark.enforces("open_registration_scopes")
async def test_the_org_says_how_far_openly_registered_clients_go(house: House) -> None:
    await opened(house, open_registration_scopes=["openid", "api"])

    assert (await joined(house, ""))["scope"] == "openid api"


@pytest.mark.enforces("open_registration_scopes")
async def test_scopes_that_the_org_takes_back_are_asked_for_in_vain_by_those_that_have_registered(
    house: House, browser: Browser
) -> None:
    await opened(house, open_registration_scopes=["openid", "api", "refresh_token"])
    client = await joined(house, "")
    app = await known(house, client)
    assert goes_to(await browser.ask(app, door=STANDARDS, scope="openid api"), LOGIN)

    await opened(house, open_registration_scopes=["openid", "refresh_token"])

    assert told(await browser.ask(app, door=STANDARDS, scope="openid api"))["error"] == "invalid_scope"
    assert json.loads((await at_home(house, client)).body)["scope"] == "openid offline_access"


@pytest.mark.requirement("S8")
@pytest.mark.parametrize("with_token", [True, False])
async def test_the_consent_page_says_that_nobody_looked_at_an_app_that_registered(
    house: House, browser: Browser, with_token: bool
) -> None:
    await opened(house)
    app = await known(house, await joined(house, await token_of(house, await house.app()) if with_token else ""))

    page = (await browser.to_consent(app, door=STANDARDS, scope="openid")).text

    assert "chose its name itself, and nobody here has checked it" in page
    assert "<dt>Added by</dt><dd><bdi>itself, on " in page
    assert "Published by" not in page
    assert "an administrator of" not in page


async def test_one_address_registers_openly_at_a_pace(house: House) -> None:
    await opened(house)
    for _ in range(registering.OPEN_PACE):
        assert (await sent(house, ASKED)).status == 201

    reply = await sent(house, ASKED)

    assert error(reply) == (429, "temporarily_unavailable")
    assert (b"retry-after", b"3600") in reply.headers
    house.clock.advance(ms=HOUR_MS)
    assert (await sent(house, ASKED)).status == 201


async def test_one_network_of_ipv6_is_one_address(house: House) -> None:
    await opened(house)
    call = _call(house, f"{STANDARDS}/register", ASKED, "", "POST")

    async def status(address: str) -> int:
        return (await register(msgspec.structs.replace(call, address=address), house.server, BASE)).status

    for number in range(registering.OPEN_PACE):
        assert await status(f"2001:db8:0:7::{number:x}") == 201
    assert await status("2001:db8:0:7:ffff::1") == 429
    assert await status("2001:db8:0:8::1") == 201


async def test_openly_registered_clients_that_nobody_uses_are_swept(house: House) -> None:
    await opened(house)
    child = await joined(house, await token_of(house, await house.app()))
    used, unused = await joined(house, ""), await joined(house, "")
    await house.sign_in(await known(house, used), door=STANDARDS, scopes="openid refresh_token")
    house.clock.advance(days=8)

    rounds = Sweeper(house.db, house.clock, every_s=0.01, also=partial(registering.sweep_unused, house.desk))
    async with asyncio.timeout(20):
        while (await at_home(house, unused)).status == 200:  # noqa: ASYNC110 - nothing tells of the end of a round
            await asyncio.sleep(0.01)
    await rounds.close()

    assert [(await at_home(house, one)).status for one in (child, used, unused)] == [200, 200, 401]


_TEXTS = st.text(max_size=20) | st.sampled_from(["openid", "code", "none", "authorization_code", CALLBACK])
_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = [
    "redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "jwks",
    "jwks_uri",
    "scope",
    "scopes",
    "client_name",
    "contacts",
    "client_uri",
    "application_type",
    "software_id",
    "subject_type",
    "client_id",
    "client_secret",
]


@given(document=st.dictionaries(st.sampled_from(_MEMBERS), _JSON_VALUES, max_size=6), whole=st.booleans())
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("door", [SALESFORCE_DOOR, STANDARDS_DOOR], ids=["salesforce", "standards"])
def test_whatever_a_client_says_is_settled_or_refused_by_name(
    document: dict[str, Any], whole: bool, door: Door
) -> None:
    ceiling = Ceiling(("openid", "api", "refresh_token"), (), "the app")
    said = read_document(json.dumps(ASKED | document if whole else document).encode())
    try:
        settled = settle(said, door, ceiling)
    except Refused as refused:
        code = refused.refusal.reason.wire(door.voice).error
        event("refused")
        if code not in ("invalid_client_metadata", "invalid_redirect_uri"):
            raise
        return
    event("settled")
    told = answer(settled, door, settled.scopes)

    assert settle(told, door, ceiling) == settled
    assert msgspec.json.decode(msgspec.json.encode(settled), type=Registration) == settled


@pytest.mark.requirement("S6")
async def test_pages_of_listed_origins_may_register_at_the_standards_door(house: House) -> None:
    await orgs.change(house.desk, house.org, {"cors_origins": ["https://page.example"]})
    asking = {"access-control-request-method": "POST"}
    async with open_web(house.server) as web:
        for origin, path, allowed in (
            ("https://page.example", "/oidc/register", True),
            ("https://page.example", "/oidc/register/x", True),
            ("https://other.example", "/oidc/register", False),
            ("https://page.example", "/services/oauth2/register", False),
        ):
            preflight = await web.options(path, headers={"origin": origin, **asking})
            reply = await web.post(path, json={}, headers={"origin": origin})
            for one in (preflight, reply):
                assert one.headers.get("access-control-allow-origin") == (origin if allowed else None)
                assert "access-control-allow-credentials" not in one.headers


async def test_each_path_takes_its_methods_and_json_alone(house: House) -> None:
    async with open_web(house.server) as web:
        assert (await web.get("/oidc/register")).status_code == 405
        assert (await web.get("/services/oauth2/register")).status_code == 400
        assert (await web.post("/oidc/register/x", json={})).status_code == 405
        assert (await web.post("/oidc/register", data={"redirect_uris": CALLBACK})).status_code == 415
        assert (await web.post("/oidc/register?access_token=x", json={})).status_code == 400
        for root in ("/.well-known", "/oidc/.well-known"):
            found = (await web.get(f"{root}/openid-configuration")).json()["registration_endpoint"]
            assert found == BASE + ("/oidc" if "oidc" in root else "/services/oauth2") + "/register"


async def test_whoever_sends_a_form_is_told_to_send_json(house: House) -> None:
    async with open_web(house.server) as web:
        await web.post("/oidc/register", data={"redirect_uris": CALLBACK})

    assert "application/json" in (await explained(house)).remedy
