"""A shell that takes what the documentation has people paste, block after block."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

_END: Final = "--- pasted"
_BLOCK: Final = re.compile(
    r"^## (?P<heading>[^\n]+)$|^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Pasted(NamedTuple):
    """A block of commands, the section it stands in, and the answers that the page shows after it."""

    section: str
    commands: str
    answers: list[str]


def blocks_of(page: Path) -> list[Pasted]:
    """Return the blocks of commands (`sh`) of a page, each with the answers (`json`, `text`) that follow it."""
    found: list[Pasted] = []
    section = ""
    for part in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if part["heading"]:
            section = part["heading"]
        elif part["language"] == "sh":
            found.append(Pasted(section, part["text"], []))
        else:
            found[-1].answers.append(part["text"])
    return found


class Shell:
    """A running bash; what is pasted into it shares its variables."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def paste(self, text: str) -> tuple[int, str]:
        """Run a block; return the exit status of its last command and what it printed."""
        keyboard, screen = self._process.stdin, self._process.stdout
        assert keyboard is not None
        assert screen is not None
        keyboard.write(f"{text}\nprintf '\\n{_END} %s\\n' $?\n")
        keyboard.flush()
        printed = ""
        for line in screen:
            if line.startswith(_END):
                return int(line.removeprefix(_END)), printed.strip()
            printed += line
        raise AssertionError(f"the shell has ended: {printed}")


@contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    """A shell in a folder, for the length of a block."""
    with subprocess.Popen(
        ["bash"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield Shell(process)
