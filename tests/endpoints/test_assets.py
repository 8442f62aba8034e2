"""Devices and certificates are administered: seen, frozen, forgotten; made, named by apps, deleted."""

from dataclasses import replace

import pytest

from grantway import settings as s
from grantway.domain.permissions import (
    ALL,
    CUSTOMIZE_APPLICATION,
    MANAGE_CERTIFICATES,
    MANAGE_USERS,
    VIEW_SETUP,
    UserPermission,
)
from grantway.manage.caller import caller_named
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.exchange import assets
from grantway.manage.listing import Piece
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.manage.server import certificates
from grantway.store.certificates import DEFAULT_NAME
from grantway.store.statement import Statement
from tests.adminapi.client import administrator
from tests.console.setup import add_user, sign_in
from tests.endpoints.house import House
from tests.endpoints.test_asset_token import actor, fleet_app, keys, send, told

EVENTS = Statement("SELECT kind, detail FROM event WHERE kind LIKE 'admin.%' ORDER BY id")


async def registered(house: House, *dids: str) -> tuple[str, ...]:
    """Let ada's devices ask for tokens, one after the other; return the ids of the records, the newest first."""
    token = (await house.sign_in(await fleet_app(house)))["access_token"]
    for did in dids:
        assert (await send(house, token, actor(house, did=did, Name=did.title())))[0] == 200
    found = await assets.page_of(house.desk, house.org, Piece(limit=100))
    return tuple(one.asset.id for one in found.items)


