"""`grantway user`, `profile` and `permset`."""

import pytest

from tests.cli.terminal import Terminal
from tests.conftest import one_engine

ADA = "ada@harbour.example"


@pytest.fixture
def ada(terminal: Terminal) -> str:
    """The password of a user that is there."""
    return str(terminal.json("user", "create", ADA, "--email", ADA, "--first-name", "Ada")["password"])


def test_a_user_is_made_with_a_password_shown_once(terminal: Terminal) -> None:
    said = terminal.says("user", "create", "Ada@Harbour.example ", "--email", ADA)

    first, second = said.splitlines()
    assert first.startswith(f"Made the user {ADA}: 005")
    assert second.startswith("Password, shown once: ")
    password = second.rsplit(" ", 1)[1]
    assert len(password) == 16
    for command in (("user", "list"), ("user", "show", ADA)):
        assert password not in terminal.says(*command)
        assert not {"password", "password_hash"} & set(str(terminal.json(*command)).split("'"))


def test_a_password_can_come_by_standard_input_and_is_not_printed(terminal: Terminal) -> None:
    said = terminal.says("user", "create", ADA, "--email", ADA, "--password-stdin", stdin="correct horse\nmore\n")
    changed = terminal.says("user", "set", ADA, "--password-stdin", stdin="battery staple\n")

    assert "correct horse" not in said
    assert "battery" not in changed
    assert "Password" not in said


@one_engine
@pytest.mark.parametrize(
    ("stdin", "says"),
    [("", "password: standard input is empty"), ("\n", "is empty"), ("x" * 257, "1 to 256"), (b"\xff\n", "UTF-8")],
)
def test_an_unusable_password_is_refused(terminal: Terminal, ada: str, stdin: str | bytes, says: str) -> None:
    assert says in terminal.refuses("user", "set", ADA, "--password-stdin", stdin=stdin)
    assert says in terminal.refuses("user", "create", "b@c.example", "--email", ADA, "--password-stdin", stdin=stdin)


def test_fields_of_a_user_are_changed_all_or_none(terminal: Terminal, ada: str) -> None:
    terminal.says("user", "set", ADA, "phone=+43 1 234", "language=de", "is_active=false")

    assert "is_active: say true or false" in terminal.refuses("user", "set", ADA, "phone=1", "is_active=perhaps")
    assert "phon: is no field of a user; did you mean phone?" in terminal.refuses(
        "user", "set", ADA, "city=W", "phon=1"
    )

    shown = terminal.json("user", "show", ADA)
    assert (shown["phone"], shown["language"], shown["city"], shown["is_active"]) == ("+43 1 234", "de", "", False)
    assert "phone            +43 1 234" in terminal.says("user", "show", ADA)


@one_engine
@pytest.mark.parametrize("field", ["password", "password_hash", "id", "org_id", "is_frozen", "not_before", "username"])
@pytest.mark.requirement("S39")
def test_protected_fields_cannot_be_set_and_what_was_tried_is_not_shown(
    terminal: Terminal, ada: str, field: str
) -> None:
    refused = terminal.refuses("user", "set", ADA, f"{field}=hunter2")

    assert f"{field}: is no field of a user" in refused
    assert "hunter2" not in refused


@one_engine
@pytest.mark.parametrize(
    ("username", "says"),
    [
        ("ada", "username: write it like an e-mail address"),
        (ADA, f"username: {ADA} is taken"),
        ("ADA@harbour.example", "is taken"),
        ("\uff21da@harbour.example", "is taken"),
        ("a b@c.example", "write it like"),
        ("a\u202eb@c.example", "write it like"),
    ],
)
def test_a_username_is_an_address_and_unique_however_it_is_written(
    terminal: Terminal, ada: str, username: str, says: str
) -> None:
    assert says in terminal.refuses("user", "create", username, "--email", ADA)


def test_a_username_is_unique_over_all_orgs(terminal: Terminal, ada: str) -> None:
    terminal.says("org", "create", "Northwind")

    assert "is taken" in terminal.refuses("user", "create", ADA, "--email", ADA, org="Northwind")
    assert f"there is no user '{ADA}' in the org Northwind" in terminal.refuses("user", "show", ADA, org="Northwind")
    user_id = terminal.json("user", "show", ADA, org="Harbour")["id"]
    for command in (("show",), ("set", "phone=1"), ("freeze",)):
        assert "there is no user" in terminal.refuses("user", command[0], user_id, *command[1:], org="Northwind")


def test_a_user_is_found_by_name_in_any_spelling_and_by_id(terminal: Terminal, ada: str) -> None:
    user = terminal.json("user", "show", ADA)

    for spelling in (ADA.upper(), f" {ADA} ", user["id"], user["id"][:15]):
        assert terminal.json("user", "show", spelling) == user
    assert "did you mean ada@harbour.example?" in terminal.refuses("user", "show", "ade@harbour.example")


def test_a_user_is_frozen_and_let_in_again(terminal: Terminal, ada: str) -> None:
    assert "is_frozen   yes" in terminal.says("user", "freeze", ADA)
    assert "frozen" in terminal.says("user", "list")
    assert terminal.json("user", "unfreeze", ADA)["is_frozen"] is False
    assert "active" in terminal.says("user", "list")


