"""Where tests keep files that need to outlive a process but no machine: in memory, where there is room."""

import os
import shutil
from pathlib import Path

# Linux's own, a file system like another but for the disk behind it.
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30


def memory_folder() -> str | None:
    """Give the folder whose files are kept in memory; None where there is none, or too little room in it.

    A flush costs nothing there. A process that is killed loses what it would lose on a disk: what it has not written.
    """
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    return str(_MEMORY)
