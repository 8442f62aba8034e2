"""The consent page: whose yes it is, how often it counts, what is remembered, and who is never asked."""

import asyncio

import pytest

from grantway import settings as s
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    CONSENT,
    LOGIN,
    Browser,
    codes,
    goes_to,
    hidden,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import STANDARDS, House

ADA, BEN, CLEO = "ada@harbour.example", "ben@harbour.example", "cleo@quay.example"
ADMIN_APPROVED = {s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED}


@pytest.mark.requirement("S3")
async def test_one_approval_gives_one_code(house: House, browser: Browser, door: str) -> None:
    """S3: the form sent again, by the back button or by somebody who kept it, gives none."""
    page = await browser.to_consent(await house.app(), door=door)
    assert "code" in told(await browser.answer(page))

    assert page_error(await browser.answer(page))
    assert page_error(await browser.answer(page, "deny"))
    assert page_error(await browser.get(str(page.url)))
    assert await codes(house) == 1


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S12")
async def test_eight_approvals_sent_at_once_give_one_code(house: House, browser: Browser) -> None:
    """S3, S12: a double click, and whoever tries to use it."""
    page = await browser.to_consent(await house.app())

    replies = await asyncio.gather(*(browser.answer(page) for _ in range(8)))

    assert sum("location" in reply.headers for reply in replies) == 1
    assert await codes(house) == 1


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S41")
async def test_a_yes_that_another_site_sends_is_none(house: House, browser: Browser) -> None:
    """S3, S41: consent CSRF. Without cookies, from another origin, and without the page's token."""
    app = await house.app()
    page = await browser.to_consent(app)
    form = hidden(page) | {"decision": "allow"}

    assert page_error(await browser.post(CONSENT, form, origin="https://evil.example", without_cookies=True))
    assert (await browser.post(CONSENT, form, origin="https://evil.example")).status_code == 403
    assert (await browser.post(CONSENT, form | {"csrf": ""})).status_code == 403
    other = hidden(await browser.follow(await browser.ask(app)))
    assert (await browser.post(CONSENT, form | {"csrf": other["csrf"]})).status_code == 403
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_an_approval_cannot_be_given_by_get(house: House, browser: Browser) -> None:
    """S3, S59: a link never approves."""
    page = await browser.to_consent(await house.app())

    again = await browser.get(CONSENT, hidden(page) | {"decision": "allow"})

    assert again.status_code == 200
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_nothing_that_decides_is_read_from_the_form(house: House, browser: Browser) -> None:
    """S3: a client, scope, callback, user or response type added to the form changes nothing."""
    app, other = await house.app({s.LABEL: "Tides"}), await house.app()
    page = await browser.to_consent(app, scope="id")

    answer = told(
        await browser.answer(
            page,
            client_id=other.consumer_key,
            scope="api full",
            redirect_uri="https://evil.example/",
            username=BEN,
            response_type="token",
        )
    )

    tokens = await redeem(house, app, answer)
    assert tokens["scope"] == "id"
    assert tokens["id"].endswith(house.user_ids["ada"])


@pytest.mark.requirement("S3")
async def test_who_logs_in_in_another_tab_does_not_answer_for_the_page_of_before(
    house: House, browser: Browser
) -> None:
    """S3: Ada's open page, answered after Ben has logged in, gives neither Ada's nor Ben's consent."""
    app = await house.app()
    adas = await browser.to_consent(app, ADA)
    await browser.log_in(await browser.to_login(app, prompt="login"), BEN)

    reply = await browser.answer(adas)

    assert goes_to(reply, LOGIN)
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_a_page_shown_to_one_login_is_refused_when_another_answers_the_same_request(
    house: House, browser: Browser
) -> None:
    """S3: the request went over to Ben by "Not you?"; Ada's page of before does not say yes for him."""
    app = await house.app()
    adas = await browser.to_consent(app, ADA)
    login = await browser.follow(await browser.post(CONSENT, hidden(adas) | {"account": "switch"}))
    bens = await browser.follow(await browser.log_in(login, BEN))
    assert hidden(bens)["transaction"] == hidden(adas)["transaction"]

    assert (await browser.answer(adas)).status_code == 403
    answer = told(await browser.answer(bens))
    assert (await redeem(house, app, answer))["id"].endswith(house.user_ids["ben"])


