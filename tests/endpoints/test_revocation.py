"""Revocation: what ends, who may end it, and what is said (salesforce-oauth.md 3.22; RFC 7009; S16)."""

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.test_introspection import INACTIVE, look
from tests.endpoints.test_saml_bearer import explained
from tests.endpoints.wire import basic, both_doors, in_body

HERE = f"{SALESFORCE}/revoke"
THERE = f"{STANDARDS}/revoke"
WELL_FORMED = ["5Aep861" + "a" * 80, "00D000000000001!" + "a" * 96]
NO_TOKEN = "error=unsupported_token_type&error_description=this%20token%20type%20is%20not%20supported"
INVALID = "error=invalid_token&error_description=invalid%20token"


async def end(web: httpx.AsyncClient, app: TestApp, token: str, door: str, **more: str) -> httpx.Response:
    """Revoke a token as the door wants it: without authentication, or with the app's."""
    form = {"token": token, **more, **(in_body(app) if door == STANDARDS else {})}
    return await web.post(f"{door}/revoke", data=form)


@both_doors
async def test_the_answer_is_200_with_an_empty_body(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    for token in ("access_token", "refresh_token"):
        reply = await end(web, app, (await house.sign_in(app, door=door))[token], door)
        assert (reply.status_code, reply.content) == (200, b"")
        assert "no-store" in reply.headers["cache-control"]


@both_doors
@pytest.mark.requirement("S16")
async def test_an_access_token_ends_alone(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    answer = await house.sign_in(app, door=door)
    _, other = await house.refresh(app, answer["refresh_token"], door=door)

    await end(web, app, answer["access_token"], door)

    assert await look(web, app, answer["access_token"], door) == INACTIVE
    assert (await look(web, app, other["access_token"], door))["active"] is True
    assert (await look(web, app, answer["refresh_token"], door))["active"] is True


@both_doors
@pytest.mark.requirement("S16")
async def test_a_refresh_token_ends_with_all_its_access_tokens(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    answer, bystander = await house.sign_in(app, door=door), await house.sign_in(app, door=door)
    _, later = await house.refresh(app, answer["refresh_token"], door=door)

    await end(web, app, answer["refresh_token"], door)

    for token in (answer["access_token"], later["access_token"], answer["refresh_token"]):
        assert await look(web, app, token, door) == INACTIVE
    assert (await house.refresh(app, answer["refresh_token"], door=door))[0] == 400
    assert (await house.refresh(app, bystander["refresh_token"], door=door))[0] == 200


@both_doors
async def test_a_rotated_out_refresh_token_ends_the_line_it_belongs_to(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Whoever wants it gone must not leave its successor alive because an answer got lost."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app, door=door)
    _, second = await house.refresh(app, first["refresh_token"], door=door)

    assert (await end(web, app, first["refresh_token"], door)).status_code == 200
    assert (await house.refresh(app, second["refresh_token"], door=door))[0] == 400


@both_doors
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something_else"])
async def test_a_hint_right_wrong_or_unknown_changes_nothing(
    house: House, web: httpx.AsyncClient, door: str, hint: str
) -> None:
    """RFC 7009, section 2.1."""
    app = await house.app()
    answer = await house.sign_in(app, door=door)

    assert (await end(web, app, answer["access_token"], door, token_type_hint=hint)).status_code == 200
    assert await look(web, app, answer["access_token"], door) == INACTIVE


async def test_at_salesforces_door_holding_the_token_is_enough(house: House, web: httpx.AsyncClient) -> None:
    """Section 2.1: `revoke` takes no client authentication; `revoke_reason` is ignored."""
    answer = await house.sign_in(await house.app())
    reply = await web.post(HERE, data={"token": answer["refresh_token"], "revoke_reason": "logout"})

    assert reply.status_code == 200


@pytest.mark.parametrize("token", ["", "junk", "00D!x"])
async def test_at_salesforces_door_what_is_no_token_is_an_urlencoded_error(web: httpx.AsyncClient, token: str) -> None:
    refused = await web.post(HERE, data={"token": token})

    assert (refused.status_code, refused.text) == (400, NO_TOKEN)
    assert refused.headers["content-type"].split(";")[0] == "application/x-www-form-urlencoded"


async def test_at_salesforces_door_a_token_that_is_not_valid_is_an_error_that_tells_no_more(
    house: House, web: httpx.AsyncClient
) -> None:
    """security.md 1: the answer never shows that it once existed."""
    app = await house.app({s.SESSION_TIMEOUT: 15})
    gone, old = await house.sign_in(app), await house.sign_in(app)
    await end(web, app, gone["refresh_token"], SALESFORCE)
    house.clock.advance(minutes=15)

    for token in (*WELL_FORMED, gone["refresh_token"], gone["access_token"], old["access_token"]):
        refused = await end(web, app, token, SALESFORCE)
        assert (refused.status_code, refused.text) == (400, INVALID)


async def test_at_the_standards_door_a_token_that_is_not_valid_is_no_error(
    house: House, web: httpx.AsyncClient
) -> None:
    """RFC 7009, section 2.2."""
    app = await house.app()
    gone = await house.sign_in(app, door=STANDARDS)
    await end(web, app, gone["refresh_token"], STANDARDS)

    for token in (*WELL_FORMED, "junk", gone["refresh_token"], gone["access_token"]):
        reply = await end(web, app, token, STANDARDS)
        assert (reply.status_code, reply.content) == (200, b"")


async def test_at_the_standards_door_another_apps_token_is_refused_and_stays_alive(
    house: House, web: httpx.AsyncClient
) -> None:
    """RFC 7009, section 2.1. Whether the token was still good makes no difference to the answer."""
    mine, other = await house.app(), await house.app()
    answer = await house.sign_in(mine, door=STANDARDS)
    tokens = [answer["access_token"], answer["refresh_token"]]

    told = {"error": "invalid_request", "error_description": "the token was issued to another client"}
    for token in tokens:
        refused = await end(web, other, token, STANDARDS)
        assert (refused.status_code, refused.json()) == (400, told)
        assert (await explained(house))[0] == "token.of_another_client"
        assert (await look(web, mine, token, STANDARDS))["active"] is True
    await end(web, mine, tokens[1], STANDARDS)
    for token in tokens:
        assert (await end(web, other, token, STANDARDS)).json() == told


async def test_at_the_standards_door_a_client_that_proves_nothing_does_not_hear_whose_token_it_is(
    house: House, web: httpx.AsyncClient
) -> None:
    mine, public = await house.app(), await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    token = (await house.sign_in(mine, door=STANDARDS))["access_token"]
    reply = await web.post(THERE, data={"token": token, "client_id": public.consumer_key})

    assert (reply.status_code, reply.content) == (200, b"")
    assert (await look(web, mine, token, STANDARDS))["active"] is True


async def test_at_the_standards_door_the_client_authenticates(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    token = (await house.sign_in(app, door=STANDARDS))["access_token"]

    for form in ({}, {"client_id": app.consumer_key}, {"client_id": app.consumer_key, "client_secret": "x"}):
        refused = await web.post(THERE, data={"token": token, **form})
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        assert refused.headers["www-authenticate"].startswith("Basic")
    by_basic = await web.post(THERE, data={"token": token}, headers=basic(app.consumer_key, app.consumer_secret))
    assert by_basic.status_code == 200


@pytest.mark.parametrize("setting", [s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW, s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW])
async def test_at_the_standards_door_a_public_client_needs_no_secret_but_a_sent_one_is_checked(
    house: House, web: httpx.AsyncClient, setting: s.Setting[bool]
) -> None:
    app = await house.app({setting: False})
    token = (await house.sign_in(app, door=STANDARDS))["refresh_token"]
    form = {"token": token, "client_id": app.consumer_key}

    assert (await web.post(THERE, data={**form, "client_secret": "x"})).status_code == 401
    assert (await web.post(THERE, data=form)).status_code == 200
    assert await look(web, app, token, STANDARDS) == INACTIVE


async def test_at_the_standards_door_a_missing_token_is_invalid_request(house: House, web: httpx.AsyncClient) -> None:
    refused = await web.post(THERE, data=in_body(await house.app()))

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_the_url_is_no_place_for_a_token(house: House, web: httpx.AsyncClient) -> None:
    """Decision 2; security.md 1: revoke is POST only. Salesforce's GET and JSONP forms are refused."""
    app = await house.app()
    token = (await house.sign_in(app))["access_token"]
    params = {"token": token, "callback": "show"}
    by_get, by_post = await web.get(HERE, params=params), await web.post(HERE, params=params)
    there = await web.get(THERE, params=params)

    assert by_get.text == "error=invalid_request&error_description=must%20use%20HTTP%20POST"
    assert by_post.text == "error=invalid_request&error_description=secrets%20are%20not%20accepted%20in%20the%20URL"
    assert (there.status_code, there.headers["allow"]) == (405, "POST")
    assert (await look(web, app, token))["active"] is True
