"""The tools that other tests lean on: what they promise is kept here, so that a failure elsewhere is about Grantway."""

import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests import toolchain
from tests.toolchain import PostgresServer, chromium, need, node, node_modules, postgres_bin, python_clients

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as running:
        yield running


def test_a_missing_tool_skips_the_test_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"Chromium is missing; scripts/fetch-test-tools"):
        need(None, "Chromium")


def test_a_missing_tool_fails_the_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"Chromium is missing"):
        need(None, "Chromium")


def test_node_clients_of_another_lock_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(toolchain, "CLIENTS", tmp_path)
    assert node_modules() is None
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "node_modules").mkdir()
    stamp = tmp_path / "node_modules" / ".fetched"
    command = ["sh", "-c", "cat package.json package-lock.json | sha256sum"]
    stamp.write_text(subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout)
    assert node_modules() == stamp.parent

    (tmp_path / "package-lock.json").write_text("{ }")

    with pytest.raises(pytest.fail.Exception, match=r"scripts/fetch-test-tools node"):
        node_modules()


def test_python_clients_of_another_lock_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "requirements-clients.txt"
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(toolchain, "CLIENTS", tmp_path)
    monkeypatch.setattr(toolchain, "CLIENTS_LOCK", lock)
    assert python_clients() is None
    lock.write_text("mcp==2.3.0")
    (tmp_path / ".venv").mkdir()
    stamp = tmp_path / ".venv" / ".fetched"
    command = ["sh", "-c", f"sha256sum <{lock.name}"]
    stamp.write_text(subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout)
    assert python_clients() == str(tmp_path / ".venv" / "bin" / "python")

    lock.write_text("mcp==2.3.1")

    with pytest.raises(pytest.fail.Exception, match=r"scripts/fetch-test-tools python"):
        python_clients()


@pytest.mark.postgres
async def test_each_database_is_fresh_or_a_copy_of_its_template(server: PostgresServer) -> None:
    template = server.create_database()
    server.execute("CREATE TABLE app (name text)", database=template.rsplit("/", 1)[-1])

    copy, fresh = server.create_database(template=template), server.create_database()

    assert await _tables(copy) == ["app"]
    assert await _tables(fresh) == []


@pytest.mark.postgres
def test_the_server_flushes_to_disk_and_wants_a_password(server: PostgresServer) -> None:
    assert server.execute("SHOW fsync") == "on"
    assert server.execute("SHOW synchronous_commit") == "on"
    assert server.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules") == "scram-sha-256"


@pytest.mark.postgres
def test_what_was_committed_outlives_a_crash() -> None:
    need(postgres_bin(), "PostgreSQL")
    with PostgresServer() as server:
        server.execute("CREATE TABLE kept (n int)")
        server.stop("crash")
        server.start()
        assert server.execute("SELECT count(*) FROM kept") == "0"


@pytest.mark.postgres
def test_the_server_ends_with_a_test_run_that_was_killed() -> None:
    need(postgres_bin(), "PostgreSQL")
    program = (
        "import time; from tests.toolchain import PostgresServer; server = PostgresServer(); server.start(); "
        "print(server.folder, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        pid_file = folder / "data" / "postmaster.pid"
        assert pid_file.exists()
        run.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 20
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pid_file.exists()
    shutil.rmtree(folder)


@pytest.mark.node
def test_the_node_clients_run_on_their_own_node() -> None:
    program, modules = need(node(), "Node 22"), need(node_modules(), "the Node clients")
    script = "const c = await import('openid-client'); const j = (await import('jsforce')).default;"
    script += "console.log(process.version.split('.')[0], typeof c.discovery, j.VERSION)"

    done = subprocess.run(
        [program, "--input-type=module", "-e", script], cwd=modules.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["v22", "function", "3.10.16"]


def test_the_python_clients_live_apart_from_what_the_server_runs_on() -> None:
    script = "import importlib.metadata as m; print(*(m.version(name) for name in ('mcp', 'simple-salesforce')))"

    done = subprocess.run(
        [need(python_clients(), "the environment of Python clients"), "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["2.3.0", "1.12.10"]
    assert str(PROJECT / ".venv") not in need(python_clients(), "the environment of Python clients")


@pytest.mark.browser
def test_chromium_starts() -> None:
    done = subprocess.run([need(chromium(), "Chromium"), "--version"], capture_output=True, text=True, check=True)
    assert "Chrom" in done.stdout


def test_the_package_declares_what_the_locked_requirements_are_made_from() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = [line for line in (PROJECT / "requirements.in").read_text().splitlines() if not line.startswith("#")]
    assert declared == listed


async def _tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return [row["tablename"] for row in rows]
