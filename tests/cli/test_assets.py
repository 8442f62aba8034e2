"""`grantway asset` and `grantway certificate`."""

from tests.cli.terminal import Terminal


def test_a_certificate_is_made_named_by_an_app_listed_and_deleted(terminal: Terminal) -> None:
    made = terminal.json("certificate", "create", "Fleet_2026", "--days", "90")
    terminal.says("app", "create", "Fleet", "--contact-email", "it@harbour.example")
    terminal.says("app", "set", "Fleet", "asset_signing_certificate=Fleet_2026")

    assert made["pem"].startswith("-----BEGIN CERTIFICATE-----")
    (listed,) = terminal.json("certificate", "list")
    assert listed == made
    assert "Fleet_2026" in terminal.says("certificate", "list")
    assert "change that first" in terminal.refuses("certificate", "delete", "Fleet_2026")
    terminal.says("app", "set", "Fleet", "asset_signing_certificate=")
    assert "is retired" in terminal.says("certificate", "delete", "Fleet_2026")
    assert terminal.json("certificate", "list") == []


def test_assets_are_listed_and_one_that_is_not_there_is_said_to_be_missing(terminal: Terminal) -> None:
    assert terminal.says("asset", "list") == "none\n"
    for doing in ("freeze", "unfreeze", "delete"):
        assert "there is no asset" in terminal.refuses("asset", doing, "02i000000000001AAA")
