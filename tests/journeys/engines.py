"""The two engines that a journey's server may keep its data in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grantway.kit.keyfile import new_key_line
from tests.toolchain import PostgresServer


def _nothing_to_wait_for() -> None:
    pass


@dataclass(frozen=True)
class Engine:
    """A database of one server's own: the options that choose it, and its URL for who looks inside."""

    name: str
    folder: Path
    url: str
    options: list[str] = field(default_factory=list)
    wait_until_quiet: Callable[[], None] = _nothing_to_wait_for
    """Returns when no transaction is open: PostgreSQL may still be at work for a process that was killed."""

    def options_for(self, url: str) -> list[str]:
        """Return the options that choose another database, with the same key file."""
        return [url if one == self.url else one for one in self.options]


def on_sqlite(folder: Path) -> Engine:
    """The file in the data folder, as without any option."""
    return Engine("sqlite", folder, f"sqlite:///{folder}/grantway.db")


def on_postgres(folder: Path, server: PostgresServer) -> Engine:
    """A fresh database; PostgreSQL needs the key file named."""
    key_file = folder / "named.key"
    key_file.write_text(new_key_line())
    url = server.create_database()
    name = url.rsplit("/", 1)[-1]

    def wait_until_quiet() -> None:
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state <> 'idle'"
        deadline = time.monotonic() + 30
        while server.execute(busy) != "0":
            assert time.monotonic() < deadline, "PostgreSQL still works for a process that is gone"

    options = ["--database", url, "--secret-key-file", str(key_file)]
    return Engine("postgres", folder, url, options, wait_until_quiet)
