"""The key file: read, and with SQLite made on first use (contract.md, "Files")."""

from grantway.cli.options import Options
from grantway.cli.printing import fail
from grantway.cli.private_file import make_private


def key_ring_text(chosen: Options) -> str:
    """Return the key file's text; with SQLite it is made on first use, readable by its owner alone."""
    from grantway.kit.keyfile import new_key_line

    path = chosen.key_file
    try:
        if not path.exists() and chosen.is_embedded:
            if chosen.has_database:
                fail(f"the key file {path} is missing, and the database was written with it: put it back", chosen)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The database must never be on disk without the key that opens it.
            make_private(path, new_key_line())
        return path.read_text()
    except (OSError, UnicodeDecodeError) as problem:
        fail(f"the key file {path} cannot be read: {problem}", chosen)
