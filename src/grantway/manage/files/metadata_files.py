"""Finding metadata files to import: single files, folders at any depth, and the zips that retrieve gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grantway.kit.xml import SIZE_LIMIT
from grantway.manage.files.import_app import SourceFile
from grantway.metadata.archive import TOTAL_LIMIT, is_archive, read_archive
from grantway.metadata.names import name_of_file
from grantway.metadata.problem import MetadataProblem

_NOTHING: Final = "no metadata file is in there; they are named My_App.connectedApp-meta.xml"


def source_files(source: Path) -> Iterator[SourceFile]:
    """Give the metadata files of a file, a folder or an archive, in the order of their names.

    In a folder and in an archive, only files that are named as metadata count, and hidden ones do not. What cannot be
    read comes with its problem, so that it is told among the rest; so does a source that holds no metadata at all.
    """
    nothing = True
    for file in _files(source):
        nothing = False
        yield file
    if nothing:
        yield SourceFile(name=str(source), problem=_NOTHING)


def _files(source: Path) -> Iterator[SourceFile]:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
            if not hidden and path.is_file() and (name_of_file(path.name) is not None or _is_zip(path)):
                yield from _files(path)
        return
    try:
        if not _is_zip(source):
            yield SourceFile(name=source.name, data=_read(source, SIZE_LIMIT))
            return
        yield from _packed(_read(source, TOTAL_LIMIT))
    except (OSError, MetadataProblem) as problem:
        yield SourceFile(name=source.name, problem=_words(problem))


def files_in(name: str, data: bytes) -> Iterator[SourceFile]:
    """Give the metadata files that were sent as one file: itself, or those of an archive, whatever it is called.

    As with `source_files`, what cannot be read comes with its problem.
    """
    try:
        if not is_archive(data):
            if len(data) > SIZE_LIMIT:
                raise MetadataProblem(_too_large(len(data), SIZE_LIMIT))
            yield SourceFile(name=name, data=data)
            return
        files = tuple(_packed(data))
    except MetadataProblem as problem:
        yield SourceFile(name=name, problem=str(problem))
        return
    yield from files or (SourceFile(name=name, problem=_NOTHING),)


def _packed(data: bytes) -> Iterator[SourceFile]:
    for name, content in read_archive(data):
        last = name.rpartition("/")[2]
        if name_of_file(last) is not None and not last.startswith("."):
            yield SourceFile(name=last, data=content)


def _too_large(size: int, limit: int) -> str:
    return f"the file has {size:,} bytes; at most {limit:,} are read."


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _read(path: Path, limit: int) -> bytes:
    """Read a file that is not larger than `limit` bytes; a larger one is not even opened."""
    if path.exists() and not path.is_file():
        raise MetadataProblem("it is no plain file.")
    if path.stat().st_size > limit:
        raise MetadataProblem(_too_large(path.stat().st_size, limit))
    return path.read_bytes()


def _words(problem: OSError | MetadataProblem) -> str:
    if isinstance(problem, FileNotFoundError):
        return "there is no such file or folder"
    return problem.strerror or "it cannot be read" if isinstance(problem, OSError) else str(problem)
