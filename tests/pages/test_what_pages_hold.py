"""The names that browsers, drivers and the server's own forms rely on (conformance.md section 7, contract.md)."""

from dataclasses import fields, replace
from typing import Any

import pytest

from grantway.pages import Asker, LoginPage, Page, render
from tests.pages import samples
from tests.pages.document import document

EVERY_PAGE = pytest.mark.parametrize("page", samples.PAGES.values(), ids=samples.PAGES)


def test_the_login_form_has_its_fields_and_buttons() -> None:
    page = document(samples.FAILED_LOGIN)

    assert page.fields() == {
        "transaction": "transaction-1",
        "csrf": "csrf-1",
        "username": "tomas.rivera@harbour.example",
        "password": None,
        "remember": "1",
    }
    assert "checked" in page.all("input")[-1].attributes
    assert page.by_id("login-submit").attributes["type"] == "submit"
    cancel = page.by_id("login-cancel").attributes
    assert (cancel["name"], cancel["value"], "formnovalidate" in cancel) == ("cancel", "1", True)


def test_a_failed_login_says_so_at_the_top_and_in_the_title() -> None:
    page = document(samples.FAILED_LOGIN)

    assert page.by_id("login-problem").attributes["role"] == "alert"
    assert page.by_id("login-problem").text == "Check your username and password, and try again."
    assert page.all("title")[0].text.startswith("1 problem: Log in to Harbour Logistics")


def test_a_login_that_no_app_asked_for_has_nowhere_to_cancel_to() -> None:
    page = document(replace(samples.LOGIN, asker=None))

    assert [button.attributes["id"] for button in page.all("button")] == ["login-submit"]


def test_login_shows_who_asks_with_their_policy_and_terms() -> None:
    page = document(samples.LOGIN)

    assert "to continue to Shipment Sync" in page.all("main")[0].text
    links = [link.attributes["href"] for link in page.all("a")]
    assert "https://sync.harbour.example/privacy" in links
    assert "https://sync.harbour.example/terms" in links


@pytest.mark.requirement("S3")
def test_the_consent_form_carries_the_transaction_and_nothing_that_decides() -> None:
    assert document(samples.CONSENT).fields() == {"transaction": "transaction-1", "csrf": "csrf-1"}


@pytest.mark.requirement("S8")
def test_consent_names_app_publisher_scopes_and_what_to_beware_of() -> None:
    text = " ".join(document(samples.CONSENT).all("main")[0].text.split())

    assert "Allow Shipment Sync to act for you?" in text
    assert "Published by Quayside Software" in text
    assert "Full access (full) Wide access" in text
    assert "Perform requests at any time" in text
    assert "You have not allowed this app before." in text
    assert "easily confused with Shipment Synch" in text
    assert "Either answer takes you back to sync.harbour.example." in text


def test_denying_comes_first_and_is_as_easy_as_allowing() -> None:
    buttons = [button.attributes for button in document(samples.CONSENT).all("button")]

    assert [(one.get("id"), one["name"], one["value"]) for one in buttons] == [
        (None, "account", "switch"),
        ("consent-deny", "decision", "deny"),
        ("consent-allow", "decision", "allow"),
    ]


def test_consent_to_an_app_allowed_before_does_not_call_it_new() -> None:
    text = document(replace(samples.CONSENT, first_time=False)).all("main")[0].text

    assert "not allowed this app before" not in text


def test_an_error_page_gives_the_wire_words_and_the_way_to_the_cause() -> None:
    page = document(samples.ERROR)

    assert samples.ERROR.status == 400
    assert page.by_id("error-code").text == "redirect_uri_mismatch"
    assert page.by_id("error-description").text == "redirect_uri must match configuration"
    assert page.by_id("request-id").text == "7Q4M-K2XD-90VB"
    assert page.all("time")[0].attributes["datetime"] == "2026-11-24T14:02:11Z"
    assert page.all("time")[0].text == "24 November 2026, 14:02:11 UTC"
    assert "grantway explain 7Q4M-K2XD-90VB" in page.all("dl")[0].text


