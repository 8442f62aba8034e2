"""Printing: for people or as one JSON document, and failing in one line."""

import re
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from grantway.cli.options import Options

_UNSHOWABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def fail(text: str, chosen: Options | None = None) -> NoReturn:
    """End with status 1 and a one-line reason; for programs (`chosen.json`) also as the one document."""
    if chosen is not None and chosen.json:
        import json

        click.echo(json.dumps({"problem": text}))
    _complain(text)
    sys.exit(1)


def misuse(text: str) -> NoReturn:
    """End with status 2 and a one-line reason."""
    _complain(text)
    sys.exit(2)


def note(text: str) -> None:
    """Tell something beside the document, on standard error."""
    _complain(text)


def _complain(text: str) -> None:
    click.echo(f"grantway: {_shown(' '.join(text.split()))}", err=True)


def show(chosen: Options, document: Any, text: str) -> None:
    """Print the document as JSON, or the text for people."""
    import json

    click.echo(json.dumps(document, indent=2, default=str) if chosen.json else _shown(text))


def show_files(chosen: Options, document: Any, files: Sequence[bytes]) -> None:
    """Print the document as JSON, or the files one after the other: byte for byte, unless a person looks on."""
    if chosen.json or sys.stdout.isatty():
        show(chosen, document, b"".join(files).decode().removesuffix("\n"))
    else:
        click.echo(b"".join(files), nl=False)


def _shown(text: str) -> str:
    """What comes from outside must not steer the terminal: control characters are shown, not obeyed."""
    visible = _UNSHOWABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return visible.encode("utf-8", "backslashreplace").decode()


def table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    """Return rows as columns for people."""
    if not rows:
        return "none"
    widths = [max(len(row[index]) for row in [heads, *rows]) for index in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def columns(pairs_of_text: Sequence[tuple[str, str]]) -> str:
    """Return names and values, one a line; the further lines of a value stand below its first."""
    width = max((len(name) for name, _ in pairs_of_text), default=0) + 2
    told = (name.ljust(width) + value.replace("\n", "\n" + " " * width) for name, value in pairs_of_text)
    return "\n".join(line.rstrip() for line in told)
