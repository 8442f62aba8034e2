"""`grantway db` and `keys`, and the key file: what is needed to open a database, and whether all of it is whole."""

import sqlite3
import stat
from pathlib import Path

import pytest

from grantway.kit.keyfile import new_key_line
from grantway.manage.server.keys import OVERLAP_MS
from grantway.store import schema
from tests.cli.terminal import Terminal, grantway
from tests.conftest import one_engine

NEWEST = schema.migrations()[-1].number


@pytest.fixture
def empty(engine: str, empty_url: str, tmp_path: Path) -> Terminal:
    """A database without any table, with its key file."""
    key_file = tmp_path / "named.key"
    key_file.write_text(new_key_line())
    return Terminal(["--database", empty_url, "--secret-key-file", str(key_file)])


def test_a_plan_says_what_an_upgrade_then_does(empty: Terminal) -> None:
    names = [f"{one.number:04d}_{one.name}" for one in schema.migrations()]

    assert empty.says("db", "upgrade", "--plan") == f"Would apply: {', '.join(names)}\n"
    assert "the schema is not current: run grantway db upgrade" in empty.run("db", "check").stderr
    assert empty.json("db", "upgrade") == {"plan": False, "migrations": names, "rolling": False}
    assert empty.says("db", "upgrade", "--plan") == "Would apply: nothing, it is current\n"
    assert empty.says("db", "check") == (
        f"Schema {NEWEST}, 0 migrations pending\nEverything is whole and can be read.\n"
    )


def test_a_plan_says_whether_servers_may_go_on_meanwhile(terminal: Terminal) -> None:
    """A step that only adds lets them; one that renames what is stored does not."""
    known = schema.migrations()
    for version in range(1, known[-1].number):
        terminal.write(f"UPDATE setting_of_server SET value = '{version}' WHERE name = 'schema_version'")
        ahead = [one for one in known if one.number > version]
        missing = [f"{one.number:04}_{one.name}" for one in ahead]
        rolling = all(one.serves <= version for one in ahead)

        planned = terminal.says("db", "upgrade", "--plan")

        assert planned.splitlines()[0] == f"Would apply: {', '.join(missing)}"
        assert ("may go on meanwhile" in planned) is rolling
        assert terminal.json("db", "upgrade", "--plan")["rolling"] is rolling
    assert not known[2].serves <= 2


def test_a_schema_of_a_newer_release_is_left_alone(terminal: Terminal) -> None:
    terminal.write("UPDATE setting_of_server SET value = '9999' WHERE name IN ('schema_version', 'schema_serves')")

    for command in (("db", "upgrade"), ("db", "upgrade", "--plan"), ("org", "list"), ("org", "create", "X")):
        assert "is of a newer release than this one: update Grantway" in terminal.refuses(*command)
    checked = terminal.run("db", "check")
    assert checked.returncode == 1
    assert "newer release" in checked.stdout


@one_engine
@pytest.mark.parametrize("command", [("db", "upgrade"), ("db", "upgrade", "--plan"), ("db", "check")])
def test_the_database_is_the_operators(empty: Terminal, command: tuple[str, ...]) -> None:
    assert "--as: the database is the operator's" in empty.refuses(*command, as_user="ada@harbour.example")


@one_engine
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE org SET settings = '{'", "org Harbour: its settings cannot be read"),
        ("UPDATE org SET settings = '{\"org_session_timeout\": 1}'", "org Harbour: its settings cannot be read"),
        ("UPDATE app SET settings = '[]'", "app Sync: its settings cannot be read"),
        ("UPDATE app SET secret_mac = secret_box", "app Sync: the consumer secret and its hash disagree"),
        ("UPDATE app_policy SET settings = 'x'", "policies of app Sync in Harbour: its settings cannot be read"),
        ("UPDATE app_policy SET run_as = 'x'", "policies of app Sync in Harbour: run_as and its column disagree"),
        ("UPDATE profile SET permissions = '{}' WHERE name = 'Standard User'", "profile Standard User: its user"),
        ("UPDATE person SET details = '[1]'", "user ada@harbour.example: the details cannot be read"),
        ("DELETE FROM signing_key", "there is no signing key"),
        ("UPDATE signing_key SET private_box = secret_box FROM app", "signing key 220: "),
    ],
)
def test_the_check_names_what_is_damaged(terminal: Terminal, damage: str, says: str) -> None:
    terminal.user("ada@harbour.example")
    terminal.says("app", "create", "Sync", "--contact-email", "it@harbour.example")
    terminal.write(damage)

    done = terminal.run("db", "check")

    assert done.returncode == 1
    assert says in done.stdout
    assert says in done.stderr
    assert "1 problems" in done.stderr


