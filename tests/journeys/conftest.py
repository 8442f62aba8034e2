"""Servers on both engines, and a browser, for the journeys of a file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from grantway.kit.keyfile import new_key_line
from tests.journeys.chromium import listening
from tests.journeys.served import Served, serving
from tests.toolchain import PostgresServer, chromium, need, postgres_bin
from tests.toolchain.browser import launched

DatabaseOptions = Callable[[str, Path], list[str]]


@pytest.fixture(scope="module")
def database() -> Iterator[DatabaseOptions]:
    """Gives the options of `serve` that choose an engine. PostgreSQL starts when it is first asked for."""
    with ExitStack() as stack:
        started: list[PostgresServer] = []

        def options(engine: str, folder: Path) -> list[str]:
            if engine == "sqlite":
                return []
            need(postgres_bin(), "PostgreSQL")
            if not started:
                started.append(stack.enter_context(PostgresServer()))
            # The server makes a key file beside its own SQLite file only.
            key_file = folder / "named.key"
            key_file.write_text(new_key_line())
            return ["--database", started[0].create_database(), "--secret-key-file", str(key_file)]

        yield options


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database: DatabaseOptions
) -> Iterator[Served]:
    """One server with two workers on each engine for the journeys of a file."""
    folder = tmp_path_factory.mktemp("data")
    options = database(request.param, folder)
    with serving(folder, *options, "--workers", "2") as running:
        running.options = options
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the people of a file."""
    with launched(need(chromium(), "Chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def callback() -> Iterator[str]:
    """Where the apps of a file wait for their people."""
    with listening() as url:
        yield url


@pytest.fixture(scope="module")
def demo_app(served: Served, callback: str) -> dict[str, str]:
    """The first demo app, with the file's callback."""
    changed = served.cli("app", "set", served.app["name"], f"callback_url={callback}")
    assert changed.returncode == 0, changed.stderr
    served.demo["apps"][0]["callback_url"] = callback
    return served.app
