"""Metadata archives: a zip as retrieve gives it and deploy takes it (connected-apps.md 5.4, security.md S45).

An archive is read to memory or not at all. Its names are labels and never become paths.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from grantway.metadata.document import MetadataDocument, write
from grantway.metadata.element import Element
from grantway.metadata.names import file_of_name, name_of_file
from grantway.metadata.problem import MetadataProblem

ENTRY_LIMIT: Final = 2_000
FILE_LIMIT: Final = 5_000_000
"""Bytes of one file, unpacked (decision 12)."""
TOTAL_LIMIT: Final = 50_000_000
"""Bytes of all files, unpacked; and of the archive itself."""
RATIO_LIMIT: Final = 200
"""How many times larger than packed a file may become."""
NAME_LIMIT: Final = 400
API_VERSION: Final = "66.0"

_PACKAGE: Final = "package.xml"
_CENTRAL: Final = b"PK\x01\x02"
_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
)
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000


def is_archive(data: bytes) -> bool:
    """Tell whether a file begins as a zip does; its name does not count."""
    return data.startswith(_STARTS)


def read_archive(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return name and content of every file in a zip, in its order; `package.xml` and what a Mac adds are left out.

    MetadataProblem for anything that is not a plain archive of plain files within the limits above: then nothing of it
    has been taken.
    """
    if len(data) > TOTAL_LIMIT:
        raise MetadataProblem(f"the archive has {len(data):,} bytes; at most {TOTAL_LIMIT:,} are read.")
    if not is_archive(data):
        raise MetadataProblem("this is no zip archive.")
    # Every entry costs memory as soon as the directory is read, so they are counted before that.
    if data.count(_CENTRAL) > ENTRY_LIMIT:
        raise MetadataProblem(f"the archive has more than {ENTRY_LIMIT:,} entries.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return tuple(_files(archive))
    except _BROKEN:
        raise MetadataProblem("the archive is damaged or of a kind that is not read here.") from None


def build_archive(files: Iterable[tuple[str, bytes]], *, api_version: str = API_VERSION) -> bytes:
    """Return a zip for deployment with `files` in Salesforce's folders and the `package.xml` that lists them.

    `files` are names as `name_of_file` reads them, with contents. Equal files give equal bytes, on every machine (so
    nothing is compressed). ValueError for a name of no known type or one that comes twice.
    """
    contents: dict[str, bytes] = {}
    members: dict[str, set[str]] = defaultdict(set)
    for file_name, content in files:
        name = name_of_file(file_name)
        if name is None:
            raise ValueError(f"{file_name!r} is no name of a metadata file")
        place = file_of_name(name, source=False, folder=True)
        if place in contents:
            raise ValueError(f"{place} comes twice")
        contents[place] = content
        members[name.type].add(name.name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for place, content in ((_PACKAGE, _package(members, api_version)), *sorted(contents.items())):
            entry = zipfile.ZipInfo(place, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _files(archive: zipfile.ZipFile) -> Iterable[tuple[str, bytes]]:
    seen: set[str] = set()
    total = 0
    for entry in archive.infolist():
        _refuse_odd(entry)
        if entry.filename in seen:
            raise MetadataProblem(f"{_shown(entry)} stands twice in the archive.")
        seen.add(entry.filename)
        if entry.is_dir() or _is_left_out(entry.filename):
            continue
        if entry.file_size > FILE_LIMIT:
            raise MetadataProblem(f"{_shown(entry)} has {entry.file_size:,} bytes; at most {FILE_LIMIT:,} are read.")
        total += entry.file_size
        if total > TOTAL_LIMIT:
            raise MetadataProblem(f"the files of the archive have more than {TOTAL_LIMIT:,} bytes together.")
        if entry.file_size > RATIO_LIMIT * entry.compress_size:
            raise MetadataProblem(f"{_shown(entry)} is packed more than {RATIO_LIMIT} times; such files are not read.")
        yield entry.filename, _content(archive, entry)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack one file, and never more of it than the directory said, whatever is packed."""
    with archive.open(entry) as packed:
        # With a number, zipfile unpacks that much and no more; without one it unpacks everything before it cuts.
        content = packed.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise MetadataProblem(f"{_shown(entry)} is damaged: it is cut off.")
    return content


def _refuse_odd(entry: zipfile.ZipInfo) -> None:
    # The second name differs where an extra field of the entry renames it.
    if not (_is_plain(entry.orig_filename) and _is_plain(entry.filename)):
        raise MetadataProblem(f"{_shown(entry)} is a name that a metadata archive does not have.")
    if entry.flag_bits & _ENCRYPTED:
        raise MetadataProblem(f"{_shown(entry)} is encrypted. Pack the archive without a password.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR and not entry.is_dir()):
        raise MetadataProblem(f"{_shown(entry)} is a link or another special file; only plain files are read.")
    if entry.is_dir() and entry.file_size:
        raise MetadataProblem(f"{_shown(entry)} is a folder with content of its own.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MetadataProblem(f"{_shown(entry)} is packed in a way that is not read here. Use an ordinary zip.")


def _is_plain(name: str) -> bool:
    """Tell whether a name is a relative one without tricks: no steps upwards, drives, backslashes, invisible marks."""
    parts = name.removesuffix("/").split("/")
    return (
        len(name) <= NAME_LIMIT
        and name.isprintable()
        and not any(mark in name for mark in "\\:")
        and not any(part in ("", ".", "..") for part in parts)
    )


def _is_left_out(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last == _PACKAGE or name.startswith("__MACOSX/") or last == ".DS_Store"


def _shown(entry: zipfile.ZipInfo) -> str:
    """The name as it may stand in a message, whatever it is made of."""
    return ascii(entry.orig_filename[:80])


def _package(members: dict[str, set[str]], api_version: str) -> bytes:
    types = tuple(
        Element(
            name="types",
            children=(
                *(Element(name="members", text=member) for member in sorted(members[type_])),
                Element(name="name", text=type_),
            ),
        )
        for type_ in sorted(members)
    )
    root = Element(name="Package", children=(*types, Element(name="version", text=api_version)))
    return write(MetadataDocument(root=root))
