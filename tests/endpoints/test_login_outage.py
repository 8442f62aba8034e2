"""What a person at the browser sees when the server cannot help itself."""

import pytest

from tests.endpoints.browsing import CONSENT, LOGIN, Browser, asked, hidden, page_error
from tests.endpoints.house import House


@pytest.mark.requirement("R5")
async def test_without_a_database_a_person_is_told_to_come_back(house: House, browser: Browser, door: str) -> None:
    """R5: 503 with Retry-After, on a page, at every step."""
    app = await house.app()
    form = hidden(await browser.to_login(app, door=door))
    await house.db.close()

    for reply in (
        await browser.get(f"{door}/authorize", asked(app)),
        await browser.get(LOGIN, form),
        await browser.post(LOGIN, form | {"username": "ada@harbour.example", "password": "x"}),
        await browser.post(CONSENT, form | {"decision": "allow"}),
    ):
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
        assert page_error(reply) == "temporarily_unavailable"
        assert reply.headers["content-security-policy"]
        assert reply.headers["x-request-id"] in reply.text


@pytest.mark.requirement("R5")
async def test_without_a_database_a_program_is_told_in_json(house: House, browser: Browser, door: str) -> None:
    """R5: the same, for what is no browser."""
    app = await house.app()
    await house.db.close()
    browser.client.headers["accept"] = "*/*"

    reply = await browser.get(f"{door}/authorize", asked(app))

    assert reply.status_code == 503
    assert reply.json()["error"] == "temporarily_unavailable"


@pytest.mark.requirement("S53")
async def test_a_wrong_method_is_refused_on_a_page_too(house: House, browser: Browser) -> None:
    """S53: an error carries an id, no trace."""
    del house
    reply = await browser.client.put(LOGIN)

    assert reply.status_code == 405
    assert page_error(reply) == "invalid_request"
    assert reply.headers["x-request-id"] in reply.text
