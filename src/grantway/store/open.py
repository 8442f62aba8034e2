"""From a database URL to an engine (contract.md, "Files")."""

from typing import Final

from grantway.kit.clock import Clock
from grantway.store.database import Database

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


async def open_database(url: str, clock: Clock) -> Database:
    """Open the database a URL names.

    - `sqlite:///relative.db`, `sqlite:////absolute.db`: a file, made when it is missing.
    - `postgresql://user:password@host:port/name`, also with several hosts after each other (`@one:5432,two:5432/`),
      of which the primary is taken; the parameters of libpq may follow, as `?sslmode=verify-full`.

    Raises:
        ValueError: the URL names no engine of ours; the text never shows it, for it may hold a password.
        Unavailable: the database cannot be opened.
    """
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
        if path in {"", "/"} or ":memory:" in path or "?" in path or "#" in path:
            raise ValueError("a SQLite URL is sqlite:///relative.db or sqlite:////absolute.db, and names a file")
        from grantway.store.sqlite import SqliteDatabase

        return SqliteDatabase(path, clock)
    if url.startswith(_POSTGRES):
        # asyncpg is only loaded by those who use it: it costs as long as the rest of the start (performance.md).
        from grantway.store.postgres import PostgresDatabase

        return await PostgresDatabase.connect(url, clock)
    raise ValueError("the database URL must begin with sqlite:/// or postgresql://")
