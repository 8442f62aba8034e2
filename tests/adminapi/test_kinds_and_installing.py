"""External client apps, and apps of other orgs installed and uninstalled, through the admin API."""

from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from tests.adminapi.client import APPS, Program, program_of
from tests.console.setup import add_user
from tests.endpoints.house import House

EXTERNAL = {
    "name": "Ship",
    "kind": "external_client_app",
    "settings": {"contact_email": "it@harbour.example"},
}


async def test_an_app_says_its_kind_which_is_chosen_when_it_is_made(program: Program) -> None:
    made = (await program.ask("POST", "/apps", EXTERNAL, status=201)).json()["app"]
    await program.make()

    assert made["id"].startswith("0xI")
    kinds = {app["name"]: app["kind"] for app in (await program.get("/apps"))["items"]}
    assert (kinds["Ship"], kinds["Sync"]) == ("external_client_app", "connected_app")


async def test_the_list_has_only_apps_of_kinds_that_the_user_may_read(house: House, program: Program) -> None:
    await program.ask("POST", "/apps", EXTERNAL, status=201)
    await program.make()
    viewer = await program_of(
        house, "viewer@harbour.example", "ApiEnabled", "CustomizeApplication", "ExternalClientAppViewer"
    )
    keeper = await program_of(house, "keeper@harbour.example", *APPS)

    assert {app["kind"] for app in (await viewer.get("/apps"))["items"]} == {"external_client_app"}
    assert {app["kind"] for app in (await keeper.get("/apps"))["items"]} == {"connected_app"}


@pytest.mark.requirement("S37")
async def test_what_rotates_connected_apps_rotates_no_external_client_app(house: House, program: Program) -> None:
    await program.ask("POST", "/apps", EXTERNAL, status=201)
    reads = (*APPS, "ExternalClientAppViewer")
    keeper = await program_of(house, "keeper@harbour.example", *reads, "ClientSecretRotation")
    developer = await program_of(
        house,
        "dev@harbour.example",
        "ApiEnabled",
        "CustomizeApplication",
        "ExternalClientAppDeveloper",
        "ViewClientSecret",
    )

    await keeper.ask("GET", "/apps/Ship/rotation", status=403)
    await keeper.ask("POST", "/apps/Ship/rotation/stage", status=403)
    staged = (await developer.ask("POST", "/apps/Ship/rotation/stage", status=201)).json()["staged"]
    body: dict[str, Any] = {"consumer_key": staged["consumer_key"]}
    await keeper.ask("POST", "/apps/Ship/rotation/apply", body, status=403)
    await developer.ask("POST", "/apps/Ship/rotation/apply", body)


@pytest.mark.parametrize("named", ["key", "id"])
async def test_another_orgs_app_is_installed_and_uninstalled(house: House, program: Program, named: str) -> None:
    app = await (await house.elsewhere()).app()
    name = app.consumer_key if named == "key" else app.id

    installed = (await program.ask("POST", f"/apps/{name}/install")).json()
    assert (installed["id"], installed["own"], installed["installed"]) == (app.id, False, True)
    await program.ask("POST", f"/apps/{name}/install", status=422)

    gone = (await program.ask("POST", f"/apps/{name}/uninstall")).json()
    assert gone["id"] == app.id
    assert "removed your policies only" in gone["warnings"][0]
    await program.ask("GET", f"/apps/{name}", status=404)


async def test_only_a_key_or_an_id_names_another_orgs_app(house: House, program: Program) -> None:
    await (await house.elsewhere()).app()

    await program.ask("POST", "/apps/Elsewhere/install", status=404)
    await program.ask("POST", "/apps/3MVGnobodys/install", status=404)


@pytest.mark.requirement("S37")
async def test_packaged_apps_are_installed_with_the_permission_for_packages(house: House) -> None:
    elsewhere = await house.elsewhere()
    app = await elsewhere.app({s.DISTRIBUTION_STATE: s.Distribution.PACKAGED}, kind=AppKind.EXTERNAL_CLIENT_APP)
    needs = ("ApiEnabled", "CustomizeApplication", "ExternalClientAppAdmin")
    fewer = await program_of(house, "fewer@harbour.example", *needs)
    enough = await program_of(house, "enough@harbour.example", *needs, "InstallPackaging")

    await fewer.ask("POST", f"/apps/{app.id}/install", status=403)
    await enough.ask("POST", f"/apps/{app.id}/install")
    await fewer.ask("POST", f"/apps/{app.id}/uninstall", status=403)
    gone = (await enough.ask("POST", f"/apps/{app.id}/uninstall")).json()
    assert gone["warnings"] == []


async def test_an_orgs_own_app_is_not_uninstalled(program: Program) -> None:
    await program.make()

    await program.ask("POST", "/apps/Sync/uninstall", status=422)
    await program.ask("GET", "/apps/Sync")


@pytest.mark.requirement("S16")
async def test_all_of_an_app_that_nobody_installed_here_is_revoked_and_has_to_be_approved_again(house: House) -> None:
    app = await (await house.elsewhere()).app()
    user = "skipper@harbour.example"
    house.user_ids[user] = await add_user(house, user, "ApiEnabled", "CanApproveUninstalledApps")
    answer = await house.sign_in(app, user)
    clerk = await program_of(house, "clerk@harbour.example", "ApiEnabled", "ManageUsers", "ViewSetup")

    listed = await clerk.get(f"/tokens?app={app.consumer_key}")
    ended = (await clerk.ask("POST", "/tokens/revoke", {"app": app.consumer_key})).json()

    assert [line["username"] for line in listed["items"]] == [user]
    # The one line; its access token ends with it.
    assert ended == {"ended": 1}
    assert (await house.refresh(app, answer["refresh_token"]))[0] == 400
    assert not await house.is_active(app, answer["access_token"])
    assert (await clerk.get(f"/tokens?app={app.consumer_key}"))["items"] == []
