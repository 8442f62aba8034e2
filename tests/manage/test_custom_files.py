"""Custom attributes, scopes and permissions in metadata files: nothing fails for the unknown, nothing is lost."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.terminal import Terminal

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
APP = f"""{HEAD}<ConnectedApp {NAMESPACE}>
    <attributes>
        <formula>$User.Email</formula>
        <key>mail</key>
    </attributes>
    <attributes>
        <formula>IF($User.IsActive, &apos;a&apos;, &apos;b&apos;)</formula>
        <key>state</key>
    </attributes>
    <attributes>
        <formula>$Organization.Country</formula>
        <key>land</key>
    </attributes>
    <contactEmail>it@harbour.example</contactEmail>
    <label>Sync</label>
</ConnectedApp>
"""
SCOPE = f"""{HEAD}<OauthCustomScope {NAMESPACE}>
    <assignedTo>
        <connectedApp>Sync</connectedApp>
    </assignedTo>
    <description>See your shipments</description>
    <developerName>shipments_read</developerName>
    <isProtected>true</isProtected>
    <isPublic>true</isPublic>
    <masterLabel>Shipments_read</masterLabel>
</OauthCustomScope>
"""
PERMISSION = f"""{HEAD}<CustomPermission {NAMESPACE}>
    <connectedApp>Sync</connectedApp>
    <description>May approve what is shipped.</description>
    <isLicensed>false</isLicensed>
    <label>Approve Shipments</label>
    <requiredPermission>
        <customPermission>See_Shipments</customPermission>
        <dependency>true</dependency>
    </requiredPermission>
</CustomPermission>
"""
FILES = {
    "customPermissions/Approve.customPermission": PERMISSION,
    "connectedApps/Sync.connectedApp": APP,
    "oauthcustomscopes/shipments_read.oauthcustomscope": SCOPE,
}


@pytest.fixture
def grantway(tmp_path: Path) -> Terminal:
    """A command line with one org."""
    made = Terminal(["--data", str(tmp_path / "data")])
    made.says("org", "create", "Harbour")
    return made


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """A metadata zip with an app, a custom scope and a custom permission that belong to it, the app not first."""
    path = tmp_path / "retrieved.zip"
    with ZipFile(path, "w") as made:
        for name, text in FILES.items():
            made.writestr(name, text)
    return str(path)


def test_a_zip_brings_app_scope_and_permission_and_they_belong_together(grantway: Terminal, archive: str) -> None:
    imported = grantway.json("app", "import", archive)

    assert [one["done"] for one in imported] == ["created"] * 3
    (scope,) = grantway.json("scope", "list")
    assert (scope["description"], scope["is_public"], scope["apps"]) == ("See your shipments", True, ["Sync"])
    (permission,) = grantway.json("permission", "list")
    assert (permission["label"], permission["app"]) == ("Approve Shipments", "Sync")


def test_all_three_come_out_as_they_went_in(grantway: Terminal, archive: str) -> None:
    grantway.json("app", "import", archive)

    assert grantway.says("scope", "export", "shipments_read") == SCOPE
    assert grantway.says("permission", "export", "Approve") == PERMISSION
    assert grantway.run("app", "export", "Sync", "--without-keys").stdout == APP


def test_to_import_them_again_changes_nothing(grantway: Terminal, archive: str) -> None:
    grantway.json("app", "import", archive)
    before = grantway.says("scope", "list") + grantway.says("permission", "list") + grantway.says("app", "show", "Sync")

    assert [one["done"] for one in grantway.json("app", "import", archive)] == ["updated"] * 3
    assert before == grantway.says("scope", "list") + grantway.says("permission", "list") + grantway.says(
        "app", "show", "Sync"
    )


def test_a_dry_run_makes_none_of_them(grantway: Terminal, archive: str) -> None:
    told = grantway.json("app", "import", archive, "--dry-run")

    assert [one["done"] for one in told] == ["created"] * 3
    assert grantway.json("scope", "list") == grantway.json("permission", "list") == []


def test_formulas_that_cannot_be_evaluated_are_told_and_kept(grantway: Terminal, archive: str) -> None:
    (app, *_) = grantway.json("app", "import", archive)

    assert grantway.json("app", "show", "Sync")["settings"]["custom_attributes"] == [
        {"key": "mail", "formula": "$User.Email"}
    ]
    assert [(kept["path"], kept["line"], kept["why"].partition(" cannot")[0]) for kept in app["kept"]] == [
        (
            "attributes[2]",
            7,
            "state: at character 1: IF(…) is a function, and functions are not evaluated here; "
            "a text in quotes or a reference such as $User.Email is expected",
        ),
        ("attributes[3]", 11, "land: at character 1: $Organization.Country"),
    ]


def test_changed_attributes_are_written_and_the_others_stay(grantway: Terminal, archive: str) -> None:
    grantway.json("app", "import", archive)
    grantway.says("app", "set", "Sync", "custom_attributes=land='GB'", "custom_attributes=who=$User.Id")

    file = grantway.run("app", "export", "Sync").stdout

    assert file.count("<attributes>") == 3
    assert "<key>mail</key>" not in file
    assert "IF($User.IsActive" in file
    assert "$Organization.Country" not in file
    assert file.index("<key>land</key>") < file.index("<key>who</key>")


def test_a_description_that_people_cannot_be_shown_is_replaced_by_the_label_and_told(
    grantway: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "shipments_read.oauthcustomscope-meta.xml"
    file.write_text(SCOPE.replace("See your shipments", "$Label.Shipments"))

    (told,) = grantway.json("app", "import", str(file))

    assert {kept["path"] for kept in told["kept"]} == {"description", "assignedTo"}
    assert grantway.json("scope", "list")[0]["description"] == "Shipments read"


def test_a_scope_that_would_be_a_standard_one_is_not_imported(grantway: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "api.oauthcustomscope-meta.xml"
    file.write_text(SCOPE.replace("shipments_read", "api"))

    done = grantway.run("app", "import", str(file))

    assert done.returncode == 1
    assert "standard scopes" in done.stderr


def test_a_permission_of_an_app_that_is_not_there_is_told_to_no_app(grantway: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "Approve.customPermission-meta.xml"
    file.write_text(PERMISSION)

    (told,) = grantway.json("app", "import", str(file))

    assert "connectedApp" in {kept["path"] for kept in told["kept"]}
    assert grantway.json("permission", "list")[0]["app"] == "Sync"
    grantway.says("app", "create", "Other", "--contact-email", "it@harbour.example")
    assert grantway.says("permission", "export", "Approve") == PERMISSION
