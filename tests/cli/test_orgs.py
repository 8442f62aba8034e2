"""`grantway org`: tenants, their names and settings."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.conftest import one_engine


def test_an_org_is_made_listed_and_shown(terminal: Terminal) -> None:
    assert terminal.says("org", "create", "Northwind Shipping").startswith("Made the org Northwind Shipping: 00D")
    found = terminal.json("org", "list")

    assert [(one["name"], one["edition"], one["my_domain"]) for one in found] == [
        ("Harbour", "Developer Edition", "harbour"),
        ("Northwind Shipping", "Developer Edition", "northwind-shipping"),
    ]
    listed = terminal.says("org", "list").splitlines()
    assert listed[0].split() == ["NAME", "ID", "EDITION", "MY", "DOMAIN"]
    assert found[1]["id"] in listed[2]
    assert terminal.json("org", "show", org="Northwind Shipping") == found[1]
    shown = terminal.says("org", "show", org=found[1]["id"])
    assert "my_domain" in shown
    assert "org_session_timeout" in shown


def test_a_new_org_has_the_profiles_that_every_org_begins_with(terminal: Terminal) -> None:
    found = {one["name"]: one["permissions"] for one in terminal.json("profile", "list")}

    assert found["Standard User"] == ["ApiEnabled"]
    assert {"ManageUsers", "CustomizeApplication", "ModifyAllData"} < set(found["System Administrator"])
    assert terminal.json("permset", "list") == []


def test_settings_of_an_org_are_changed_all_or_none(terminal: Terminal) -> None:
    said = terminal.says("org", "set", "name=Port", "org_session_timeout=60")
    assert said == "Saved: name, org_session_timeout, in force now.\n"

    assert "org_session_timeout: say a whole number" in terminal.refuses(
        "org", "set", "name=X", "org_session_timeout=1"
    )
    assert "require_pkce: is no setting of an org" in terminal.refuses("org", "set", "name=X", "require_pkce=true")

    shown = terminal.json("org", "show")
    assert (shown["name"], shown["settings"]["org_session_timeout"]) == ("Port", 60)


@one_engine
@pytest.mark.parametrize("name", ["Harbour", "harbour", " HARBOUR "])
def test_an_org_is_not_named_like_another(terminal: Terminal, name: str) -> None:
    assert "name: there is an org named" in terminal.refuses("org", "create", name)
    terminal.says("org", "create", "Northwind")
    assert "name: there is an org named" in terminal.refuses("org", "set", f"name={name}", org="Northwind")
    assert terminal.json("org", "set", "name=HARBOUR", org="harbour")["name"] == "HARBOUR"


def test_a_domain_belongs_to_one_org_and_is_a_label_of_a_host_name(terminal: Terminal) -> None:
    assert "my_domain: harbour is another org's" in terminal.refuses("org", "create", "A", "--my-domain", "harbour")
    assert "my_domain: one label" in terminal.refuses("org", "create", "A", "--my-domain", "a.b")
    assert "my_domain: one label" in terminal.refuses("org", "set", "my_domain=UPPER")
    terminal.says("org", "create", "Harbour!")
    assert [one["my_domain"] for one in terminal.json("org", "list")] == ["harbour", "harbour-2"]


def test_with_several_orgs_one_must_be_named(terminal: Terminal) -> None:
    terminal.says("org", "create", "Northwind")

    assert "org: there are 2 orgs; say which with --org NAME" in terminal.refuses("user", "list")
    assert "org: there is no org 'Northwing'; did you mean Northwind?" in terminal.refuses(
        "user", "list", org="Northwing"
    )
    assert terminal.json("user", "list", org="northwind") == []


@pytest.mark.requirement("S57")
def test_a_user_knows_their_own_org_only(terminal: Terminal) -> None:
    terminal.says("org", "create", "Northwind")
    terminal.user("ada@harbour.example", "ManageUsers", org="Harbour")

    assert [one["name"] for one in terminal.json("org", "list", as_user="ada@harbour.example")] == ["Harbour"]
    assert "there is no org 'Northwind'" in terminal.refuses(
        "user", "list", as_user="ada@harbour.example", org="Northwind"
    )
    assert len(terminal.json("user", "list", as_user="ada@harbour.example")) == 1


@one_engine
@pytest.mark.parametrize("command", [("org", "create", "X"), ("org", "set", "edition=X")])
def test_orgs_are_the_operators(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.user("ada@harbour.example", "ManageUsers", "ModifyAllData")

    assert "may not manage orgs and the database" in terminal.refuses(*command, as_user="ada@harbour.example")


def test_the_settings_of_an_org_are_exported_and_imported_as_files(terminal: Terminal, tmp_path: Path) -> None:
    terminal.says("org", "set", "require_pkce_for_all_apps=true", "org_session_timeout=45")
    folder = tmp_path / "settings"

    told = terminal.json("org", "export", "--to", str(folder))
    terminal.says("org", "set", "require_pkce_for_all_apps=false")
    done = terminal.json("app", "import", str(folder))

    assert {one["name"]: one["left_out"] for one in told}["Security"] == {"org_session_timeout": 45}
    assert [change for one in done for change in one["changes"]] == [
        {"setting": "require_pkce_for_all_apps", "before": "off", "after": "on"}
    ]
