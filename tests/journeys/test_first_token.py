"""From `serve --demo` to tokens in a client's hands, over real HTTP, at both doors."""

import httpx
import pytest

from tests.journeys.served import Served, redeem, refresh, walk


@pytest.mark.parametrize("door", ["/services/oauth2", "/oidc"])
def test_a_person_logs_in_allows_and_the_app_gets_and_uses_its_tokens(
    served: Served, client: httpx.Client, door: str
) -> None:
    signed_in = walk(served, client, door=door, state="a b~ä/+", nonce="n", prompt="consent")
    assert signed_in.answer["state"] == "a b~ä/+"
    assert signed_in.answer["iss"] == served.base + ("/oidc" if door == "/oidc" else "")

    answer = redeem(served, client, signed_in, door).json()
    bearer = {"authorization": f"Bearer {answer['access_token']}"}

    assert client.get(f"{served.base}{door}/userinfo", headers=bearer).json()["sub"]
    assert "access_token" in refresh(served, client, answer["refresh_token"], door).json()
    if door != "/oidc":
        assert client.get(answer["id"], headers=bearer).json()["username"] == "ada@demo.example"
        assert client.get(f"{served.base}/services/data/v60.0/", headers=bearer).json()["identity"] == answer["id"]


def test_deny_is_told_to_the_callback_and_gives_no_code(served: Served, client: httpx.Client) -> None:
    answer = walk(served, client, decision="deny", state="s", prompt="consent").answer

    assert answer["error"] == "access_denied"
    assert answer["error_description"] == "end-user denied authorization"
    assert answer["state"] == "s"
    assert "code" not in answer


def test_who_has_allowed_before_is_not_asked_again_and_prompt_none_succeeds(
    served: Served, client: httpx.Client
) -> None:
    walk(served, client, door="/oidc", prompt="consent")

    assert "code" in walk(served, client, door="/oidc", prompt="none").answer


def test_prompt_none_without_a_session_shows_no_page(served: Served, client: httpx.Client) -> None:
    assert walk(served, client, door="/oidc", prompt="none").answer["error"] == "login_required"


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("more", [{"redirect_uri": "https://evil.example/"}, {"client_id": "3MVG9nobody"}])
def test_an_untrusted_request_is_refused_on_the_page_and_explained(
    served: Served, client: httpx.Client, more: dict[str, str]
) -> None:
    asked = {"response_type": "code", "client_id": served.app["consumer_key"], **more}
    reply = client.get(f"{served.base}/services/oauth2/authorize", params=asked)

    assert reply.status_code == 400
    assert "location" not in reply.headers
    assert 'id="error-code"' in reply.text
    assert reply.headers["x-request-id"] in reply.text


def test_explain_names_the_setting_that_refused(served: Served, client: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "PlatformCLI"}
    cli_app = next(app for app in served.demo["apps"] if app["name"] == "PlatformCLI")
    reply = client.post(
        f"{served.base}/services/oauth2/token", data=form | {"client_secret": cli_app["consumer_secret"]}
    )
    assert reply.json()["error_description"] == "client credentials flow not enabled"

    spelled = reply.headers["x-request-id"].replace("-", "").lower()
    explained = served.cli("explain", spelled)
    for _ in range(50):
        if explained.returncode == 0:
            break
        explained = served.cli("explain", spelled)

    assert "client_credentials" in explained.stdout
    assert "Setting: Enable Client Credentials Flow" in explained.stdout


def test_a_block_on_the_command_line_holds_for_the_running_server(served: Served, client: httpx.Client) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": served.app["consumer_key"],
        "client_secret": served.app["consumer_secret"],
    }
    url = f"{served.base}/services/oauth2/token"
    assert client.post(url, data=form).status_code == 200
    assert served.cli("app", "block", served.app["name"]).returncode == 0
    try:
        assert client.post(url, data=form).status_code == 400
    finally:
        assert served.cli("app", "unblock", served.app["name"]).returncode == 0
    assert client.post(url, data=form).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/oidc/nothing", 404),
        ("PUT", "/services/oauth2/userinfo", 405),
        ("GET", "/services/oauth2/token", 400),
        ("GET", "/oidc/token", 405),
        ("GET", "/services/data/v60.0/", 401),
        ("GET", "/services/oauth2/userinfo", 403),
        ("GET", "/oidc/userinfo", 401),
        ("GET", "/id/00D/005", 403),
    ],
)
def test_every_path_refuses_in_its_dialect_with_a_request_id(
    served: Served, client: httpx.Client, method: str, path: str, status: int
) -> None:
    reply = client.request(method, served.base + path)

    assert reply.status_code == status
    assert len(reply.headers["x-request-id"]) == 14


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oidc/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/oidc",
        "/.well-known/openid-configuration/oidc",
    ],
)
def test_discovery_names_the_issuer_of_its_location_and_endpoints_that_answer(
    served: Served, client: httpx.Client, path: str
) -> None:
    found = client.get(served.base + path).json()

    assert found["issuer"] == served.base + ("/oidc" if "oidc" in path else "")
    for name, url in found.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert client.get(url).status_code != 404
    assert all(key["kty"] == "RSA" and "d" not in key for key in client.get(found["jwks_uri"]).json()["keys"])
