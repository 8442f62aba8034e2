"""From a URL to an engine, and what is said of a URL that leads nowhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from grantway.kit.clock import SystemClock
from grantway.store.open import open_database
from grantway.store.statement import Unavailable


async def test_sqlite_paths_are_relative_or_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url, file in [("sqlite:///near.db", "near.db"), (f"sqlite:///{tmp_path}/new/far.db", "new/far.db")]:
        db = await open_database(url, SystemClock())
        assert db.name == "sqlite"
        assert (tmp_path / file).is_file()
        await db.close()


@pytest.mark.requirement("S55")
async def test_a_new_sqlite_file_is_private(tmp_path: Path) -> None:
    db = await open_database(f"sqlite:///{tmp_path}/new/store.db", SystemClock())
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "new", *(tmp_path / "new").iterdir()]}
    await db.close()

    assert modes == {"new": 0o700, "store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "grantway.db",
        "sqlite:grantway.db",
        "sqlite://grantway.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=memory",
        "mysql://me:hunter2@localhost/db",
        "postgresql:///hunter2@[",
        "postgresql://me:hunter2/@localhost/db",
        "postgresql://me:p@hunter2:x@localhost/db",
        "postgresql://me:hunter2@localhost:port/db",
        "postgresql://me:hunter2@localhost:99999/db",
        "postgresql://me:hunter2@localhost/db?sslmode=hunter2",
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises((ValueError, Unavailable)) as caught:
        await open_database(url, SystemClock())

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.postgres
async def test_of_several_hosts_the_one_that_answers_is_taken(postgres_url: str) -> None:
    host = postgres_url.split("@")[1].split("/", maxsplit=1)[0]
    db = await open_database(postgres_url.replace(host, f"127.0.0.1:1,{host}"), SystemClock())

    assert db.name == "postgres"
    await db.close()


def test_asyncpg_is_not_loaded_for_sqlite(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, grantway.store.open as o; from grantway.kit.clock import SystemClock\n"
        "async def main(): await (await o.open_database('sqlite:///' + sys.argv[1], SystemClock())).close()\n"
        "asyncio.run(main()); sys.exit('asyncpg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "store.db")], check=True)
