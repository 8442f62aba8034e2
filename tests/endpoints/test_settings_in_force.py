"""What settings do on the wire where no other test of the endpoints is about them."""

import json

import pytest

from grantway import settings as s
from grantway.endpoints.people import userinfo
from grantway.manage.server import orgs
from grantway.orgdata.resources import resources
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House

INVALID_SESSION = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


async def data_api(house: House, token: str) -> tuple[int, object]:
    """Use an access token at the data API."""
    bearer = (b"authorization", f"Bearer {token}".encode())
    reply = await resources(house.call("/services/data/v60.0/", method="GET", headers=(bearer,)), house.server, BASE)
    return reply.status, json.loads(reply.body)


@pytest.mark.enforces("session_timeout")
@pytest.mark.parametrize("minutes", [15, 120])
async def test_an_access_token_ends_after_the_apps_session_timeout(house: House, minutes: int) -> None:
    token = (await house.sign_in(await house.app({s.SESSION_TIMEOUT: minutes})))["access_token"]
    house.clock.advance(minutes=minutes - 1)
    assert (await data_api(house, token))[0] == 200
    house.clock.advance(minutes=minutes + 1)

    assert await data_api(house, token) == (401, INVALID_SESSION)


@pytest.mark.enforces("org_session_timeout")
@pytest.mark.parametrize("minutes", [30, 240])
async def test_an_access_token_ends_after_the_orgs_timeout_where_the_app_has_none(house: House, minutes: int) -> None:
    await orgs.change(house.desk, house.org, {"org_session_timeout": minutes})
    token = (await house.sign_in(await house.app()))["access_token"]
    house.clock.advance(minutes=minutes - 1)
    assert (await data_api(house, token))[0] == 200
    house.clock.advance(minutes=minutes + 1)

    assert await data_api(house, token) == (401, INVALID_SESSION)


@pytest.mark.enforces("permission_sets")
async def test_a_permission_set_of_the_app_pre_authorizes_its_holders_alone(house: House) -> None:
    app = await house.app(
        {s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PERMISSION_SETS: ("Shipping Clerk", "Auditor")}
    )
    await house.change(
        "INSERT INTO permission_set (id, org_id, name, label, permissions, created_at)"
        " VALUES ('0PS000000000001', :org_id, 'Shipping Clerk', 'Shipping Clerk', '[]', 0)",
        house.org_id,
    )
    await house.change(
        "INSERT INTO permission_set_assignment (permission_set_id, person_id) VALUES ('0PS000000000001', :person_id)",
        house.user_ids["ada"],
    )

    holder, other = await house.code(app, "ada"), await house.code(app, "ben")

    assert (await house.redeem(app, holder))[0] == 200
    assert (await house.redeem(app, other))[1]["error"] == "invalid_app_access"
    none = await house.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PERMISSION_SETS: ()})
    assert (await house.redeem(none, await house.code(none, "ada")))[1]["error"] == "invalid_app_access"


@pytest.mark.enforces("oauth_enabled")
@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_an_app_without_oauth_is_unknown_to_the_authorization_endpoint(house: House, door: str) -> None:
    app = await house.app({s.OAUTH_ENABLED: False})

    reply = await house.authorize(app, door=door)

    assert reply.status in (400, 401)
    assert b"location" not in dict(reply.headers)
    assert await house.reasons() == ["client.oauth_off"]


@pytest.mark.enforces("oauth_enabled")
async def test_tokens_of_an_app_whose_oauth_settings_are_switched_off_are_dead_and_that_is_the_reason(
    house: House,
) -> None:
    token = (await house.sign_in(await house.app()))["access_token"]
    await house.change("""UPDATE app SET settings = '{"oauth_enabled": false}', version = version + 1""")

    assert await data_api(house, token) == (401, INVALID_SESSION)
    assert await house.reasons() == ["bearer.oauth_off"]


@pytest.mark.enforces("doors")
async def test_an_app_is_unknown_to_the_authorization_endpoint_of_the_other_door(house: House) -> None:
    app = await house.app({s.DOORS: s.Doors.SALESFORCE})

    assert b"location" not in dict((await house.authorize(app, door=STANDARDS)).headers)
    assert b"location" in dict((await house.authorize(app)).headers)
    assert await house.reasons() == ["client.door_closed"]


@pytest.mark.enforces("scopes")
async def test_a_request_without_scope_gets_all_that_the_app_has(house: House) -> None:
    app = await house.app({s.SCOPES: ("id",), s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    _, answer = await house.token(form)
    bearer = (b"authorization", f"Bearer {answer['access_token']}".encode())

    assert answer["scope"] == "id"
    assert (await data_api(house, answer["access_token"]))[0] == 401
    reply = await userinfo(house.call(f"{SALESFORCE}/userinfo", method="GET", headers=(bearer,)), house.server, BASE)
    assert reply.status == 200


@pytest.mark.enforces("callback_url")
async def test_every_line_of_the_callback_urls_may_be_answered_at_and_no_other(house: House) -> None:
    lines = ("https://a.example/cb?x=1,2", "com.example.app:/back", "http://localhost:3000/cb")
    app = await house.app({s.CALLBACK_URL: lines})

    for line in lines:
        assert b"/login?" in dict((await house.authorize(app, redirect_uri=line)).headers)[b"location"]
    assert (await house.authorize(app, redirect_uri="http://localhost:3001/cb")).status == 400
