"""`grantway token` and `explain`: what is out, taking it back, and why something was refused."""

import asyncio
import json
from typing import Any

import pytest

from grantway.app import open_server
from grantway.endpoints.token import token
from grantway.kit.config import ServeConfig
from grantway.kit.http import Call, new_request_id
from tests.cli.terminal import Terminal
from tests.conftest import one_engine

RUNNER = "runner@harbour.example"
TOKEN = "/services/oauth2/token"


@pytest.fixture
def app(terminal: Terminal) -> dict[str, Any]:
    """An app that gets tokens by itself, as the user who runs it."""
    terminal.user(RUNNER, "ApiEnabled")
    values = ("scopes=api", "client_credentials=true", f"run_as={RUNNER}")
    return dict(terminal.json("app", "create", "Sync", "--contact-email", RUNNER, *values))


def asks(terminal: Terminal, app: dict[str, Any], secret: str = "") -> tuple[str, dict[str, Any]]:
    """Ask a server on the same database for a token; return the request's id and the answer."""
    form = f"grant_type=client_credentials&client_id={app['consumer_key']}"
    form += f"&client_secret={secret or app['consumer_secret']}"

    async def ask() -> tuple[str, dict[str, Any]]:
        config = ServeConfig(database=terminal.database, key_file=terminal.key_file, base_url="http://localhost:8400")
        async with open_server(config) as server:
            call = Call(
                method="POST",
                path=TOKEN,
                query="",
                headers=((b"content-type", b"application/x-www-form-urlencoded"),),
                body=form.encode(),
                address="127.0.0.1",
                host="localhost:8400",
                request_id=new_request_id(),
                arrived_us=server.clock.now_us(),
            )
            return call.request_id, json.loads((await token(call, server, config.base_url)).body)

    return asyncio.run(ask())


@one_engine
def test_a_jwt_is_revoked_by_itself_and_all_of_them_by_another_key(terminal: Terminal, app: dict[str, Any]) -> None:
    terminal.says("app", "set", "Sync", "jwt_access_tokens=true")
    first, second, third = (asks(terminal, app)[1]["access_token"] for _ in range(3))
    assert len(terminal.json("token", "list")) == 3

    assert "token on the command line" in terminal.run("token", "revoke", first).stderr
    assert terminal.json("token", "revoke", "--token-stdin", stdin=first) == {"ended": 1}
    assert len(terminal.json("token", "list")) == 2
    assert "knows no such token" in terminal.refuses("token", "revoke", "--token-stdin", stdin=second[:-4] + "AAAA")
    assert terminal.json("keys", "rotate", "--purpose", "access-token")["ended"] == 2
    assert terminal.json("token", "list") == []
    assert third not in str(terminal.json("audit", "list", "--security"))


def test_what_is_out_is_listed_and_narrowed_down(terminal: Terminal, app: dict[str, Any]) -> None:
    assert terminal.says("token", "list") == "none\n"
    asks(terminal, app)

    (line,) = terminal.json("token", "list", "--user", RUNNER, "--app", "Sync")
    assert (line["app"], line["username"], line["scopes"], line["has_refresh_token"]) == ("Sync", RUNNER, "api", False)
    assert terminal.says("token", "list").splitlines()[1].split()[:5] == [line["id"], "Sync", RUNNER, "api", "access"]
    terminal.user("other@harbour.example")
    assert terminal.json("token", "list", "--user", "other@harbour.example") == []


def test_no_token_is_ever_printed(terminal: Terminal, app: dict[str, Any]) -> None:
    _, answer = asks(terminal, app)

    printed = terminal.says("token", "list") + json.dumps(terminal.json("token", "list"))
    printed += terminal.says("token", "revoke", "--token-stdin", stdin=answer["access_token"])
    printed += str(terminal.events("%"))

    assert answer["access_token"] not in printed
    assert answer["access_token"].partition("!")[2][:40] not in printed


@pytest.mark.parametrize("how", ["id", "token", "user", "app", "user and app", "all"])
def test_tokens_are_revoked_once(terminal: Terminal, app: dict[str, Any], how: str) -> None:
    _, answer = asks(terminal, app)
    line_id = terminal.json("token", "list")[0]["id"]
    arguments = {
        "id": (line_id,),
        "token": ("--token-stdin",),
        "user": ("--user", RUNNER),
        "app": ("--app", "Sync"),
        "user and app": ("--user", RUNNER, "--app", "Sync"),
        "all": ("--all",),
    }[how]
    stdin = answer["access_token"] + "\n"

    said = terminal.says("token", "revoke", *arguments, stdin=stdin)

    assert said == "Ended 1 lines and tokens; they are refused from this moment.\n"
    assert terminal.json("token", "list") == []
    assert terminal.json("token", "revoke", *arguments, stdin=stdin) == {"ended": 0}


