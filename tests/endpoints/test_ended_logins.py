"""An administrator ends a login: what ends with it and what stays (salesforce-oauth.md 3.5: tokens stay)."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from grantway.manage.people import people, users
from tests.endpoints.browsing import CONSENT, LOGIN, Browser, goes_to, told
from tests.endpoints.house import STANDARDS, House
from tests.endpoints.wire import bearer, both_doors

ADA = "ada@harbour.example"


async def _one(house: House) -> None:
    user = await users.find(house.desk, house.org, ADA)
    (login,) = await people.sessions_of(house.desk, house.org, user)
    await people.end_login(house.desk, house.org, ADA, login.id)


async def _all(house: House) -> None:
    assert await people.end_logins(house.desk, house.org, ADA) == 1


End = Callable[[House], Awaitable[None]]
HOWEVER = pytest.mark.parametrize("end", [_one, _all], ids=["one", "all"])


@HOWEVER
@pytest.mark.requirement("S33")
async def test_the_browser_has_to_log_in_again(house: House, browser: Browser, end: End) -> None:
    app = await house.app()
    await browser.approve(app)
    await end(house)

    assert goes_to(await browser.ask(app), LOGIN)
    assert (await browser.get("/setup/apps")).status_code in (302, 303)


@HOWEVER
@both_doors
async def test_a_code_that_waits_gives_no_token_any_more(house: House, browser: Browser, door: str, end: End) -> None:
    """Whoever was at that browser does not get in by what it had just been given."""
    app = await house.app()
    code = (await browser.approve(app, door=door))["code"]
    await end(house)

    assert (await house.redeem(app, code, door=door))[1]["error"] == "invalid_grant"


@HOWEVER
async def test_a_page_that_waits_for_an_answer_takes_none(house: House, browser: Browser, end: End) -> None:
    page = await browser.to_consent(await house.app())
    await end(house)
    reply = await browser.answer(page)

    assert "code=" not in reply.headers.get("location", "")


@HOWEVER
@both_doors
async def test_tokens_and_approvals_stay(
    house: House, web: httpx.AsyncClient, browser: Browser, door: str, end: End
) -> None:
    app = await house.app()
    answer = (await house.redeem(app, (await browser.approve(app, door=door))["code"], door=door))[1]
    await end(house)

    assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).status_code == 200
    assert (await house.refresh(app, answer["refresh_token"], door=door))[0] == 200
    again = await browser.log_in(await browser.to_login(app, door=door))
    assert not goes_to(again, CONSENT)
    assert told(again)["code"]


async def test_other_browsers_and_other_people_stay_logged_in(house: House, browser: Browser) -> None:
    app, elsewhere, of_ben = await house.app(), Browser(house), Browser(house)
    await browser.approve(app)
    user = await users.find(house.desk, house.org, ADA)
    (first,) = await people.sessions_of(house.desk, house.org, user)
    code = told(await elsewhere.log_in(await elsewhere.to_login(app, door=STANDARDS)))
    await of_ben.approve(app, "ben@harbour.example")
    await people.end_login(house.desk, house.org, ADA, first.id)

    assert goes_to(await browser.ask(app), LOGIN)
    assert told(await elsewhere.ask(app))["code"]
    assert (await house.redeem(app, code["code"], door=STANDARDS))[0] == 200
    assert await people.end_logins(house.desk, house.org, ADA) == 1
    assert goes_to(await elsewhere.ask(app), LOGIN)
    assert told(await of_ben.ask(app))["code"]
