"""`grantway handler`: token exchange handlers on the command line."""

import json
import time
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.endpoints.signer import signer

CREATE = (
    "handler",
    "create",
    "Harbour_IdP",
    "issuer=https://id.harbour.example",
    'audiences=["https://a.example","https://b.example"]',
    "jwks_url=https://id.harbour.example/keys",
)


@pytest.fixture
def made(terminal: Terminal) -> Terminal:
    """A command line with an app, a user and a handler."""
    terminal.says("app", "create", "Sync", "--contact-email", "it@harbour.example")
    terminal.says("user", "create", "runner@harbour.example", "--email", "runner@harbour.example")
    terminal.says(*CREATE)
    return terminal


def test_a_handler_is_made_enabled_changed_and_deleted(made: Terminal) -> None:
    enable = ("handler", "enable", "harbour_idp", "Sync", "--run-as", "runner@harbour.example", "--default")
    enabled = made.json(*enable)
    assert enabled["audiences"] == ["https://a.example", "https://b.example"]
    assert enabled["missing"] == []
    assert enabled["apps"] == [{"app": "Sync", "run_as": "runner@harbour.example", "is_default": True}]
    assert "Sync*" in made.says("handler", "list")

    changed = made.json("handler", "set", "Harbour_IdP", "jwks_url=", "introspection_secret=hidden words")
    assert (changed["introspection_secret"], len(changed["missing"])) == ("set", 1)
    assert "hidden" not in made.says("handler", "show", "Harbour_IdP")
    assert "missing" in made.says("handler", "show", "Harbour_IdP")

    assert made.json("handler", "disable", "Harbour_IdP", "Sync")["apps"] == []
    made.says("handler", "delete", "Harbour_IdP")
    assert made.json("handler", "list") == []


def test_a_handler_goes_out_as_a_file_and_comes_in_again(made: Terminal, tmp_path: Path) -> None:
    made.says("handler", "enable", "Harbour_IdP", "Sync", "--run-as", "runner@harbour.example")
    folder = tmp_path / "out"
    made.says("handler", "export", "Harbour_IdP", "--to", str(folder))
    made.says("handler", "delete", "Harbour_IdP")
    made.says("app", "import", str(folder))

    shown = made.json("handler", "show", "Harbour_IdP")
    assert (shown["apps"][0]["app"], shown["issuer"]) == ("Sync", "")


def test_every_field_is_listed(terminal: Terminal) -> None:
    listed = {one["name"] for one in terminal.json("handler", "fields")}

    assert {"issuer", "audiences", "jwks_url", "introspection_secret", "matches"} <= listed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("handler", "create", "a b"), "name: begin with a letter"),
        (("handler", "create", "harbour_idp"), "name: there is a token exchange handler harbour_idp already"),
        (("handler", "set", "Harbour_IdP", "issuerr=x"), "issuerr: is no field of a token exchange handler; did you"),
        (("handler", "set", "Harbour_IdP", "jwks_url=ftp://x"), "jwks_url: write an absolute URL that begins with"),
        (("handler", "set", "Harbour_IdP", "subject_token_types=saml1"), "subject_token_types: 'saml1' is no type"),
        (("handler", "set", "Harbour_IdP", "user_creation=true", "new_user_profile=None"), "new_user_profile: "),
        (("handler", "enable", "Harbour_IdP", "Sync", "--run-as", "nobody"), "run_as: there is no user 'nobody'"),
        (("handler", "enable", "Harbour_IdP", "Synk", "--run-as", "x"), "there is no app 'Synk'"),
        (("handler", "show", "Harbor_IdP"), "there is no token exchange handler 'Harbor_IdP'"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(made: Terminal, arguments: tuple[str, ...], says: str) -> None:
    assert says in made.refuses(*arguments)


def test_a_token_is_tried_from_standard_input_or_a_file(made: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "issuer.pem"
    file.write_text(signer().certificate)
    made.says("handler", "set", "Harbour_IdP", "jwks_url=", f"certificate=@{file}")
    made.says("handler", "enable", "Harbour_IdP", "Sync", "--run-as", "runner@harbour.example")
    settings = ("token_exchange=true", "token_exchange_allowed=true", "permitted_users=admin_approved")
    made.says("app", "set", "Sync", "callback_url=https://a.example/", "scopes=api", *settings)
    made.says("app", "set", "Sync", 'profiles=["Standard User"]')
    claims = {"iss": "https://id.harbour.example", "aud": "https://a.example", "sub": "runner@harbour.example"}
    token = signer().sign({**claims, "exp": int(time.time()) + 300}, alg="RS256", header={})
    command = ("handler", "try", "Harbour_IdP", "--app", "Sync")

    said = made.says(*command, stdin=token)
    assert "runner@harbour.example" in said
    assert token not in said
    (tmp_path / "token").write_text(token)
    assert made.json(*command, "--file", str(tmp_path / "token"))["scopes"] == ["api"]
    refused = made.run(*command, "--json", stdin="x")
    assert (refused.returncode, refused.stderr) == (1, "grantway: it would be refused: exchange.not_a_jwt\n")
    assert json.loads(refused.stdout)["checks"][-1]["refused"]
    assert "standard input is empty" in made.refuses(*command)