@one_engine
def test_all_of_an_app_of_another_org_ends_by_its_key_and_by_a_clerk_who_may_read_no_app(
    terminal: Terminal, app: dict[str, Any]
) -> None:
    """Nobody installed it here, and a user had authorized it."""
    terminal.says("org", "create", "Northwind")
    theirs = terminal.json("app", "create", "Rates", "--contact-email", RUNNER, org="Northwind")
    terminal.user("clerk@harbour.example", "ManageUsers", "ViewSetup", org="Harbour")
    named = ("--app", theirs["consumer_key"])
    assert "there is no app" in terminal.refuses("token", "revoke", *named, org="Harbour")
    columns = "id, app_id, org_id, user_id, door, scopes, auth_time, created_at, used_at, has_refresh, revoked_why"
    terminal.write(
        f"INSERT INTO token_family ({columns}) SELECT '01LINE', '{theirs['id']}', org_id, id, 'salesforce', 'api',"
        f" created_at + 1, created_at + 1, created_at + 1, 1, '' FROM person WHERE username = '{RUNNER}'"
    )

    (line,) = terminal.json("token", "list", *named, as_user="clerk@harbour.example")
    said = terminal.says("token", "revoke", *named, as_user="clerk@harbour.example")

    assert (line["app"], line["username"]) == ("Rates", RUNNER)
    assert said.startswith("Ended 1 lines")
    assert terminal.json("token", "list", *named, org="Harbour") == []


@one_engine
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("", "--all"),
        ("--user", ""),
        ("--user", "", "--app", "Sync"),
        ("--user", RUNNER, "--app", ""),
        ("--all", "--user", RUNNER),
        ("some-id", "--all"),
        ("--all", "--token-stdin"),
    ],
)
def test_what_is_to_end_must_be_clear(terminal: Terminal, app: dict[str, Any], arguments: tuple[str, ...]) -> None:
    asks(terminal, app)

    done = terminal.run("token", "revoke", *arguments, stdin="x\n")

    assert (done.returncode, done.stdout) == (2, "")
    assert len(terminal.json("token", "list")) == 1


@one_engine
@pytest.mark.requirement("S55")
def test_a_token_is_not_taken_from_the_command_line(terminal: Terminal, app: dict[str, Any]) -> None:
    _, answer = asks(terminal, app)

    done = terminal.run("token", "revoke", answer["access_token"])

    assert done.returncode == 2
    assert "--token-stdin" in done.stderr
    assert answer["access_token"] not in done.stderr


@one_engine
def test_unknown_tokens_users_and_apps_are_named(terminal: Terminal, app: dict[str, Any]) -> None:
    assert "knows no such token" in terminal.refuses("token", "revoke", "01ABC")
    assert "there is no user 'x@y.example'" in terminal.refuses("token", "revoke", "--user", "x@y.example")
    assert "there is no app 'Snyc'" in terminal.refuses("token", "list", "--app", "Snyc")


def test_a_refusal_is_explained_with_its_checks_and_remedy(terminal: Terminal, app: dict[str, Any]) -> None:
    terminal.says("user", "freeze", RUNNER)
    request_id, answer = asks(terminal, app)
    assert answer["error"] == "invalid_grant"

    told = terminal.says("explain", request_id)
    document = terminal.json("explain", request_id.replace("-", "").lower())

    assert told.startswith(f"Request {request_id}: ")
    assert f"Answered with {document['error']}, app Sync" in told
    assert RUNNER in document["means"]
    assert document["checks"][-1]["refused"] is True
    assert f"What to do: {document['remedy']}" in told


@one_engine
def test_an_explanation_holds_no_secret(terminal: Terminal, app: dict[str, Any]) -> None:
    request_id, _ = asks(terminal, app, secret="WRONG0SECRET0OF0SOMEBODY")

    told = terminal.says("explain", request_id) + json.dumps(terminal.json("explain", request_id))

    assert "WRONG0SECRET" not in told
    assert app["consumer_secret"] not in told


@pytest.mark.requirement("S62")
def test_a_refusal_is_explained_only_to_those_who_manage_the_orgs_apps(terminal: Terminal, app: dict[str, Any]) -> None:
    request_id, _ = asks(terminal, app, secret="WRONG0SECRET0OF0SOMEBODY")
    nobodys, _ = asks(terminal, app | {"consumer_key": "Unknown.Key"})
    terminal.says("org", "create", "Northwind")
    builder = ("CustomizeApplication", "ManageRemoteAccess")
    terminal.user("ours@harbour.example", *builder, org="Harbour")
    terminal.user("theirs@northwind.example", *builder, org="Northwind")
    terminal.user("weak@harbour.example", "ManageUsers", org="Harbour")

    assert terminal.says("explain", request_id, as_user="ours@harbour.example")
    assert "is missing" in terminal.refuses("explain", request_id, as_user="weak@harbour.example")
    unknown = terminal.refuses("explain", "0000-0000-0000", as_user="theirs@northwind.example")
    for other in (request_id, nobodys):
        refused = terminal.refuses("explain", other, as_user="theirs@northwind.example")
        assert refused == unknown.replace("0000-0000-0000", other)
    assert terminal.says("explain", nobodys)


@one_engine
@pytest.mark.parametrize("text", ["nonsense", "", "7Q4M-K2XD-90VB-AAAA", "../etc"])
def test_what_is_no_request_id_is_told_so(terminal: Terminal, text: str) -> None:
    assert "is no request id; they look like 7Q4M-K2XD-90VB" in terminal.refuses("explain", text)
