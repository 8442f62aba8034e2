"""What all commands share: where options come from, how values are written, and how a failure is told."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grantway.cli.root import cli
from tests.cli.terminal import Terminal, grantway
from tests.conftest import one_engine


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, by the words that call it."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: "-".join(words) or "grantway")
def test_every_command_explains_itself_and_its_options(words: tuple[str, ...]) -> None:
    done = grantway(*words, "--help")

    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: {' '.join(('grantway', *words))} [OPTIONS]")
    description = done.stdout.split("\n\n")[1].strip()
    assert description.split("\n")[0][0].isupper()
    assert max(map(len, done.stdout.splitlines())) <= 110


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    for name in ("line", "environment", "file"):
        grantway("org", "create", name, "--data", str(tmp_path / name))
    config = tmp_path / "grantway.toml"
    config.write_text(f'data = "{tmp_path / "file"}"\njson = true\n')
    environment = {"GRANTWAY_DATA": str(tmp_path / "environment")}

    def org(*arguments: str, env: dict[str, str] | None = None) -> str:
        return str(json.loads(grantway(*arguments, "org", "list", "--json", env=env).stdout)[0]["name"])

    assert org("--config", str(config)) == "file"
    assert org(env={"GRANTWAY_CONFIG": str(config)}) == "file"
    assert org("--config", str(config), env=environment) == "environment"
    assert org("--config", str(config), "--data", str(tmp_path / "line"), env=environment) == "line"
    assert json.loads(grantway("--config", str(config), "org", "list").stdout)[0]["name"] == "file"


@one_engine
def test_an_option_stands_before_or_after_the_command(terminal: Terminal) -> None:
    terminal.says("org", "create", "Northwind")

    assert grantway(*terminal.options, "--org", "Northwind", "--json", "user", "list").stdout == "[]\n"
    assert grantway("user", "list", "--org", "Northwind", "--json", *terminal.options).stdout == "[]\n"
    assert grantway("--org", "Nowhere", "user", "list", "--org", "Northwind", *terminal.options).stdout == "none\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dta = 'x'", "dta is no option; these are: data, database, org, as, secret_key_file, json"),
        ("data = 1", "data: write it as text, in quotes"),
        ("data = ", "--config"),
    ],
)
def test_a_configuration_file_that_cannot_be_used_is_misuse(tmp_path: Path, text: str, says: str) -> None:
    config = tmp_path / "grantway.toml"
    config.write_text(text)

    for done in (
        grantway("org", "list", "--config", str(config)),
        grantway("org", "list", env={"GRANTWAY_CONFIG": str(config)}),
    ):
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr


@one_engine
@pytest.mark.parametrize(
    "command", [("show", "Nothing"), ("set", "Nothing", "label=@nowhere"), ("set", "Nothing", "scopes=[")]
)
def test_for_programs_a_failure_is_a_document_too(terminal: Terminal, command: tuple[str, ...]) -> None:
    done = terminal.run("app", *command, "--json")

    assert done.returncode == 1
    assert done.stderr == f"grantway: {json.loads(done.stdout)['problem']}\n"


@one_engine
def test_a_list_is_given_by_repeating_by_commas_as_json_or_from_a_file(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "callbacks"
    file.write_text("https://a.example/\nhttps://b.example/\n")
    terminal.says("app", "create", "Sync", "--contact-email", "it@harbour.example")

    def callbacks(*values: str) -> list[str]:
        return list(terminal.json("app", "set", "Sync", *values)["settings"]["callback_url"])

    both = ["https://a.example/", "https://b.example/"]
    assert callbacks("callback_url=https://a.example/", "callback_url=https://b.example/") == both
    assert callbacks("callback_url=") == []
    assert callbacks('callback_url=["https://a.example/", "https://b.example/"]') == both
    assert callbacks("callback_url=https://c.example/") == ["https://c.example/"]
    assert callbacks(f"callback_url=@{file}") == both
    assert terminal.json("app", "set", "Sync", "scopes=api,id")["settings"]["scopes"] == ["api", "id"]


@pytest.mark.requirement("S56")
def test_text_from_outside_does_not_steer_the_terminal(terminal: Terminal) -> None:
    terminal.write(
        "UPDATE org SET name = 'Har' || CHR(27) || '[2Jbour'"
        if "postgres" in terminal.database
        else "UPDATE org SET name = 'Har' || CHAR(27) || '[2Jbour'"
    )

    assert "Har\\x1b[2Jbour" in terminal.says("org", "list")
    assert "\x1b" not in terminal.refuses("user", "show", "no\x1b[2Jbody\nat all")


@pytest.mark.parametrize("command", [("user", "show"), ("user", "freeze"), ("org", "create"), ("permset", "create")])
def test_what_is_not_utf_8_is_refused_in_one_line(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.refuses(*command, os.fsdecode(b"\xff\xfe@harbour.example"))


def test_a_person_is_asked_for_a_password_without_showing_it(data: str) -> None:
    grantway("--data", data, "user", "create", "ada@harbour.example", "--email", "ada@harbour.example")
    command = [sys.executable, "-c", "from grantway.cli import main; main()", "--data", data]
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [*command, "user", "set", "ada@harbour.example", "--password-stdin"],
        stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert select.select([keyboard], [], [], 60)[0]
        os.write(keyboard, b"correct horse\n")
        printed, _ = process.communicate(timeout=60)
        shown = os.read(keyboard, 4096).decode()
    finally:
        process.kill()
        os.close(terminal)
        os.close(keyboard)

    assert shown.strip() == "password:"
    assert process.returncode == 0
    assert "ada@harbour.example" in printed
    assert "correct horse" not in printed
