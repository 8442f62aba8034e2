"""Metadata files out of the console: one app, some, all, and the settings of the org."""

import io
import zipfile

from grantway import settings as s
from grantway.domain.permissions import VIEW_SETUP
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House


def names_in(data: bytes) -> list[str]:
    """The names in a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()


async def test_the_app_page_leads_to_the_app_as_a_file_with_and_without_its_key(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Shipment Sync"})
    path = f"/setup/apps/{app.id}/metadata.xml"
    page = await setup.open(f"/setup/apps/{app.id}")

    whole, keyless = await setup.open(path), await setup.open(f"{path}?keys=no")

    assert "/metadata.xml?keys=no" in page.text
    assert whole.headers["content-type"] == "application/xml"
    assert "attachment" in whole.headers["content-disposition"]
    assert app.consumer_key in whole.text
    assert app.consumer_secret not in whole.text
    assert app.consumer_key not in keyless.text
    assert "Shipment Sync" in keyless.text


async def test_app_manager_exports_what_is_selected_or_all(house: House, setup: Setup) -> None:
    first, second = await house.app({s.LABEL: "First"}), await house.app({s.LABEL: "Second"})
    page = await setup.open("/setup/apps")

    some = await setup.open(f"/setup/apps.zip?app={first.id}&which=selected")
    everything = await setup.open("/setup/apps.zip?which=all&keys=no")
    none = await setup.open("/setup/apps.zip?which=selected", status=400)

    assert f'name="app" value="{first.id}" form="export"' in page.text
    assert some.headers["content-type"] == "application/zip"
    assert len(names_in(some.content)) == 2
    assert first.consumer_key.encode() in some.content
    assert len(names_in(everything.content)) >= 3
    assert second.consumer_key.encode() not in everything.content
    assert "no app is selected" in none.text


async def test_the_settings_of_the_org_are_exported(setup: Setup) -> None:
    page, archive = await setup.open("/setup/org"), await setup.open("/setup/org.zip")

    assert "/setup/org.zip" in page.text
    assert "settings/OauthOidc.settings" in names_in(archive.content)


async def test_exports_take_the_right_to_read_what_is_in_them(house: House) -> None:
    app = await house.app({})
    await add_user(house, "vera@harbour.example", VIEW_SETUP.name)
    setup = await sign_in(house, "vera@harbour.example")

    for path in (f"/setup/apps/{app.id}/metadata.xml", "/setup/apps.zip?which=all", "/setup/org.zip"):
        await setup.open(path, status=403)


async def test_an_address_with_hundreds_of_parameters_is_answered(setup: Setup) -> None:
    await setup.open("/setup/apps?" + "&".join(f"a{number}" for number in range(300)))
