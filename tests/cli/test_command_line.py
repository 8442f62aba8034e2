"""The command line as a user meets it: what is printed, what is refused, and with which exit status."""

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grantway.store.schema import migrations
from tests.cli.terminal import grantway
from tests.journeys.served import serving


def create_app(data: str, *values: str) -> dict[str, Any]:
    """Register an app and return what was printed."""
    done = grantway("--data", data, "app", "create", "Sync", "--contact-email", "it@harbour.example", *values, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_new_app_starts_with_the_safe_settings(data: str) -> None:
    settings = create_app(data)["settings"]

    assert settings["require_pkce"] is True
    assert settings["refresh_token_rotation"] is True
    assert settings["require_secret_for_web_server_flow"] is True
    assert settings["refresh_token_policy"] == "specific_inactivity:30:DAYS"


def test_the_secret_is_shown_at_creation_and_masked_afterwards(data: str) -> None:
    secret = str(create_app(data)["consumer_secret"])

    assert secret not in grantway("--data", data, "app", "show", "Sync").stdout
    assert secret not in grantway("--data", data, "app", "list", "--json").stdout
    assert secret in grantway("--data", data, "app", "show", "Sync", "--reveal").stdout


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("callback_url=http://plain.example/", "callback_url: line 1 begins with http://"),
        ("callback_url=javascript:alert(1)", "never allowed"),
        ("scopes=apii", "scopes: 'apii' is no scope"),
        ("require_pkc=true", "did you mean require_pkce?"),
        ("require_pkce=maybe", "require_pkce: say true or false"),
        ("id_token_validity=721", "id_token_validity: say a whole number of minutes from 1 to 720"),
        ("run_as=nobody@example.com", "run_as: there is no active user"),
        ("refresh_token_policy=forever", "refresh_token_policy: say infinite"),
    ],
)
def test_a_value_that_is_not_taken_is_refused_in_one_line_and_changes_nothing(data: str, value: str, says: str) -> None:
    create_app(data)
    before = grantway("--data", data, "app", "show", "Sync").stdout

    done = grantway("--data", data, "app", "set", "Sync", "label=Changed", value)

    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert grantway("--data", data, "app", "show", "Sync").stdout == before


def test_with_as_a_users_rights_hold(data: str) -> None:
    create_app(data)
    made = grantway("--data", data, "user", "create", "ada@harbour.example", "--email", "ada@harbour.example", "--json")
    assert made.returncode == 0

    refused = grantway("--data", data, "--as", "ada@harbour.example", "app", "set", "Sync", "require_pkce=false")

    assert refused.returncode == 1
    assert "the permission Customize Application is missing" in refused.stderr


def test_only_one_app_of_an_org_may_introspect_all(data: str) -> None:
    create_app(data, "introspect_all=true")

    other = grantway("--data", data, "app", "create", "Other", "--contact-email", "a@b.example", "introspect_all=true")

    assert other.returncode == 1
    assert "introspect_all: one app an org may have it, and Sync has it" in other.stderr


def test_files_are_the_owners_alone(data: str) -> None:
    for name in ("grantway.db", "secret.key"):
        assert stat.S_IMODE((Path(data) / name).stat().st_mode) == 0o600


def test_misuse_ends_with_status_2(data: str) -> None:
    assert grantway("--data", data, "app", "set", "Sync").returncode == 2
    assert grantway("--data", data, "nothing").returncode == 2
    assert grantway("--data", data, "serve", "--host", "0.0.0.0").returncode == 2


def test_serve_takes_its_options_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "grantway.toml"
    file.write_text('root_issuer = "standards"\nworkers = 1\n')
    assert tomllib.loads(file.read_text())
    import httpx

    with serving(tmp_path / "data", "--config", str(file)) as served:
        found = httpx.get(f"{served.base}/.well-known/openid-configuration").json()

    assert found["issuer"] == served.base
    assert found["token_endpoint"] == f"{served.base}/oidc/token"


def test_a_plan_changes_nothing_and_the_check_says_so(tmp_path: Path) -> None:
    planned = grantway("--data", str(tmp_path), "db", "upgrade", "--plan", "--json")
    checked = grantway("--data", str(tmp_path), "db", "check")
    done = grantway("--data", str(tmp_path), "db", "upgrade")

    assert json.loads(planned.stdout)["migrations"] == [f"{one.number:04}_{one.name}" for one in migrations()]
    assert checked.returncode == 1
    assert done.returncode == 0
    assert grantway("--data", str(tmp_path), "db", "check").returncode == 0


def test_serve_warns_of_a_base_url_at_which_no_browser_keeps_a_login(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path), "serve", "--tls-cert", "missing.pem", "--base-url")  # ends before it serves

    assert "that needs https" in grantway(*options, "http://sso.example").stderr
    assert "that needs https" not in grantway(*options, "https://sso.example").stderr
    assert "that needs https" not in grantway(*options, "http://127.0.0.1:8400").stderr
