"""Files for their owner's eyes alone."""

import contextlib
import os
from pathlib import Path


def make_private(path: Path, text: str) -> None:
    """Make a file (0600) that is whole from the first moment; if somebody else makes it meanwhile, theirs stays.

    It is on disk when this returns, as is its name.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
