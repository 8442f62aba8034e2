"""What installing, uninstalling and an app's kind do on the wire (connected-apps.md 3.10, 3.11, 3.13, 3.14)."""

from dataclasses import replace

import httpx
import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.manage.caller import Caller
from grantway.manage.connected_apps import apps, install
from grantway.manage.problem import NotAllowed
from grantway.manage.server import orgs
from tests.endpoints.browsing import Browser, codes, goes_to, neighbour, page_error, redeem, told
from tests.endpoints.house import CALLBACK, SALESFORCE, House, TestApp
from tests.endpoints.wire import bearer

CLEO = "cleo@quay.example"
USERINFO = f"{SALESFORCE}/userinfo"
EXTERNAL = AppKind.EXTERNAL_CLIENT_APP
PACKAGED = {s.DISTRIBUTION_STATE: s.Distribution.PACKAGED}
BUILDER = frozenset({"CustomizeApplication", "ManageRemoteAccess"})


async def quay(house: House, *permissions: str) -> Org:
    """The org next door, whose user is Cleo."""
    return await orgs.find(house.desk, await neighbour(house, *permissions))


async def log_in(browser: Browser, app: TestApp, **more: str) -> httpx.Response:
    """Ask for authorization and log in as Cleo."""
    return await browser.log_in(await browser.to_login(app, prompt="login", **more), CLEO)


async def test_an_app_is_refused_until_it_is_installed_and_again_when_it_is_not(house: House, browser: Browser) -> None:
    there, app = await quay(house), await house.app()
    assert page_error(await log_in(browser, app)) == "OAUTH_APPROVAL_ERROR_GENERIC"

    await install.install(house.desk, there, app.consumer_key)
    page = await browser.follow(await log_in(browser, app))
    assert "code" in told(await browser.answer(page))

    await install.uninstall(house.desk, there, app.consumer_key)
    assert page_error(await log_in(browser, app)) == "OAUTH_APPROVAL_ERROR_GENERIC"
    assert await house.reasons() == ["authorize.app_not_installed"] * 2


async def test_tokens_stay_when_an_app_is_uninstalled_and_say_so(
    house: House, browser: Browser, web: httpx.AsyncClient
) -> None:
    """3.10 and 3.11: who had approved it goes on; identity data no longer says that it is installed."""
    there, app = await quay(house), await house.app()
    await install.install(house.desk, there, app.consumer_key)
    page = await browser.follow(await log_in(browser, app, scope="api id refresh_token"))
    answer = await redeem(house, app, told(await browser.answer(page)))
    assert (await web.get(USERINFO, headers=bearer(answer))).json()["is_app_installed"] is True

    await install.uninstall(house.desk, there, app.consumer_key)

    said = await web.get(USERINFO, headers=bearer(answer))
    assert (said.status_code, "is_app_installed" in said.json()) == (200, False)
    assert (await house.refresh(app, answer["refresh_token"]))[0] == 200
    assert await house.is_active(app, answer["refresh_token"])


@pytest.mark.parametrize("kind", AppKind)
async def test_tokens_of_a_packaged_app_end_when_it_is_uninstalled(
    house: House, browser: Browser, web: httpx.AsyncClient, kind: AppKind
) -> None:
    there, app = await quay(house), await house.app(PACKAGED, kind=kind)
    await install.install(house.desk, there, app.consumer_key)
    page = await browser.follow(await log_in(browser, app, scope="api id refresh_token"))
    answer = await redeem(house, app, told(await browser.answer(page)))

    await install.uninstall(house.desk, there, app.consumer_key)

    assert (await web.get(USERINFO, headers=bearer(answer))).status_code == 403
    assert (await house.refresh(app, answer["refresh_token"]))[0] == 400
    assert not await house.is_active(app, answer["refresh_token"])


@pytest.mark.enforces("distribution_state")
@pytest.mark.parametrize("permissions", [(), ("CanApproveUninstalledApps",)], ids=["nobody", "who may approve"])
async def test_a_local_external_client_app_works_in_its_own_org_alone(
    house: House, browser: Browser, door: str, permissions: tuple[str, ...]
) -> None:
    """3.14: for everybody else, whatever they may approve."""
    await quay(house, *permissions)
    app = await house.app(kind=EXTERNAL)

    refused = await log_in(browser, app, door=door)

    if door == SALESFORCE:
        assert page_error(refused) == "OAUTH_AUTHORIZATION_BLOCKED"
        assert "This app works only for the org that made it" in refused.text
    else:
        assert told(refused)["error"] == "access_denied"
    assert await house.reasons() == ["authorize.external_is_local"]
    assert await codes(house) == 0
    assert (await house.sign_in(app))["access_token"]


@pytest.mark.enforces("distribution_state")
async def test_a_packaged_external_client_app_works_where_it_is_installed_alone(house: House, browser: Browser) -> None:
    """3.14: there is no uninstalled but usable state, not even for who may approve uninstalled apps."""
    there = await quay(house, "CanApproveUninstalledApps")
    app = await house.app(PACKAGED, kind=EXTERNAL)
    assert page_error(await log_in(browser, app)) == "OAUTH_EC_APP_NOT_FOUND"

    await install.install(house.desk, there, app.consumer_key)

    assert "code" in told(await browser.answer(await browser.follow(await log_in(browser, app))))


async def test_an_external_client_app_made_local_again_ends_what_other_orgs_hold(
    house: House, browser: Browser, web: httpx.AsyncClient
) -> None:
    there, app = await quay(house), await house.app(PACKAGED, kind=EXTERNAL)
    await install.install(house.desk, there, app.consumer_key)
    page = await browser.follow(await log_in(browser, app, scope="api id refresh_token"))
    answer = await redeem(house, app, told(await browser.answer(page)))

    await apps.change(house.desk, house.org, app.id, {"distribution_state": "local"})

    assert (await web.get(USERINFO, headers=bearer(answer))).status_code == 403
    status, refused = await house.refresh(app, answer["refresh_token"])
    assert (status, refused["error"]) == (400, "OAUTH_AUTHORIZATION_BLOCKED")


@pytest.mark.enforces("allow_connected_app_creation")
async def test_users_create_connected_apps_only_while_the_org_allows_it(house: House, browser: Browser) -> None:
    """3.13: what was made goes on at the endpoints after the switch is off again."""
    caller = Caller(user_id="005", username="x@harbour.example", org_id=house.org_id, permissions=BUILDER)
    values = {"contact_email": "it@harbour.example", "callback_url": CALLBACK, "scopes": "api id"}
    new = apps.NewApp(name="Made", values=values)

    async def create() -> TestApp:
        async with house.desk.changing() as changing:
            made = (await apps.create(replace(changing, caller=caller), house.org, new)).app
        return TestApp(made.id, made.consumer_key, made.secret.reveal())

    with pytest.raises(NotAllowed, match="Create an external client"):
        await create()
    await orgs.change(house.desk, house.org, {"allow_connected_app_creation": "true"})
    app = await create()
    await orgs.change(house.desk, house.org, {"allow_connected_app_creation": "false"})

    assert goes_to(await browser.ask(app), "/login")
