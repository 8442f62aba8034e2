"""Files that strangers really have: formatted by tools, in other encodings, with certificates, in odd places."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import SourceFile, import_file, import_files
from grantway.manage.files.metadata_files import source_files
from grantway.store.statement import Statement

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
PLAIN = f"""<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="{NAMESPACE}">
    <label>Größe</label>
    <oauthConfig>
        <callbackUrl>https://a.example/cb
https://b.example/cb</callbackUrl>
        <isPkceRequired>true</isPkceRequired>
        <scopes>Api</scopes>
    </oauthConfig>
</ConnectedApp>
"""
CERTIFICATE = "MIIErDCCA5SgAwIBAgIOAYk\nAAAAAGfm3xJ4wDQYJKoZIhvc=\n"


WRITINGS = {
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "no final newline": PLAIN.rstrip().encode(),
    "blank in the declaration": PLAIN.replace("?>", " ?>", 1).encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.replace("UTF-8", "UTF-16").encode("utf-16"),
    "latin-1": PLAIN.replace("UTF-8", "ISO-8859-1").encode("latin-1"),
    "comment": PLAIN.replace("<label>", "<!-- what people read --><label>").encode(),
    "prettier": PLAIN.replace("<label>", "<label\n    >").replace("</scopes>", "</scopes\n        >").encode(),
    "prefixes": re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1m:", PLAIN).replace("xmlns=", "xmlns:m=").encode(),
    "carriage returns": PLAIN.replace("https://b", "&#13;\n  https://b").encode(),
}


@pytest.mark.parametrize("data", WRITINGS.values(), ids=WRITINGS)
async def test_a_file_means_the_same_however_it_was_written(desk: Desk, org: Org, data: bytes) -> None:
    told = await import_file(desk, org, SourceFile(name="Sync.connectedApp", data=data))

    app = await apps.find(desk, org, "Sync")
    assert (told.done, told.kept) == ("created", ())
    assert app[s.LABEL] == "Größe"
    assert app[s.CALLBACK_URL] == ("https://a.example/cb", "https://b.example/cb")
    assert (app[s.REQUIRE_PKCE], app[s.SCOPES]) == (True, ("api",))


async def test_text_that_no_setting_reads_is_kept_to_the_last_line(desk: Desk, org: Org) -> None:
    """What stands for a certificate and is none; a SAML algorithm that means nothing by itself."""
    content = PLAIN.replace(
        "        <isPkce", f"        <certificate>{CERTIFICATE}</certificate>\n        <isPkce"
    ).replace(
        "</ConnectedApp>",
        "    <samlConfig>\n        <encryptionType>AES_128</encryptionType>\n    </samlConfig>\n</ConnectedApp>",
    )

    told = await import_file(desk, org, SourceFile(name="Sync.connectedApp-meta.xml", data=content.encode()))

    assert [kept.path for kept in told.kept] == ["oauthConfig/certificate"]
    assert (await export_app(desk, org, "Sync")).data.decode() == content


async def test_the_root_element_tells_what_a_file_is(desk: Desk, org: Org) -> None:
    root = b"<ExternalClientApplication><label>A</label></ExternalClientApplication>"
    files = [
        SourceFile(name="A.connectedApp", data=root),
        SourceFile(name="A.eca-meta.xml", data=root),
        SourceFile(name="A.connectedApp", data=b"<html><body>404</body></html>"),
        SourceFile(name="Sync.xml", data=PLAIN.encode()),
    ]

    told = await import_files(desk, org, files)

    assert [(one.done, one.problem) for one in told] == [
        ("skipped", "ExternalClientApplication is not supported yet"),
        ("skipped", "ExternalClientApplication is not supported yet"),
        ("failed", "line 1: this is no connected app: the file begins with <html>."),
        ("failed", "name the file after the app: My_App.connectedApp-meta.xml"),
    ]


async def test_apps_are_found_in_any_folder_and_in_archives(desk: Desk, org: Org, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("package.xml", "<Package/>")
        archive.writestr("connectedApps/Zipped.connectedApp", PLAIN)
    (tmp_path / "templates" / "applications").mkdir(parents=True)
    (tmp_path / "templates" / "applications" / "Deep.connectedApp-meta.xml").write_text(PLAIN)
    (tmp_path / "retrieved.zip").write_bytes(packed.getvalue())

    told = await import_files(desk, org, source_files(tmp_path))

    assert [(one.name, one.done) for one in told] == [("Zipped", "created"), ("Deep", "created")]


async def test_a_bomb_among_good_files_is_named_and_nothing_of_it_is_taken(
    desk: Desk, org: Org, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("connectedApps/Small.connectedApp", PLAIN)
        archive.writestr("connectedApps/Large.connectedApp", b" " * 4_000_000)
    (tmp_path / "Good.connectedApp").write_text(PLAIN)

    told = await import_files(desk, org, source_files(tmp_path))

    assert [(one.name, one.done) for one in told] == [("Good", "created"), ("bomb.zip", "failed")]
    assert "is packed more than 200 times" in told[1].problem


def test_a_source_without_metadata_says_what_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")

    (told,) = source_files(tmp_path)

    assert told.problem == "no metadata file is in there; they are named My_App.connectedApp-meta.xml"


def test_hidden_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "Old.connectedApp").write_text("x")
    (tmp_path / "._Sync.connectedApp").write_text("a Mac's")
    (tmp_path / "Sync.connectedApp").write_text("y")

    assert [one.name for one in source_files(tmp_path)] == ["Sync.connectedApp"]


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (told,) = source_files(tmp_path / "nothing")

    assert (told.name, told.problem) == ("nothing", "there is no such file or folder")


async def test_the_audit_of_a_file_with_thousands_of_odd_elements_stays_small(desk: Desk, org: Org) -> None:
    odd = "".join(f"<odd{number}>x</odd{number}>" for number in range(3000)).encode()

    told = await import_file(
        desk, org, SourceFile(name="A.connectedApp", data=b"<ConnectedApp>%b</ConnectedApp>" % odd)
    )

    ((detail,),) = await desk.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.app.import'"))
    audited = json.loads(str(detail))
    assert len(told.kept) == 3000
    assert (len(audited["kept"]), audited["kept_in_all"]) == (100, 3000)


async def test_what_is_wrong_with_a_text_is_said_with_the_line_and_the_text_once(desk: Desk, org: Org) -> None:
    content = PLAIN.replace("<scopes>Api", "<scopes>Apii").replace("https://b", "http://b")

    told = await import_file(desk, org, SourceFile(name="Sync.connectedApp", data=content.encode()))

    assert [(kept.path, kept.line, kept.why) for kept in told.kept] == [
        (
            "oauthConfig/callbackUrl",
            5,
            "'http://b.example/cb': begins with http://. Use https://, or http://localhost while developing.",
        ),
        ("oauthConfig/scopes", 8, "'Apii' is no scope; `grantway settings scopes` lists them"),
    ]
