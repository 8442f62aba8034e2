"""`grantway scope`, `grantway permission`, and custom permissions of profiles and permission sets."""

import pytest

from tests.cli.terminal import Terminal

SCOPE = ("scope", "create", "shipments_read", "--description", "See your shipments")


@pytest.fixture
def made(terminal: Terminal) -> Terminal:
    """A command line with an app, a custom scope, a custom permission and a permission set."""
    terminal.says("app", "create", "Sync", "--contact-email", "it@harbour.example")
    terminal.says(*SCOPE)
    terminal.says("permission", "create", "Approve", "--label", "Approve Shipments")
    terminal.says("permset", "create", "Clerk", "ApiEnabled")
    return terminal


def test_a_scope_is_made_changed_assigned_and_deleted(made: Terminal) -> None:
    assert made.json("scope", "set", "shipments_read", "is_public=true", "description=All of them")["is_public"] is True
    assert made.says("scope", "assign", "shipments_read", "Sync") == "Sync may ask for: shipments_read\n"
    (listed,) = made.json("scope", "list")
    assert (listed["description"], listed["apps"]) == ("All of them", ["Sync"])

    assert made.says("scope", "unassign", "shipments_read", "Sync") == "Sync may ask for: no custom scope\n"
    made.says("app", "set", "Sync", "custom_scopes=shipments_read")
    made.says("scope", "delete", "shipments_read")

    assert made.json("app", "show", "Sync")["settings"]["custom_scopes"] == []
    assert made.says("scope", "list") == "none\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("scope", "create", "api", "--description", "x"), "name: api is one of the standard scopes' names"),
        (("scope", "create", "a b", "--description", "x"), "name: begin with a letter; letters, digits and single"),
        (("scope", "create", "other", "--description", "See, your shipments"), "description: letters, digits and"),
        (("scope", "create", "other", "--description", "x" * 61), "description: at most 60 characters, this has 61"),
        (("scope", "create", "other", "--description", "see YOUR shipments"), "description: it is that of the custom"),
        (("scope", "create", "SHIPMENTS_read", "--description", "x"), "name: it is that of the custom scope shipments"),
        (("scope", "set", "shipments_read", "name=x"), "name: it cannot be changed"),
        (("scope", "set", "shipments_read", "colour=x"), "colour: is no field of a custom scope; these are: label"),
        (
            ("scope", "set", "shipment_read", "label=x"),
            "there is no custom scope 'shipment_read' in the org Harbour; did",
        ),
        (
            ("scope", "assign", "shipments_read", "Snyc"),
            "there is no app 'Snyc' in the org Harbour; did you mean Sync?",
        ),
        (("permission", "create", "approve"), "name: there is a custom permission approve in Harbour already"),
        (("permission", "create", "a b"), "name: begin with a letter"),
        (("permission", "create", "x", "--app", "Nope"), "there is no app 'Nope'"),
        (("permission", "delete", "Nope"), "there is no custom permission 'Nope' in the org Harbour"),
        (("permset", "set", "Clerk", "custom_permissions=Aprove"), "there is no custom permission 'Aprove' in the org"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(made: Terminal, arguments: tuple[str, ...], says: str) -> None:
    assert made.refuses(*arguments).startswith(f"grantway: {says}")


def test_a_permission_set_gives_custom_permissions_beside_its_user_permissions(made: Terminal) -> None:
    assert made.says("permset", "set", "Clerk", "custom_permissions=Approve") == "Clerk: ApiEnabled; custom: Approve\n"
    assert made.json("permset", "set", "Clerk", "--none")["custom_permissions"] == ["Approve"]
    assert made.json("permset", "set", "Clerk", "ManageUsers", "custom_permissions=") == {
        **made.json("permset", "show", "Clerk"),
        "permissions": ["ManageUsers"],
        "custom_permissions": [],
    }


def test_a_profile_gives_custom_permissions_too_until_they_are_deleted(made: Terminal) -> None:
    made.says("profile", "set", "Standard User", "custom_permissions=Approve")
    assert made.json("profile", "show", "Standard User")["custom_permissions"] == ["Approve"]

    made.says("permission", "delete", "Approve")

    assert made.json("profile", "show", "Standard User")["custom_permissions"] == []


def test_the_app_is_told_by_name(made: Terminal) -> None:
    made.says("permission", "create", "Ship", "--app", "Sync")

    assert [(one["name"], one["app"]) for one in made.json("permission", "list")] == [("Approve", ""), ("Ship", "Sync")]


def test_each_change_is_on_record(made: Terminal) -> None:
    made.says("scope", "set", "shipments_read", "is_public=true")
    made.says("permset", "set", "Clerk", "custom_permissions=Approve")

    assert [kind for kind, _ in made.events("admin.scope.%")] == ["admin.scope.create", "admin.scope.change"]
    assert [kind for kind, _ in made.events("admin.permission.%")] == ["admin.permission.create"]
    ((_, detail),) = made.events("admin.permission_set.change")
    assert detail["after"] == {"custom_permissions": ["Approve"]}


def test_scopes_take_manage_connected_apps_and_permissions_customize_application(made: Terminal) -> None:
    made.user("apps@harbour.example", "ManageConnectedApps")
    made.user("custom@harbour.example", "CustomizeApplication")
    made.user("clerk@harbour.example", "ApiEnabled")

    made.says("scope", "create", "other", "--description", "Other", as_user="apps@harbour.example")
    made.says("permission", "create", "Other", as_user="custom@harbour.example")
    assert "Manage Connected Apps is missing" in made.refuses(*SCOPE, as_user="custom@harbour.example")
    assert "Customize Application is missing" in made.refuses(
        "permission", "create", "X", as_user="apps@harbour.example"
    )
    assert "Manage Profiles and Permission Sets is missing" in made.refuses(
        "permset", "set", "Clerk", "custom_permissions=Approve", as_user="custom@harbour.example"
    )


def test_another_orgs_scopes_and_permissions_are_none_of_this_ones(made: Terminal) -> None:
    made.says("org", "create", "Quay")
    made.says("app", "create", "Tides", "--contact-email", "it@quay.example", org="Quay")

    assert made.says("scope", "list", org="Quay") == "none\n"
    assert made.says("permission", "list", org="Quay") == "none\n"
    assert "there is no custom scope shipments_read" in made.refuses(
        "app", "set", "Tides", "custom_scopes=shipments_read", org="Quay"
    )
