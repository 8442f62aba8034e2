"""What clients in use send, and what they must get (clients.md 7): the forms of a request that a server has to take."""

import re
import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlencode

import httpx
import pytest

from tests.journeys.served import Served, redeem, redemption, refresh, walk

SALESFORCE = "/services/oauth2"
STANDARDS = "/oidc"
BOTH_DOORS = pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A browser in which somebody logs in once; it would rather have HTML."""
    del served  # another server, another login
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as made:
        yield made


def machine(served: Served) -> dict[str, str]:
    """A request for a token by client credentials."""
    return {
        "grant_type": "client_credentials",
        "client_id": served.app["consumer_key"],
        "client_secret": served.app["consumer_secret"],
    }


@pytest.fixture(scope="module")
def token(served: Served) -> dict[str, str]:
    """The answer to a request for a token by client credentials; the token acts as integration@demo.example."""
    return dict(httpx.post(f"{served.base}{SALESFORCE}/token", data=machine(served)).json())


# 1. Bodies and paths


@BOTH_DOORS
def test_a_token_request_may_come_in_chunks(served: Served, client: httpx.Client, door: str) -> None:
    body = urlencode(machine(served)).encode()
    reply = client.post(f"{served.base}{door}/token", content=iter([body[:7], body[7:]]), headers=FORM)

    assert reply.request.headers["transfer-encoding"] == "chunked"
    assert reply.status_code == 200


@BOTH_DOORS
def test_a_form_may_be_sloppily_encoded(served: Served, client: httpx.Client, door: str) -> None:
    """Colons, slashes and blanks as they are."""
    form = redemption(served, walk(served, client, door=door)) | {"device name": "my phone: blue"}
    body = "&".join(f"{name}={value}" for name, value in form.items())

    assert client.post(f"{served.base}{door}/token", content=body, headers=FORM).status_code == 200


def test_salesforces_token_endpoint_takes_multipart_too(served: Served, client: httpx.Client) -> None:
    parts = {name: (None, value) for name, value in machine(served).items()}

    assert client.post(f"{served.base}{SALESFORCE}/token", files=parts).status_code == 200
    assert client.post(f"{served.base}{STANDARDS}/token", files=parts).status_code == 415


@pytest.mark.parametrize("path", ["/services/data", "/services/data/v60.0"])
def test_a_data_path_may_end_with_a_slash(
    served: Served, client: httpx.Client, token: dict[str, str], path: str
) -> None:
    bearer = {"authorization": f"Bearer {token['access_token']}"}
    plain, slashed = (client.get(served.base + path + end, headers=bearer) for end in ("", "/"))

    assert plain.status_code == slashed.status_code == 200
    assert plain.json() == slashed.json()


# 2. PKCE


def test_a_confidential_app_may_do_without_pkce_where_it_is_not_required(served: Served, client: httpx.Client) -> None:
    assert served.cli("app", "set", served.app["name"], "require_pkce=false").returncode == 0
    try:
        signed_in = walk(served, client, code_challenge="", code_challenge_method="")
        signed_in.verifier = ""
        assert redeem(served, client, signed_in).status_code == 200
    finally:
        assert served.cli("app", "set", served.app["name"], "require_pkce=true").returncode == 0


# 3. Parameters


@BOTH_DOORS
def test_unknown_parameters_are_ignored(served: Served, client: httpx.Client, door: str) -> None:
    signed_in = walk(served, client, door=door, device_id="7", audience_hint="x")

    assert redeem(served, client, signed_in, door).status_code == 200
    assert client.post(f"{served.base}{door}/token", data=machine(served) | {"format_hint": "x"}).status_code == 200


@BOTH_DOORS
def test_a_scope_named_twice_counts_once(served: Served, client: httpx.Client, door: str) -> None:
    answer = redeem(served, client, walk(served, client, door=door, scope="api openid api"), door).json()

    assert sorted(answer["scope"].split()) == ["api", "openid"]


def test_scope_is_refused_at_salesforces_door_where_none_belongs(served: Served, client: httpx.Client) -> None:
    reply = client.post(f"{served.base}{SALESFORCE}/token", data=machine(served) | {"scope": "api"})

    assert reply.json() == {"error": "invalid_request", "error_description": "scope parameter not supported"}


@BOTH_DOORS
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_state_of_a_kilobyte_comes_back_byte_for_byte(
    served: Served, client: httpx.Client, door: str, decision: str
) -> None:
    state = ("ä/+ &=%25\u2603'\"<" * 100)[:600] + secrets.token_urlsafe(50)

    assert 1024 > len(state) > 600
    assert walk(served, client, door=door, decision=decision, prompt="consent", state=state).answer["state"] == state


# 4. Client authentication


@BOTH_DOORS
def test_the_secret_may_come_by_basic_with_the_client_id_repeated(
    served: Served, client: httpx.Client, door: str
) -> None:
    form = machine(served)
    basic = (quote(form["client_id"], safe=""), form.pop("client_secret"))

    assert client.post(f"{served.base}{door}/token", data=form, auth=basic).status_code == 200


@BOTH_DOORS
@pytest.mark.parametrize("value", ["Bearer stale", "Negotiate YII=", "OAuth 00D!x"])
def test_an_authorization_header_of_another_scheme_is_no_client_authentication(
    served: Served, client: httpx.Client, door: str, value: str
) -> None:
    reply = client.post(f"{served.base}{door}/token", data=machine(served), headers={"authorization": value})

    assert reply.status_code == 200


@BOTH_DOORS
def test_a_failed_client_authentication_does_not_use_up_the_code(
    served: Served, client: httpx.Client, door: str
) -> None:
    signed_in = walk(served, client, door=door)
    wrong = client.post(f"{served.base}{door}/token", data=redemption(served, signed_in) | {"client_secret": "wrong"})

    assert wrong.json()["error"] == "invalid_client"
    assert redeem(served, client, signed_in, door).status_code == 200


# 6. Token answers


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token", "client_credentials"])
def test_every_token_answer_of_salesforces_door_has_what_its_clients_read(
    served: Served, client: httpx.Client, grant: str
) -> None:
    if grant == "client_credentials":
        answer = client.post(f"{served.base}{SALESFORCE}/token", data=machine(served)).json()
    else:
        answer = redeem(served, client, walk(served, client)).json()
        if grant == "refresh_token":
            answer = refresh(served, client, answer["refresh_token"]).json()

    assert {name for name, value in answer.items() if isinstance(value, str)} >= {
        *("access_token", "token_type", "scope", "instance_url", "id", "issued_at", "signature"),
    }
    assert answer["token_type"] == "Bearer"
    assert re.fullmatch(r"\d{13}", answer["issued_at"])


# 7. Where a token is sent


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "OAuth"])
@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/services/data/v60.0/", "{id}"])
def test_a_token_may_come_as_bearer_or_as_oauth(
    served: Served, client: httpx.Client, token: dict[str, str], scheme: str, path: str
) -> None:
    url = token["id"] if path == "{id}" else served.base + path

    assert client.get(url, headers={"authorization": f"{scheme} {token['access_token']}"}).status_code == 200


@pytest.mark.parametrize("name", ["access_token", "oauth_token"])
@pytest.mark.parametrize("also_as_header", [False, True])
def test_a_token_may_come_in_a_form_and_in_the_header_as_well(
    served: Served, client: httpx.Client, token: dict[str, str], name: str, also_as_header: bool
) -> None:
    headers = {"authorization": f"Bearer {token['access_token']}"} if also_as_header else {}
    for url in (f"{served.base}{SALESFORCE}/userinfo", token["id"]):
        assert client.post(url, data={name: token["access_token"]}, headers=headers).status_code == 200


def test_a_token_in_the_url_counts_only_beside_itself_in_the_header(
    served: Served, client: httpx.Client, token: dict[str, str]
) -> None:
    bearer = {"authorization": f"Bearer {token['access_token']}"}
    for url in (f"{served.base}{SALESFORCE}/userinfo", token["id"]):
        query = {"oauth_token": token["access_token"], "format": "json"}
        assert client.get(url, params=query).status_code == 400
        assert client.get(url, params=query, headers=bearer).status_code == 200


# 8. Identity URL and revocation


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_identity_url_answers_to_get_and_to_post(client: httpx.Client, token: dict[str, str], method: str) -> None:
    reply = client.request(method, token["id"], headers={"authorization": f"Bearer {token['access_token']}"})

    assert reply.json()["username"] == "integration@demo.example"


def test_whoever_holds_a_token_may_revoke_it_at_salesforces_door(served: Served, client: httpx.Client) -> None:
    held = client.post(f"{served.base}{SALESFORCE}/token", data=machine(served)).json()["access_token"]
    reply = client.post(f"{served.base}{SALESFORCE}/revoke", data={"token": held})

    assert (reply.status_code, reply.content) == (200, b"")
    bearer = {"authorization": f"Bearer {held}"}
    assert client.get(f"{served.base}/services/data/v60.0/", headers=bearer).status_code == 401


# 9. Errors


def test_a_dead_token_is_an_array_at_the_data_api(served: Served, client: httpx.Client) -> None:
    reply = client.get(f"{served.base}/services/data/v60.0/", headers={"authorization": "Bearer 00D!dead"})

    assert reply.status_code == 401
    assert reply.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@BOTH_DOORS
def test_an_oauth_error_is_an_object_of_error_and_error_description(
    served: Served, client: httpx.Client, door: str
) -> None:
    reply = client.post(f"{served.base}{door}/token", data={"grant_type": "magic"})

    assert set(reply.json()) == {"error", "error_description"}


@pytest.mark.parametrize(
    "path",
    [
        *("/services/oauth2/token", "/services/oauth2/userinfo", "/services/oauth2/introspect"),
        *("/services/oauth2/revoke", "/services/oauth2/nothing", "/services/data/v60.0/", "/services/data/v60.0/x"),
        *("/oidc/token", "/oidc/userinfo", "/oidc/introspect", "/oidc/revoke", "/oidc/nothing", "/id/00D/005"),
        *("/.well-known/nothing", "/oidc/.well-known/nothing"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_no_api_path_refuses_in_html_even_to_a_browser(
    served: Served, client: httpx.Client, method: str, path: str
) -> None:
    reply = client.request(method, served.base + path)

    assert reply.status_code >= 400
    assert "html" not in reply.headers.get("content-type", "")
    assert "<" not in reply.text


# 10. The alphabet of tokens


@BOTH_DOORS
def test_codes_and_tokens_survive_a_form_that_nobody_encoded(served: Served, client: httpx.Client, door: str) -> None:
    signed_in = walk(served, client, door=door)
    answer = redeem(served, client, signed_in, door).json()
    for text in (signed_in.answer["code"], answer["access_token"], answer["refresh_token"]):
        assert re.fullmatch(r"[A-Za-z0-9._!=-]+", text)
        assert parse_qs(f"it={text}") == {"it": [text]}
    assert re.fullmatch(r"[A-Za-z0-9_.]+", answer["access_token"].partition("!")[2])


# 11. The standards' door


def test_userinfo_follows_openids_types_at_the_standards_door(served: Served, client: httpx.Client) -> None:
    answer = redeem(served, client, walk(served, client, door=STANDARDS, scope="openid id"), STANDARDS).json()
    bearer = {"authorization": f"Bearer {answer['access_token']}"}
    claims = client.get(f"{served.base}{STANDARDS}/userinfo", headers=bearer).json()

    assert type(claims["updated_at"]) is int
    assert claims["email_verified"] is True
