"""The same journey where the server has a certificate: by https from the first page to the last call."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import Person, person
from tests.journeys.node_clients import run
from tests.journeys.served import Served, link, serving
from tests.toolchain.certificate import write_certificate

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture(scope="module")
def served(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on SQLite with a certificate; no engine has a part in it."""
    options = ("--tls-cert", str(certificate), "--tls-key", str(certificate))
    with serving(tmp_path_factory.mktemp("data"), *options) as running:
        yield running


@pytest.fixture
def ada(served: Served, browser: Browser, callback: str, demo_app: dict[str, str]) -> Iterator[Person]:
    """Ada, who has told her browser to trust the certificate."""
    del demo_app  # sends her to the callback
    with person(browser, served.demo["users"][0], callback, ignore_https_errors=True) as somebody:
        yield somebody


def test_the_server_says_https(served: Served) -> None:
    assert served.base.startswith("https://localhost:")


@pytest.mark.requirement("S33")
def test_the_cookies_are_secure_and_no_other_host_can_set_them(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    cookies = ada.tab.context.cookies(served.base)

    assert "__Host-grantway" in [cookie["name"] for cookie in cookies]
    assert all(cookie["secure"] and cookie["name"].startswith("__Host-") for cookie in cookies)


def test_who_is_logged_in_over_tls_stays_so(served: Served, ada: Person) -> None:
    ada.authorize(link(served)[0])
    ada.pages.clear()
    ada.authorize(link(served)[0])

    assert ada.pages == []


@pytest.mark.node
def test_a_client_that_trusts_the_certificate_passes(
    served: Served, ada: Person, callback: str, certificate: Path
) -> None:
    native = served.demo_app("Single_Page_App", callback)
    issuer = f"{served.base}/oidc"
    found = run(
        "openid_client.mjs",
        ada,
        certificate,
        issuer=issuer,
        callback=callback,
        app=served.app,
        native=native,
        jwtApp=None,
    )

    assert found["metadata"]["token_endpoint"].startswith("https://")
    assert found["userinfo"]["email"] == "ada@demo.example"
    assert found["callback"]["iss"] == issuer