@pytest.mark.requirement("S59")
def test_an_error_page_links_nowhere() -> None:
    assert document(samples.ERROR).all("a") == []


def test_an_error_of_an_unknown_app_still_has_its_page() -> None:
    page = document(replace(samples.ERROR, asker=None))

    assert page.by_id("error-code").text == "redirect_uri_mismatch"


def test_logging_out_is_confirmed_and_then_said() -> None:
    buttons = [
        (button.attributes["id"], button.attributes["value"])
        for button in document(samples.CONFIRM_LOGOUT).all("button")
    ]

    assert buttons == [("logout-cancel", "stay"), ("logout-confirm", "logout")]
    assert document(samples.SIGNED_OUT).all("h1")[0].text == "Signed out"


def test_home_lists_the_public_documents() -> None:
    links = [link.attributes["href"] for link in document(samples.HOME).all("a")]

    assert "/.well-known/openid-configuration" in links
    assert "/oidc/.well-known/openid-configuration" in links
    assert "/.well-known/oauth-authorization-server" in links


@EVERY_PAGE
def test_every_page_names_the_host_and_has_one_heading_one_language_and_unique_ids(page: Page) -> None:
    read = document(page)
    ids = [element.attributes["id"] for element in read.elements if "id" in element.attributes]

    assert page.host in read.all("footer")[0].text
    assert len(read.all("h1")) == 1
    assert read.all("html")[0].attributes == {"lang": "en"}
    assert len(ids) == len(set(ids))
    for element in read.elements:
        for reference in ("for", "aria-describedby"):
            assert set((element.attributes.get(reference) or "").split()) <= set(ids)


@EVERY_PAGE
@pytest.mark.requirement("S5")
def test_no_page_holds_a_script_a_style_or_anything_from_elsewhere(page: Page) -> None:
    for element in document(page).elements:
        assert element.tag not in {"script", "style", "iframe", "object", "embed", "base"}
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        for loads in ("src", "srcset", "action"):
            assert (element.attributes.get(loads) or "/").startswith("/")
        if element.tag == "link":
            assert str(element.attributes["href"]).startswith("/assets/")


@EVERY_PAGE
def test_a_theme_is_a_mark_on_the_page_and_a_display_a_class(page: Page) -> None:
    html = render(page, theme="dark", display="touch").decode()

    assert '<html lang="en" data-theme="dark">' in html
    assert '<meta name="color-scheme" content="dark">' in html
    assert '<body class="door touch">' in html


@EVERY_PAGE
def test_no_value_that_a_page_may_lack_is_shown_as_none(page: Page) -> None:
    """Each optional field in turn is left out; the page must still render and not speak Python."""
    optional = [one.name for one in fields(page) if "None" in str(one.type) and getattr(page, one.name) is not None]

    for name in optional:
        without: dict[str, Any] = {name: None}
        assert "None" not in render(replace(page, **without)).decode()


def test_an_app_that_says_nothing_about_itself_can_still_be_asked_for() -> None:
    bare = document(replace(samples.CONSENT, asker=Asker(name="Bare"), asks=()))

    assert "Either answer takes you back to the app." in bare.all("main")[0].text
    assert [link.attributes["href"] for link in bare.all("a")] == ["/apps"]


def test_a_form_cannot_be_made_to_post_elsewhere() -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", ""):
        with pytest.raises(ValueError, match="not a path on this host"):
            render(replace(samples.LOGIN, action=elsewhere))


def test_a_logo_is_shown_from_this_host_only() -> None:
    own = document(replace(samples.LOGIN, asker=replace(samples.APP, logo_url="/logo/1")))
    assert own.all("image")[0].attributes["href"] == "/logo/1"

    with pytest.raises(ValueError, match="not a path on this host"):
        render(replace(samples.LOGIN, asker=replace(samples.APP, logo_url="https://evil.example/pixel")))


def test_a_login_page_never_holds_a_password() -> None:
    assert "password" not in {one.name for one in fields(LoginPage)}
