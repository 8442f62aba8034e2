"""Metadata files in the console: uploaded, told, confirmed; whatever is sent gets a clear answer."""

import io
import zipfile

import httpx
import pytest

from grantway.domain.permissions import VIEW_SETUP
from grantway.kit.clock import MINUTE_MS
from grantway.manage.connected_apps import apps
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.house import BASE, House

PAGE = "/setup/import"
REVIEW = f"{PAGE}/review"
SECRET = "5D0C1B2E3F4A5B6C7D8E9F0A1B2C3D4E5F60718293A4B5C6D7E8F9001122334455"[:64]
APP = """<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>it@harbour.example</contactEmail>
    <label>Shipment Sync</label>
    <oauthConfig>
        <callbackUrl>https://sync.harbour.example/callback</callbackUrl>
        <consumerKey>3MVG9.Shipment.Sync</consumerKey>
        <consumerSecret>{secret}</consumerSecret>
        <scopes>Api</scopes>
    </oauthConfig>
    <unheardOf>1</unheardOf>
</ConnectedApp>""".replace("{secret}", SECRET).encode()
OIDC = b"<OauthOidcSettings><isPkceRequired>true</isPkceRequired></OauthOidcSettings>"
Sent = tuple[str, bytes]
SYNC: Sent = ("Shipment_Sync.connectedApp-meta.xml", APP)
ORG: Sent = ("OauthOidc.settings", OIDC)


