"""Metadata archives are read whole, in memory and within limits, or refused."""

import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantway.metadata.archive import (
    ENTRY_LIMIT,
    FILE_LIMIT,
    TOTAL_LIMIT,
    build_archive,
    read_archive,
)
from grantway.metadata.document import read, values
from grantway.metadata.problem import MetadataProblem

pytestmark = pytest.mark.requirement("S45")

APP = b'<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><label>A</label></ConnectedApp>'


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", compression) as archive:
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of the double names that a test is about
        for name, content in files:
            if isinstance(name, zipfile.ZipInfo):
                name.compress_type = compression
            archive.writestr(name, content)
    return out.getvalue()


def entry(name: str, change: Callable[[zipfile.ZipInfo], None]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    change(info)
    return info


def refusal(data: bytes) -> str:
    with pytest.raises(MetadataProblem) as caught:
        read_archive(data)
    return caught.value.text


def test_the_files_of_a_retrieve_come_in_their_order_without_its_package_xml() -> None:
    data = packed(
        ("unpackaged/package.xml", b"<Package/>"),
        ("unpackaged/connectedApps/", b""),
        ("unpackaged/connectedApps/B.connectedApp", APP),
        ("unpackaged/connectedApps/A.connectedApp", b"a"),
        ("__MACOSX/unpackaged/connectedApps/._A.connectedApp", b"\x00"),
        ("unpackaged/.DS_Store", b"\x00"),
    )

    assert read_archive(data) == (
        ("unpackaged/connectedApps/B.connectedApp", APP),
        ("unpackaged/connectedApps/A.connectedApp", b"a"),
    )


def test_an_empty_archive_holds_nothing() -> None:
    assert read_archive(packed()) == ()


@pytest.mark.parametrize(
    "name",
    [
        "../A.connectedApp",
        "connectedApps/../../A.connectedApp",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "./A.connectedApp",
        "..",
        "C:/A.connectedApp",
        "a\\..\\b.connectedApp",
        "A\x1b[2J.connectedApp",
        "A\u202exml.connectedApp",
        "a" * 500,
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    assert "a name that a metadata archive does not have" in refusal(packed(("ok.connectedApp", APP), (name, APP)))


def test_a_nul_in_a_name_is_refused() -> None:
    """zipfile itself would cut the name there."""
    data = packed(("A.connectedApp_.txt", APP)).replace(b"A.connectedApp_.txt", b"A.connectedApp\x00.txt")

    assert "name" in refusal(data)


def test_a_name_twice_is_refused() -> None:
    assert "twice" in refusal(packed(("A.connectedApp", APP), ("A.connectedApp", b"other")))


def test_links_and_other_special_files_are_refused() -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR):

        def special(info: zipfile.ZipInfo, kind: int = kind) -> None:
            info.external_attr = (kind | 0o777) << 16

        assert "special file" in refusal(packed((entry("A.connectedApp", special), b"/etc/passwd")))


def test_a_folder_with_content_is_refused() -> None:
    assert "folder" in refusal(packed(("A.connectedApp/", b"x")))


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(packed(("A.connectedApp", APP)))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1

    assert "encrypted" in refusal(bytes(data))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_packings_are_refused(compression: int) -> None:
    assert "packed in a way" in refusal(packed(("A.connectedApp", APP), compression=compression))


def test_only_so_many_entries_are_read() -> None:
    def many(count: int) -> bytes:
        return packed(*((f"{number}.connectedApp", b"") for number in range(count)))

    assert len(read_archive(many(ENTRY_LIMIT))) == ENTRY_LIMIT
    assert "2,000 entries" in refusal(many(ENTRY_LIMIT + 1))


def test_only_so_large_a_file_is_read() -> None:
    large = bytes(range(256)) * (FILE_LIMIT // 256 + 1)

    assert "at most 5,000,000" in refusal(packed(("A.connectedApp", large), compression=zipfile.ZIP_STORED))


def test_only_so_much_is_read_altogether() -> None:
    """The files are alike and pack well, but below the ratio: what counts is what they unpack to."""
    part = b"".join(b"%07d " % number for number in range(FILE_LIMIT // 8))

    data = packed(*((f"{number}.connectedApp", part) for number in range(TOTAL_LIMIT // len(part) + 1)))

    assert len(data) < TOTAL_LIMIT
    assert "50,000,000 bytes together" in refusal(data)


def test_a_bomb_is_refused_for_its_ratio() -> None:
    assert "200 times" in refusal(packed(("A.connectedApp", b"\x00" * 1_000_000)))


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    """Both headers say 1000 bytes; packed are 200 million."""
    data = bytearray(packed(("A.connectedApp", b"\x00" * 200_000_000)))
    for signature, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + size
        data[at : at + 4] = struct.pack("<I", 1000)
    lying = bytes(data)
    tracemalloc.start()
    try:
        assert "damaged" in refusal(lying)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04", APP, b"x" + packed(("A.connectedApp", APP))])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal(data)


@settings(deadline=None)  # other tests may hold the processor
@given(st.data())
def test_a_damaged_archive_is_read_or_refused_but_never_an_error(data: st.DataObject) -> None:
    whole = bytearray(packed(("A.connectedApp", APP), ("b/B.connectedApp", APP * 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)) | st.just(len(whole)))

    try:
        found = read_archive(bytes(whole[:cut]))
    except MetadataProblem:
        return
    assert all(isinstance(content, bytes) for _, content in found)


FILES = [
    ("My%20App.connectedApp-meta.xml", APP),
    ("connectedApps/B.connectedApp", APP),
    ("OauthOidc.settings-meta.xml", b"<OauthOidcSettings/>"),
]


def test_a_built_archive_has_salesforces_folders_and_package_xml() -> None:
    data = build_archive(FILES)

    assert [name for name, _ in read_archive(data)] == [
        "connectedApps/B.connectedApp",
        "connectedApps/My%20App.connectedApp",
        "settings/OauthOidc.settings",
    ]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist()[0] == "package.xml"
        package = read(archive.read("package.xml"))
    assert package.type == "Package"
    assert values(package, "types/name") == ("ConnectedApp", "Settings")
    assert values(package, "types[1]/members") == ("B", "My App")
    assert values(package, "types[2]/members") == ("OauthOidc",)
    assert values(package, "version") == ("66.0",)


def test_equal_files_give_equal_archives() -> None:
    assert build_archive(FILES) == build_archive(reversed(FILES))


def test_files_that_fit_no_archive_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no name of a metadata file"):
        build_archive([("README.md", b"")])
    with pytest.raises(ValueError, match="twice"):
        build_archive([("A.connectedApp", APP), ("A.connectedApp-meta.xml", APP)])
