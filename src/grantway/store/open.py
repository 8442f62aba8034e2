"""From a database URL to an engine (contract.md, "Files")."""

from grantway.kit.clock import Clock
from grantway.store.database import Database
from grantway.store.sqlite import SqliteDatabase

_SQLITE = "sqlite:///"


async def open_database(url: str, clock: Clock) -> Database:
    """Open the database a URL names: `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Raises:
        ValueError: the URL names no engine of ours; the text never shows it, for it may hold a password.
        Unavailable: the database cannot be opened.
    """
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return SqliteDatabase(url.removeprefix(_SQLITE), clock)
    raise ValueError("the database URL must look like sqlite:///file.db")
