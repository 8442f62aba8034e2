"""A backup made while the server runs, and put back: what was taken back in between stays dead (R9)."""

import subprocess
from pathlib import Path

import httpx
import pytest

from tests.journeys.engines import on_postgres
from tests.journeys.load import Load, ask, is_active
from tests.journeys.served import Served, grantway, redeem, refresh, serving, walk
from tests.toolchain import PostgresServer, need, postgres_bin

pytestmark = pytest.mark.requirement("R9")


def test_what_was_revoked_after_the_backup_stays_dead_when_it_is_restored_under_a_running_server(
    tmp_path: Path, client: httpx.Client
) -> None:
    file = tmp_path / "backup.db"
    with serving(tmp_path / "data", "--workers", "2") as served:
        held = redeem(served, client, walk(served, client)).json()
        with Load(served) as load:
            load.until_acknowledged(40)
            _succeeds(served, "db", "backup", str(file))
            load.until_acknowledged(40)
        assert load.refused == []
        assert file.stat().st_mode & 0o777 == 0o600
        assert client.post(f"{served.base}/services/oauth2/revoke", data={"token": held["refresh_token"]}).is_success
        _succeeds(served, "org", "create", "Later", "--my-domain", "later")

        _succeeds(served, "db", "restore", str(file))

        assert "Later" not in _succeeds(served, "org", "list")
        _all_dead(served, client, held, load)
        # A session from before counts no more: the person logs in again, and what they get lives.
        again = redeem(served, client, walk(served, client)).json()
        assert is_active(served, client, again["access_token"])
        assert refresh(served, client, again["refresh_token"]).status_code == 200
        assert sorted(one.name for one in served.folder.iterdir() if "restoring" in one.name) == []

    with serving(tmp_path / "data") as served:
        _all_dead(served, client, held, load)


def test_a_code_from_before_is_not_redeemed_after_the_restore(tmp_path: Path, client: httpx.Client) -> None:
    file = tmp_path / "backup.db"
    with serving(tmp_path / "data") as served:
        signed_in = walk(served, client)
        _succeeds(served, "db", "backup", str(file))
        assert redeem(served, client, signed_in).status_code == 200

        _succeeds(served, "db", "restore", str(file))

        assert redeem(served, client, signed_in).json()["error"] == "invalid_grant"


def test_a_backup_overwrites_no_file_and_nothing_else_is_restored(tmp_path: Path, client: httpx.Client) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("This is a letter, not a database. " * 100)
    with serving(tmp_path / "data") as served:
        token = ask(served, client, "token", grant_type="client_credentials").json()["access_token"]

        assert "is there already" in _fails(served, "db", "backup", str(letter))
        assert "cannot be read as a backup" in _fails(served, "db", "restore", str(letter))
        assert "cannot be read as a backup" in _fails(served, "db", "restore", str(tmp_path / "missing"))

        assert is_active(served, client, token)
    assert letter.read_text().startswith("This is a letter")


@pytest.mark.postgres
def test_on_postgresql_its_own_tools_restore_and_one_command_ends_what_came_back(
    tmp_path: Path, client: httpx.Client, postgres: PostgresServer
) -> None:
    tools = need(postgres_bin(), "PostgreSQL")
    engine = on_postgres(tmp_path, postgres)
    after = postgres.create_database()
    with serving(tmp_path / "data", *engine.options) as served:
        served.options = engine.options
        held = redeem(served, client, walk(served, client)).json()
        assert "pg_dump" in _fails(served, "db", "backup", str(tmp_path / "backup"))
        dump = subprocess.run([tools / "pg_dump", engine.url], check=True, capture_output=True).stdout
        revoked = client.post(f"{served.base}/services/oauth2/revoke", data={"token": held["refresh_token"]})
        assert revoked.is_success

    subprocess.run([tools / "psql", "-q", after], input=dump, check=True, capture_output=True)
    told = grantway("--data", str(tmp_path / "data"), *engine.options_for(after), "db", "restored")

    assert told.returncode == 0, told.stderr
    with serving(tmp_path / "data", *engine.options_for(after)) as served:
        assert not is_active(served, client, held["access_token"])
        assert refresh(served, client, held["refresh_token"]).json()["error"] == "invalid_grant"
        assert redeem(served, client, walk(served, client)).status_code == 200


def _all_dead(served: Served, client: httpx.Client, held: dict[str, str], load: Load) -> None:
    assert not is_active(served, client, held["access_token"])
    assert refresh(served, client, held["refresh_token"]).json()["error"] == "invalid_grant"
    assert [token for token in load.alive | load.revoked if is_active(served, client, token)] == []


def _succeeds(served: Served, *command: str) -> str:
    done = served.cli(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fails(served: Served, *command: str) -> str:
    done = served.cli(*command)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr
