"""Clients that register without a token, where the org lets them in at the standards' door."""

import asyncio
import json
from functools import partial

import msgspec
import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.endpoints.register import register
from grantway.endpoints.sweeper import Sweeper
from grantway.kit.clock import HOUR_MS
from grantway.manage.connected_apps import apps
from grantway.manage.registration import registering
from tests.endpoints.browsing import LOGIN, Browser, goes_to, told
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House
from tests.endpoints.registrant import (
    ASKED,
    at_home,
    call_with,
    error,
    joined,
    known,
    opened,
    sent,
    token_of,
)


@pytest.mark.enforces("open_registration")
@pytest.mark.requirement("S30")
async def test_the_org_can_let_clients_in_without_a_token_at_the_standards_door_alone(house: House) -> None:
    assert (await sent(house, ASKED)).status == 401
    await opened(house)

    client = await joined(house, "", scope="openid profile api full")

    assert client["scope"] == "openid profile offline_access"
    app = await apps.find(house.desk, house.org, client["client_id"])
    assert (app.kind, app.is_child, app[s.REQUIRE_PKCE]) == (AppKind.EXTERNAL_CLIENT_APP, False, True)
    assert (await sent(house, ASKED, door=SALESFORCE)).status == 401
    assert (await sent(house, ASKED, "x" * 43)).status == 401
    assert json.loads((await at_home(house, client)).body) == client
    again = await at_home(house, client, "PUT", client | {"client_name": "Renamed"})
    assert json.loads(again.body) == client | {"client_name": "Renamed"}


@pytest.mark.enforces("open_registration_scopes")
async def test_the_org_says_how_far_openly_registered_clients_go(house: House) -> None:
    await opened(house, open_registration_scopes=["openid", "api"])

    assert (await joined(house, ""))["scope"] == "openid api"


@pytest.mark.enforces("open_registration_scopes")
async def test_scopes_that_the_org_takes_back_are_asked_for_in_vain_by_those_that_have_registered(
    house: House, browser: Browser
) -> None:
    await opened(house, open_registration_scopes=["openid", "api", "refresh_token"])
    client = await joined(house, "")
    app = await known(house, client)
    assert goes_to(await browser.ask(app, door=STANDARDS, scope="openid api"), LOGIN)

    await opened(house, open_registration_scopes=["openid", "refresh_token"])

    assert told(await browser.ask(app, door=STANDARDS, scope="openid api"))["error"] == "invalid_scope"
    assert json.loads((await at_home(house, client)).body)["scope"] == "openid offline_access"


@pytest.mark.requirement("S8")
@pytest.mark.parametrize("with_token", [True, False])
async def test_the_consent_page_says_that_nobody_looked_at_an_app_that_registered(
    house: House, browser: Browser, with_token: bool
) -> None:
    await opened(house)
    app = await known(house, await joined(house, await token_of(house, await house.app()) if with_token else ""))

    page = (await browser.to_consent(app, door=STANDARDS, scope="openid")).text

    assert "chose its name itself, and nobody here has checked it" in page
    assert "<dt>Added by</dt><dd><bdi>itself, on " in page
    assert "Published by" not in page
    assert "an administrator of" not in page


async def test_one_address_registers_openly_at_a_pace(house: House) -> None:
    await opened(house)
    for _ in range(registering.OPEN_PACE):
        assert (await sent(house, ASKED)).status == 201

    reply = await sent(house, ASKED)

    assert error(reply) == (429, "temporarily_unavailable")
    assert (b"retry-after", b"3600") in reply.headers
    house.clock.advance(ms=HOUR_MS)
    assert (await sent(house, ASKED)).status == 201


async def test_one_network_of_ipv6_is_one_address(house: House) -> None:
    await opened(house)
    call = call_with(house, f"{STANDARDS}/register", ASKED, "", "POST")

    async def status(address: str) -> int:
        return (await register(msgspec.structs.replace(call, address=address), house.server, BASE)).status

    for number in range(registering.OPEN_PACE):
        assert await status(f"2001:db8:0:7::{number:x}") == 201
    assert await status("2001:db8:0:7:ffff::1") == 429
    assert await status("2001:db8:0:8::1") == 201


async def test_openly_registered_clients_that_nobody_uses_are_swept(house: House) -> None:
    await opened(house)
    child = await joined(house, await token_of(house, await house.app()))
    used, unused = await joined(house, ""), await joined(house, "")
    await house.sign_in(await known(house, used), door=STANDARDS, scopes="openid refresh_token")
    house.clock.advance(days=8)

    rounds = Sweeper(house.db, house.clock, every_s=0.01, also=partial(registering.sweep_unused, house.desk))
    async with asyncio.timeout(20):
        while (await at_home(house, unused)).status == 200:  # noqa: ASYNC110 - nothing tells of the end of a round
            await asyncio.sleep(0.01)
    await rounds.close()

    assert [(await at_home(house, one)).status for one in (child, used, unused)] == [200, 200, 401]
