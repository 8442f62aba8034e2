"""`grantway app` and `grantway settings`: what somebody who has never seen them is told."""

import base64
import json
from pathlib import Path

import pytest

from grantway.settings.certificates import EXAMPLE_CERTIFICATE
from tests.cli.terminal import Terminal

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <label>{label}</label>
    <isFoo>true</isFoo>
</ConnectedApp>
"""


@pytest.fixture
def grantway(data: str) -> Terminal:
    """The command line on a data folder with one org and one app."""
    made = Terminal(["--data", data])
    made.says("app", "create", "Sync", "--contact-email", "it@harbour.example", "scopes=api,refresh_token")
    return made


@pytest.mark.parametrize(
    "command",
    [
        ("app", "list"),
        ("app", "show", "Sync"),
        ("app", "set", "Sync", "label=Sync"),
        ("app", "block", "Sync"),
        ("app", "unblock", "Sync"),
        ("app", "export", "Sync"),
        ("app", "delete", "Sync"),
        ("settings",),
        ("settings", "scopes"),
        ("org", "set", "org_session_timeout=60"),
    ],
    ids=" ".join,
)
def test_with_json_one_document_is_printed(grantway: Terminal, command: tuple[str, ...]) -> None:
    assert grantway.json(*command)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("app", "show", "Synk"), "there is no app 'Synk' in the org Harbour; did you mean Sync?"),
        (("app", "set", "Sync", "label=@missing.txt"), "label: the file 'missing.txt' cannot be read (No such file"),
        (("app", "set", "Sync", "scopes=[api"), "scopes: the JSON list cannot be read"),
        (
            ("app", "set", "Sync", "org_session_timeout=60"),
            "org_session_timeout: is a setting of the org; use grantway",
        ),
        (("org", "set", "require_pkce=true"), "require_pkce: is no setting of an org; these are: name, edition"),
        (("settings", "require_pcke"), "require_pcke: there is no such setting; did you mean require_pkce?"),
    ],
)
def test_a_refused_command_says_why_in_one_line_and_in_the_document(
    grantway: Terminal, command: tuple[str, ...], says: str
) -> None:
    assert grantway.refuses(*command).startswith(f"grantway: {says}")
    assert says in json.loads(grantway.run(*command, "--json").stdout)["problem"]


@pytest.mark.parametrize(
    "command",
    [
        ("app", "set", "Sync"),
        ("app", "set", "Sync", "require_pkce"),
        ("app", "show"),
        ("app", "import"),
        ("settings", "--format", "markdown", "--json"),
        ("settings", "--format", "html"),
    ],
    ids=" ".join,
)
def test_misuse_has_its_own_exit_status(grantway: Terminal, command: tuple[str, ...]) -> None:
    assert grantway.run(*command).returncode == 2


def test_a_text_may_begin_with_the_marks_of_files_and_lists(grantway: Terminal) -> None:
    grantway.says("app", "set", "Sync", "label=[beta] Sync", "description=@@home")

    settings = grantway.json("app", "show", "Sync")["settings"]
    assert (settings["label"], settings["description"]) == ("[beta] Sync", "@home")


def test_a_value_is_read_from_a_file(grantway: Terminal, tmp_path: Path) -> None:
    (tmp_path / "callbacks.txt").write_text("https://a.example/cb\nhttps://b.example/cb\n")

    grantway.says("app", "set", "Sync", f"callback_url=@{tmp_path / 'callbacks.txt'}")

    assert grantway.json("app", "show", "Sync")["settings"]["callback_url"] == [
        "https://a.example/cb",
        "https://b.example/cb",
    ]


def test_a_dry_run_says_what_an_import_would_change(grantway: Terminal, tmp_path: Path) -> None:
    (tmp_path / "Sync.connectedApp-meta.xml").write_text(FILE.format(label="Sync 2"))

    told = grantway.says("app", "import", str(tmp_path / "Sync.connectedApp-meta.xml"), "--dry-run")

    assert told.splitlines() == [
        "updated  Sync",
        "         label: Sync -> Sync 2",
        "         oauth_enabled: on -> off",
        "         kept isFoo (line 4): no setting for it yet",
        "Nothing was changed: this was a dry run.",
    ]
    assert grantway.json("app", "show", "Sync")["settings"]["label"] == "Sync"


def test_an_export_names_what_the_file_cannot_say_with_the_command_that_says_it(
    grantway: Terminal, tmp_path: Path
) -> None:
    grantway.says("app", "set", "Sync", "doors=standards", "rotation_overlap=30")

    (told,) = grantway.json("app", "export", "Sync", "--to", str(tmp_path / "out"))

    assert told["left_out"] == {"rotation_overlap": 30, "doors": "standards"}
    assert Path(told["file"]).is_file()


def test_that_command_stands_beside_the_file_and_not_in_it(grantway: Terminal) -> None:
    grantway.says("app", "set", "Sync", "doors=standards")

    done = grantway.run("app", "export", "Sync")

    assert done.stderr.endswith("To set the rest again: grantway app set Sync doors=standards\n")
    assert done.stdout.endswith("</ConnectedApp>\n")


def test_a_file_that_is_cut_off_is_refused_in_words_for_whoever_brought_it(grantway: Terminal, tmp_path: Path) -> None:
    (tmp_path / "Bad.connectedApp").write_text("<ConnectedApp><label>")

    done = grantway.run("app", "import", str(tmp_path / "Bad.connectedApp"))

    assert done.returncode == 1
    assert done.stderr == (
        "grantway: 1 of 1 files cannot be imported; "
        "Bad.connectedApp: line 1: the file ends before its XML does. Is it empty or cut off?\n"
    )


def test_every_setting_is_explained(grantway: Terminal) -> None:
    for setting in grantway.json("settings"):
        told = grantway.says("settings", setting["name"])
        for text in (setting["label"], setting["help"], setting["values"], setting["effect"], setting["shown_on"]):
            assert text in told
        assert setting["effect"] or setting["shown_on"], setting["name"]


def test_a_setting_is_told_with_what_refuses_because_of_it_and_how_it_is_set(grantway: Terminal) -> None:
    told = grantway.json("settings", "require_pkce")

    assert {
        "reason": "authorize.challenge_missing",
        "says": "invalid_request: missing required code challenge",
    } in told["refusals"]
    assert told["example"] == "grantway app set Shipment_Sync require_pkce=true"


def test_an_app_is_shown_with_every_setting_under_the_heading_of_the_page(grantway: Terminal) -> None:
    lines = grantway.says("app", "show", "Sync").splitlines()

    headings = [line for line, above in zip(lines[1:], lines, strict=False) if above == ""]
    assert headings == [
        "Basic Information",
        "API (Enable OAuth Settings)",
        "Configure ID Token",
        "Custom Attributes and Scopes",
        "Asset Tokens",
        "Single Logout",
        "Web App Settings",
        "Custom Connected App Handler",
        "Trusted IP Range for OAuth Web Server Flow",
        "OAuth Policies",
        "Session Policies",
    ]
    shown = {line.split()[0] for line in lines if line.startswith("  ")}
    assert shown == set(grantway.json("app", "show", "Sync")["settings"])


def test_an_export_to_standard_output_is_the_file_byte_for_byte(grantway: Terminal, tmp_path: Path) -> None:
    """Also where the text holds what is never shown on a terminal as it is."""
    (tmp_path / "description.txt").write_text("one\ttab, \u202eturned round")
    grantway.says("app", "set", "Sync", f"description=@{tmp_path / 'description.txt'}")

    printed = grantway.run("app", "export", "Sync").stdout.encode()
    (told,) = grantway.json("app", "export", "Sync", "--to", str(tmp_path / "out"))

    assert printed == Path(told["file"]).read_bytes()
    assert "one\ttab, \u202eturned round".encode() in printed
    assert "\t" not in grantway.says("app", "show", "Sync")


def test_a_certificate_is_read_from_a_file_in_its_binary_form_too(grantway: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sync.der").write_bytes(base64.b64decode(EXAMPLE_CERTIFICATE))

    grantway.says("app", "set", "Sync", f"certificate=@{tmp_path / 'sync.der'}")

    assert "CN=sync.harbour.example, valid until 2046-01-01" in grantway.says("app", "show", "Sync")
    complaint = grantway.refuses("app", "set", "Sync", f"description=@{tmp_path / 'sync.der'}")
    assert "it is no text in UTF-8" in complaint
