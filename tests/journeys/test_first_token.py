"""From `serve --demo` to tokens in a client's hands, over real HTTP, at both doors."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import httpx
import pytest

from grantway.kit.jose import s256
from grantway.kit.keyfile import new_key_line
from tests.journeys.served import Served, fields, kill, redeem, refresh, serving, start, walk
from tests.toolchain import PostgresServer, need, postgres_bin

pytestmark = pytest.mark.xdist_group("journeys")


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the journeys of this file."""
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        yield server


def database(engine: str, folder: Path, request: pytest.FixtureRequest) -> list[str]:
    """Return the options that choose an engine; PostgreSQL needs its key file named."""
    if engine == "sqlite":
        return []
    server: PostgresServer = request.getfixturevalue("postgres")
    key_file = folder / "named.key"
    key_file.write_text(new_key_line())
    return ["--database", server.create_database(), "--secret-key-file", str(key_file)]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server with two workers on each engine for the journeys of this file."""
    folder = tmp_path_factory.mktemp("data")
    options = database(request.param, folder, request)
    with serving(folder, *options, "--workers", "2") as running:
        running.options = options
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A browser without memory."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as made:
        yield made


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


@pytest.mark.requirement("S12")
@pytest.mark.requirement("S14")
def test_sixteen_clients_redeem_one_code_and_one_refresh_token_over_two_workers_and_one_wins(
    served: Served, client: httpx.Client
) -> None:
    for _ in range(3):
        signed_in = walk(served, client, prompt="consent")
        barrier = Barrier(16)

        def at_once(work: str, token: str = "") -> tuple[int, dict[str, str]]:
            with httpx.Client(timeout=30) as own:
                barrier.wait()  # noqa: B023 - used within the round
                reply = redeem(served, own, signed_in) if work == "code" else refresh(served, own, token)  # noqa: B023
                return reply.status_code, reply.json()

        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(at_once, ["code"] * 16))
            winners = [answer for status, answer in codes if status == 200]
            assert len(winners) == 1
        signed_in = walk(served, client, prompt="consent")
        token = redeem(served, client, signed_in).json()["refresh_token"]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda one: at_once("refresh", one), [token] * 16))
        assert sum(status == 200 for status, _ in answers) == 1
        assert all(answer["error"] == "invalid_grant" for status, answer in answers if status != 200)


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S12")
def test_sixteen_answers_to_one_consent_page_over_two_workers_give_one_code(
    served: Served, client: httpx.Client
) -> None:
    walk(served, client)
    asked = {
        "response_type": "code",
        "client_id": served.app["consumer_key"],
        "redirect_uri": served.app["callback_url"],
        "code_challenge": s256("v" * 43),
        "prompt": "consent",
    }
    location = client.get(f"{served.base}/services/oauth2/authorize", params=asked).headers["location"]
    form = fields(client.get(location).text) | {"decision": "allow"}
    barrier = Barrier(16)

    def allow(_: int) -> str:
        with httpx.Client(cookies=client.cookies, timeout=30) as own:
            barrier.wait()
            reply = own.post(location.partition("?")[0], data=form)
            return str(reply.headers.get("location", ""))

    with ThreadPoolExecutor(16) as pool:
        locations = list(pool.map(allow, range(16)))

    assert sum("code=" in location for location in locations) == 1
    assert locations.count("") == 15


@pytest.mark.requirement("S14")
def test_the_winner_of_a_race_keeps_its_tokens(served: Served, client: httpx.Client) -> None:
    """Sixteen refreshes whose first bytes are all there before any of them is whole: one wins, and its line lives."""
    for _ in range(5):
        token = redeem(served, client, walk(served, client, prompt="consent")).json()["refresh_token"]
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": served.app["consumer_key"],
            "client_secret": served.app["consumer_secret"],
        }
        body = urlencode(form)
        host = served.base.removeprefix("http://")
        request_text = (
            f"POST /services/oauth2/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        sockets = [socket.create_connection(("127.0.0.1", int(host.rsplit(":", 1)[1])), timeout=20) for _ in range(16)]
        for one in sockets:
            one.sendall(request_text[:-1])
        time.sleep(0.2)
        for one in sockets:
            one.sendall(request_text[-1:])
        answers = []
        for one in sockets:
            with one, one.makefile("rb") as stream:
                answers.append(json.loads(stream.read().partition(b"\r\n\r\n")[2]))
        winners = [answer for answer in answers if "access_token" in answer]
        assert len(winners) == 1
        bearer = {"authorization": f"Bearer {winners[0]['access_token']}"}
        assert client.get(f"{served.base}/services/oauth2/userinfo", headers=bearer).status_code == 200
        assert refresh(served, client, winners[0]["refresh_token"]).status_code == 200


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


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_after_kill_nothing_acknowledged_is_lost_and_nothing_spent_returns(
    tmp_path: Path, client: httpx.Client, engine: str, request: pytest.FixtureRequest
) -> None:
    options = database(engine, tmp_path, request)
    server = start(tmp_path, *options)
    try:
        answer = redeem(server, client, walk(server, client)).json()
        rotated = refresh(server, client, answer["refresh_token"]).json()
        gone = redeem(server, client, walk(server, client, prompt="consent")).json()
        revoked = client.post(f"{server.base}/services/oauth2/revoke", data={"token": gone["refresh_token"]})
        assert revoked.status_code == 200
    finally:
        kill(server, signal.SIGKILL)

    with serving(tmp_path, *options) as again:
        bearer = {"authorization": f"Bearer {rotated['access_token']}"}
        dead = {"authorization": f"Bearer {gone['access_token']}"}
        assert client.get(f"{again.base}/services/oauth2/userinfo", headers=bearer).status_code == 200
        assert client.get(f"{again.base}/services/oauth2/userinfo", headers=dead).status_code == 403
        assert refresh(again, client, gone["refresh_token"]).status_code == 400
        assert refresh(again, client, rotated["refresh_token"]).status_code == 200
        assert refresh(again, client, answer["refresh_token"]).status_code == 400
