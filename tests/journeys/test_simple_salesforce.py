"""simple-salesforce, unmodified, at Salesforce's door under Salesforce's own host names (clients.md 4).

It builds `https://{domain}.salesforce.com` itself. The server serves that domain, and a proxy on loopback leads every
name to it, so that nothing can leave this machine.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.endpoints.signer import signer
from tests.journeys.served import Served, serving
from tests.toolchain import CLIENTS, need, python_clients
from tests.toolchain.certificate import write_certificate
from tests.toolchain.connect_proxy import Proxy, connecting_to

RUN_AS = "integration@demo.example"
MY_DOMAIN = "demo.my"
REFUSED = "authentication failure"


def _done(served: Served, *command: str) -> dict[str, Any]:
    done = served.cli(*command, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _app(served: Served, name: str, *values: str) -> dict[str, Any]:
    made = _done(served, "app", "create", name, "--contact-email", RUN_AS, "scopes=api", "scopes=id", *values)
    return {key: made[key] for key in ("consumer_key", "consumer_secret")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simple_salesforce")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Path:
    return write_certificate(folder / "both.pem", "*.salesforce.com", "*.my.salesforce.com")


@pytest.fixture(scope="module")
def served(folder: Path, certificate: Path) -> Iterator[Served]:
    """A server under the real names; no engine has a part in it."""
    options = ("--tls-cert", str(certificate), "--tls-key", str(certificate), "--domain", "salesforce.com")
    with serving(folder / "data", *options) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(served: Served) -> Iterator[Proxy]:
    with connecting_to(urlsplit(served.base).port or 0) as running:
        yield running


@pytest.fixture(scope="module")
def found(served: Served, proxy: Proxy, folder: Path, certificate: Path) -> dict[str, Any]:
    """One run of the client through all of its logins by OAuth."""
    python = need(python_clients(), "the environment of Python clients")
    ada = served.demo["users"][0]
    (folder / "signer.crt").write_text(signer().certificate)
    signed = ("callback_url=https://localhost/unused", "scopes=refresh_token", f"certificate=@{folder}/signer.crt")
    approved = ("permitted_users=admin_approved", 'profiles=["Standard User"]')
    machine = ("username_password=true", "client_credentials=true", f"run_as={RUN_AS}")
    _done(served, "org", "set", "block_username_password_flow=false")
    told = {
        "username": ada["username"],
        "password": ada["password"],
        "security_token": _done(served, "user", "reset-security-token", ada["username"])["security_token"],
        "pem": signer().pem,
        "other_pem": signer(number=1).pem,
        "my_domain": MY_DOMAIN,
        "by_jwt": _app(served, "By_JWT", *signed, *approved),
        "unapproved": _app(served, "Unapproved", *signed),
        "machine": _app(served, "Machine", *machine),
    }
    done = subprocess.run(
        [python, str(CLIENTS / "simple_salesforce_logins.py")],
        input=json.dumps(told) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HTTP_PROXY": proxy.url,
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "",
            "REQUESTS_CA_BUNDLE": str(certificate),
        },
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_jwt_login_takes_an_end_that_is_a_text(served: Served, found: dict[str, Any]) -> None:
    """Decision 9: `exp` is a string of seconds, and there is neither `iat` nor `jti`."""
    assert found["jwt"]["username"] == served.demo["users"][0]["username"]
    assert found["jwt"]["instance"] == "login.salesforce.com"
    assert found["jwt"]["identity"].startswith("https://login.salesforce.com/id/00D")


def test_two_jwt_logins_within_a_second_send_the_same_bytes_and_both_pass(found: dict[str, Any]) -> None:
    assert found["within_a_second"]["differ"] is True
    assert found["within_a_second"]["username"] == found["jwt"]["username"]


def test_an_assertion_for_the_test_host_is_taken_at_the_my_domain(found: dict[str, Any]) -> None:
    assert found["jwt_at_my_domain"]["instance"] == f"{MY_DOMAIN}.salesforce.com"
    assert found["jwt_at_my_domain"]["username"] == found["jwt"]["username"]


@pytest.mark.parametrize("login", ["jwt", "client_credentials"])
def test_a_session_that_ended_is_begun_anew_by_the_client_itself(found: dict[str, Any], login: str) -> None:
    """The 401 of the data API has the array that the client looks into (salesforce-oauth.md 7)."""
    back = found["jwt_comes_back" if login == "jwt" else "client_credentials_come_back"]

    assert back == {"is_new": True, "identity": found[login]["identity"]}


def test_without_an_approval_the_client_says_how_to_get_one(found: dict[str, Any]) -> None:
    """It knows the text by heart: one letter less, and the advice is not given."""
    refused = found["unapproved"]

    assert (refused["code"], refused["says"]) == ("invalid_grant", "user hasn't approved this consumer")
    assert any("you may need to authorize this" in one for one in refused["warned"])


def test_an_unknown_user_is_one_who_has_not_approved(found: dict[str, Any]) -> None:
    assert found["unknown_user"]["says"] == "user hasn't approved this consumer"


def test_a_foreign_key_and_an_unknown_app_are_client_errors(found: dict[str, Any]) -> None:
    assert (found["other_key"]["code"], found["unknown_app"]["code"]) == ("invalid_client", "invalid_client_id")


def test_username_and_password_with_the_security_token_log_in(served: Served, found: dict[str, Any]) -> None:
    assert found["password"]["username"] == served.demo["users"][0]["username"]


@pytest.mark.parametrize("login", ["no_security_token", "wrong_password", "flow_off"])
def test_whatever_is_wrong_with_a_password_login_it_reads_the_same(found: dict[str, Any], login: str) -> None:
    """Salesforce's door hides which it was (3.9); `explain` tells the administrator."""
    assert (found[login]["code"], found[login]["says"]) == ("invalid_grant", REFUSED)


def test_client_credentials_act_as_the_run_as_user_at_the_my_domain(found: dict[str, Any]) -> None:
    assert found["client_credentials"]["username"] == RUN_AS
    assert found["client_credentials"]["instance"] == f"{MY_DOMAIN}.salesforce.com"
    assert found["wrong_secret"]["code"] == "invalid_client"


def test_every_connection_went_through_the_proxy_to_this_server(found: dict[str, Any], proxy: Proxy) -> None:
    del found  # the client has run
    assert set(proxy.asked) == {f"{name}.salesforce.com:443" for name in ("login", MY_DOMAIN)}
