"""Grantway's command line with a switch: python crashing.py SWITCH COMMAND…

Once the file SWITCH says `before commit` or `after commit`, the whole process group is killed at the next COMMIT of a
change by any of its processes. The drivers of both databases are watched, not the product, which knows nothing of it.
Workers are started by importing this file again, under another name.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    Postgres = asyncpg.Connection[asyncpg.Record]
else:
    Postgres = asyncpg.Connection

BEFORE_COMMIT: Final = "before commit"
AFTER_COMMIT: Final = "after commit"


def _die_at(point: str) -> None:
    switch = Path(sys.argv[1])
    if switch.exists() and switch.read_text() == point:
        os.killpg(0, signal.SIGKILL)


class WatchedSqlite(sqlite3.Connection):
    """A connection to SQLite that may be the last thing its process saw."""

    changes_before = 0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement."""
        if sql.startswith("BEGIN"):
            self.changes_before = self.total_changes
        # Reads end with a COMMIT too, when several share a snapshot.
        if sql != "COMMIT" or self.total_changes == self.changes_before:
            return super().execute(sql, parameters)
        _die_at(BEFORE_COMMIT)
        cursor = super().execute(sql, parameters)
        _die_at(AFTER_COMMIT)
        return cursor


class WatchedPostgres(Postgres):
    """A connection to PostgreSQL that may be the last thing its process saw."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Run a statement."""
        if query != "COMMIT":
            return await super().execute(query, *args, timeout=timeout)
        _die_at(BEFORE_COMMIT)
        status: str = await super().execute(query, *args, timeout=timeout)
        _die_at(AFTER_COMMIT)
        return status


def watch() -> None:
    """Make every connection from now on a watched one."""
    open_sqlite, open_postgres = sqlite3.connect, asyncpg.connect

    def connect_sqlite(*args: Any, **more: Any) -> sqlite3.Connection:
        return open_sqlite(*args, **more, factory=WatchedSqlite)

    async def connect_postgres(*args: Any, **more: Any) -> Any:
        return await open_postgres(*args, **more, connection_class=WatchedPostgres)

    sqlite3.connect = connect_sqlite  # type: ignore[assignment]
    asyncpg.connect = connect_postgres


if __name__ in ("__main__", "__mp_main__"):  # not in the tests, which import the names
    watch()
if __name__ == "__main__":
    from grantway.cli.root import cli

    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)  # who started it must not die with it
    cli(sys.argv[2:], prog_name="grantway")
