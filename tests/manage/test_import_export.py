"""Importing strangers' connected apps and writing them out again, through the command line."""

import json
from pathlib import Path

import pytest

from tests.journeys.served import grantway

WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <attributes>
        <formula>$User.Email</formula>
        <key>mail</key>
    </attributes>
    <contactEmail>it@harbour.example</contactEmail>
    <label>Shipment Sync</label>
    <oauthConfig>
        <callbackUrl>https://sync.example/callback
http://plain.example/callback</callbackUrl>
        <consumerKey>ShipmentSync1</consumerKey>
        <isAdminApproved>true</isAdminApproved>
        <isConsumerSecretOptional>true</isConsumerSecretOptional>
        <isPkceRequired>true</isPkceRequired>
        <scopes>Api</scopes>
        <scopes>RefreshToken</scopes>
    </oauthConfig>
    <oauthPolicy>
        <ipRelaxation>ENFORCE</ipRelaxation>
        <refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy>
    </oauthPolicy>
    <profileName>Shipping</profileName>
</ConnectedApp>
"""


def run(data: Path, *arguments: str) -> str:
    """Run a command that must succeed."""
    done = grantway("--data", str(data), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def imported(tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """A data folder with one app imported from the file above, and what the import said."""
    file = tmp_path / "Shipment_Sync.connectedApp-meta.xml"
    file.write_text(WRITTEN)
    run(tmp_path / "data", "org", "create", "Harbour")
    return tmp_path / "data", json.loads(run(tmp_path / "data", "app", "import", str(file), "--json"))[0]


def test_settings_of_a_file_are_taken_and_the_rest_is_named(imported: tuple[Path, dict[str, object]]) -> None:
    data, said = imported
    app = json.loads(run(data, "app", "show", "Shipment_Sync", "--json"))

    assert app["consumer_key"] == "ShipmentSync1"
    assert app["settings"]["require_pkce"] is True
    assert app["settings"]["require_secret_for_web_server_flow"] is False
    assert app["settings"]["permitted_users"] == "admin_approved"
    assert app["settings"]["scopes"] == ["api", "refresh_token"]
    assert app["settings"]["refresh_token_policy"] == "specific_inactivity:30:DAYS"
    assert app["settings"]["profiles"] == ["Shipping"]
    kept = {one["path"]: one["why"] for one in said["kept"]}  # type: ignore[attr-defined]
    assert set(kept) == {"oauthConfig/callbackUrl"}
    assert app["settings"]["custom_attributes"] == [{"key": "mail", "formula": "$User.Email"}]
    assert "'http://plain.example/callback': begins with http://" in kept["oauthConfig/callbackUrl"]
    assert app["settings"]["callback_url"] == ["https://sync.example/callback"]


def test_what_was_imported_is_exported_unchanged(imported: tuple[Path, dict[str, object]]) -> None:
    assert run(imported[0], "app", "export", "Shipment_Sync") == WRITTEN


def test_a_changed_setting_is_exported_and_nothing_else_moves(imported: tuple[Path, dict[str, object]]) -> None:
    data, _ = imported
    run(data, "app", "set", "Shipment_Sync", "require_secret_for_web_server_flow=true", "refresh_token_policy=zero")

    assert run(data, "app", "export", "Shipment_Sync") == WRITTEN.replace(
        "<isConsumerSecretOptional>true", "<isConsumerSecretOptional>false"
    ).replace("specific_inactivity:30:DAYS", "zero")


def test_a_broken_file_is_named_and_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Bad.connectedApp-meta.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><ConnectedApp/>')
    (tmp_path / "in" / "Good.connectedApp-meta.xml").write_text(WRITTEN)
    run(tmp_path / "data", "org", "create", "Harbour")

    done = grantway("--data", str(tmp_path / "data"), "app", "import", str(tmp_path / "in"))

    assert done.returncode == 1
    assert "Bad" in done.stderr
    assert "created  Good" in done.stdout
