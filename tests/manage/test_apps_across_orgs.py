"""An app that another org has installed: its home org sets the app, each org its own policies (decision 19)."""

import pytest

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.problem import ManageProblem
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

pytestmark = pytest.mark.requirement("S57")
_INSTALL = Statement(
    "INSERT INTO app_policy (org_id, app_id, settings, run_as, version, is_blocked, not_before, installed_at)"
    " VALUES (:org_id, :app_id, '{}', '', 1, 0, 0, 1)"
)
_UNINSTALL = Statement("DELETE FROM app_policy WHERE app_id = :app_id")


async def installed(office: Office) -> tuple[str, Org]:
    """The id of an app of Harbour that Northwind has installed, and Northwind."""
    other = await office.other_org()
    new = apps.NewApp(name="Sync", values={"contact_email": "it@harbour.example"})
    app = (await apps.create(office.desk, office.org, new)).app
    async with office.desk.changing() as desk:
        await desk.run(_INSTALL, other.id, app.id)
    return app.id, other


async def test_the_other_org_sets_its_own_policies_only(office: Office) -> None:
    app_id, other = await installed(office)

    await apps.change(office.desk, other, app_id, {"session_timeout": "15"})

    assert (await apps.find(office.desk, other, app_id))[s.SESSION_TIMEOUT] == 15
    assert (await apps.find(office.desk, office.org, app_id))[s.SESSION_TIMEOUT] is None


@one_engine
@pytest.mark.parametrize("name", ["require_pkce", "client_credentials", "introspect_all"])
async def test_the_other_org_does_not_set_what_is_the_developers(office: Office, name: str) -> None:
    app_id, other = await installed(office)
    before = await apps.find(office.desk, office.org, app_id)

    with pytest.raises(ManageProblem, match="Sync belongs to another org, which sets it"):
        await apps.change(office.desk, other, app_id, {"session_timeout": "15", name: "true"})

    assert (await apps.find(office.desk, office.org, app_id)).app == before.app
    assert (await apps.find(office.desk, other, app_id))[s.SESSION_TIMEOUT] is None


@one_engine
async def test_the_other_org_neither_deletes_the_app_nor_sees_its_secret(office: Office) -> None:
    app_id, other = await installed(office)

    with pytest.raises(ManageProblem, match="only that one can delete it"):
        await apps.delete(office.desk, other, app_id)
    with pytest.raises(ManageProblem, match="only that one can see its secret"):
        await apps.reveal(office.desk, other, app_id)


async def test_an_org_blocks_an_app_for_itself(office: Office) -> None:
    app_id, other = await installed(office)

    await apps.block(office.desk, other, app_id, blocked=True)

    for org, blocked in ((other, 1), (office.org, 0)):
        policy = (await apps.find(office.desk, org, app_id)).policy
        assert policy is not None
        assert policy.is_blocked == blocked


async def test_a_block_that_would_do_nothing_is_not_reported_as_done(office: Office) -> None:
    app_id, _ = await installed(office)
    async with office.desk.changing() as desk:
        await desk.run(_UNINSTALL, app_id)

    with pytest.raises(ManageProblem, match="block: Sync is not installed in Harbour"):
        await apps.block(office.desk, office.org, "Sync", blocked=True)
