"""What an export gives: metadata files, printed or written into a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from grantway.cli.options import Options
from grantway.cli.printing import fail, show, show_files


class ExportedFile(Protocol):
    """A file as it is exported: its name, which may lead into folders of a project, and its bytes."""

    @property
    def file(self) -> str:
        """The name."""

    @property
    def data(self) -> bytes:
        """The content."""


F = TypeVar("F", bound=ExportedFile)


def write_out(chosen: Options, files: Sequence[F], folder: str | None, describe: Callable[[F], dict[str, Any]]) -> None:
    """Print files, or write them into a folder, which is made; `describe` says in JSON what each is.

    Ends the command where the folder or a file cannot be written.
    """
    if folder is None:
        documents = [describe(one) | {"file": one.file, "content": one.data.decode()} for one in files]
        show_files(chosen, documents, [one.data for one in files])
        return
    written = [Path(folder) / one.file for one in files]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, one in zip(written, files, strict=True):
            path.write_bytes(one.data)
    except OSError as problem:
        fail(f"--to: {problem}", chosen)
    documents = [describe(one) | {"file": str(path)} for path, one in zip(written, files, strict=True)]
    show(chosen, documents, "\n".join(f"wrote {path}" for path in written))
