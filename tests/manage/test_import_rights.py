"""Importing is changing apps, and takes the same rights (security.md S37)."""

from dataclasses import replace

import pytest

from grantway.domain.org import Org
from grantway.domain.permissions import CUSTOMIZE_APPLICATION, MANAGE_CONNECTED_APPS, MANAGE_PROFILES, MODIFY_ALL_DATA
from grantway.manage import apps
from grantway.manage.caller import Caller
from grantway.manage.desk import Desk
from grantway.manage.export_app import export_app
from grantway.manage.import_app import SourceFile, import_file
from grantway.manage.problem import ManageProblem

APP = SourceFile(name="Sync.connectedApp", data=b"<ConnectedApp><label>Sync</label></ConnectedApp>")
ASSIGNED = SourceFile(name="Sync.connectedApp", data=b"<ConnectedApp><profileName>Sales</profileName></ConnectedApp>")
OF_APPS = frozenset({CUSTOMIZE_APPLICATION.name, MANAGE_CONNECTED_APPS.name})
OF_ASSIGNMENTS = frozenset({CUSTOMIZE_APPLICATION.name, MODIFY_ALL_DATA.name, MANAGE_PROFILES.name})


def seated(desk: Desk, org_id: str, permissions: frozenset[str]) -> Desk:
    """Give the desk to a user with these permissions."""
    return replace(desk, caller=Caller(user_id="005x", username="ada", org_id=org_id, permissions=permissions))


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("exists", [False, True], ids=["create", "update"])
async def test_who_may_not_change_apps_may_not_import_them(desk: Desk, org: Org, exists: bool) -> None:
    if exists:
        await import_file(desk, org, APP)

    told = await import_file(seated(desk, org.id, frozenset()), org, APP)

    assert told.done == "failed"
    assert told.problem == "ada may not read and change connected apps: the permission Customize Application is missing"
    assert len(await apps.all_apps(desk, org)) == int(exists)


@pytest.mark.requirement("S37")
async def test_a_file_that_assigns_profiles_takes_the_right_to_assign(desk: Desk, org: Org) -> None:
    assert (await import_file(seated(desk, org.id, OF_APPS), org, APP)).done == "created"
    assert (await import_file(seated(desk, org.id, OF_APPS), org, ASSIGNED)).done == "failed"
    assert (await import_file(seated(desk, org.id, OF_ASSIGNMENTS), org, ASSIGNED)).done == "updated"


@pytest.mark.requirement("S37")
async def test_nobody_imports_into_or_exports_from_another_org(desk: Desk, org: Org) -> None:
    await import_file(desk, org, APP)
    stranger = seated(desk, "00Dother", OF_ASSIGNMENTS)

    assert (await import_file(stranger, org, APP)).done == "failed"
    with pytest.raises(ManageProblem):
        await export_app(stranger, org, "Sync")
