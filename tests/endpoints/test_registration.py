"""Clients that register themselves (RFC 7591, RFC 7592; salesforce-oauth.md 3.23; security.md S30)."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.problem import ManageProblem
from grantway.manage.registration import registration_tokens
from grantway.manage.server import orgs
from grantway.protocol.door import SALESFORCE as SALESFORCE_DOOR
from grantway.protocol.door import STANDARDS as STANDARDS_DOOR
from grantway.protocol.door import Door
from grantway.protocol.refusal import Refused
from grantway.protocol.registration import Ceiling, Registration, answer, read_document, settle
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House
from tests.endpoints.registrant import (
    ASKED,
    as_app,
    at_home,
    error,
    joined,
    known,
    opened,
    sent,
    token_of,
)
from tests.endpoints.test_assertions_explained import explained
from tests.endpoints.wire import both_doors, open_web


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


async def test_a_registered_client_may_use_no_other_flow(house: House) -> None:
    parent = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    app = as_app(await joined(house, await token_of(house, parent)))
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    status, answer = await house.token(form, door=STANDARDS)

    assert (status, answer["error"]) == (400, "unauthorized_client")
    assert await house.reasons() == ["client.other_grant"]


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
