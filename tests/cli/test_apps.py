"""`grantway app`, but for import and export."""

import pytest

from tests.cli.terminal import Done, Terminal
from tests.conftest import one_engine

BUILDER = ("CustomizeApplication", "ManageRemoteAccess")
CONTACT = ("--contact-email", "it@harbour.example")


@pytest.fixture
def secret(terminal: Terminal) -> str:
    """The consumer secret of an app that is there: Sync."""
    made = terminal.json("app", "create", "Sync", *CONTACT, "callback_url=https://sync.example/callback", "scopes=api")
    return str(made["consumer_secret"])


def test_key_and_secret_of_a_new_app_are_printed_once(terminal: Terminal) -> None:
    said = terminal.says("app", "create", "Shipment Sync", *CONTACT)

    name, key, secret, *warnings = said.splitlines()
    assert name == "Made the app Shipment_Sync"
    assert key.startswith("Consumer key     3MVG9")
    assert len(secret.removeprefix("Consumer secret  ")) == 64
    assert all(line.startswith("Look at this: ") for line in warnings)
    for command in (("app", "list"), ("app", "show", "Shipment_Sync")):
        assert secret.split()[-1] not in terminal.says(*command)
        assert secret.split()[-1] not in str(terminal.json(*command))


def test_key_and_secret_can_be_chosen_the_secret_by_standard_input(terminal: Terminal) -> None:
    command = ("app", "create", "Sync", *CONTACT, "--consumer-key", "Sync.Key_1", "--consumer-secret-stdin")
    made = terminal.json(*command, stdin="ABCDEFGH12345678\n")

    assert (made["consumer_key"], made["consumer_secret"]) == ("Sync.Key_1", "ABCDEFGH12345678")
    taken = terminal.refuses("app", "create", "Other", *CONTACT, "--consumer-key", "Sync.Key_1")
    assert "consumer_key: it is taken" in taken
    assert "consumer_key: 8 to 256" in terminal.refuses("app", "create", "Other", *CONTACT, "--consumer-key", "short")
    weak = terminal.refuses("app", "create", "Other", *CONTACT, "--consumer-secret-stdin", stdin="p@ss-word!\n")
    assert "consumer_secret: 8 to 256 letters and digits" in weak
    assert "p@ss" not in weak


def test_apps_are_listed_with_their_state(terminal: Terminal, secret: str) -> None:
    assert terminal.json("app", "list")[0]["name"] == "Sync"
    assert terminal.says("app", "list").splitlines()[1].split()[:3] == ["Sync", "Sync", "active"]

    assert terminal.says("app", "block", "Sync") == "Blocked Sync, from this moment.\n"
    assert "blocked" in terminal.says("app", "list")
    assert terminal.json("app", "show", "Sync")["blocked"] is True
    assert terminal.json("app", "unblock", "Sync") == {"name": "Sync", "blocked": False}
    assert terminal.json("app", "show", "Sync")["blocked"] is False


def test_an_app_is_found_by_name_id_and_key(terminal: Terminal, secret: str) -> None:
    app = terminal.json("app", "show", "Sync")

    for name in (app["id"], app["id"][:15], app["consumer_key"]):
        assert terminal.json("app", "show", name) == app
    assert "there is no app 'Snyc' in the org Harbour; did you mean Sync?" in terminal.refuses("app", "show", "Snyc")


def test_settings_and_policies_are_changed_all_or_none(terminal: Terminal, secret: str) -> None:
    said = terminal.says("app", "set", "Sync", "label=Synchronizer", "session_timeout=30", "scopes=api", "scopes=id")
    assert said.startswith("Saved: label, session_timeout, scopes, in force now.")
    refused = terminal.refuses(
        "app", "set", "Sync", "label=X", "session_timeout=0", "scope=api", "org_session_timeout=30"
    )
    assert "session_timeout: " in refused
    assert "scope: there is no such setting; did you mean scopes?" in refused
    assert "org_session_timeout: is a setting of the org; use grantway org set" in refused

    settings = terminal.json("app", "show", "Sync")["settings"]
    assert (settings["label"], settings["session_timeout"], settings["scopes"]) == ("Synchronizer", 30, ["api", "id"])


@one_engine
def test_what_should_be_looked_at_is_told_with_the_change(terminal: Terminal, secret: str) -> None:
    changed = terminal.json("app", "set", "Sync", "session_level=high_assurance", "permitted_users=admin_approved")

    assert any("set session_policy_action" in warning for warning in changed["warnings"])
    assert any("nobody may" in warning for warning in changed["warnings"])
    assert "Look at this: " in terminal.says("app", "set", "Sync", "profiles=Nobodys")


