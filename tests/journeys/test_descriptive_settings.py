"""Settings that only describe an app, seen by the person who is asked to let it in."""

import html
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.served import Served, fields, serving

pytestmark = pytest.mark.xdist_group("journeys")


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
            "info_url=https://parcels.harbour.example/about",
        )
        assert changed.returncode == 0, changed.stderr
        yield running


@pytest.fixture(scope="module")
def consent_page(served: Served) -> str:
    """The consent page of that app, as its text stands in the page."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as client:
        asked = {
            "response_type": "code",
            "client_id": served.app["consumer_key"],
            "redirect_uri": served.app["callback_url"],
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        login = client.get(f"{served.base}/services/oauth2/authorize", params=asked).headers["location"]
        form = fields(client.get(login).text) | served.demo["users"][0]
        consent = client.post(login.partition("?")[0], data=form).headers["location"]
        return html.unescape(client.get(consent).text)


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
