"""jsforce, unmodified, at Salesforce's door (clients.md 3): one run of the client on each engine, read step by step."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import person
from tests.journeys.node_clients import run
from tests.journeys.served import Served

pytestmark = [pytest.mark.node, pytest.mark.browser]


@dataclass(frozen=True, slots=True)
class Seen:
    """A run of the client: what it found, which pages the person answered, what `token list` says afterwards."""

    findings: dict[str, Any]
    pages: list[str]
    tokens: list[dict[str, Any]]
    base: str


def made(served: Served, callback: str, name: str, *settings: str) -> dict[str, Any]:
    """Register an app for the client."""
    common = (f"callback_url={callback}", "scopes=api", "scopes=id", "scopes=refresh_token")
    told = served.cli("app", "create", name, "--contact-email", "it@demo.example", "--json", *common, *settings)
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


@pytest.fixture(scope="module")
def seen(served: Served, browser: Browser, callback: str, demo_app: dict[str, str]) -> Seen:
    """The client signs in to four apps: the demo's rotates; the others keep, rotate with an overlap, have no secret."""
    with person(browser, served.demo["users"][0], callback) as ada:
        findings = run(
            "jsforce.mjs",
            ada,
            issuer=served.base,
            callback=callback,
            rotating=demo_app,
            keeping=made(served, callback, "Keeps_Its_Token", "refresh_token_rotation=false"),
            overlapping=made(served, callback, "Has_An_Overlap", "rotation_overlap=60"),
            native=made(
                *(served, callback, "Has_No_Secret"),
                *("require_secret_for_web_server_flow=false", "require_secret_for_refresh_token_flow=false"),
            )
            | {"consumer_secret": None},
        )
        tokens = json.loads(served.cli("token", "list", "--json").stdout)
        return Seen(findings, ada.pages, tokens, served.base)


def test_the_person_logs_in_once_and_allows_each_app_once(seen: Seen) -> None:
    assert seen.pages == ["login", *["consent"] * 4]


def test_a_code_and_its_verifier_give_a_connection_that_knows_its_user(seen: Seen) -> None:
    identity = seen.findings["identity"]

    assert identity["username"] == "ada@demo.example"
    assert identity["id"] == f"{seen.base}/id/{identity['organization_id']}/{identity['user_id']}"


def test_the_connection_leads_back_to_this_server(seen: Seen) -> None:
    assert seen.findings["instanceUrl"] == seen.base


def test_the_access_token_has_salesforces_shape(seen: Seen) -> None:
    assert re.fullmatch(r"00D\w{12}![\w.]+", seen.findings["accessToken"], re.ASCII)


def test_the_api_lists_its_versions_oldest_first(seen: Seen) -> None:
    versions = [float(one["version"]) for one in seen.findings["versions"]]

    assert versions == sorted(versions)
    assert {"label": "Spring '24", "url": "/services/data/v60.0", "version": "60.0"} in seen.findings["versions"]


def test_the_api_answers_with_the_identity_of_the_caller(seen: Seen) -> None:
    assert seen.findings["resources"]["identity"] == seen.findings["identity"]["id"]


def test_the_client_can_read_what_the_api_refuses(seen: Seen) -> None:
    assert seen.findings["unknownResource"] == "The requested resource does not exist"


def test_a_code_is_good_once(seen: Seen) -> None:
    assert seen.findings["codeAgain"] == "expired authorization code"


def test_with_its_rotation_handler_the_client_refreshes_again_and_again(seen: Seen) -> None:
    assert seen.findings["withHandler"]["answers"] == [None] * 3


def test_each_refresh_hands_the_handler_a_new_refresh_token(seen: Seen) -> None:
    used = seen.findings["withHandler"]["refreshTokens"]

    assert len(set(used)) == len(used) == 4


@pytest.mark.requirement("S14")
def test_a_spent_refresh_token_is_refused(seen: Seen) -> None:
    assert seen.findings["replay"]["words"] == "expired access/refresh token"


@pytest.mark.requirement("S14")
def test_a_replay_ends_the_access_token_and_the_refresh_token_that_were_alive(seen: Seen) -> None:
    replay = seen.findings["replay"]

    assert replay["before"] is None
    assert replay["newestAccessToken"] == "Session expired or invalid"
    assert replay["newestRefreshToken"] == "expired access/refresh token"


def test_without_the_handler_the_first_refresh_works_and_the_second_fails(seen: Seen) -> None:
    first, second = seen.findings["withoutHandler"]["answers"]

    assert first is None
    assert second == "Unable to refresh session due to: expired access/refresh token"


def test_within_an_overlap_no_handler_is_needed_either(seen: Seen) -> None:
    assert seen.findings["withOverlap"]["answers"] == [None] * 3


def test_with_rotation_off_no_handler_is_needed(seen: Seen) -> None:
    assert seen.findings["rotationOff"] == {"answers": [None] * 3, "same": True}


def test_an_app_without_a_secret_signs_in_refreshes_and_calls_the_api(seen: Seen) -> None:
    assert seen.findings["withoutSecret"] is None


def test_logout_ends_the_access_token_and_leaves_the_refresh_token(seen: Seen) -> None:
    assert seen.findings["logout"] == {"accessToken": "Session expired or invalid", "refreshToken": None}


def test_logout_that_revokes_ends_both(seen: Seen) -> None:
    assert seen.findings["logoutWithRevoke"] == {
        "accessToken": "Session expired or invalid",
        "refreshToken": "expired access/refresh token",
    }


def test_a_token_without_the_scope_api_is_no_session_and_no_reason_to_refresh(seen: Seen) -> None:
    """On any other 401 the client would refresh and ask again for ever."""
    assert seen.findings["withoutApiScope"] == {
        "api": "This session is not valid for use with the REST API",
        "identity": None,
        "refreshed": False,
    }


def test_client_credentials_act_as_the_run_as_user_and_call_the_api(seen: Seen) -> None:
    machine = seen.findings["machine"]

    assert machine["identity"]["username"] == "integration@demo.example"
    assert machine["resources"]["identity"] == machine["identity"]["id"]


def test_client_credentials_give_no_refresh_token(seen: Seen) -> None:
    assert seen.findings["machine"]["hasRefreshToken"] is False


def test_the_token_of_client_credentials_ends_with_logout(seen: Seen) -> None:
    assert seen.findings["machine"]["afterLogout"] == "Session expired or invalid"


def test_a_wrong_secret_is_refused_in_words_that_the_client_shows(seen: Seen) -> None:
    assert seen.findings["wrongSecret"] == "invalid client credentials"


def test_an_app_without_the_flow_is_told_so(seen: Seen) -> None:
    assert seen.findings["notAllowed"] == "client credentials flow not enabled"


def test_afterwards_the_server_holds_the_lines_that_nobody_ended_and_no_others(seen: Seen) -> None:
    """Of six sign-ins to the demo app one lives: that of which only the access token was ended."""
    assert sorted(one["app"] for one in seen.tokens) == [
        "Demo_App",
        "Has_An_Overlap",
        "Has_No_Secret",
        "Keeps_Its_Token",
    ]
