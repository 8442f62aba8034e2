"""Importing is changing apps, and takes the same rights (security.md S37)."""

import pytest

from grantway.domain.app import AppKind
from grantway.domain.permissions import CUSTOMIZE_APPLICATION, MANAGE_CONNECTED_APPS, MANAGE_PROFILES, MODIFY_ALL_DATA
from grantway.manage.connected_apps import apps
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import SourceFile, import_file
from grantway.manage.problem import ManageProblem
from tests.manage.conftest import Office

APP = SourceFile(name="Sync.connectedApp", data=b"<ConnectedApp><label>Sync</label></ConnectedApp>")
ASSIGNED = SourceFile(name="Sync.connectedApp", data=b"<ConnectedApp><profileName>Sales</profileName></ConnectedApp>")
OF_APPS = (CUSTOMIZE_APPLICATION.name, MANAGE_CONNECTED_APPS.name)
OF_ASSIGNMENTS = (CUSTOMIZE_APPLICATION.name, MODIFY_ALL_DATA.name, MANAGE_PROFILES.name)


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("exists", [False, True], ids=["create", "update"])
async def test_who_may_not_change_apps_may_not_import_them(office: Office, exists: bool) -> None:
    if exists:
        await import_file(office.desk, office.org, APP)

    told = await import_file(await office.seat(), office.org, APP)

    assert told.done == "failed"
    assert "may not read and change connected apps: the permission Customize Application is missing" in told.problem
    assert len(await apps.all_apps(office.desk, office.org)) == int(exists)


@pytest.mark.requirement("S37")
async def test_a_file_that_assigns_profiles_takes_the_right_to_assign(office: Office) -> None:
    await office.allow_creation()
    builder, assigner = await office.seat(*OF_APPS), await office.seat(*OF_ASSIGNMENTS)

    assert (await import_file(builder, office.org, APP)).done == "created"
    assert (await import_file(builder, office.org, ASSIGNED)).done == "failed"
    assert (await import_file(assigner, office.org, ASSIGNED)).done == "updated"


@pytest.mark.requirement("S37")
async def test_nobody_imports_into_or_exports_from_another_org(office: Office) -> None:
    await import_file(office.desk, office.org, APP)
    stranger = await office.seat(*OF_ASSIGNMENTS, org=await office.other_org())

    assert (await import_file(stranger, office.org, APP)).done == "failed"
    with pytest.raises(ManageProblem):
        await export_app(stranger, office.org, "Sync")


@pytest.mark.requirement("S37")
async def test_who_sets_only_policies_of_an_external_client_app_does_not_replace_its_file(office: Office) -> None:
    await office.allow_creation()
    await office.app("Sync", kind="external_client_app", require_pkce="true")
    keeper = await office.seat(*OF_APPS, "ExternalClientAppAdmin")
    same = await export_app(office.desk, office.org, "Sync")
    await apps.change(office.desk, office.org, "Sync", {"refresh_token_policy": "zero"})

    told = await import_file(keeper, office.org, SourceFile(name="Sync.connectedApp", data=same.data))

    assert told.done == "failed"
    assert "may not read and change external client apps" in told.problem


@pytest.mark.requirement("S37")
async def test_who_makes_external_client_apps_does_not_set_their_policies_looser_than_they_begin(
    office: Office,
) -> None:
    """Valid until revoked is what holds where nothing is set; a new app begins stricter."""
    developer = await office.seat(CUSTOMIZE_APPLICATION.name, "ExternalClientAppDeveloper")
    values = {"contact_email": "it@harbour.example", "refresh_token_policy": "infinite"}
    asked = apps.NewApp(name="Outer", kind=AppKind.EXTERNAL_CLIENT_APP, values=values)

    with pytest.raises(ManageProblem, match="may not change the policies of external client apps"):
        await apps.create(developer, office.org, asked)
