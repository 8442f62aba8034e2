"""Random bytes of the operating system, fetched in blocks: a call for each token would cost more than the token."""

import os
import threading
from typing import Final

_BLOCK: Final = 4096


class _Block(threading.local):
    """What is left of a thread's block; two threads never draw the same bytes."""

    def __init__(self) -> None:
        self.data = b""
        self.at = 0


_block = _Block()


def random_bytes(count: int) -> bytes:
    """Return `count` (at most 4096) fresh bytes from the operating system's generator."""
    block = _block
    at = block.at
    end = at + count
    if end > len(block.data):
        block.data = os.urandom(_BLOCK)
        at, end = 0, count
    block.at = end
    return block.data[at:end]


def _forget() -> None:
    _block.data = b""


# A forked process must not draw what its parent draws.
os.register_at_fork(after_in_child=_forget)
