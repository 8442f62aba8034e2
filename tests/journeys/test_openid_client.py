"""openid-client, unmodified, at both doors (clients.md 5): a run of the client on each engine, read step by step."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import person
from tests.journeys.node_clients import run
from tests.journeys.served import Served

RUN_AS = "integration@demo.example"
pytestmark = [pytest.mark.node, pytest.mark.browser]


@dataclass(frozen=True, slots=True)
class Seen:
    """A run of the client: its app, what it found, which pages the person answered, what `token list` says then."""

    issuer: str
    app: dict[str, Any]
    findings: dict[str, Any]
    pages: list[str]
    tokens: list[dict[str, Any]]

    @property
    def at_salesforces_door(self) -> bool:
        """Whether it was Salesforce's dialect that the client met."""
        return not self.issuer.endswith("/oidc")

    def __getitem__(self, name: str) -> Any:
        """One finding."""
        return self.findings[name]


def jwt_app(served: Served, name: str) -> dict[str, Any]:
    """Make an app that gets JWT-based access tokens by client credentials."""
    values = ("client_credentials=true", f"run_as={RUN_AS}", "scopes=api", "jwt_access_tokens=true")
    made = served.cli("app", "create", name, "--contact-email", RUN_AS, *values, "named_user_jwt_timeout=5", "--json")
    assert made.returncode == 0, made.stderr
    return dict(json.loads(made.stdout))


@pytest.fixture(scope="module", params=["", "/oidc"], ids=["salesforce", "standards"])
def seen(
    request: pytest.FixtureRequest, served: Served, browser: Browser, callback: str, demo_app: dict[str, str]
) -> Seen:
    issuer = served.base + request.param
    # Whoever has allowed the app at one door is not asked again at the other: each door gets a person of its own.
    account = served.demo["users"][1 if request.param else 0]
    with person(browser, account, callback) as somebody:
        native = served.demo_app("Single_Page_App", callback)
        told = {"issuer": issuer, "callback": callback, "app": demo_app, "native": native}
        apart = jwt_app(served, f"Jwt{request.param.strip('/')}")
        findings = run("openid_client.mjs", somebody, None, **told, jwtApp=apart)
        tokens = json.loads(served.cli("token", "list", "--user", account["username"], "--json").stdout)
        return Seen(issuer, demo_app | account, findings, somebody.pages, tokens)


@pytest.mark.parametrize("document", ["metadata", "metadataOfRfc8414"])
def test_discovery_finds_the_endpoints_of_its_own_door(seen: Seen, document: str) -> None:
    prefix = seen.issuer + ("/services/oauth2" if seen.at_salesforces_door else "")
    found = seen[document]

    assert found["issuer"] == seen.issuer
    for name in ("authorization", "token", "userinfo", "introspection", "revocation"):
        assert found[f"{name}_endpoint"].startswith(f"{prefix}/")


def test_the_person_logs_in_once_and_allows_each_app_once(seen: Seen) -> None:
    assert seen.pages == ["login", "consent", "consent"]


def test_the_callback_is_told_the_code_the_state_and_the_issuer(seen: Seen) -> None:
    assert set(seen["callback"]) == {"code", "state", "iss"}
    assert seen["callback"]["iss"] == seen.issuer


@pytest.mark.requirement("S12")
def test_another_verifier_is_refused_and_leaves_the_code_to_its_owner(seen: Seen) -> None:
    assert seen["wrongVerifier"] == "invalid_grant"
    assert seen["tokens"]["access_token"]


def test_the_scopes_asked_for_are_the_scopes_given(seen: Seen) -> None:
    assert seen["tokens"]["scope"].split() == ["openid", "id", "api", "refresh_token"]


def test_the_answer_speaks_the_doors_dialect(seen: Seen) -> None:
    """Salesforce tells no lifetime but where the API is; the RFC has it the other way round."""
    assert ("instance_url" in seen["tokens"]) is seen.at_salesforces_door
    assert ("expires_in" in seen["tokens"]) is not seen.at_salesforces_door


def test_the_id_token_is_for_this_app_and_bears_the_nonce(seen: Seen) -> None:
    assert seen["claims"]["iss"] == seen.issuer
    assert seen["claims"]["aud"] == seen.app["consumer_key"]
    assert seen["hasNonce"] is True


def test_the_subject_is_the_identity_url_at_salesforces_door_and_the_users_id_at_the_other(seen: Seen) -> None:
    subject = seen["claims"]["sub"]

    assert subject.startswith(f"{seen.issuer}/id/00D" if seen.at_salesforces_door else "005")


