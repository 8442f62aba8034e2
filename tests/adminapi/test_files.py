"""Metadata files by the admin API: a zip or a form with files in, files and zips out."""

import io
import random
import zipfile

import httpx
import pytest

from grantway.domain.permissions import API_ENABLED, VIEW_SETUP
from grantway.manage.connected_apps import apps
from grantway.manage.server import orgs
from tests.adminapi.client import ROOT, Program, program_of
from tests.endpoints.house import House

APP = b"<ConnectedApp><label>Sync</label><contactEmail>it@harbour.example</contactEmail></ConnectedApp>"
OIDC = b"<OauthOidcSettings><isPkceRequired>true</isPkceRequired></OauthOidcSettings>"


def packed(*files: tuple[str, bytes]) -> bytes:
    """Pack files into a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return held.getvalue()


def names_in(data: bytes) -> list[str]:
    """The names in a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()


async def send(program: Program, data: bytes, query: str = "") -> httpx.Response:
    return await program.http.post(f"{ROOT}/imports{query}", content=data, headers={"content-type": "application/zip"})


async def test_a_zip_is_tried_and_then_imported(house: House, program: Program) -> None:
    data = packed(("connectedApps/Sync.connectedApp", APP), ("settings/OauthOidc.settings", OIDC))

    would = (await send(program, data, "?dry_run=true")).json()["files"]
    assert await apps.id_of_name(house.desk, house.org, "Sync") is None
    done = (await send(program, data)).json()["files"]

    assert [(one["name"], one["done"]) for one in would] == [("Sync", "created"), ("Settings OauthOidc", "updated")]
    assert [(one["name"], one["done"]) for one in done] == [("Sync", "created"), ("Settings OauthOidc", "updated")]
    assert orgs.settings_of(await orgs.find(house.desk, house.org_id))["require_pkce_for_all_apps"] is True


async def test_files_of_a_form_are_imported(program: Program) -> None:
    files = [("files", ("Sync.connectedApp", APP)), ("files", ("all.zip", packed(("OauthOidc.settings", OIDC))))]

    told = await program.http.post(f"{ROOT}/imports", files=files)

    assert [one["done"] for one in told.json()["files"]] == ["created", "updated"]


@pytest.mark.requirement("S44")
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04nonsense", "damaged"),
        (b"<!DOCTYPE a><ConnectedApp/>", "DOCTYPE"),
        (packed(("../A.connectedApp", APP)), "a name that a metadata archive does not have"),
        (b" " * 5_000_001, "at most 5,000,000 are read"),
    ],
    ids=["damaged", "doctype", "climbs", "huge"],
)
async def test_what_is_hostile_is_told_and_not_imported(program: Program, data: bytes, says: str) -> None:
    (told,) = (await send(program, data)).json()["files"]

    assert told["done"] == "failed"
    assert says in told["problem"]


@pytest.mark.requirement("S44")
async def test_archives_may_not_unpack_to_more_together_than_one_may_alone(program: Program) -> None:
    blown = io.BytesIO()
    with zipfile.ZipFile(blown, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            # Chance enough that no file is packed more than 200 times.
            archive.writestr(f"A{number}.connectedApp", random.Random(number).randbytes(30_000) + b" " * 4_900_000)
    files = [("files", (f"{number}.zip", blown.getvalue())) for number in range(2)]

    told = await program.http.post(f"{ROOT}/imports", files=files)

    assert told.status_code == 422
    assert "more than 50,000,000 bytes together" in told.json()["errors"][0]["detail"]


async def test_a_body_that_is_no_form_has_no_files_or_is_too_large_is_a_problem(program: Program) -> None:
    broken = await program.http.post(
        f"{ROOT}/imports", content=b"--x", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    none = await program.http.post(f"{ROOT}/imports", files={"other": (None, "text")})
    large = await send(program, b" " * (10 * 1024 * 1024 + 1))

    assert [one.status_code for one in (broken, none, large)] == [400, 422, 413]
    assert none.json()["errors"] == [{"field": "files", "detail": "select at least one file"}]


async def test_apps_are_exported_as_files_and_as_a_zip(program: Program) -> None:
    made = [await program.make(name) for name in ("Sync", "Outer", "Other")]
    key, secret = made[0]["app"]["consumer_key"], made[0]["consumer_secret"]

    one = (await program.ask("GET", "/apps/Sync/metadata?keys=false")).text
    some = await program.ask("GET", f"/metadata?apps=Sync,{made[1]['app']['id']}")
    everything = await program.ask("GET", "/metadata?keys=false")

    assert key not in one
    assert some.headers["content-type"] == "application/zip"
    assert names_in(some.content) == [
        "package.xml",
        "connectedApps/Outer.connectedApp",
        "connectedApps/Sync.connectedApp",
    ]
    assert key.encode() in some.content
    assert secret.encode() not in some.content
    assert len(names_in(everything.content)) >= 4
    assert key.encode() not in everything.content
    await program.ask("GET", "/metadata?apps=Nowhere", status=404)


async def test_settings_of_the_org_come_out_as_a_zip_that_can_be_imported(program: Program) -> None:
    data = (await program.ask("GET", "/org/metadata")).content

    told = (await send(program, data)).json()["files"]

    assert names_in(data)[:2] == ["package.xml", "settings/ConnectedApp.settings"]
    assert {one["done"] for one in told} == {"updated"}
    assert [one["changes"] for one in told] == [[]] * len(told)


@pytest.mark.requirement("S37")
async def test_files_take_the_rights_that_what_they_do_takes(house: House) -> None:
    viewer = await program_of(house, "vera@harbour.example", API_ENABLED.name, VIEW_SETUP.name)

    (told,) = (await send(viewer, packed(("OauthOidc.settings", OIDC)))).json()["files"]

    assert told["done"] == "failed"
    assert "Customize Application" in told["problem"]
    await viewer.ask("GET", "/org/metadata", status=403)
    await viewer.ask("GET", "/metadata", status=403)