@pytest.mark.parametrize("ending", [("user", "freeze", ADA), ("user", "set", ADA, "is_active=false")])
def test_who_may_not_act_administrates_nothing(terminal: Terminal, ada: str, ending: tuple[str, ...]) -> None:
    terminal.says(*ending)

    assert f"--as: there is no active user '{ADA}'" in terminal.refuses("user", "list", as_user=ADA)


@one_engine
def test_misuse_of_user_set_is_told(terminal: Terminal, ada: str) -> None:
    for arguments in (("user", "set", ADA), ("user", "set", ADA, "phone"), ("user", "set", ADA, "=1")):
        done = terminal.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["profile", "permset"])
def test_profiles_and_permission_sets_are_made_shown_and_changed(terminal: Terminal, kind: str) -> None:
    assert terminal.says(kind, "create", "Support", "ManageUsers", "ApiEnabled") == "Support: ApiEnabled, ManageUsers\n"
    assert terminal.json(kind, "set", "Support", "ApiEnabled")["permissions"] == ["ApiEnabled"]
    assert terminal.says(kind, "show", "Support") == "Support: ApiEnabled\n"
    assert "Support" in terminal.says(kind, "list")
    assert terminal.says(kind, "set", "Support", "--none") == "Support: no user permissions\n"


@one_engine
@pytest.mark.parametrize("kind", ["profile", "permset"])
@pytest.mark.requirement("S42")
def test_permissions_are_not_taken_away_by_naming_none(terminal: Terminal, kind: str) -> None:
    terminal.says(kind, "create", "Support", "ApiEnabled")

    for arguments in ((), ("ApiEnabled", "--none")):
        done = terminal.run(kind, "set", "Support", *arguments)
        assert done.returncode == 2
        assert "--none" in done.stderr

    assert terminal.json(kind, "show", "Support")["permissions"] == ["ApiEnabled"]


@one_engine
@pytest.mark.parametrize("kind", ["profile", "permset"])
def test_unknown_permissions_and_taken_names_are_refused(terminal: Terminal, kind: str) -> None:
    word = {"profile": "profile", "permset": "permission set"}[kind]
    terminal.says(kind, "create", "Support")

    assert f"there is a {word} named 'Support' already" in terminal.refuses(kind, "create", "Support")
    assert "did you mean ManageUsers (Manage Users)?" in terminal.refuses(kind, "create", "Other", "ManageUser")
    assert "did you mean Support?" in terminal.refuses(kind, "show", "Suport")
    assert f"a {word}'s name has 1 to 80 characters" in terminal.refuses(kind, "create", " ")
    terminal.says("org", "create", "Northwind")
    assert f"there is no {word} 'Support'" in terminal.refuses(kind, "show", "Support", org="Northwind")


def test_a_permission_set_gives_and_takes_what_it_holds(terminal: Terminal, ada: str) -> None:
    terminal.says("permset", "create", "Help desk", "manage users", "PermissionsViewSetup")
    assert terminal.json("permset", "show", "Help desk")["permissions"] == ["ViewSetup", "ManageUsers"]
    assert "View Setup and Configuration" in terminal.refuses("token", "list", as_user=ADA)

    assert terminal.says("user", "assign", ADA, "Help desk") == f"{ADA} has Help desk now.\n"
    terminal.says("user", "assign", ADA, "Help desk")
    assert terminal.json("user", "show", ADA)["permission_sets"] == ["Help desk"]
    assert terminal.json("token", "list", as_user=ADA) == []

    terminal.says("user", "unassign", ADA, "Help desk")
    assert "permission_sets  none" in terminal.says("user", "show", ADA)
    assert "View Setup and Configuration" in terminal.refuses("token", "list", as_user=ADA)


def test_a_permission_set_of_another_org_is_not_assigned(terminal: Terminal, ada: str) -> None:
    terminal.says("org", "create", "Northwind")
    theirs = terminal.json("permset", "create", "Help desk", "ManageUsers", org="Northwind")

    for name in ("Help desk", theirs["id"]):
        assert f"there is no permission set '{name}'" in terminal.refuses("user", "assign", ADA, name, org="Harbour")


def test_the_logins_of_a_user_are_listed_and_ended(terminal: Terminal, ada: str) -> None:
    """Nobody is at a browser here; test_ended_logins has what ends and what stays."""
    del ada
    assert terminal.json("user", "logins", ADA) == []
    assert terminal.says("user", "log-out", ADA) == f"Ended 0 logins of {ADA}.\n"
    assert "no such login" in terminal.refuses("user", "log-out", ADA, "--login", "none")


def test_a_guest_user_has_no_password(terminal: Terminal) -> None:
    made = terminal.json("user", "create", "guest@harbour.example", "--email", ADA, "--guest")

    assert (made["is_guest"], "password" in made) == (True, False)
    assert "active, guest" in terminal.says("user", "list")
    both = ("user", "create", "g2@harbour.example", "--email", ADA, "--guest", "--password-stdin")
    assert "leave --password-stdin out" in terminal.run(*both).stderr
