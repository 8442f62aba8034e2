"""The token endpoint: codes, proof keys, client credentials, client authentication, and the answer's fields."""

import json
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.token import token
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House

INVALID_CLIENT = {"error": "invalid_client", "error_description": "invalid client credentials"}


async def test_the_answer_at_salesforces_door_has_every_field_in_the_order_seen_there(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)

    assert list(answer) == [
        "access_token",
        "refresh_token",
        "signature",
        "scope",
        "id_token",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    ]
    assert answer["id"] == f"{BASE}/id/{house.org_id}/{house.user_ids['ada']}"
    assert answer["instance_url"] == BASE
    assert answer["issued_at"].isdigit()
    assert len(answer["access_token"]) == 112
    assert answer["access_token"].startswith(house.org_id[:15] + "!")
    assert len(answer["refresh_token"]) == 87


@pytest.mark.enforces("session_timeout")
async def test_the_session_timeout_is_the_apps_else_the_orgs(house: House) -> None:
    app = await house.app({s.SESSION_TIMEOUT: 15})
    of_app = await house.sign_in(app, door=STANDARDS)
    await house.change("""UPDATE org SET settings = '{"org_session_timeout": 30}', version = 2""")
    of_org = await house.sign_in(await house.app(), door=STANDARDS)

    assert of_app["expires_in"] == 900
    assert of_org["expires_in"] == 1800


async def test_no_id_token_without_openid_and_no_refresh_token_without_its_scope(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app, scopes="api")

    assert {"id_token", "refresh_token"}.isdisjoint(answer)
    assert answer["scope"] == "api"


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch", "redirect_uri must match configuration"),
        ({"redirect_uri": ""}, "redirect_uri_missing", "redirect_uri is required"),
        ({"code": "aPrxnonsense=="}, "invalid_grant", "invalid authorization code"),
        ({"code": ""}, "invalid_grant", "invalid authorization code"),
        ({"code_verifier": ""}, "invalid_grant", "invalid code verifier"),
        ({"code_verifier": "w" * 64}, "invalid_grant", "invalid code verifier"),
        ({"code_verifier": "v" * 42}, "invalid_grant", "invalid code verifier"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"client_secret": ""}, "invalid_client", "invalid client credentials"),
        ({"client_id": "3MVGnobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_id": ""}, "invalid_client_id", "client identifier invalid"),
        ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": ""}, "unsupported_grant_type", "grant type not supported"),
    ],
)
async def test_a_code_is_refused_in_salesforces_words_and_stays_unused(
    house: House, more: dict[str, str], error: str, says: str
) -> None:
    app = await house.app()
    code = await house.code(app)

    assert await house.redeem(app, **({"code": code} | more)) == (400, {"error": error, "error_description": says})
    assert (await house.redeem(app, code))[0] == 200


