"""Grantway's command line on a slower disk: python slow_disk.py MILLISECONDS COMMAND…, added to every COMMIT.

The drivers of both databases are slowed, not the product, which knows nothing of it. Workers import this file again.
"""

import asyncio
import sqlite3
import sys
import time
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    Postgres = asyncpg.Connection[asyncpg.Record]
else:
    Postgres = asyncpg.Connection


def _delay_s() -> float:
    return float(sys.argv[1]) / 1000


class SlowSqlite(sqlite3.Connection):
    """A connection whose commits take longer; the end of a read, which waits for no disk, does not."""

    changes_before = 0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement."""
        if sql.startswith("BEGIN"):
            self.changes_before = self.total_changes
        cursor = super().execute(sql, parameters)
        if sql == "COMMIT" and self.total_changes != self.changes_before:
            time.sleep(_delay_s())
        return cursor


class SlowPostgres(Postgres):
    """A connection whose commits take longer."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Run a statement."""
        status: str = await super().execute(query, *args, timeout=timeout)
        if query == "COMMIT":
            await asyncio.sleep(_delay_s())
        return status


def slow_down() -> None:
    """Make every connection from now on a slow one."""
    open_sqlite, open_postgres = sqlite3.connect, asyncpg.connect

    def connect_sqlite(*args: Any, **more: Any) -> sqlite3.Connection:
        return open_sqlite(*args, **more, factory=SlowSqlite)

    async def connect_postgres(*args: Any, **more: Any) -> Any:
        return await open_postgres(*args, **more, connection_class=SlowPostgres)

    sqlite3.connect = connect_sqlite  # type: ignore[assignment]
    asyncpg.connect = connect_postgres


if __name__ in ("__main__", "__mp_main__"):
    slow_down()
if __name__ == "__main__":
    from grantway.cli.root import cli

    cli(sys.argv[2:], prog_name="grantway")
