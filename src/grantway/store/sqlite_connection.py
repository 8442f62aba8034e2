"""Connections to a SQLite file, and what SQLite's errors mean to us."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from grantway.store.statement import Conflict, Unavailable, Unfit

# What sqlite3 raises before it asks SQLite: a lone surrogate, an integer beyond 64 bits.
UNFIT: Final = (UnicodeError, OverflowError)
# SQLite's word for a mistake in a statement; every other operational error is about the file or the disk.
_OUR_MISTAKE: Final = sqlite3.SQLITE_ERROR
_ASK_AGAIN_S: Final = 0.005
_OPENING_S: Final = 5.0


def connect(path: str, patience_s: float) -> sqlite3.Connection:
    """Open a connection with the settings that make an acknowledged write durable (R1): WAL and synchronous=FULL.

    - `patience_s`: how long a statement waits while another process holds the lock it needs.
    """
    connection = sqlite3.connect(
        path, timeout=patience_s, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, which the first to open a file does for all.

    Of several that open a new file at once SQLite refuses all but one, and lets none of them wait: two that waited with
    a lock each would wait for ever.
    """
    until = time.monotonic() + _OPENING_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if not is_locked(problem) or time.monotonic() >= until:
                raise
            time.sleep(_ASK_AGAIN_S)
        else:
            return


def let_go(connection: sqlite3.Connection) -> None:
    """Close a connection, whatever state it is in."""
    with contextlib.suppress(sqlite3.Error):
        connection.close()


def as_ours(problem: Exception) -> Exception:
    """Return what the store's callers are told."""
    if isinstance(problem, sqlite3.IntegrityError):
        return Conflict(str(problem))
    if isinstance(problem, sqlite3.DataError | UnicodeError | OverflowError):
        return Unfit("SQLite cannot hold this value")
    if isinstance(problem, sqlite3.OperationalError) or type(problem) is sqlite3.DatabaseError:
        return Unavailable(str(problem))
    return problem


def is_away(problem: Exception) -> bool:
    """Tell whether the file is locked, read-only, full or broken, rather than one statement wrong."""
    if not isinstance(problem, sqlite3.OperationalError) and type(problem) is not sqlite3.DatabaseError:
        return False
    return getattr(problem, "sqlite_errorcode", _OUR_MISTAKE) & 0xFF != _OUR_MISTAKE


def is_locked(problem: sqlite3.Error) -> bool:
    """Tell whether another connection holds the lock that was needed."""
    return getattr(problem, "sqlite_errorcode", _OUR_MISTAKE) & 0xFF == sqlite3.SQLITE_BUSY


def create_private(path: str) -> None:
    """Create the file (0600) if it is not there, in a folder (0700)."""
    folder = Path(path).resolve().parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    # SQLite gives -wal and -shm the mode of the database file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
