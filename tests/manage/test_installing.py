"""Installing apps of other orgs, and uninstalling them (connected-apps.md 3.10, 3.14)."""

import pytest

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps, install
from grantway.manage.problem import ManageProblem, NotFound
from grantway.manage.usage import tokens
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

_APPROVED = Statement("INSERT INTO approval VALUES (:person_id, :app_id, 'api', 1, :at, '')")
_FAMILY = Statement(
    "INSERT INTO token_family VALUES ('line', :app_id, :org_id, :person_id, 'salesforce', 'api', 1, :at, :at, 1,"
    " NULL, '', 1, '')"
)
_EVENTS = Statement("SELECT kind, org_id, detail FROM event WHERE kind LIKE 'admin.app.%install' ORDER BY id")


async def theirs(office: Office, **more: str) -> tuple[InstalledApp, Org]:
    """An app of another org, and that org."""
    home = await office.other_org()
    return await office.app("Tide", org=home, **more), home


async def in_use(office: Office, app: InstalledApp) -> None:
    """Somebody of the org has approved the app and holds a line of tokens."""
    person = await office.user()
    office.clock.advance(seconds=1)
    now = office.clock.now_ms()
    async with office.desk.changing() as desk:
        await desk.run(_APPROVED, person.id, app.id, now)
        await desk.run(_FAMILY, app_id=app.id, org_id=office.org.id, person_id=person.id, at=now)
    office.clock.advance(seconds=1)


async def approvals(office: Office) -> int:
    return len(await office.desk.db.all(Statement("SELECT app_id FROM approval")))


@pytest.mark.parametrize("how", ["consumer key", "id", "short id", "names"])
async def test_an_app_is_installed_by_key_id_or_names_with_the_default_policies(office: Office, how: str) -> None:
    app, home = await theirs(office, permitted_users="admin_approved")
    named = {"consumer key": app.consumer_key, "id": app.id, "short id": app.id[:15], "names": f"{home.name}/tide"}

    done = await install.install(office.desk, office.org, named[how])

    assert done.app.policy is not None
    assert done.app[s.PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE
    assert done.app[s.REFRESH_TOKEN_POLICY].form == "infinite"
    assert [one.app.name for one in await apps.all_apps(office.desk, office.org)] == ["Tide"]
    assert (await apps.find(office.desk, office.org, "Tide")).app == app.app
    ((kind, org_id, detail),) = await office.desk.db.all(_EVENTS)
    assert (kind, org_id) == ("admin.app.install", office.org.id)
    assert '"of_org":"Northwind"' in str(detail)


@one_engine
@pytest.mark.requirement("S57")
async def test_only_the_operator_asks_for_apps_by_the_names_of_other_orgs(office: Office) -> None:
    app, home = await theirs(office)
    admin = await office.seat("CustomizeApplication", "ManageRemoteAccess")

    for named in (f"{home.name}/Tide", "Tide", "nonsense", app.id[:15] + "AAA", "0H4000000000000"):
        with pytest.raises(NotFound, match="name it by consumer key or by id"):
            await install.install(admin, office.org, named)


@one_engine
async def test_what_is_installed_already_is_not_installed_again(office: Office) -> None:
    app, _ = await theirs(office)
    own = await office.app("Own")
    await install.install(office.desk, office.org, app.consumer_key)

    with pytest.raises(ManageProblem, match="Tide is installed in Harbour already"):
        await install.install(office.desk, office.org, app.consumer_key)
    with pytest.raises(ManageProblem, match="Own is Harbour's own app, and installed from the start"):
        await install.install(office.desk, office.org, own.consumer_key)


@one_engine
async def test_an_orgs_own_app_is_deleted_not_uninstalled(office: Office) -> None:
    await office.app("Own")

    with pytest.raises(ManageProblem, match="cannot be uninstalled, only deleted"):
        await install.uninstall(office.desk, office.org, "Own")


async def test_uninstalling_takes_the_policies_alone_and_says_that_this_is_looser(office: Office) -> None:
    app, _ = await theirs(office)
    await install.install(office.desk, office.org, app.consumer_key)
    await in_use(office, app)

    done = await install.uninstall(office.desk, office.org, "Tide")

    assert any("Tide and its tokens stay" in warning for warning in done.warnings)
    assert len(await tokens.lines(office.desk, office.org)) == 1
    assert await approvals(office) == 1
    assert await apps.all_apps(office.desk, office.org) == ()
    assert await tokens.revoke(office.desk, office.org, app=app.consumer_key) == 1
    assert (await tokens.lines(office.desk, office.org), await approvals(office)) == ((), 0)


@one_engine
async def test_an_approval_that_was_taken_back_does_not_come_back(office: Office) -> None:
    """The mark that took it back stood in the policies."""
    app, _ = await theirs(office)
    await install.install(office.desk, office.org, app.consumer_key)
    await in_use(office, app)
    async with office.desk.changing() as desk:
        await desk.run(Statement("UPDATE app_policy SET not_before = :now"), office.clock.now_ms())

    await install.uninstall(office.desk, office.org, "Tide")

    assert await approvals(office) == 0


async def test_a_packaged_app_takes_its_tokens_with_it(office: Office) -> None:
    app, _ = await theirs(office, distribution_state="packaged")
    await install.install(office.desk, office.org, app.consumer_key)
    await in_use(office, app)

    done = await install.uninstall(office.desk, office.org, "Tide")

    assert done.warnings == ()
    assert (await tokens.lines(office.desk, office.org), await approvals(office)) == ((), 0)


@one_engine
async def test_a_blocked_app_is_not_let_in_by_uninstalling_it(office: Office) -> None:
    app, _ = await theirs(office)
    await install.install(office.desk, office.org, app.consumer_key)
    await apps.block(office.desk, office.org, "Tide", blocked=True)

    with pytest.raises(ManageProblem, match="unblock it first"):
        await install.uninstall(office.desk, office.org, "Tide")


@one_engine
async def test_a_local_external_client_app_is_not_installed_elsewhere(office: Office) -> None:
    app, home = await theirs(office, kind="external_client_app")

    with pytest.raises(ManageProblem, match="Tide is a local external client app"):
        await install.install(office.desk, office.org, app.consumer_key)
    await apps.change(office.desk, home, "Tide", {"distribution_state": "packaged"})
    assert (await install.install(office.desk, office.org, app.consumer_key)).app.policy is not None


@one_engine
async def test_an_app_of_ones_own_is_meant_before_an_installed_one_of_the_same_name(office: Office) -> None:
    app, _ = await theirs(office)
    await install.install(office.desk, office.org, app.consumer_key)
    own = await office.app("Tide")

    assert (await apps.find(office.desk, office.org, "Tide")).id == own.id
    assert (await apps.find(office.desk, office.org, app.consumer_key)).id == app.id
