"""What a script on another site's page can read of this server, in Chromium (S6; clients.md 7, 11)."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.journeys.served import Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.requirement("S6"),
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),  # no engine has a part in it
]

OPEN = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/oidc",
    "/.well-known/openid-configuration/oidc",
    "/oidc/.well-known/openid-configuration",
    "/oidc/.well-known/oauth-authorization-server",
    "/oidc/jwks",
    "/id/keys",
]
CLOSED = [
    ("GET", "/services/oauth2/authorize"),
    ("GET", "/oidc/authorize"),
    ("GET", "/login"),
    ("POST", "/services/oauth2/token"),
    ("POST", "/oidc/token"),
    ("GET", "/oidc/userinfo"),
    ("POST", "/oidc/introspect"),
    ("POST", "/oidc/revoke"),
    ("GET", "/services/data/v60.0/"),
]


@pytest.fixture(scope="module")
def elsewhere(browser: Browser, callback: str) -> Iterator[Tab]:
    """A page of another site."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(callback)
        yield tab


def fetched(tab: Tab, url: str, **options: object) -> str:
    """What the page's script reads there, or `blocked`."""
    script = "([url, options]) => fetch(url, options).then(reply => reply.text(), () => 'blocked')"
    return str(tab.evaluate(script, [url, options]))


@pytest.mark.parametrize("path", OPEN)
def test_a_script_of_any_site_reads_what_is_public(served: Served, elsewhere: Tab, path: str) -> None:
    assert fetched(elsewhere, served.base + path) == httpx.get(served.base + path).text


@pytest.mark.parametrize("path", OPEN)
def test_it_may_name_its_mcp_version_there(served: Served, elsewhere: Tab, path: str) -> None:
    """Browser clients of MCP do, and the browser asks for leave first."""
    read = fetched(elsewhere, served.base + path, headers={"MCP-Protocol-Version": "2025-06-18"})

    assert read == httpx.get(served.base + path).text


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_a_script_of_another_site_reads_nothing_else(
    served: Served, elsewhere: Tab, method: str, path: str, credentials: str
) -> None:
    assert fetched(elsewhere, served.base + path, method=method, credentials=credentials) == "blocked"
    bearer = {"authorization": "Bearer x"}
    assert fetched(elsewhere, served.base + path, method=method, credentials=credentials, headers=bearer) == "blocked"
