"""Copying a whole SQLite database while others use it, by SQLite's own backup."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from grantway.store.sqlite_connection import as_ours, connect, let_go
from grantway.store.statement import DEADLINE_S, Unavailable

_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")


def save_copy(source: str, target: Path) -> None:
    """Write what stands in a database at one moment to a new file (0600), which is whole from the first moment.

    Raises:
        FileExistsError: there is such a file.
        OSError: the file cannot be written.
        Unavailable: the database cannot be read, or the disk is full.
    """
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _copy(source, str(draft), one_file=True)
        os.link(draft, target)
    finally:
        remove_database(draft)


def put_in_place(source: str, target: str) -> None:
    """Replace all that stands in a database, in one transaction: others see what was there before, or the new.

    Raises:
        Unavailable: the database is locked too long, or the disk is full; nothing was changed.
    """
    _copy(source, target, one_file=False)


def remove_database(file: Path) -> None:
    """Remove a database that nobody uses, with what SQLite keeps beside it."""
    for companion in _COMPANIONS:
        file.with_name(file.name + companion).unlink(missing_ok=True)


def _copy(source: str, target: str, *, one_file: bool) -> None:
    until = time.monotonic() + DEADLINE_S

    def not_for_ever(status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > until:
            raise Unavailable("database is locked")

    with contextlib.ExitStack() as opened:
        try:
            # What is read may lie where nothing can be written.
            reading = sqlite3.connect(f"file:{quote(source)}?mode=ro", uri=True, timeout=DEADLINE_S)
            opened.callback(let_go, reading)
            writing = connect(target, DEADLINE_S)
            opened.callback(let_go, writing)
            reading.backup(writing, progress=not_for_ever)
            if one_file:
                writing.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as problem:
            raise as_ours(problem) from problem
