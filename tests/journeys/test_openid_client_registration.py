"""openid-client, unmodified, registers itself (clients.md 5; RFC 7591, RFC 7592)."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import person
from tests.journeys.node_clients import run
from tests.journeys.served import Served

pytestmark = [pytest.mark.node, pytest.mark.browser]
CONTACT = "ops@demo.example"


@pytest.fixture(scope="module")
def seen(served: Served, browser: Browser, callback: str) -> dict[str, Any]:
    scopes = ("scopes=openid", "scopes=id", "scopes=refresh_token")
    for command in (
        ("app", "create", "Quayside_Parent", "--contact-email", CONTACT, f"callback_url={callback}", *scopes),
        ("org", "set", "open_registration=true"),
    ):
        done = served.cli(*command)
        assert done.returncode == 0, done.stderr
    token = json.loads(served.cli("app", "registration-token", "Quayside_Parent", "--json").stdout)
    with person(browser, served.demo["users"][0], callback) as somebody:
        return run(
            "openid_client_registration.mjs",
            somebody,
            issuer=f"{served.base}/oidc",
            callback=callback,
            initialAccessToken=token["initial_access_token"],
        )


def test_the_client_takes_the_answer_as_its_metadata(seen: dict[str, Any], served: Served) -> None:
    registered = seen["registered"]

    assert registered["client_name"] == "Quayside"
    assert registered["token_endpoint_auth_method"] == "client_secret_basic"
    assert registered["client_secret_expires_at"] == 0
    assert registered["registration_client_uri"].startswith(f"{served.base}/oidc/register/")


@pytest.mark.parametrize("way", ["flow", "basic"])
def test_it_goes_through_the_flow_with_what_it_registered(seen: dict[str, Any], way: str) -> None:
    """By default it sends the secret in the body, though it is registered for Basic; either will do."""
    flow = seen[way]

    assert flow["scope"].split() == ["openid", "profile", "offline_access"]
    assert flow["rotated"]
    assert flow["afterRevocation"] == "invalid_grant"


def test_it_reads_changes_and_deletes_what_it_registered(seen: dict[str, Any]) -> None:
    assert seen["read"] == {"status": 200, "body": seen["registered"]}
    assert seen["renamed"] == {"status": 200, "body": seen["registered"] | {"client_name": "Quay"}}
    assert seen["deleted"]["status"] == 204
    assert seen["gone"]["status"] == 401


def test_without_a_secret_it_goes_through_the_same_flow(seen: dict[str, Any]) -> None:
    assert "client_secret" not in seen["withoutSecret"]["registered"]
    assert seen["withoutSecret"]["flow"]["rotated"]


def test_where_everybody_is_let_in_it_needs_no_token(seen: dict[str, Any]) -> None:
    assert seen["open"]["registered"]["scope"].split()[0] == "openid"
    assert seen["open"]["flow"]["rotated"]
    assert seen["refused"] == "invalid_redirect_uri"
    assert seen["wrongToken"]
