"""Who may do what: each operation against each set of permissions that could matter, through `manage` and the CLI."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from grantway.domain.permissions import ALL
from grantway.manage.caller import Caller
from grantway.manage.connected_apps import install
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.store.statement import Statement
from tests.cli.terminal import Terminal
from tests.conftest import one_engine
from tests.manage.conftest import Office
from tests.manage.rights_devices import furnish
from tests.manage.rights_more import HANDLER, OUTER_SCOPE, PERMISSION, SCOPE
from tests.manage.rights_row import ADA, EXTERNAL_KEY, INSTALLED_KEY, KEY, PACKAGED_KEY, Row
from tests.manage.rights_table import ROWS, tried

_REFUSED = Statement(
    "INSERT INTO refusal (request_id, at, org_id, app_id, user_id, endpoint, reason, error, facts, checks, address)"
    " VALUES ('7Q4M-K2XD-90VB', 1, :org_id, '', '', '/token', 'client.unknown', 'invalid_client', '{}', '[]', '')"
)
CONTACT = ("--contact-email", "it@harbour.example")
every_row = pytest.mark.parametrize("row", ROWS, ids=[row.name.replace(" ", "-") for row in ROWS])
# The keys are the whole server's, and their public halves stand open.
every_row_of_an_org = pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name.replace(" ", "-")) for row in ROWS if row.name != "list signing keys"]
)
every_command = pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name.replace(" ", "-")) for row in ROWS if row.command]
)


class _TakenBack(Exception):
    """Ends a transaction, so that the next set of permissions meets the same org."""


@pytest.fixture
async def furnished(office: Office) -> Office:
    """An org with something to do each operation to."""
    await office.allow_creation()
    other = await office.other_org()
    await office.user("ManageUsers")
    async with office.desk.changing() as desk:
        inside = replace(office, desk=desk)
        await holders.create(desk, holders.PROFILES, office.org.id, "Empty", ())
        await holders.create(desk, holders.PERMISSION_SETS, office.org.id, "Nothing", ())
        await users.create(desk, office.org, users.NewUser(username=ADA, email=ADA, profile="Empty"))
        for scope in (SCOPE, OUTER_SCOPE):
            await custom_scopes.create(desk, office.org, custom_scopes.NewScope(name=scope, description=scope))
        await custom_permissions.create(desk, office.org, custom_permissions.NewPermission(name=PERMISSION))
        await token_handlers.create(desk, office.org, HANDLER, {})
        await inside.app("Sync", custom_scopes=SCOPE)
        await inside.app("Outer", kind="external_client_app", custom_scopes=OUTER_SCOPE)
        for key, more in (
            (KEY, {}),
            (PACKAGED_KEY, {"distribution_state": "packaged"}),
            (INSTALLED_KEY, {}),
            (EXTERNAL_KEY, {"distribution_state": "packaged", "kind": "external_client_app"}),
        ):
            await inside.app(f"Theirs {key[-1]}", org=other, key=key, **more)
        await install.install(desk, office.org, INSTALLED_KEY)
        await furnish(desk, office.org)
        await desk.run(_REFUSED, office.org.id)
    return office


async def _refusal(office: Office, row: Row, permissions: set[str]) -> str:
    """Try an operation with a set of permissions and take it back; return why it was refused, empty when it was not."""
    caller = Caller(
        user_id="005", username="x@harbour.example", org_id=office.org.id, permissions=frozenset(permissions)
    )
    why = ""
    try:
        async with office.desk.changing() as changing:
            try:
                await row.does(replace(changing, caller=caller), office.org)
            except ManageProblem as problem:
                why = str(problem)
            raise _TakenBack
    except _TakenBack:
        return why


@one_engine
@every_row
@pytest.mark.requirement("S37")
async def test_an_operation_is_open_to_exactly_those_who_have_its_permissions(furnished: Office, row: Row) -> None:
    for permissions in tried():
        why = await _refusal(furnished, row, permissions)

        assert (why == "") == row.allows(permissions), (sorted(permissions), why)
        assert not why or "may not" in why


@one_engine
@every_row_of_an_org
@pytest.mark.requirement("S57")
async def test_all_permissions_of_one_org_give_nothing_in_another(furnished: Office, row: Row) -> None:
    stranger = await furnished.seat(*ALL, org=await orgs.find(furnished.desk, "Northwind"))

    with pytest.raises(ManageProblem) as refused:
        await row.does(stranger, furnished.org)

    assert "another org's" in str(refused.value) or row.name == "explain a refusal"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with something to give each command to, to copy."""
    folder = tmp_path_factory.mktemp("matrix")
    made = Terminal(["--data", str(folder)])
    made.says("org", "create", "Harbour")
    made.says("org", "create", "Northwind")
    made.says("org", "set", "allow_connected_app_creation=true", org="Harbour")
    made.says("profile", "create", "Empty", org="Harbour")
    made.says("permset", "create", "Nothing", org="Harbour")
    made.says("user", "create", ADA, "--email", ADA, "--profile", "Empty", org="Harbour")
    made.says("app", "create", "Sync", *CONTACT, org="Harbour")
    made.says("app", "create", "Outer", *CONTACT, "--kind", "external_client_app", org="Harbour")
    external, packaged = ("--kind", "external_client_app"), ("distribution_state=packaged",)
    for key, more in ((KEY, ()), (PACKAGED_KEY, packaged), (INSTALLED_KEY, ()), (EXTERNAL_KEY, (*external, *packaged))):
        made.says("app", "create", f"Theirs {key[-1]}", *CONTACT, "--consumer-key", key, *more, org="Northwind")
    made.says("app", "install", INSTALLED_KEY, org="Harbour")
    org_id = made.json("org", "show", org="Harbour")["id"]
    made.write(_REFUSED.sqlite.replace("?1", f"'{org_id}'"))
    return folder


@pytest.fixture
def terminal(begun: Path, tmp_path: Path) -> Terminal:
    """A command line at a copy of it."""
    return Terminal(["--data", str(shutil.copytree(begun, tmp_path / "data"))])


@every_command
@pytest.mark.requirement("S37")
def test_a_command_with_as_takes_the_same_permissions(terminal: Terminal, row: Row) -> None:
    least = row.enough[0] if row.enough else set[str]()
    for missing in sorted(least):
        user = f"{missing.lower()}@harbour.example"
        terminal.user(user, *(least - {missing}), org="Harbour")
        refused = terminal.refuses(*row.command, as_user=user)
        assert f"{user} may not" in refused
        assert ALL[missing].label in refused
    terminal.user("able@harbour.example", *(least or ALL), org="Harbour")
    if least:
        assert terminal.run(*row.command, as_user="able@harbour.example").returncode == 0
    else:
        assert "that is the operator's" in terminal.refuses(*row.command, as_user="able@harbour.example")
