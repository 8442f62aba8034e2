"""What the command line takes back, a running server refuses: at once, on every worker (S16, S64)."""

import httpx
import pytest

from tests.journeys.served import Served

pytestmark = pytest.mark.requirement("S64")
# So many new connections that both workers answer some of them.
ASKED = 12


def token(served: Served) -> httpx.Response:
    """Ask for a token with the app's own credentials."""
    app = served.app
    form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    form["grant_type"] = "client_credentials"
    return httpx.post(f"{served.base}/services/oauth2/token", data=form, timeout=30)


def userinfo(served: Served, access_token: str) -> set[int]:
    """The statuses with which the workers answer a token."""
    headers = {"authorization": f"Bearer {access_token}"}
    url = f"{served.base}/services/oauth2/userinfo"
    return {httpx.get(url, headers=headers, timeout=30).status_code for _ in range(ASKED)}


@pytest.mark.parametrize(
    ("take", "give"),
    [
        (("user", "freeze", "integration@demo.example"), ("user", "unfreeze", "integration@demo.example")),
        (("app", "block", "Demo_App"), ("app", "unblock", "Demo_App")),
    ],
)
def test_a_freeze_and_a_block_hold_at_once_and_until_they_are_lifted(
    served: Served, take: tuple[str, ...], give: tuple[str, ...]
) -> None:
    access_token = token(served).json()["access_token"]
    assert userinfo(served, access_token) == {200}

    assert served.cli(*take).returncode == 0
    assert userinfo(served, access_token) == {403}
    assert token(served).status_code == 400

    assert served.cli(*give).returncode == 0
    assert userinfo(served, access_token) == {200}


@pytest.mark.parametrize(
    "revoked", [("--user", "integration@demo.example"), ("--app", "Demo_App"), ("--all",)], ids=["user", "app", "org"]
)
def test_revoked_tokens_are_refused_at_once_and_new_ones_are_good(served: Served, revoked: tuple[str, ...]) -> None:
    access_token = token(served).json()["access_token"]
    assert userinfo(served, access_token) == {200}

    assert served.cli("token", "revoke", *revoked).returncode == 0

    assert userinfo(served, access_token) == {403}
    assert userinfo(served, token(served).json()["access_token"]) == {200}
