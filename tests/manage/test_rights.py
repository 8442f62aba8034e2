"""Who may do what: each operation of administration, and the user permissions it takes (S37)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from grantway.domain.org import Org
from grantway.domain.permissions import ALL
from grantway.manage import (
    activity,
    apps,
    explain,
    holders,
    inspect_database,
    keys,
    orgs,
    refusals,
    setup,
    tokens,
    users,
)
from grantway.manage.desk import Desk
from grantway.manage.export_app import export_app
from grantway.manage.import_app import SourceFile, import_file
from grantway.manage.problem import ManageProblem
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

Operation = Callable[[Desk, Org], Awaitable[Any]]
ADA = "ada@harbour.example"
_REFUSED = Statement(
    "INSERT INTO refusal (request_id, at, org_id, app_id, user_id, endpoint, reason, error, facts, checks, address)"
    " VALUES ('7Q4M-K2XD-90VB', 1, :org_id, '', '', '/token', 'client.unknown', 'invalid_client', '{}', '[]', '')"
)


async def _imports(desk: Desk, org: Org) -> None:
    xml = b'<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@b.example</contactEmail>'
    done = await import_file(desk, org, SourceFile(name="In.connectedApp-meta.xml", data=xml + b"</ConnectedApp>"))
    if done.done == "failed":
        raise ManageProblem(done.problem)


APPS: dict[str, Operation] = {
    "create an app": lambda d, o: apps.create(d, o, apps.NewApp(name="New", values={"contact_email": "a@b.example"})),
    "list apps": apps.all_apps,
    "show an app": lambda d, o: apps.find(d, o, "Sync"),
    "change an app": lambda d, o: apps.change(d, o, "Sync", {"require_pkce": "false"}),
    "change its policies": lambda d, o: apps.change(d, o, "Sync", {"session_timeout": "30"}),
    "block an app": lambda d, o: apps.block(d, o, "Sync", blocked=True),
    "delete an app": lambda d, o: apps.delete(d, o, "Sync"),
    "import an app": _imports,
    "export an app": lambda d, o: export_app(d, o, "Sync"),
    "explain a refusal": lambda d, _: explain.explain(d, "7Q4M-K2XD-90VB"),
    "list refusals": lambda d, o: refusals.refusals(d, o, refusals.Asked()),
    "count refusals": lambda d, o: refusals.refused_most(d, o, 0),
    "see what happens": lambda d, o: activity.activity(d, o, 0),
}
ASSIGNMENTS: dict[str, Operation] = {
    "pre-authorize a profile": lambda d, o: apps.change(d, o, "Sync", {"profiles": "Empty"}),
    "pre-authorize a permission set": lambda d, o: apps.change(d, o, "Sync", {"permission_sets": "Nothing"}),
}
REVEAL: dict[str, Operation] = {"reveal a secret": lambda d, o: apps.reveal(d, o, "Sync")}
USERS: dict[str, Operation] = {
    "create a user": lambda d, o: users.create(
        d, o, users.NewUser(username="new@harbour.example", email="a@b.example", profile="Empty")
    ),
    "change a user": lambda d, o: users.change(d, o, ADA, {"phone": "1"}),
    "give a password": lambda d, o: users.set_password(d, o, ADA, "correct horse"),
    "freeze a user": lambda d, o: users.freeze(d, o, ADA, frozen=True),
    "unfreeze a user": lambda d, o: users.freeze(d, o, ADA, frozen=False),
    "list tokens": tokens.lines,
    "revoke tokens": tokens.revoke,
}
PROFILES: dict[str, Operation] = {
    "make a profile": lambda d, o: holders.create(d, holders.PROFILES, o.id, "New", ()),
    "make a permission set": lambda d, o: holders.create(d, holders.PERMISSION_SETS, o.id, "New", ()),
    "change a profile": lambda d, o: holders.change(d, holders.PROFILES, o.id, "Empty", ()),
    "change a permission set": lambda d, o: holders.change(d, holders.PERMISSION_SETS, o.id, "Nothing", ()),
    "assign a permission set": lambda d, o: users.assign(d, o, ADA, "Nothing"),
    "take a permission set back": lambda d, o: users.assign(d, o, ADA, "Nothing", assigned=False),
}
PEOPLE: dict[str, Operation] = {
    "list users": users.all_users,
    "show a user": lambda d, o: users.find(d, o, ADA),
    "list profiles": lambda d, o: holders.all_of(d, holders.PROFILES, o.id),
    "show a profile": lambda d, o: holders.find(d, holders.PROFILES, o.id, "Empty"),
    "list permission sets": lambda d, o: holders.all_of(d, holders.PERMISSION_SETS, o.id),
}
ORG_SETTINGS: dict[str, Operation] = {
    "change an org's settings": lambda d, o: orgs.change(d, o, {"org_session_timeout": "30"}),
}
OPERATORS: dict[str, Operation] = {
    "make an org": lambda d, _: orgs.create(d, orgs.NewOrg(name="New")),
    "rename an org": lambda d, o: orgs.change(d, o, {"name": "Renamed", "org_session_timeout": "30"}),
    "list signing keys": lambda d, _: keys.all_keys(d),
    "rotate signing keys": lambda d, _: keys.rotate(d),
    "check the database": lambda d, _: inspect_database.inspect(d),
    "upgrade the database": lambda d, _: setup.upgrade(d),
    "plan an upgrade": lambda d, _: setup.plan(d),
}
_CUSTOMIZE, _MODIFY, _CONNECTED = "CustomizeApplication", "ModifyAllData", "ManageConnectedApps"
_PROFILES, _USERS, _ROTATE = "ManageProfilesPermissionsets", "ManageUsers", "AllowConsumerKeySecretRotation"
# Per group of operations: the smallest sets of permissions that are enough.
ENOUGH: list[tuple[dict[str, Operation], list[set[str]]]] = [
    (APPS, [{_CUSTOMIZE, _MODIFY}, {_CUSTOMIZE, _CONNECTED}]),
    (ASSIGNMENTS, [{_CUSTOMIZE, _MODIFY, _PROFILES}]),
    (REVEAL, [{_CUSTOMIZE, _MODIFY, _ROTATE}, {_CUSTOMIZE, _CONNECTED, _ROTATE}]),
    (USERS, [{_USERS}]),
    (PROFILES, [{_PROFILES}]),
    (PEOPLE, [{_USERS}, {_PROFILES}, {_CUSTOMIZE}]),
    (ORG_SETTINGS, [{_CUSTOMIZE, _MODIFY}]),
    (OPERATORS, []),
]
LABELS = {name: permission.label for name, permission in ALL.items()}
CASES = [
    pytest.param(name, operation, enough, id=name.replace(" ", "-"))
    for operations, enough in ENOUGH
    for name, operation in operations.items()
]


@pytest.fixture
async def furnished(office: Office) -> Office:
    """An org with something to do each operation to."""
    async with office.desk.changing() as desk:
        await holders.create(desk, holders.PROFILES, office.org.id, "Empty", ())
        await holders.create(desk, holders.PERMISSION_SETS, office.org.id, "Nothing", ())
        new = users.NewUser(username=ADA, email=ADA, profile="Empty")
        await users.create(desk, office.org, new)
        await apps.create(desk, office.org, apps.NewApp(name="Sync", values={"contact_email": "it@harbour.example"}))
        await desk.run(_REFUSED, office.org.id)
    return office


@one_engine
@pytest.mark.parametrize(("name", "operation", "enough"), CASES)
@pytest.mark.requirement("S37")
async def test_an_operation_takes_its_permissions_and_no_fewer(
    furnished: Office, name: str, operation: Operation, enough: list[set[str]]
) -> None:
    for permissions in enough:
        for missing in permissions:
            desk = await furnished.seat(*(permissions - {missing}))
            with pytest.raises(ManageProblem) as refused:
                await operation(desk, furnished.org)
            assert desk.caller.username in str(refused.value)
            assert LABELS[missing] in str(refused.value), name
    if not enough:
        with pytest.raises(ManageProblem, match="that is the operator's"):
            await operation(await furnished.seat(*ALL), furnished.org)
    for permissions in enough[:1]:
        await operation(await furnished.seat(*permissions), furnished.org)


@one_engine
@pytest.mark.parametrize(("name", "operation", "enough"), CASES)
@pytest.mark.requirement("S57")
async def test_all_permissions_of_one_org_give_nothing_in_another(
    furnished: Office, name: str, operation: Operation, enough: list[set[str]]
) -> None:
    stranger = await furnished.seat(*ALL, org=await furnished.other_org())

    with pytest.raises(ManageProblem) as refused:
        await operation(stranger, furnished.org)

    assert "another org's" in str(refused.value) or name == "explain a refusal"
