"""`grantway app rotate` and `grantway audit`, for people and programs."""

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def app(terminal: Terminal) -> str:
    """An app of the first org."""
    terminal.says("app", "create", "Sync", "--contact-email", "it@harbour.example")
    return "Sync"


def test_a_pair_is_staged_and_applied_with_one_document_each(terminal: Terminal, app: str) -> None:
    before = terminal.json("app", "show", app)["consumer_key"]
    staged = terminal.json("app", "rotate", app, "stage")
    assert terminal.json("app", "show", app)["consumer_key"] == before
    applied = terminal.json("app", "rotate", app, "apply")
    shown = terminal.json("app", "show", app, "--reveal")

    assert staged["state"] == "staged"
    assert (applied["grants_ended"], applied["access_tokens_ended"]) == (0, 0)
    assert applied["previous_answers_until"].endswith("Z")
    assert (shown["consumer_key"], shown["consumer_secret"]) == (staged["consumer_key"], staged["consumer_secret"])


def test_without_a_staged_pair_there_is_nothing_to_apply_or_cancel(terminal: Terminal, app: str) -> None:
    for step in ("apply", "cancel"):
        done = terminal.run("app", "rotate", app, step)
        assert done.returncode == 1
        assert "nothing is staged for Sync" in done.stderr
    assert terminal.run("app", "rotate", app, "turn").returncode == 2


def test_a_cancelled_pair_is_gone(terminal: Terminal, app: str) -> None:
    terminal.says("app", "rotate", app, "stage")

    assert "Dropped what was staged for Sync" in terminal.says("app", "rotate", app, "cancel")
    assert terminal.run("app", "rotate", app, "apply").returncode == 1


def test_an_app_with_a_staged_pair_can_be_deleted_and_its_key_is_free_of_it(terminal: Terminal, app: str) -> None:
    staged = terminal.json("app", "rotate", app, "stage")
    terminal.says("app", "delete", app)

    assert terminal.run("app", "show", staged["consumer_key"]).returncode == 1


def test_the_audit_trail_says_who_changed_what_and_never_a_secret(terminal: Terminal, app: str) -> None:
    terminal.says("app", "set", app, "callback_url=https://sync.example/callback")
    secret = terminal.json("app", "rotate", app, "stage")["consumer_secret"]

    text = terminal.says("audit", "list", "--app", app)
    entries = terminal.json("audit", "list", "--security")["entries"]

    assert "Changed Callback URL of Connected App Sync from none to https://sync.example/callback" in text
    assert "generateOauthStagedCredential" in text
    assert {one["action"] for one in entries} >= {"changeApplicationCallbackUrl", "generateOauthStagedCredential"}
    assert secret not in text + str(entries)


def test_the_audit_trail_goes_on_at_its_cursor(terminal: Terminal, app: str) -> None:
    first = terminal.json("audit", "list", "--limit", "1")
    second = terminal.json("audit", "list", "--limit", "1", "--cursor", first["cursor"])

    assert first["entries"][0]["id"] > second["entries"][0]["id"]
    assert terminal.run("audit", "list", "--cursor", "nonsense").returncode == 1


def test_the_sets_of_an_external_client_app_are_staged_rotated_and_deleted_one_by_one(terminal: Terminal) -> None:
    terminal.says("app", "create", "Tide", "--contact-email", "it@harbour.example", "--kind", "external_client_app")
    staged = terminal.json("app", "rotate", "Tide", "stage")
    again = terminal.run("app", "rotate", "Tide", "stage")
    assert again.returncode == 1
    assert f"has a staged set already: {staged['set']}" in again.stderr
    assert staged["answers_until"].endswith("Z")

    said = terminal.says("app", "rotate", "Tide", "apply")
    other = terminal.json("app", "rotate", "Tide", "stage")["set"]
    several = terminal.run("app", "rotate", "Tide", "cancel")

    assert "no token ended. The old pair answers until" in said
    assert several.returncode == 1
    assert f"has several sets, say which to delete: {other} (Active)" in several.stderr
    assert terminal.json("app", "rotate", "Tide", "cancel", "--set", other)["set"] == other
    assert "(Rotated) of Tide" in terminal.says("app", "rotate", "Tide", "cancel")
    assert "no set of key and secret" in terminal.run("app", "rotate", "Tide", "apply", "--set", other).stderr
    assert terminal.run("app", "rotate", "Tide", "stage", "--set", other).returncode == 2


def test_an_initial_access_token_is_made_shown_once_and_taken_away(terminal: Terminal, app: str) -> None:
    made = terminal.json("app", "registration-token", app)
    again = terminal.json("app", "registration-token", app)

    assert made["initial_access_token"] != again["initial_access_token"]
    assert terminal.json("app", "registration-token", app, "--revoke") == {"name": app, "state": "revoked"}
    done = terminal.run("app", "registration-token", app, "--revoke")
    assert done.returncode == 1
    assert "Sync has no initial access token" in done.stderr
    shown = terminal.says("audit", "list")
    assert "generateInitialAccessToken" in shown
    assert made["initial_access_token"] not in shown