def test_what_can_never_work_is_refused_with_what_to_change(terminal: Terminal, secret: str) -> None:
    refused = terminal.refuses("app", "set", "Sync", "client_credentials=true")

    assert "run_as: client_credentials is on, but no run_as user is named: name one" in refused
    assert terminal.json("app", "show", "Sync")["settings"]["client_credentials"] is False


def test_a_deleted_app_is_gone_and_its_name_free(terminal: Terminal, secret: str) -> None:
    assert terminal.says("app", "delete", "Sync") == "Deleted Sync; its tokens ended.\n"

    assert "there is no app 'Sync'" in terminal.refuses("app", "show", "Sync")
    terminal.says("app", "create", "Sync", *CONTACT)
    assert "there is an app Sync in Harbour already" in terminal.refuses("app", "create", "Sync", *CONTACT)


def test_a_secret_is_revealed_to_whoever_may_rotate_it(terminal: Terminal, secret: str) -> None:
    terminal.user("builder@harbour.example", *BUILDER)
    terminal.user("keeper@harbour.example", *BUILDER, "ClientSecretRotation")
    reveal = ("app", "show", "Sync", "--reveal")

    refused = terminal.refuses(*reveal, as_user="builder@harbour.example")

    assert "the permission Allow consumer key and secret rotation is missing" in refused
    assert secret in terminal.says(*reveal, as_user="keeper@harbour.example")
    assert terminal.json(*reveal)["consumer_secret"] == secret


@one_engine
@pytest.mark.requirement("S57")
@pytest.mark.parametrize(
    "command", [("show",), ("show", "--reveal"), ("set", "label=X"), ("block",), ("unblock",), ("delete",), ("export",)]
)
def test_an_app_of_another_org_is_as_if_it_were_not_there(
    terminal: Terminal, secret: str, command: tuple[str, ...]
) -> None:
    app = terminal.json("app", "show", "Sync")
    terminal.says("org", "create", "Northwind")
    word, *rest = command

    for name in ("Sync", app["id"], app["consumer_key"]):
        refused = terminal.refuses("app", word, name, *rest, org="Northwind")
        assert f"there is no app '{name}' in the org Northwind" in refused
    assert terminal.json("app", "show", "Sync", org="Harbour") == app


@one_engine
def test_two_orgs_have_apps_of_one_name(terminal: Terminal, secret: str) -> None:
    terminal.says("org", "create", "Northwind")
    terminal.says("app", "create", "Sync", *CONTACT, "label=Theirs", org="Northwind")

    terminal.says("app", "delete", "Sync", org="Northwind")

    assert terminal.json("app", "show", "Sync", org="Harbour")["settings"]["label"] == "Sync"


def test_a_run_as_user_is_one_of_the_org_who_may_act(terminal: Terminal, secret: str) -> None:
    terminal.says("org", "create", "Northwind")
    terminal.user("theirs@northwind.example", org="Northwind")
    terminal.user("ours@harbour.example", org="Harbour")
    terminal.user("frozen@harbour.example", org="Harbour")
    terminal.says("user", "freeze", "frozen@harbour.example", org="Harbour")

    def set_to(username: str) -> Done:
        return terminal.run("app", "set", "Sync", f"run_as={username}", org="Harbour")

    for username in ("theirs@northwind.example", "frozen@harbour.example"):
        assert f"run_as: there is no active user '{username}'" in set_to(username).stderr
    assert set_to("OURS@harbour.example").returncode == 0
    assert terminal.json("app", "show", "Sync", org="Harbour")["settings"]["run_as"] == "ours@harbour.example"


def test_each_change_is_on_record_without_secrets(terminal: Terminal, secret: str) -> None:
    terminal.user("builder@harbour.example", *BUILDER)
    terminal.says("app", "set", "Sync", "callback_url=https://other.example/", as_user="builder@harbour.example")
    terminal.says("app", "show", "Sync", "--reveal")

    events = terminal.events("admin.app.%")

    assert {kind for kind, _ in events} == {"admin.app.create", "admin.app.change", "admin.app.reveal"}
    change = next(detail for kind, detail in events if kind == "admin.app.change")
    assert change["by"] == "builder@harbour.example"
    assert change["before"] == {"callback_url": ["https://sync.example/callback"]}
    assert change["after"] == {"callback_url": ["https://other.example/"]}
    assert secret not in str(events)
