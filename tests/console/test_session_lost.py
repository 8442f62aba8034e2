"""A form that is sent after its session ended goes through the login, is shown again, and is never done by itself."""

import html
import re

import httpx
import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from tests.console.app_forms import Fields, edited, form_of, post, save
from tests.console.setup import ADMIN, Setup
from tests.endpoints.browsing import PASSWORD
from tests.endpoints.house import House

NAME = "Shipment_Sync"


@pytest.fixture
async def typed(house: House, setup: Setup) -> Fields:
    """The form of an app with something typed, in a browser whose session has ended since."""
    values = {s.LABEL: "Sync", s.CONTACT_EMAIL: "it@harbour.example"}
    await apps.add(house.desk, house.org, NAME, values)
    fields = await edited(setup, NAME, {"description": "a long text, <typed> by hand\r\n" + "字" * 3900})
    house.clock.advance(ms=86_400_000)
    return fields


async def log_in(setup: Setup, page: httpx.Response, password: str = PASSWORD) -> httpx.Response:
    """Fill in the login page and send it, with everything that stands in it."""
    fields = form_of(page, "") | {"username": [ADMIN], "password": [password]}
    action = re.search(r'action="([^"]+)"', page.text)
    assert action
    return await post(setup, html.unescape(action[1]), fields)


async def test_what_was_typed_survives_the_login_and_a_wrong_password_and_waits_for_a_button(
    house: House, setup: Setup, typed: Fields
) -> None:
    login = await post(setup, f"/setup/apps/{NAME}/edit", typed)
    assert "Your session has ended" in login.text
    again = await log_in(setup, login, "wrong")
    assert again.status_code == 400

    page = await log_in(setup, again)

    assert page.status_code == 200
    assert "nothing is done yet" in page.text
    assert (await apps.find(house.desk, house.org, NAME))[s.DESCRIPTION] == ""
    reviewed = await post(setup, f"/setup/apps/{NAME}/edit", form_of(page, "/edit"))
    assert (await save(setup, NAME, reviewed)).status_code == 303
    assert (await apps.find(house.desk, house.org, NAME))[s.DESCRIPTION].startswith("a long text, <typed> by hand\n字")


async def test_a_form_of_another_site_is_not_carried(setup: Setup, typed: Fields) -> None:
    flat = {name: values[-1] for name, values in typed.items()}

    for origin in ("https://evil.example", "null"):
        reply = await setup.browser.post(f"/setup/apps/{NAME}/edit", flat, origin=origin)
        assert reply.status_code == 303
        assert "/setup/login" in reply.headers["location"]


async def test_passwords_and_secrets_are_not_carried(setup: Setup, typed: Fields) -> None:
    fields = typed | {"password": ["hunter2hunter2"], "consumer_secret": ["hunter2hunter2"]}

    page = await log_in(setup, await post(setup, "/setup/users/new", fields))

    assert "字字" in page.text
    assert "hunter2" not in page.text


@pytest.mark.parametrize("carried", ["x", "e30=", "eyJwYXRoIjoiLy9ldmlsIiwiZmllbGRzIjpbXX0=", "☃"])
async def test_what_is_no_carried_form_is_passed_over(setup: Setup, typed: Fields, carried: str) -> None:
    login = await post(setup, f"/setup/apps/{NAME}/edit", typed)
    fields = form_of(login, "") | {"username": [ADMIN], "password": [PASSWORD], "carried": [carried]}

    reply = await post(setup, "/setup/login?to=/setup/", fields)

    assert reply.status_code == 303
