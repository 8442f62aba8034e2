"""A disk without room, as SQLite meets it."""

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: what a full disk looks like to SQLite."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
