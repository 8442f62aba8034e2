"""The key file: read, and with SQLite made on first use (contract.md, "Files")."""

import contextlib
import os
from pathlib import Path

from grantway.cli.options import Options
from grantway.cli.printing import fail


def key_ring_text(chosen: Options) -> str:
    """Return the key file's text; with SQLite it is made on first use, readable by its owner alone."""
    from grantway.kit.keyfile import new_key_line

    path = chosen.key_file
    try:
        if not path.exists() and chosen.is_embedded:
            if chosen.has_database:
                fail(f"the key file {path} is missing, and the database was written with it: put it back", chosen)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(path, new_key_line())
        return path.read_text()
    except (OSError, UnicodeDecodeError) as problem:
        fail(f"the key file {path} cannot be read: {problem}", chosen)


def _make_private(path: Path, text: str) -> None:
    """Make a file (0600) that is whole from the first moment; if somebody else makes it meanwhile, theirs stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    # The database must never be on disk without the key that opens it.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
