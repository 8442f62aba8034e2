"""API Access Control: only apps that are installed and admin approved reach the APIs (connected-apps.md 3.12)."""

from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.manage.people import holders, users
from grantway.manage.server import orgs
from tests.endpoints.house import SALESFORCE, House
from tests.endpoints.wire import bearer

APPROVED: dict[s.AnySetting, Any] = {
    s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
    s.PROFILES: ("Standard",),
}
pytestmark = pytest.mark.enforces("admin_approved_apps_only")


async def limit(house: House) -> None:
    """Switch API Access Control on."""
    await orgs.change(house.desk, house.org, {"admin_approved_apps_only": True})


async def test_tokens_of_other_apps_are_no_good_from_that_moment(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    await limit(house)

    data = await web.get("/services/data/v60.0", headers=bearer(answer))
    who = await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))

    assert data.status_code == 401
    assert data.json() == [
        {"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}
    ]
    assert (who.status_code, who.text) == (403, "Bad_OAuth_Token")
    assert not await house.is_active(app, answer["access_token"])
    assert (await house.refresh(app, answer["refresh_token"]))[1]["error"] == "invalid_app_access"
    assert (await house.redeem(app, await house.code(app)))[1]["error"] == "invalid_app_access"
    assert set(await house.reasons()) == {"bearer.api_access_limited", "app.api_access_limited"}


async def test_an_app_that_is_installed_and_admin_approved_goes_on(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app(APPROVED)
    await limit(house)
    answer = await house.sign_in(app)

    assert (await web.get("/services/data/v60.0", headers=bearer(answer))).status_code == 200


async def test_who_may_use_any_api_client_is_exempt(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    await limit(house)
    await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Tools", ("UseAnyApiClient",))
    await users.assign(house.desk, house.org, "ada@harbour.example", "Tools")
    answer = await house.sign_in(app)

    assert (await web.get("/services/data/v60.0", headers=bearer(answer))).status_code == 200
    await users.assign(house.desk, house.org, "ada@harbour.example", "Tools", assigned=False)
    assert (await web.get("/services/data/v60.0", headers=bearer(answer))).status_code == 401
