"""openid-client, unmodified, at both doors, where nobody is at a browser: assertions, signed answers (clients.md 5)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grantway.manage.server.orgs import API_ONLY
from tests.endpoints.signer import signer
from tests.journeys.node_clients import run
from tests.journeys.served import Served, serving

pytestmark = pytest.mark.node
RUN_AS = "integration@demo.example"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on SQLite; no engine has a part in what the client sees."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module", params=["", "/oidc"], ids=["salesforce", "standards"])
def found(request: pytest.FixtureRequest, served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One run of the client with an app of its own; at which door it was, it says itself."""
    certificate = tmp_path_factory.mktemp("signer") / "signer.crt"
    Path(certificate).write_text(signer().certificate)
    name = f"Machines{request.param.strip('/')}"
    made = served.cli(
        *("app", "create", name, "--contact-email", RUN_AS, "--json", "callback_url=https://localhost/unused"),
        *("scopes=api", "scopes=id", "scopes=refresh_token", f"certificate=@{certificate}"),
        *("permitted_users=admin_approved", f"profiles={json.dumps(['Standard User', API_ONLY])}"),
        "client_credentials=true",
        f"run_as={RUN_AS}",
    )
    assert made.returncode == 0, made.stderr
    issuer = served.base + request.param
    app = json.loads(made.stdout)
    told = {"username": served.demo["users"][0]["username"], "pem": signer().pem, "otherPem": signer(number=1).pem}
    return {"issuer": issuer, **told, **run("openid_client_machines.mjs", None, issuer=issuer, app=app, **told)}


def test_an_assertion_gives_a_token_for_the_user_it_names(found: dict[str, Any]) -> None:
    answer = found["jwtBearer"]

    assert answer["introspection"]["active"] is True
    assert answer["introspection"]["username"] == found["username"]
    assert "refresh_token" not in answer["tokens"]


@pytest.mark.requirement("S23")
def test_an_assertion_with_an_id_counts_once(found: dict[str, Any]) -> None:
    assert found["jwtBearer"]["again"] == "invalid_grant"


def test_an_assertion_of_another_key_or_for_another_server_is_refused(found: dict[str, Any]) -> None:
    at_salesforces_door = not found["issuer"].endswith("/oidc")

    assert found["jwtBearer"]["ofAnotherKey"] == ("invalid_client" if at_salesforces_door else "invalid_grant")
    assert found["jwtBearer"]["forAnotherServer"] == "invalid_grant"


def test_the_token_endpoint_is_an_audience_too(found: dict[str, Any]) -> None:
    assert found["jwtBearer"]["forTheTokenEndpoint"] is None


def test_a_key_stands_for_the_secret_at_token_introspection_and_revocation(found: dict[str, Any]) -> None:
    assert found["privateKeyJwt"]["before"]["username"] == RUN_AS
    assert found["privateKeyJwt"]["after"] == {"active": False}


def test_a_client_proves_itself_by_its_key_and_sends_an_assertion_in_one_request(found: dict[str, Any]) -> None:
    assert found["privateKeyJwt"]["both"] == found["username"]


def test_another_key_is_no_client_authentication(found: dict[str, Any]) -> None:
    assert found["privateKeyJwt"]["ofAnotherKey"] == (401 if found["issuer"].endswith("/oidc") else 400)


def test_the_client_verifies_a_signed_introspection_answer(found: dict[str, Any]) -> None:
    """RFC 9701, at the standards' door alone; the client checks signature, issuer, audience and typ."""
    if not found["issuer"].endswith("/oidc"):
        assert "signed" not in found
        return
    assert found["signed"]["active"] is True
    assert found["signed"]["username"] == RUN_AS
    assert found["signedAfter"] == {"active": False}
