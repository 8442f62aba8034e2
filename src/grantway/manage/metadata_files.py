"""Finding metadata files to import: single files, folders at any depth, and the zips that retrieve gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grantway.manage.import_app import SourceFile
from grantway.metadata.archive import TOTAL_LIMIT, read_archive
from grantway.metadata.names import name_of_file
from grantway.metadata.problem import MetadataProblem
from grantway.metadata.xml import SIZE_LIMIT

_ZIP: Final = ".zip"


def source_files(source: Path) -> Iterator[SourceFile]:
    """Give the metadata files of a file, a folder or an archive, in the order of their names.

    In a folder and in an archive, only files that are named as metadata count. What cannot be read comes with its
    problem, so that it is told among the rest.
    """
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and (name_of_file(path.name) is not None or path.suffix.lower() == _ZIP):
                yield from source_files(path)
    elif source.suffix.lower() == _ZIP:
        try:
            for name, data in read_archive(_read(source, TOTAL_LIMIT)):
                if name_of_file(name) is not None:
                    yield SourceFile(name=name.rpartition("/")[2], data=data)
        except (OSError, MetadataProblem) as problem:
            yield SourceFile(name=source.name, problem=_words(problem))
    else:
        try:
            yield SourceFile(name=source.name, data=_read(source, SIZE_LIMIT))
        except (OSError, MetadataProblem) as problem:
            yield SourceFile(name=source.name, problem=_words(problem))


def _read(path: Path, limit: int) -> bytes:
    """Read a file that is not larger than `limit` bytes; a larger one is not even opened."""
    if path.exists() and not path.is_file():
        raise MetadataProblem("it is no plain file.")
    if path.stat().st_size > limit:
        raise MetadataProblem(f"the file has {path.stat().st_size:,} bytes; at most {limit:,} are read.")
    return path.read_bytes()


def _words(problem: OSError | MetadataProblem) -> str:
    return problem.strerror or "it cannot be read" if isinstance(problem, OSError) else str(problem)