@one_engine
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ('UPDATE token_handler SET settings = \'{"matches":"shoe size"}\'', "Harbour: it cannot be read: "),
        ('UPDATE token_handler SET settings = \'{"webhook_secret":"AAAA"}\'', "Harbour: webhook_secret: no key"),
        ("UPDATE token_handler SET secret_box = private_box FROM signing_key", "Harbour: introspection_secret: no key"),
        ("UPDATE person SET is_guest = 0", "Harbour: guest@one.example is no guest user of its org"),
        ("UPDATE person SET password_hash = 'x'", "user guest@one.example: a guest user, and has a password"),
    ],
)
def test_the_check_knows_token_exchange_handlers_and_guests(terminal: Terminal, damage: str, says: str) -> None:
    terminal.says("user", "create", "guest@one.example", "--guest", "--email", "g@one.example")
    terminal.says("handler", "create", "Harbour", "guest_user=guest@one.example", "runs=webhook")
    assert terminal.run("db", "check").returncode == 0
    terminal.write(damage)

    done = terminal.run("db", "check")
    assert done.returncode == 1
    assert says in done.stderr


def test_the_check_finds_what_belongs_to_nobody(data: str) -> None:
    with sqlite3.connect(f"{data}/grantway.db") as file:
        file.execute("UPDATE profile SET org_id = '00Dgone' WHERE name = 'Standard User'")
    file.close()

    done = grantway("--data", data, "db", "check")

    assert done.returncode == 1
    assert "a row of profile belongs to a row of org that is not there" in done.stderr


def test_the_check_reads_everything_and_reveals_nothing(terminal: Terminal) -> None:
    secret = terminal.json("app", "create", "Sync", "--contact-email", "it@harbour.example")["consumer_secret"]
    wrong = Path(terminal.key_file).with_name("wrong.key")
    wrong.write_text(new_key_line())

    done = Terminal([*terminal.options, "--secret-key-file", str(wrong)]).run("db", "check", "--json")

    assert done.returncode == 1
    assert "signing key 220: no key in the key file opens this value" in done.stdout
    assert "app Sync: the consumer secret: no key in the key file opens this value" in done.stdout
    assert secret not in done.stdout + done.stderr


def test_the_wrong_key_file_is_told_before_anything_is_done(terminal: Terminal) -> None:
    wrong = Path(terminal.key_file).with_name("wrong.key")
    wrong.write_text(new_key_line())

    refused = Terminal([*terminal.options, "--secret-key-file", str(wrong)]).refuses("org", "create", "X")

    assert "was the database written with another key file?" in refused
    assert len(terminal.json("org", "list")) == 1


def test_a_key_that_is_added_first_encrypts_and_the_ones_before_still_open(terminal: Terminal) -> None:
    old = terminal.json("app", "create", "Old", "--contact-email", "it@harbour.example")["consumer_secret"]
    file = Path(terminal.key_file)
    first = file.read_text()
    added = new_key_line()

    file.write_text(f"# made today\n{added}\n{first}")
    new = terminal.json("app", "create", "New", "--contact-email", "it@harbour.example")["consumer_secret"]
    assert terminal.json("app", "show", "Old", "--reveal")["consumer_secret"] == old
    assert terminal.says("db", "check")

    file.write_text(added)
    assert "another key file" in terminal.refuses("app", "show", "Old")
    file.write_text(first + added)
    assert terminal.json("app", "show", "New", "--reveal")["consumer_secret"] == new