def packed(*files: Sent) -> bytes:
    """Pack files into a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return held.getvalue()


async def upload(setup: Setup, *files: Sent, csrf: str = "") -> httpx.Response:
    """Send files as the page would."""
    token = csrf or field_of(await setup.open(PAGE), "csrf")
    parts = [("files", (name, data, "application/octet-stream")) for name, data in files]
    return await setup.browser.client.post(PAGE, data={"csrf": token}, files=parts, headers={"origin": BASE})


async def reviewed(setup: Setup, *files: Sent) -> httpx.Response:
    """Send files, and go on to the page that tells what they would do."""
    return await setup.follow(await upload(setup, *files))


async def confirm(setup: Setup, review: httpx.Response) -> httpx.Response:
    """Confirm what a page tells."""
    return await setup.send(REVIEW, {"seen": field_of(review, "seen")}, page=PAGE)


async def test_nothing_is_changed_before_it_is_confirmed_and_then_all_of_it(house: House, setup: Setup) -> None:
    review = await reviewed(setup, SYNC, ORG)
    assert await apps.id_of_name(house.desk, house.org, "Shipment_Sync") is None

    report = await confirm(setup, review)

    for text in ("Is created", "Is changed", "unheardOf", "Import 2 files"):
        assert text in review.text
    assert report.status_code == 200
    assert 'href="/setup/apps/Shipment_Sync"' in report.text
    app = await apps.find(house.desk, house.org, "Shipment_Sync")
    assert (app.consumer_key, app.secret.reveal()) == ("3MVG9.Shipment.Sync", SECRET)
    assert orgs.settings_of(await orgs.find(house.desk, house.org_id))["require_pkce_for_all_apps"] is True


async def test_a_secret_in_a_file_is_in_no_page_and_not_in_clear_in_the_database(house: House, setup: Setup) -> None:
    review = await reviewed(setup, SYNC)
    ((kept,),) = await house.server.db.all(Statement("SELECT files FROM metadata_upload"))

    report = await confirm(setup, review)

    assert SECRET not in review.text + report.text
    assert SECRET.encode() not in bytes(kept)  # type: ignore[arg-type]
    assert await house.server.db.all(Statement("SELECT id FROM metadata_upload")) == []


async def test_a_zip_of_retrieve_is_opened(setup: Setup) -> None:
    archive = packed(("package.xml", b"<Package/>"), ("connectedApps/" + SYNC[0], APP), ("settings/" + ORG[0], OIDC))

    review = await reviewed(setup, ("anything.bin", archive))

    assert "Review the import of 2 files" in review.text


async def test_a_file_that_is_refused_does_not_stop_the_others(house: House, setup: Setup) -> None:
    """As on the command line."""
    review = await reviewed(setup, SYNC, ("Broken.connectedApp", b"<ConnectedApp>"))

    report = await confirm(setup, review)

    assert "1 of 2 is refused" in review.text
    assert "Refused" in report.text
    assert await apps.id_of_name(house.desk, house.org, "Shipment_Sync") is not None


@pytest.mark.requirement("S44")
@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("A.connectedApp", b'<!DOCTYPE a [<!ENTITY b "c">]><ConnectedApp><label>&b;</label></ConnectedApp>', "DOCTYPE"),
        ("A.connectedApp", b"\x89PNG\r\n\x1a\n", "no text in UTF-8"),
        ("A.connectedApp", b"", "empty or cut off"),
        ("A.connectedApp", b"<html/>", "no connected app"),
        ("A.connectedApp", b"<ConnectedApp>" + b"<a>" * 40, "nested more than"),
        ("A.connectedApp", b" " * 5_000_001, "at most 5,000,000 are read"),
        ("nothing.zip", packed(("readme.txt", b"hello")), "no metadata file is in there"),
        ("broken.zip", packed(SYNC)[:-30], "damaged"),
        ("up.zip", packed(("../../etc/A.connectedApp", APP)), "a name that a metadata archive does not have"),
        ("bomb.zip", packed(("A.connectedApp", b" " * 4_000_000)), "packed more than 200 times"),
        ("<script>alert(1)</script>.connectedApp", b"<ConnectedApp", "never ends"),
    ],
    ids=["doctype", "png", "empty", "html", "deep", "huge", "no metadata", "damaged", "climbs", "bomb", "markup"],
)
async def test_what_is_hostile_or_broken_is_told_and_imported_by_nobody(
    setup: Setup, name: str, data: bytes, says: str
) -> None:
    review = await reviewed(setup, (name, data))

    assert "Is refused" in review.text
    assert says in review.text
    assert ">Import 1 file" not in review.text
    assert "<script>alert" not in review.text


async def test_a_body_over_ten_megabytes_is_refused_on_a_page(setup: Setup) -> None:
    refused = await upload(setup, *((f"A{number}.connectedApp", b" " * 4_000_000) for number in range(3)))

    assert refused.status_code == 413


@pytest.mark.parametrize(
    "files",
    [(), (("", b""),), tuple((f"A{n}.connectedApp", b"<a/>") for n in range(201))],
    ids=["none", "empty", "many"],
)
async def test_no_file_and_too_many_are_told_at_the_field(setup: Setup, files: tuple[Sent, ...]) -> None:
    token = field_of(await setup.open(PAGE), "csrf")
    parts: list[object] = [("files", (name, data, "application/octet-stream")) for name, data in files]
    parts.append(("csrf", (None, token)))

    refused = await setup.browser.client.post(PAGE, files=parts, headers={"origin": BASE})  # type: ignore[arg-type]

    assert refused.status_code == 400
    assert 'id="e-files"' in refused.text


@pytest.mark.requirement("S41")
async def test_an_upload_without_the_token_of_the_session_is_refused(house: House, setup: Setup) -> None:
    refused = await upload(setup, SYNC, csrf="forged")

    assert refused.status_code == 403
    assert await house.server.db.all(Statement("SELECT id FROM metadata_upload")) == []


async def test_files_are_taken_by_no_other_page(setup: Setup) -> None:
    token = field_of(await setup.open(PAGE), "csrf")

    refused = await setup.browser.client.post(
        "/setup/org", data={"csrf": token}, files=[("files", SYNC)], headers={"origin": BASE}
    )

    assert refused.status_code == 400
    assert "files, which this page does not take" in refused.text


async def test_what_would_turn_out_otherwise_by_now_is_shown_again(house: House, setup: Setup) -> None:
    review = await reviewed(setup, ORG)
    await orgs.change(house.desk, house.org, {"require_pkce_for_all_apps": True})

    again = await confirm(setup, review)

    assert again.status_code == 409
    assert "Nothing was imported" in again.text
    assert (await confirm(setup, again)).status_code == 200


async def test_an_upload_is_gone_once_imported_and_after_half_an_hour_and_is_nobody_elses(
    house: House, setup: Setup
) -> None:
    review = await reviewed(setup, ORG)
    await confirm(setup, review)
    again = await confirm(setup, review)
    assert "No files wait" in (await setup.follow(again)).text

    await reviewed(setup, ORG)
    other = await sign_in(house, "nora@harbour.example")
    assert (await other.browser.get(REVIEW)).status_code == 303
    house.clock.advance(ms=30 * MINUTE_MS)
    assert (await setup.browser.get(REVIEW)).status_code == 303


async def test_a_session_that_ended_leads_to_the_login_and_carries_no_file(setup: Setup) -> None:
    token = field_of(await setup.open(PAGE), "csrf")
    setup.browser.client.cookies.clear()

    sent_on = await upload(setup, SYNC, csrf=token)

    assert sent_on.status_code == 303
    assert "/setup/login" in sent_on.headers["location"]


@pytest.mark.requirement("S37")
async def test_it_takes_a_right_over_something_that_files_are_about(house: House) -> None:
    await add_user(house, "vera@harbour.example", VIEW_SETUP.name)
    setup = await sign_in(house, "vera@harbour.example")

    await setup.open(PAGE, status=403)
    await setup.open(REVIEW, status=403)
    token = field_of(await setup.open("/setup/"), "csrf")
    assert (await upload(setup, SYNC, csrf=token)).status_code == 403
    assert (await setup.send(REVIEW, {"seen": ""})).status_code == 403
    assert await house.db.all(Statement("SELECT id FROM metadata_upload")) == []
