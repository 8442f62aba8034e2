"""What an org's edition and its creation switch leave possible (connected-apps.md 3.13 and 4, "Editions")."""

import pytest

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps, install
from grantway.manage.desk import Desk
from grantway.manage.files.import_app import SourceFile, import_file
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

CREATING = ("Group", "Essentials", "Professional", "Enterprise", "Performance", "Unlimited", "Developer")
BUILDER = ("CustomizeApplication", "ManageRemoteAccess", "ExternalClientAppDeveloper")
FILE = SourceFile(name="Sync.connectedApp", data=b"<ConnectedApp><label>Sync</label></ConnectedApp>")
NEW = apps.NewApp(name="Sync", values={"contact_email": "it@harbour.example"})
NEW_EXTERNAL = apps.NewApp(
    name="Outer", kind=AppKind.EXTERNAL_CLIENT_APP, values={"contact_email": "it@harbour.example"}
)


async def of_edition(desk: Desk, edition: str) -> Org:
    return await orgs.create(desk, orgs.NewOrg(name=f"Of {edition}", edition=edition))


@pytest.mark.parametrize("edition", CREATING)
async def test_apps_of_both_kinds_are_created_in_the_editions_of_the_page(desk: Desk, edition: str) -> None:
    org = await of_edition(desk, edition)

    assert org.edition == f"{edition} Edition"
    for new in (NEW, NEW_EXTERNAL):
        assert (await apps.create(desk, org, new)).app.kind is new.kind


async def test_in_other_editions_no_app_is_created_or_imported_but_installed(desk: Desk) -> None:
    org, home = await of_edition(desk, "contact manager edition"), await of_edition(desk, "Group")
    made = (await apps.create(desk, home, NEW)).app

    for new in (NEW, NEW_EXTERNAL):
        with pytest.raises(ManageProblem, match="Contact Manager Edition does not have this, Group, Essentials"):
            await apps.create(desk, org, new)
    assert (await import_file(desk, org, FILE)).done == "failed"
    assert (await install.install(desk, org, made.consumer_key)).app.policy is not None


@pytest.mark.parametrize("edition", CREATING)
async def test_permitted_users_are_admin_approved_in_all_editions_but_group(desk: Desk, edition: str) -> None:
    org = await of_edition(desk, edition)
    await apps.create(desk, org, NEW)

    if edition == "Group":
        with pytest.raises(ManageProblem, match="permitted_users: admin approved users: Group Edition does not") as no:
            await apps.change(desk, org, "Sync", {"permitted_users": "admin_approved"})
        assert set(no.value.fields) == {"permitted_users"}
    else:
        await apps.change(desk, org, "Sync", {"permitted_users": "admin_approved"})


async def test_a_file_that_says_admin_approved_is_not_imported_looser_where_the_edition_has_it_not(desk: Desk) -> None:
    org = await of_edition(desk, "Group")
    data = b"<ConnectedApp><oauthConfig><callbackUrl>https://a.example</callbackUrl><isAdminApproved>true"
    file = SourceFile(name="Sync.connectedApp", data=data + b"</isAdminApproved></oauthConfig></ConnectedApp>")

    assert "permitted_users" in (await import_file(desk, org, file)).problem


async def test_an_edition_is_one_of_the_list_and_one_from_before_stays_as_it_is(desk: Desk, org: Org) -> None:
    with pytest.raises(ManageProblem, match="edition: say one of Contact Manager Edition, Group Edition"):
        await orgs.change(desk, org, {"edition": "Golden"})
    async with desk.changing() as changing:
        await changing.run(Statement("UPDATE org SET edition = 'Golden' WHERE id = :id"), org.id)

    org = await orgs.change(desk, await orgs.find(desk, org.id), {"edition": "Golden", "name": "Port"})

    assert org.edition == "Golden"
    await apps.create(desk, org, NEW)


@one_engine
async def test_new_orgs_let_no_user_create_connected_apps_only_external_client_apps(office: Office) -> None:
    builder = await office.seat(*BUILDER)

    with pytest.raises(NotAllowed, match="Create an external client app instead"):
        await apps.create(builder, office.org, NEW)
    told = await import_file(builder, office.org, FILE)

    assert (told.done, "Create an external client app instead" in told.problem) == ("failed", True)
    assert (await apps.create(builder, office.org, NEW_EXTERNAL)).app.id.startswith("0xI")


@one_engine
async def test_the_operator_stands_in_salesforce_supports_place(office: Office) -> None:
    assert (await apps.create(office.desk, office.org, NEW)).app.kind is AppKind.CONNECTED_APP


@one_engine
async def test_an_app_that_is_there_is_updated_by_import_whatever_the_switch_says(office: Office) -> None:
    await import_file(office.desk, office.org, FILE)

    assert (await import_file(await office.seat(*BUILDER), office.org, FILE)).done == "updated"


@one_engine
async def test_the_switch_is_turned_on_by_the_operator_and_off_by_anybody_who_sets_the_org(office: Office) -> None:
    builder = await office.seat(*BUILDER)
    switch = "allow_connected_app_creation"

    with pytest.raises(NotAllowed, match="only the operator switches it on") as refused:
        await orgs.change(builder, office.org, {switch: "true"})
    assert set(refused.value.fields) == {switch}
    await office.allow_creation()
    await orgs.change(builder, office.org, {switch: "true", "org_session_timeout": "30"})
    await apps.create(builder, office.org, NEW)
    await orgs.change(builder, office.org, {switch: "false"})

    with pytest.raises(NotAllowed):
        await orgs.change(builder, office.org, {switch: "true"})


@one_engine
async def test_the_switch_is_read_in_the_moment_of_the_change(office: Office) -> None:
    """Not from the record of the org that the page was opened with."""
    await office.allow_creation()
    stale = await orgs.find(office.desk, office.org.id)
    await orgs.change(office.desk, office.org, {"allow_connected_app_creation": "false"})

    with pytest.raises(NotAllowed, match="connected apps cannot be created"):
        await apps.create(await office.seat(*BUILDER), stale, NEW)
