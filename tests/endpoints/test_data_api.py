"""The data API's own refusals and the life of a session there (salesforce-oauth.md 7)."""

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import bearer, in_body

RESOURCES = "/services/data/v60.0/"
DEAD = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


async def test_the_versions_need_no_token(web: httpx.AsyncClient) -> None:
    listed = (await web.get("/services/data/")).json()

    assert set(listed[0]) == {"label", "url", "version"}
    assert {"label": "Spring '24", "url": "/services/data/v60.0", "version": "60.0"} in listed


async def test_a_version_lists_its_resources_for_a_token_with_api(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(), scopes="api")

    assert (await web.get(RESOURCES, headers=bearer(answer))).json() == {"identity": answer["id"]}


@pytest.mark.parametrize("scope", ["full", "api chatter_api"])
async def test_a_scope_that_implies_api_will_do(house: House, web: httpx.AsyncClient, scope: str) -> None:
    """Section 6: `full` is everything except `refresh_token`."""
    answer = await house.sign_in(await house.app(), scopes=scope)

    assert (await web.get(RESOURCES, headers=bearer(answer))).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}])
async def test_no_token_or_a_dead_one_is_401_in_a_json_array(web: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await web.get(RESOURCES, headers=headers)

    assert (refused.status_code, refused.json()) == (401, DEAD)
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_without_api_is_401_with_a_message_of_its_own(house: House, web: httpx.AsyncClient) -> None:
    refused = await web.get(RESOURCES, headers=bearer(await house.sign_in(await house.app(), scopes="id openid")))

    assert refused.status_code == 401
    assert refused.json() == [
        {"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}
    ]


async def test_a_user_without_the_permission_api_enabled_is_403(house: House, web: httpx.AsyncClient) -> None:
    refused = await web.get(RESOURCES, headers=bearer(await house.sign_in(await house.app(), "ben")))

    assert refused.status_code == 403
    assert refused.json() == [{"errorCode": "API_CURRENTLY_DISABLED", "message": "API is disabled for this User"}]


@pytest.mark.parametrize("path", ["/services/data/v99.0/", "/services/data/v60.0/nothing", "/services/data/latest/"])
async def test_what_is_not_there_is_404_in_a_json_array(house: House, web: httpx.AsyncClient, path: str) -> None:
    refused = await web.get(path, headers=bearer(await house.sign_in(await house.app())))

    assert refused.status_code == 404
    assert refused.json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


async def test_a_token_of_the_standards_door_is_none_here(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(), door=STANDARDS)

    assert (await web.get(RESOURCES, headers=bearer(answer))).status_code == 401


@pytest.mark.parametrize("name", ["access_token", "oauth_token", "sid"])
async def test_a_token_in_the_url_is_refused(house: House, web: httpx.AsyncClient, name: str) -> None:
    """Decision 2."""
    answer = await house.sign_in(await house.app())

    assert (await web.get(RESOURCES, params={name: answer["access_token"]})).status_code == 400


@pytest.mark.enforces("session_timeout")
@pytest.mark.parametrize("path", [RESOURCES, f"{SALESFORCE}/userinfo"])
async def test_a_session_in_use_goes_on_and_one_left_alone_ends(
    house: House, web: httpx.AsyncClient, path: str
) -> None:
    """Section 7: an active session slides; expiry is idle-based."""
    app = await house.app({s.SESSION_TIMEOUT: 15})
    used, left = await house.sign_in(app), await house.sign_in(app)

    for _ in range(3):
        house.clock.advance(minutes=10)
        assert (await web.get(path, headers=bearer(used))).status_code == 200

    assert (await web.get(path, headers=bearer(left))).status_code in (401, 403)
    house.clock.advance(minutes=16)
    assert (await web.get(path, headers=bearer(used))).status_code in (401, 403)


async def test_a_token_of_the_standards_door_keeps_the_end_that_expires_in_told(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app({s.SESSION_TIMEOUT: 15})
    answer = await house.sign_in(app, door=STANDARDS)
    path = f"{STANDARDS}/userinfo"
    house.clock.advance(minutes=10)
    assert (await web.get(path, headers=bearer(answer))).status_code == 200
    house.clock.advance(minutes=5)

    assert (await web.get(path, headers=bearer(answer))).status_code == 401


async def test_introspection_does_not_keep_a_session_alive(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app({s.SESSION_TIMEOUT: 15})
    answer = await house.sign_in(app)
    form = {**in_body(app), "token": answer["access_token"]}
    house.clock.advance(minutes=10)
    assert (await web.post(f"{SALESFORCE}/introspect", data=form)).json()["active"] is True
    house.clock.advance(minutes=6)

    assert (await web.post(f"{SALESFORCE}/introspect", data=form)).json() == {"active": False}
