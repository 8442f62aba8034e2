"""Search: by any part of a name, and straight to what can only be one thing; every setting within three clicks."""

import html
import re

import pytest

from grantway import settings as s
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.endpoints.house import House


async def test_part_of_a_label_a_username_or_a_setting_finds_each(house: House, setup: Setup) -> None:
    await house.app({s.LABEL: "Refresh Robot"})
    page = await setup.open("/setup/search?q=refresh")
    people = await setup.open("/setup/search?q=lovelace")

    assert "Refresh Robot" in page.text
    assert "Require Secret for the Refresh Token Flow" in page.text
    assert "ada@harbour.example" in people.text


@pytest.mark.parametrize("typed", ["Shipment Sync", "shipment sync"])
async def test_the_exact_label_of_an_app_opens_it(house: House, setup: Setup, typed: str) -> None:
    await house.app({s.LABEL: "Shipment Sync"})

    reply = await setup.open(f"/setup/search?q={typed.replace(' ', '+')}", 303)

    assert "/setup/apps/App_" in reply.headers["location"]


async def test_a_consumer_key_opens_its_app_and_a_username_its_user(house: House, setup: Setup) -> None:
    app = await house.app()

    by_key = await setup.open(f"/setup/search?q={app.consumer_key}", 303)
    by_name = await setup.open("/setup/search?q=ADA@harbour.example", 303)

    assert "/setup/apps/App_" in by_key.headers["location"]
    assert by_name.headers["location"].endswith("/setup/users/ada%40harbour.example")


async def test_how_ids_begin_is_no_id(house: House, setup: Setup) -> None:
    await house.app({s.LABEL: "Gate 0H4"})

    page = await setup.open("/setup/search?q=0H4")

    assert "Gate 0H4" in page.text


async def test_a_request_id_in_any_spelling_opens_its_trace(house: House, setup: Setup) -> None:
    app = await house.app()
    call = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": "wrong"}
    await house.token(call)
    page = await setup.open("/setup/traces")
    found = re.search(r'/setup/traces/([-\w]{14})"', page.text)
    assert found

    reply = await setup.open(f"/setup/search?q={found[1].lower().replace('-', '+')}", 303)

    assert reply.headers["location"].endswith(f"/setup/traces/{found[1]}")


@pytest.mark.parametrize("typed", ["%25", "l_i", "%27%3B--", "<script>alert(1)</script>", "%00", "x" * 5000])
async def test_signs_that_mean_something_to_a_database_or_a_page_mean_nothing_here(
    house: House, setup: Setup, typed: str
) -> None:
    await house.app({s.LABEL: "Plain"})

    page = await setup.open(f"/setup/search?q={typed}")

    assert "Plain" not in page.text
    assert "<script>alert" not in page.text


async def test_another_orgs_apps_and_users_are_not_found(house: House, setup: Setup) -> None:
    elsewhere = await house.elsewhere()
    await elsewhere.app({s.LABEL: "Foreign Sync"})

    assert "Foreign Sync" not in (await setup.open("/setup/search?q=foreign")).text


async def test_who_may_not_see_apps_finds_settings_only(house: House) -> None:
    await house.app({s.LABEL: "Refresh Robot"})
    await add_user(house, "plain@harbour.example", "ApiEnabled")
    plain = await sign_in(house, "plain@harbour.example")

    page = await plain.open("/setup/search?q=refresh")

    assert "Refresh Robot" not in page.text
    assert "Require Secret for the Refresh Token Flow" in page.text


@pytest.mark.parametrize("one", s.ALL, ids=lambda one: one.name)
async def test_each_setting_is_explained_under_its_own_mark_and_found_by_its_label(
    house: House, setup: Setup, one: s.AnySetting
) -> None:
    reference = await setup.open("/setup/settings")
    found = await setup.browser.client.get("/setup/settings", params={"q": one.label})

    assert f'id="setting-{one.name}"' in reference.text
    assert one.label in html.unescape(found.text)


async def test_the_reference_says_when_nothing_fits(setup: Setup) -> None:
    assert "No setting has" in (await setup.open("/setup/settings?q=zzzz")).text
    assert ADMIN in (await setup.open("/setup/search?q=nora")).text
