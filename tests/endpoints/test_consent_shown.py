"""What a person sees before they say yes: who asks, for what, and what to beware of (S7, S8)."""

import html

import pytest

from grantway import settings as s
from grantway.settings.choices import PermittedUsers
from tests.endpoints.browsing import (
    Browser,
)
from tests.endpoints.house import House

ADA, BEN, CLEO = "ada@harbour.example", "ben@harbour.example", "cleo@quay.example"
ADMIN_APPROVED = {s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED}


@pytest.mark.requirement("S8")
async def test_consent_shows_app_publisher_person_scopes_and_where_the_answer_goes(
    house: House, browser: Browser
) -> None:
    """S8: exact scopes in words, first time said, decline as easy as approve."""
    app = await house.app({s.LABEL: "Tide Tables", s.CONTACT_EMAIL: "help@tides.example"})
    text = (await browser.to_consent(app, scope="api refresh_token")).text

    for shown in ("Tide Tables", "Published by", "Harbour", ADA, "app.example", "help@tides.example"):
        assert shown in text
    assert text.count("<li>") == 2
    assert "Manage user data via APIs" in text
    assert "Perform requests at any time" in text
    assert "You have not allowed this app before." in text
    assert text.index('value="deny"') < text.index('value="allow"')


@pytest.mark.enforces("label")
@pytest.mark.enforces("contact_email")
@pytest.mark.enforces("info_url")
async def test_consent_shows_what_each_app_says_of_itself_and_nothing_in_its_place(
    house: House, browser: Browser
) -> None:
    told = {s.LABEL: "Tide Tables", s.CONTACT_EMAIL: "help@tides.example", s.INFO_URL: "https://tides.example/about"}
    of_told = (await browser.to_consent(await house.app(told))).text
    silent = await house.app({s.CONTACT_EMAIL: "b@quay.example"})
    of_silent = html.unescape((await browser.to_consent(silent, BEN, prompt="login")).text)

    for text in ("Allow <bdi>Tide Tables</bdi>", "mailto:help@tides.example", 'href="https://tides.example/about"'):
        assert text in of_told
    assert "Allow <bdi>App_" in of_silent
    assert "mailto:help@tides.example" not in of_silent
    assert "mailto:b@quay.example" in of_silent
    assert 'href="http' not in of_silent


@pytest.mark.requirement("S8")
@pytest.mark.parametrize("name", ["Harb0ur Sync", "Harbour-Sync", "H\u0430rbour Sync", "Harbour  Synk", "HARBOUR SYNC"])
async def test_consent_warns_of_a_name_that_can_be_taken_for_an_installed_apps(
    house: House, browser: Browser, name: str
) -> None:
    """S8: letters that look alike, other letters, signs, case, one character more or less."""
    await house.app({s.LABEL: "Harbour Sync"})

    text = (await browser.to_consent(await house.app({s.LABEL: name}))).text

    assert "is easily confused with Harbour Sync" in text


@pytest.mark.requirement("S8")
async def test_consent_does_not_warn_of_a_name_that_stands_apart(house: House, browser: Browser) -> None:
    """S8: a warning that is always there warns of nothing."""
    await house.app({s.LABEL: "Sales 1"})

    assert "easily confused" not in (await browser.to_consent(await house.app({s.LABEL: "Sales 2"}))).text


@pytest.mark.requirement("S8")
async def test_a_wide_scope_is_marked(house: House, browser: Browser) -> None:
    """S8: `full` is not one scope among others."""
    app = await house.app({s.SCOPES: ("full", "api")})

    assert "Wide access" in (await browser.to_consent(app)).text
    assert "Wide access" not in (await browser.to_consent(app, BEN, scope="api", prompt="login")).text


@pytest.mark.requirement("S7")
async def test_text_and_addresses_of_an_app_are_shown_as_text(house: House, browser: Browser, door: str) -> None:
    """S7: name, contact and address of the app, on login, consent and error page."""
    hostile = "<img src=x onerror=alert(1)>\"'\u202etxt"
    app = await house.app({s.LABEL: hostile, s.CONTACT_EMAIL: "a@b.example?subject=x"})
    login = await browser.to_login(app, door=door)
    consent = await browser.follow(await browser.log_in(login))
    error = await browser.ask(app, door=door, redirect_uri="https://evil.example/<script>")

    for page in (login, consent, error):
        assert "&lt;img src=x" in page.text
        for dangerous in ("<img src", "<script", "\u202e", "mailto:a@b.example?"):
            assert dangerous not in page.text


@pytest.mark.requirement("S8")
@pytest.mark.parametrize(
    ("callback", "shown"),
    [
        ("https://h\u0430rbour.example:8443/cb", "xn--hrbour-3nf.example:8443"),
        ("https://" + 70 * "\u0430" + ".example/cb", "%D0%B0%D0%B0"),
        ("com.example.app:/back", "an app on this device (com.example.app:)"),
    ],
)
async def test_the_page_names_the_callbacks_host_in_letters_that_cannot_pose_as_others(
    house: House, browser: Browser, callback: str, shown: str
) -> None:
    """S8: a host in another script is shown as browsers show it."""
    page = await browser.to_consent(await house.app({s.CALLBACK_URL: (callback,)}), redirect_uri=callback)

    assert f"takes you back to <b>{shown}" in page.text