async def test_devices_are_listed_piece_by_piece_those_with_the_newest_tokens_first(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    await registered(house, "one", "two", "three")
    await registered(house, "one")  # again: now it has the newest token

    first = await assets.page_of(house.desk, house.org, Piece(limit=2))
    rest = await assets.page_of(house.desk, house.org, Piece(limit=2, after=first.next))

    assert [one.asset.device_id for one in (*first.items, *rest.items)] == ["one", "three", "two"]
    assert first.items[0].username == "ada@harbour.example"
    assert rest.next is None
    elsewhere = await house.elsewhere()
    assert (await assets.page_of(elsewhere.desk, elsewhere.org, Piece(limit=2))).items == []
    with pytest.raises(NotFound):
        await assets.find(elsewhere.desk, elsewhere.org, first.items[0].asset.id)


async def test_a_frozen_device_gets_no_token_and_its_own_are_inactive_until_it_is_unfrozen(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    held = (await send(house, token, actor(house)))[1]["access_token"]
    (asset,) = (await assets.page_of(house.desk, house.org, Piece(limit=2))).items

    await assets.freeze(house.desk, house.org, asset.asset.id[:15])
    assert (await send(house, token, actor(house)))[1]["error_description"] == "invalid asset"
    assert await told(house, app, held) == {"active": False}
    assert await house.reasons() == ["asset.frozen"]
    await assets.freeze(house.desk, house.org, asset.asset.id, frozen=False)
    assert (await told(house, app, held))["active"] is True
    await assets.delete(house.desk, house.org, asset.asset.id)
    assert await told(house, app, held) == {"active": False}
    # It comes again, as another one.
    assert (await send(house, token, actor(house)))[0] == 200
    assert await told(house, app, held) == {"active": False}


async def lacking(house: House, *permissions: UserPermission) -> Desk:
    """The desk of a user who has every permission but some."""
    without = {one.name for one in permissions}
    name = f"no.{permissions[0].name.lower()}@harbour.example"
    await add_user(house, name, *(one for one in ALL if one not in without))
    return replace(house.desk, caller=await caller_named(house.db, name))


@pytest.mark.parametrize("missing", [VIEW_SETUP, MANAGE_USERS], ids=lambda one: one.name)
async def test_devices_take_the_right_to_see_tokens(house: House, missing: UserPermission) -> None:
    (asset_id,) = await registered(house, "one")
    desk = await lacking(house, missing)

    for doing in (
        assets.page_of(desk, house.org, Piece(limit=1)),
        assets.find(desk, house.org, asset_id),
        assets.freeze(desk, house.org, asset_id),
        assets.delete(desk, house.org, asset_id),
    ):
        with pytest.raises(NotAllowed):
            await doing


async def test_certificates_take_the_rights_to_see_and_to_change_setup(house: House) -> None:
    made = await certificates.create(house.desk, house.org, "Fleet")
    blind, tied = await lacking(house, VIEW_SETUP), await lacking(house, CUSTOMIZE_APPLICATION, MANAGE_CERTIFICATES)

    for doing in (
        certificates.all_of(blind, house.org),
        certificates.find(blind, house.org, made.name),
        certificates.create(tied, house.org, "Other"),
        certificates.delete(tied, house.org, made.name),
    ):
        with pytest.raises(NotAllowed):
            await doing


async def test_a_certificates_key_is_published_until_it_is_deleted_which_its_apps_keep_from(house: House) -> None:
    made = await certificates.create(house.desk, house.org, "Fleet")
    app = await fleet_app(house, asset_signing_certificate="Fleet")
    await send(house, (await house.sign_in(app))["access_token"])
    assert made.kid in [key.key_id for key in (await keys(house)).keys]

    with pytest.raises(ManageProblem, match="change that first"):
        await certificates.delete(house.desk, house.org, "Fleet")
    await apps.put(house.desk, house.org, app.id, {s.ASSET_SIGNING_CERTIFICATE: ""})
    await certificates.delete(house.desk, house.org, made.id)

    assert [one.name for one in await certificates.all_of(house.desk, house.org)] == [DEFAULT_NAME]
    house.clock.advance(ms=1)
    house.server.signing._published_at = float("-inf")  # a second later
    assert made.kid not in [key.key_id for key in (await keys(house)).keys]


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [
        ("", 1, "name"),
        ("a b", 1, "name"),
        ("1a", 1, "name"),
        ("a" * 65, 1, "name"),
        ("Fleet", 0, "days"),
        ("Fleet", 3651, "days"),
        ("FLEET", 1, "name"),
    ],
)
async def test_a_certificate_that_cannot_be_made_is_refused_at_its_field(
    house: House, name: str, days: int, field: str
) -> None:
    if name == "FLEET":
        await certificates.create(house.desk, house.org, "Fleet")
    with pytest.raises(ManageProblem) as problem:
        await certificates.create(house.desk, house.org, name, days=days)

    assert list(problem.value.fields) == [field]


async def test_changes_stand_in_the_audit_trail(house: House) -> None:
    (asset_id,) = await registered(house, "one")
    await assets.freeze(house.desk, house.org, asset_id)
    await certificates.create(house.desk, house.org, "Fleet")
    await certificates.delete(house.desk, house.org, "Fleet")
    rows = await house.db.all(EVENTS)

    assert [row[0] for row in rows][-3:] == [
        "admin.asset.freeze",
        "admin.certificate.create",
        "admin.certificate.delete",
    ]
    assert "PRIVATE" not in str(rows)


async def test_programs_see_freeze_and_forget_devices_and_make_certificates(house: House) -> None:
    program = await administrator(house)
    (asset_id,) = await registered(house, "one")

    (listed,) = (await program.get("/assets"))["items"]
    assert (listed["id"], listed["device_id"], listed["frozen"], listed["shows_key"]) == (asset_id, "one", False, True)
    assert (await program.ask("POST", f"/assets/{asset_id}/freeze")).json()["frozen"] is True
    assert (await program.ask("POST", f"/assets/{asset_id}/unfreeze")).json()["frozen"] is False
    await program.ask("DELETE", f"/assets/{asset_id}", status=204, If_Match="*")
    await program.ask("GET", f"/assets/{asset_id}", status=404)
    made = (await program.ask("POST", "/certificates", {"name": "Fleet", "days": 30}, status=201)).json()
    assert made["pem"].startswith("-----BEGIN CERTIFICATE-----")
    assert "Fleet" in [one["name"] for one in (await program.get("/certificates"))["items"]]
    assert await program.get("/certificates/Fleet") == made
    await program.ask("DELETE", "/certificates/Fleet", status=204, If_Match="*")


async def test_the_console_lists_devices_and_freezes_them(house: House) -> None:
    await add_user(house, "nora@harbour.example", *ALL)
    setup = await sign_in(house, "nora@harbour.example")
    assert "None yet" in (await setup.open("/setup/assets")).text
    (asset_id,) = await registered(house, "<b>one</b>")

    page = (await setup.open("/setup/assets")).text
    assert "&lt;B&gt;One" in page
    assert "Shows its key" in page
    after = await setup.send(f"/setup/assets/{asset_id}/freeze", {}, page="/setup/assets")
    assert after.status_code == 303
    assert "Frozen" in (await setup.open("/setup/assets")).text
    await setup.send(f"/setup/assets/{asset_id}/unfreeze", {}, page="/setup/assets")
    assert "Shows its key" in (await setup.open("/setup/assets")).text


async def test_the_console_says_what_ends_with_a_device_and_forgets_it(house: House) -> None:
    await add_user(house, "nora@harbour.example", *ALL)
    setup = await sign_in(house, "nora@harbour.example")
    (asset_id,) = await registered(house, "<b>one</b>")
    path = f"/setup/assets/{asset_id}/delete"
    assert f'href="{path}"' in (await setup.open("/setup/assets")).text

    asked = (await setup.open(path)).text
    assert "Introspection calls all its tokens inactive" in asked
    assert "<b>one</b>" not in asked.lower()
    page = await setup.follow(await setup.send(path, {}, page=path))
    assert "is forgotten" in page.text
    assert "None yet" in page.text
    await setup.open(path, 404)


async def test_the_console_deletes_a_certificate_that_no_app_names(house: House) -> None:
    await add_user(house, "nora@harbour.example", *ALL)
    setup = await sign_in(house, "nora@harbour.example")
    made = await certificates.create(house.desk, house.org, "Fleet", days=30)
    app = await house.app({s.LABEL: "Sync", s.ASSET_SIGNING_CERTIFICATE: "Fleet"})
    path = f"/setup/certificates/{made.id}/delete"
    assert f'href="{path}"' in (await setup.open("/setup/certificates")).text

    named = (await setup.open(path)).text
    assert "Name another certificate there first" in named
    assert "<form" not in named.partition("<main")[2]
    refused = await setup.send(path, {}, page="/setup/certificates")
    assert refused.status_code == 400
    await apps.change(house.desk, house.org, app.id, {"asset_signing_certificate": ""})
    assert made.kid in (await setup.open(path)).text
    page = await setup.follow(await setup.send(path, {}, page="/setup/certificates"))
    assert "Fleet is deleted" in page.text
    assert "None yet" in page.text


async def test_the_console_makes_certificates_and_keeps_what_was_typed(house: House) -> None:
    await add_user(house, "nora@harbour.example", *ALL)
    setup = await sign_in(house, "nora@harbour.example")
    assert "None yet" in (await setup.open("/setup/certificates")).text
    refused = await setup.send("/setup/certificates", {"name": "a b", "days": "many"}, page="/setup/certificates")
    assert refused.status_code == 400
    assert 'value="a b"' in refused.text
    assert 'value="many"' in refused.text
    made = await setup.send("/setup/certificates", {"name": "Fleet", "days": "30"}, page="/setup/certificates")
    assert made.status_code == 303
    page = (await setup.open("/setup/certificates")).text
    assert "-----BEGIN CERTIFICATE-----" in page
    assert "PRIVATE" not in page