@one_engine
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the key file holds no key"),
        ("# only a remark\n\n", "the key file holds no key"),
        ("SECRETBUTSHORT==\n", "line 1 of the key file is not the base64 of 32 bytes"),
        ("A" * 43 + "=\nnot-base64!\n", "line 2 of the key file is not the base64 of 32 bytes"),
    ],
)
def test_an_unusable_key_file_is_refused_by_its_line_and_not_shown(terminal: Terminal, text: str, says: str) -> None:
    Path(terminal.key_file).write_text(text)

    refused = terminal.refuses("org", "list")

    assert says in refused
    assert "SECRETBUT" not in refused


def test_the_key_file_is_made_for_its_owner_alone_and_never_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    terminal = Terminal(["--data", str(folder)])
    terminal.says("org", "create", "Harbour")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(one.name for one in folder.iterdir()) == ["grantway.db", "secret.key"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    (folder / "secret.key").unlink()
    assert "was written with it: put it back" in terminal.refuses("org", "list")
    assert not (folder / "secret.key").exists()


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("mysql://root:hunter2@db/x", 1, "the database URL must begin with sqlite:/// or postgresql://"),
        ("postgresql://me:hunter2@127.0.0.1:1/x", 1, "cannot connect to PostgreSQL: Connect call failed"),
        ("postgresql://me:hunter2@[/x", 1, "the PostgreSQL URL cannot be read"),
        ("sqlite://", 1, "the database URL must begin with sqlite:///"),
        ("sqlite:///", 1, "names a file"),
        ("sqlite:////", 1, "names a file"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(
    tmp_path: Path, url: str, status: int, says: str
) -> None:
    key_file = tmp_path / "k"
    key_file.write_text(new_key_line())

    done = grantway("org", "list", "--database", url, "--secret-key-file", str(key_file))

    assert done.returncode == status
    assert says in done.stderr
    assert "hunter2" not in done.stderr


def test_postgresql_wants_its_key_file_named() -> None:
    done = grantway("org", "list", "--database", "postgresql://db/x")

    assert done.returncode == 2
    assert "name the key file: --secret-key-file FILE or GRANTWAY_SECRET_KEY_FILE" in done.stderr


def test_what_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, and no database at all")
    (tmp_path / "k").write_text(new_key_line())

    done = grantway("org", "list", "--database", f"sqlite:///{file}", "--secret-key-file", str(tmp_path / "k"))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "file is not a database" in done.stderr
    assert file.read_text() == "these are notes, and no database at all"


def test_the_key_of_an_orgs_access_tokens_is_rotated_without_touching_the_others(terminal: Terminal) -> None:
    done = terminal.json("keys", "rotate", "--purpose", "access-token", org="Harbour")
    newest, id_token = terminal.json("keys", "list")

    assert (done["kid"], done["ended"]) == (newest["kid"], 0)
    assert (newest["purpose"], newest["org"], newest["state"]) == ("access_token", "Harbour", "signs")
    assert (id_token["kid"], id_token["org"], id_token["state"]) == ("220", "", "signs")
    said = terminal.says("keys", "rotate", "--purpose", "access-token")
    assert said.endswith(" signs now; 0 access tokens ended.\n")
    assert [key["state"] for key in terminal.json("keys", "list")] == ["signs", "retired", "signs"]
    assert terminal.says("db", "check")


def test_signing_keys_are_listed_and_rotated(terminal: Terminal) -> None:
    assert terminal.says("keys", "rotate") == "The key 221 signs now; the ones before stay published for a day.\n"
    newest, oldest = terminal.json("keys", "list")

    assert (newest["kid"], newest["state"], oldest["kid"], oldest["state"]) == ("221", "signs", "220", "published")
    assert oldest["retired_at"] - newest["created_at"] == OVERLAP_MS
    assert "private" not in str([newest, oldest])
    assert "published until " in terminal.says("keys", "list")
    assert terminal.says("keys", "rotate", "--at-once") == "The key 222 signs now; the ones before are retired.\n"
    assert [key["state"] for key in terminal.json("keys", "list")] == ["signs", "retired", "retired"]
