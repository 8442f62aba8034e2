"""Servers on both engines, and a browser, for the journeys of a file."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import listening
from tests.journeys.engines import Engine, on_postgres, on_sqlite
from tests.journeys.served import Served, serving
from tests.toolchain import chromium, need
from tests.toolchain.browser import launched


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A database and data folder that the tests of one file share."""
    folder = tmp_path_factory.mktemp("data")
    if request.param == "sqlite":
        return on_sqlite(folder)
    return on_postgres(folder, request.getfixturevalue("postgres"))


@pytest.fixture(scope="module")
def served(engine: Engine) -> Iterator[Served]:
    """One server with two workers for the tests of a file."""
    with serving(engine.folder, *engine.options, "--workers", "2") as running:
        running.options = engine.options
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A browser without memory."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as made:
        yield made


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
    return served.demo_app("Demo_App", callback)