def test_userinfo_is_about_the_subject_of_the_id_token(seen: Seen) -> None:
    assert seen["userinfo"]["sub"] == seen["claims"]["sub"]
    assert seen["userinfo"]["email"] == seen.app["username"]


@pytest.mark.parametrize("kind", ["accessToken", "refreshToken"])
def test_introspection_knows_a_live_token(seen: Seen, kind: str) -> None:
    answer = seen["introspection"][kind]

    assert answer["active"] is True
    assert answer["client_id"] == seen.app["consumer_key"]
    assert answer["username"] == seen.app["username"]
    assert answer["sub"] == seen["claims"]["sub"]
    assert answer["exp"] > answer["iat"]


def test_introspection_of_what_is_no_token_is_an_error_at_salesforces_door_only(seen: Seen) -> None:
    assert seen["nonsense"] == ("unsupported_token_type" if seen.at_salesforces_door else {"active": False})


def test_each_refresh_gives_a_new_refresh_token(seen: Seen) -> None:
    assert len(set(seen["refreshTokens"])) == 3


def test_the_refreshed_id_token_names_the_same_person_and_no_nonce(seen: Seen) -> None:
    kept = ("iss", "sub", "aud", "auth_time")

    assert [seen["refreshedClaims"].get(name) for name in kept] == [seen["claims"].get(name) for name in kept]
    assert "nonce" not in seen["refreshedClaims"]


@pytest.mark.requirement("S14")
def test_a_replayed_refresh_token_ends_its_whole_family(seen: Seen) -> None:
    assert seen["replay"] == {
        "before": True,
        "error": "invalid_grant",
        "newestAccessToken": False,
        "newestRefreshToken": "invalid_grant",
    }


@pytest.mark.requirement("S12")
def test_a_replayed_code_ends_what_came_of_it(seen: Seen) -> None:
    assert seen["codeReplay"] == {"before": True, "error": "invalid_grant", "accessToken": False}


def test_revoking_the_refresh_token_ends_its_access_token_too(seen: Seen) -> None:
    assert seen["revocation"] == {"accessToken": False, "refreshToken": "invalid_grant"}


def test_client_credentials_act_as_the_run_as_user(seen: Seen) -> None:
    assert seen["machine"]["introspection"]["active"] is True
    assert seen["machine"]["introspection"]["username"] == "integration@demo.example"


def test_client_credentials_give_no_refresh_token_and_no_id_token(seen: Seen) -> None:
    assert not {"refresh_token", "id_token"} & set(seen["machine"]["tokens"])


def test_a_revoked_token_is_inactive(seen: Seen) -> None:
    assert seen["machine"]["afterRevocation"] is False


def test_an_app_without_a_secret_signs_in_refreshes_and_revokes(seen: Seen) -> None:
    assert seen["withoutSecret"] == {
        "email": seen.app["username"],
        "rotated": True,
        "afterRevocation": "invalid_grant",
    }


def test_the_client_may_authenticate_by_basic_too(seen: Seen) -> None:
    assert seen["basic"] is None


def test_a_wrong_secret_is_an_error_at_salesforces_door_and_a_challenge_at_the_other(seen: Seen) -> None:
    """The client shows a 401 as its challenge, and does not read on to `invalid_client`."""
    assert seen["wrongSecret"] == (
        {"status": 400, "error": "invalid_client"} if seen.at_salesforces_door else {"status": 401}
    )


def test_an_api_checks_a_jwt_with_the_published_keys_alone(seen: Seen) -> None:
    """jose at both doors; oauth4webapi takes what RFC 9068 says, and so nothing of Salesforce's form."""
    claims, introspection = seen["jwt"]["claims"], seen["jwt"]["introspection"]

    assert seen["jwt"]["header"]["kid"].startswith("CORE_ATJWT.00D")
    assert claims["exp"] - claims["iat"] == 300
    assert [introspection[name] for name in ("exp", "iat", "client_id")] == [
        claims[name] for name in ("exp", "iat", "client_id")
    ]
    if seen.at_salesforces_door:
        assert isinstance(seen["jwt"]["asApi"], str)
    else:
        assert seen["jwt"]["asApi"] == claims


def test_a_revoked_jwt_is_inactive(seen: Seen) -> None:
    assert seen["jwt"]["introspection"]["active"] is True
    assert seen["jwt"]["afterRevocation"] is False


def test_afterwards_nothing_of_the_person_is_left_at_the_server(seen: Seen) -> None:
    """Two families ended by replays, two by revocation."""
    assert seen.tokens == []
