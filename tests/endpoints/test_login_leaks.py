"""What a login leaves behind: nothing that a stolen database, a log or an event stream could be used with."""

import logging

import pytest

from grantway.store.statement import Statement
from tests.endpoints.browsing import PASSWORD, Browser, hidden, redeem, told
from tests.endpoints.house import House


async def everything_stored(house: House) -> str:
    """Return all rows of all tables as text."""
    await house.server.refusals.flush()
    tables = await house.db.all(Statement("SELECT name FROM sqlite_master WHERE type = 'table'"))
    return "".join([str(await house.db.all(Statement(f"SELECT * FROM {name!s}"))) for (name,) in tables])


@pytest.mark.requirement("S54")
@pytest.mark.requirement("S56")
async def test_no_secret_of_a_login_is_stored_or_logged(
    house: House, browser: Browser, door: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S54, S56: password, cookies, form token, code and tokens; with a failure and a refusal on the way."""
    caplog.set_level(logging.DEBUG)
    app = await house.app()
    page = await browser.to_login(app, door=door)
    secrets = {PASSWORD, "a wrong secret", browser.client.cookies["grantway"], hidden(page)["csrf"]}
    await browser.log_in(page, password="a wrong secret")
    consent = await browser.follow(await browser.log_in(page))
    secrets |= {hidden(consent)["csrf"], *browser.client.cookies.values()}
    answer = told(await browser.answer(consent))
    await browser.answer(consent)
    tokens = await redeem(house, app, answer, door)
    secrets |= {answer["code"], tokens["access_token"], tokens["refresh_token"], tokens["id_token"]}

    stored = await everything_stored(house)

    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert len(secrets) > 9
    assert [secret for secret in secrets if secret in stored] == []
    assert [secret for secret in secrets if secret in logged] == []
    assert app.consumer_key in stored  # so the search does find what is there