@pytest.mark.requirement("S10")
async def test_not_you_never_answers_for_another_than_the_hinted_user(house: House, browser: Browser) -> None:
    """S10: a positive answer is for the user of id_token_hint or for nobody (OpenID Connect Core 3.1.2.2)."""
    app = await house.app()
    tokens = await redeem(house, app, await browser.approve(app, door=STANDARDS, scope="openid"), STANDARDS)
    asked = await browser.ask(
        app, door=STANDARDS, scope="openid", prompt="consent", id_token_hint=tokens["id_token"], state="s"
    )
    page = await browser.follow(asked)
    login = await browser.follow(await browser.post(CONSENT, hidden(page) | {"account": "switch"}))

    answer = told(await browser.log_in(login, BEN))

    assert (answer["error"], answer["state"]) == ("login_required", "s")


@pytest.mark.requirement("S10")
async def test_a_hint_for_another_user_asks_for_a_login_and_takes_no_other(
    house: House, browser: Browser, door: str
) -> None:
    """S10: the hinted user is not the one logged in."""
    app = await house.app()
    ada = await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door)
    await browser.approve(app, BEN, door=door, scope="openid", prompt="login")
    hint = {"scope": "openid", "id_token_hint": ada["id_token"]}

    silent = told(await browser.ask(app, door=door, prompt="none", **hint))
    assert silent["error"] == ("login_required" if door == STANDARDS else "immediate_unsuccessful")
    assert "code" not in told(await browser.log_in(await browser.to_login(app, door=door, **hint), BEN))
    assert "code" in told(await browser.log_in(await browser.to_login(app, door=door, **hint), ADA))


@pytest.mark.requirement("S10")
async def test_an_id_token_of_another_app_is_no_hint(house: House, browser: Browser, door: str) -> None:
    """S10: nor is one with a signature that is not ours."""
    app, other = await house.app(), await house.app()
    tokens = await redeem(house, other, await browser.approve(other, door=door, scope="openid"), door)
    head, payload, signature = tokens["id_token"].split(".")

    for hint in (tokens["id_token"], f"{head}.{payload}.{signature[::-1]}", f"eyJhbGciOiJub25lIn0.{payload}.e30"):
        answer = told(await browser.ask(app, door=door, prompt="none", id_token_hint=hint))
        assert answer["error"] == "invalid_request"


async def test_a_consent_page_whose_session_has_ended_leads_to_the_login(house: House, browser: Browser) -> None:
    """Two hours later nobody says yes for anybody."""
    page = await browser.to_consent(await house.app())
    house.clock.advance(minutes=121)

    assert goes_to(await browser.answer(page), LOGIN)
    assert await codes(house) == 0


async def test_deny_is_told_to_the_callback_recorded_and_not_remembered(
    house: House, browser: Browser, door: str
) -> None:
    """salesforce-oauth.md 2.4, access_denied."""
    app = await house.app()
    page = await browser.to_consent(app, door=door, state="s")

    answer = told(await browser.answer(page, "deny"))

    assert (answer["error"], answer["error_description"]) == ("access_denied", "end-user denied authorization")
    assert answer["state"] == "s"
    assert page_error(await browser.answer(page))
    assert goes_to(await browser.ask(app, door=door), CONSENT)
    rows = await house.db.all(Statement("SELECT user_id FROM event WHERE kind = 'approval.denied'"))
    assert rows == [(house.user_ids["ada"],)]


async def test_an_answer_that_is_neither_yes_nor_no_is_neither(house: House, browser: Browser) -> None:
    """The request goes on waiting."""
    page = await browser.to_consent(await house.app())

    for decision in ("", "ALLOW", "yes", "allow deny"):
        assert page_error(await browser.answer(page, decision))
    assert "code" in told(await browser.answer(page))


@pytest.mark.requirement("S2")
async def test_two_answers_in_one_form_are_refused(house: House, browser: Browser) -> None:
    """S2: each field once."""
    page = await browser.to_consent(await house.app())
    body = "&".join(f"{name}={value}" for name, value in hidden(page).items()) + "&decision=deny&decision=allow"
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert page_error(await browser.client.post(CONSENT, content=body, headers=headers))
    assert await codes(house) == 0
