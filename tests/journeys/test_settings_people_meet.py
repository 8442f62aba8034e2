"""Settings as people meet them: who an app says it is on the consent page, and whether there is one at all."""

import html
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.served import Served, fields, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server whose first app says who is behind it."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        changed = running.cli(
            "app",
            "set",
            running.app["name"],
            "label=Parcels & Post",
            "description=Only administrators read this.",
            "contact_email=parcels@harbour.example",
            "contact_phone=+44 20 7946 0000",
            "info_url=https://parcels.harbour.example/about",
        )
        assert changed.returncode == 0, changed.stderr
        yield running


def after_login(served: Served, client: httpx.Client, app: dict[str, Any]) -> httpx.Response:
    """Go to authorize, log in, and return what comes then."""
    asked = {
        "response_type": "code",
        "client_id": app["consumer_key"],
        "redirect_uri": app["callback_url"],
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    login = client.get(f"{served.base}/services/oauth2/authorize", params=asked).headers["location"]
    form = fields(client.get(login).text) | served.demo["users"][0]
    return client.post(login.partition("?")[0], data=form)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A browser without memory."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as made:
        yield made


@pytest.fixture
def consent_page(served: Served, client: httpx.Client) -> str:
    """The consent page of that app, as its text stands in the page."""
    return html.unescape(client.get(after_login(served, client, served.app).headers["location"]).text)


@pytest.mark.enforces("label")
def test_the_consent_page_calls_the_app_by_its_label(consent_page: str) -> None:
    assert "<h1>Allow <bdi>Parcels & Post</bdi> to act for you?</h1>" in consent_page


@pytest.mark.enforces("contact_email")
def test_the_consent_page_says_whom_to_write_to(consent_page: str) -> None:
    assert '<a href="mailto:parcels@harbour.example">parcels@harbour.example</a>' in consent_page


@pytest.mark.enforces("info_url")
def test_the_consent_page_links_to_more_about_the_app(consent_page: str) -> None:
    assert '<a href="https://parcels.harbour.example/about"' in consent_page


@pytest.mark.enforces("description")
def test_the_description_is_for_administrators_alone(served: Served, consent_page: str) -> None:
    shown = served.cli("app", "show", served.app["name"])
    document = json.loads(served.cli("app", "show", served.app["name"], "--json").stdout)

    assert "Only administrators read this." in shown.stdout
    assert document["settings"]["description"] == "Only administrators read this."
    assert "Only administrators read this." not in consent_page


@pytest.mark.enforces("contact_phone")
def test_the_phone_number_is_for_administrators_alone(served: Served, consent_page: str) -> None:
    assert "+44 20 7946 0000" in served.cli("app", "show", served.app["name"]).stdout
    assert "7946 0000" not in consent_page


@pytest.mark.enforces("permitted_users")
@pytest.mark.enforces("profiles")
def test_who_is_pre_authorized_is_not_asked_and_who_is_not_may_not(served: Served, client: httpx.Client) -> None:
    app = next(one for one in served.demo["apps"] if one["name"] == "Single_Page_App")

    def permit(profile: str) -> None:
        changed = served.cli("app", "set", app["name"], "permitted_users=admin_approved", f"profiles={profile}")
        assert changed.returncode == 0, changed.stderr

    permit("Standard User")
    assert after_login(served, client, app).headers["location"].startswith(f"{app['callback_url']}?code=")
    permit("Another Profile")
    client.cookies.clear()
    refused = after_login(served, client, app)

    assert "location" not in refused.headers
    assert "OAUTH_APP_ACCESS_DENIED" in refused.text
    assert "Your administrator decides who may use this app, and you are not among them." in refused.text