@pytest.mark.requirement("S12")
async def test_a_code_counts_once_and_its_valid_replay_ends_what_came_of_it(house: House) -> None:
    app = await house.app()
    code = await house.code(app)
    _, first = await house.redeem(app, code)

    replay = await house.redeem(app, code)

    assert replay == (400, {"error": "invalid_grant", "error_description": "expired authorization code"})
    assert (await house.refresh(app, first["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_a_replay_without_the_verifier_harms_nobody(house: House) -> None:
    app = await house.app()
    code = await house.code(app)
    _, first = await house.redeem(app, code)

    assert (await house.redeem(app, code, code_verifier="x" * 64))[0] == 400
    assert (await house.redeem(app, code, client_secret="x"))[0] == 400
    assert (await house.refresh(app, first["refresh_token"]))[0] == 200


async def test_a_code_expires(house: House) -> None:
    app = await house.app()
    code = await house.code(app)
    house.clock.advance(minutes=15)

    assert (await house.redeem(app, code))[1]["error_description"] == "expired authorization code"
    assert await house.reasons() == ["code.expired"]


async def test_a_verifier_for_a_code_without_challenge_is_refused(house: House) -> None:
    app = await house.app()
    code = await house.code(app, challenge="")

    assert (await house.redeem(app, code))[1]["error_description"] == "invalid code verifier"
    assert (await house.redeem(app, code, code_verifier=""))[0] == 200


async def test_salesforces_door_takes_verifiers_of_171_characters_and_the_standards_door_128(house: House) -> None:
    from grantway.kit.jose import s256

    app = await house.app()
    long = "a" * 171
    here = await house.code(app, challenge=s256(long))
    there = await house.code(app, challenge=s256(long), door="standards")

    assert (await house.redeem(app, here, code_verifier=long))[0] == 200
    assert (await house.redeem(app, there, code_verifier=long, door=STANDARDS))[1]["error"] == "invalid_grant"


@pytest.mark.enforces("client_credentials")
@pytest.mark.enforces("run_as")
async def test_client_credentials_act_as_the_run_as_user(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    status, answer = await house.token(form)

    assert status == 200
    assert answer["id"].endswith(house.user_ids["ada"])
    assert answer["scope"] == "api id openid"
    assert {"refresh_token", "id_token"}.isdisjoint(answer)


@pytest.mark.enforces("client_credentials")
@pytest.mark.enforces("run_as")
@pytest.mark.enforces("permitted_users")
@pytest.mark.enforces("profiles")
@pytest.mark.parametrize(
    ("values", "run_as", "more", "error", "says"),
    [
        ({}, "ada@harbour.example", {}, "invalid_grant", "client credentials flow not enabled"),
        ({s.CLIENT_CREDENTIALS: True}, "", {}, "invalid_grant", "no client credentials user enabled"),
        (
            {s.CLIENT_CREDENTIALS: True, s.SCOPES: ("full", "web", "refresh_token")},
            "ada@harbour.example",
            {},
            "invalid_grant",
            "no valid scopes defined",
        ),
        (
            {s.CLIENT_CREDENTIALS: True},
            "ada@harbour.example",
            {"scope": "api"},
            "invalid_request",
            "scope parameter not supported",
        ),
        (
            {s.CLIENT_CREDENTIALS: True, s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED},
            "ada@harbour.example",
            {},
            "invalid_app_access",
            "user is not admin approved to access this app",
        ),
    ],
)
async def test_client_credentials_are_refused_in_salesforces_words(
    house: House, values: dict[s.AnySetting, Any], run_as: str, more: dict[str, str], error: str, says: str
) -> None:
    app = await house.app(values, run_as=run_as)
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    assert await house.token(form | more) == (400, {"error": error, "error_description": says})


@pytest.mark.enforces("profiles")
@pytest.mark.enforces("permitted_users")
async def test_a_profile_of_the_app_pre_authorizes(house: House) -> None:
    app = await house.app(
        {
            s.CLIENT_CREDENTIALS: True,
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        },
        run_as="ada@harbour.example",
    )
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    assert (await house.token(form))[0] == 200


@pytest.mark.enforces("oauth_enabled")
@pytest.mark.enforces("doors")
async def test_an_app_without_oauth_or_at_a_closed_door_is_unknown(house: House) -> None:
    off = await house.app({s.OAUTH_ENABLED: False})
    closed = await house.app({s.DOORS: s.Doors.STANDARDS})
    unknown = {"error": "invalid_client_id", "error_description": "client identifier invalid"}

    assert await house.redeem(off, await house.code(off)) == (400, unknown)
    assert await house.redeem(closed, await house.code(closed)) == (400, unknown)
    assert (await house.sign_in(closed, door=STANDARDS))["token_type"] == "Bearer"


async def test_the_token_endpoint_takes_post_only(house: House) -> None:
    reply = await token(house.call(f"{SALESFORCE}/token", method="GET"), house.server, BASE)

    assert (reply.status, json.loads(reply.body)["error_description"]) == (400, "must use HTTP POST")


@pytest.mark.requirement("S54")
async def test_nothing_in_the_database_is_a_usable_secret(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    found = b""
    for table in ("app", "access_token", "refresh_token", "authorization_code", "event", "signing_key"):
        for row in await house.db.all(Statement(f"SELECT * FROM {table}")):
            found += b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)

    for secret in (app.consumer_secret, answer["access_token"], answer["refresh_token"]):
        assert secret.encode() not in found
        assert secret[-60:].encode() not in found
    assert b"PRIVATE KEY" not in found


async def test_a_refusal_is_kept_with_its_checks(house: House) -> None:
    app = await house.app()
    await house.redeem(app, await house.code(app), client_secret="wrong")
    await house.server.refusals.flush()

    row = await house.db.one(Statement("SELECT reason, app_id, checks, endpoint FROM refusal"))

    assert row is not None
    assert (row[0], row[1], row[3]) == ("client.secret_wrong", app.id, "POST /services/oauth2/token")
    checks = json.loads(str(row[2]))
    assert checks[:2] == [
        {"check": "Client", "says": "known, and served at this door", "refused": False},
        {"check": "Client secret", "says": "wrong", "refused": True},
    ]
    assert checks[2:]
    assert not any(check["reached"] for check in checks[2:])
