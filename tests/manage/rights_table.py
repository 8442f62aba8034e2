"""The matrix of rights as a table of its own: each operation, how it is asked for, and the permissions it takes.

Written from connected-apps.md 4 and the issue, not from the code's table. A row bears the operation of `manage` and,
where there is one, its command; rows for pages of the console and paths of the admin API go beside them.
"""

from itertools import combinations
from typing import Final

from grantway.domain.app import AppKind
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps, install
from grantway.manage.consumer_keys import rotation
from grantway.manage.desk import Desk
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import SourceFile, import_file
from grantway.manage.files.org_files import export_org
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import access_keys, inspect_database, keys, orgs, setup
from grantway.manage.usage import explain, tokens
from tests.manage.rights_beside import BESIDE
from tests.manage.rights_devices import DEVICES
from tests.manage.rights_more import MORE
from tests.manage.rights_row import (
    ADA,
    ADMIN,
    ASSIGN,
    CUSTOMIZE,
    DECIDING,
    DEVELOPER,
    EXTERNAL_KEY,
    INSTALLED_KEY,
    KEY,
    MODIFY,
    OF_APPS,
    OF_ASSIGNMENTS,
    OF_EXTERNAL,
    OF_EXTERNAL_POLICIES,
    OF_PEOPLE,
    OF_READING,
    PACKAGED_KEY,
    PACKAGES,
    PROFILES,
    ROTATE,
    SECRETS,
    SETUP,
    USERS,
    VIEWER,
    Row,
    with_permission,
)


async def _imports(desk: Desk, org: Org) -> None:
    xml = b'<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@b.example</contactEmail>'
    done = await import_file(desk, org, SourceFile(name="In.connectedApp-meta.xml", data=xml + b"</ConnectedApp>"))
    if done.done == "failed":
        raise ManageProblem(done.problem)


def _new(kind: AppKind) -> apps.NewApp:
    return apps.NewApp(name="New", kind=kind, values={"contact_email": "a@b.example"})


_CONTACT: Final = ("--contact-email", "a@b.example")
CONNECTED_APPS: Final = (
    Row(
        name="create a connected app",
        does=lambda d, o: apps.create(d, o, _new(AppKind.CONNECTED_APP)),
        enough=OF_APPS,
        command=("app", "create", "New", *_CONTACT),
    ),
    Row(name="list apps", does=apps.all_apps, enough=OF_READING, command=("app", "list")),
    Row(name="show", does=lambda d, o: apps.find(d, o, "Sync"), enough=OF_APPS, command=("app", "show", "Sync")),
    Row(
        name="change settings",
        does=lambda d, o: apps.change(d, o, "Sync", {"require_pkce": "false"}),
        enough=OF_APPS,
        command=("app", "set", "Sync", "require_pkce=false"),
    ),
    Row(
        name="change policies",
        does=lambda d, o: apps.change(d, o, "Sync", {"session_timeout": "30"}),
        enough=OF_APPS,
        command=("app", "set", "Sync", "session_timeout=30"),
    ),
    Row(
        name="block",
        does=lambda d, o: apps.block(d, o, "Sync", blocked=True),
        enough=OF_APPS,
        command=("app", "block", "Sync"),
    ),
    Row(
        name="unblock",
        does=lambda d, o: apps.block(d, o, "Sync", blocked=False),
        enough=OF_APPS,
        command=("app", "unblock", "Sync"),
    ),
    Row(name="delete", does=lambda d, o: apps.delete(d, o, "Sync"), enough=OF_APPS, command=("app", "delete", "Sync")),
    Row(name="import", does=_imports, enough=OF_APPS),
    Row(name="export", does=lambda d, o: export_app(d, o, "Sync"), enough=OF_APPS, command=("app", "export", "Sync")),
    Row(
        name="explain a refusal",
        does=lambda d, _: explain.explain(d, "7Q4M-K2XD-90VB"),
        enough=OF_READING,
        command=("explain", "7Q4M-K2XD-90VB"),
    ),
    Row(
        name="pre-authorize a profile",
        does=lambda d, o: apps.change(d, o, "Sync", {"profiles": "Empty"}),
        enough=OF_ASSIGNMENTS,
        command=("app", "set", "Sync", "profiles=Empty"),
    ),
    Row(
        name="pre-authorize a permission set",
        does=lambda d, o: apps.change(d, o, "Sync", {"permission_sets": "Nothing"}),
        enough=OF_ASSIGNMENTS,
        command=("app", "set", "Sync", "permission_sets=Nothing"),
    ),
    Row(
        name="reveal a secret",
        does=lambda d, o: apps.reveal(d, o, "Sync"),
        enough=with_permission(OF_APPS, ROTATE),
        command=("app", "show", "Sync", "--reveal"),
    ),
    Row(
        name="stage a key and secret",
        does=lambda d, o: rotation.stage(d, o, "Sync"),
        enough=with_permission(OF_APPS, ROTATE),
        command=("app", "rotate", "Sync", "stage"),
    ),
    Row(
        name="install",
        does=lambda d, o: install.install(d, o, KEY),
        enough=OF_APPS,
        command=("app", "install", KEY),
    ),
    Row(
        name="install a packaged app",
        does=lambda d, o: install.install(d, o, PACKAGED_KEY),
        enough=with_permission(OF_APPS, PACKAGES),
        command=("app", "install", PACKAGED_KEY),
    ),
    Row(
        name="uninstall",
        does=lambda d, o: install.uninstall(d, o, INSTALLED_KEY),
        enough=OF_APPS,
        command=("app", "uninstall", INSTALLED_KEY),
    ),
)
EXTERNAL_APPS: Final = (
    Row(
        name="create an external client app",
        does=lambda d, o: apps.create(d, o, _new(AppKind.EXTERNAL_CLIENT_APP)),
        enough=OF_EXTERNAL,
        command=("app", "create", "New", *_CONTACT, "--kind", "external_client_app"),
    ),
    Row(
        name="show an external client app",
        does=lambda d, o: apps.find(d, o, "Outer"),
        enough=({CUSTOMIZE, MODIFY}, {CUSTOMIZE, DEVELOPER}, {CUSTOMIZE, ADMIN}, {CUSTOMIZE, VIEWER}),
        command=("app", "show", "Outer"),
    ),
    Row(
        name="change settings of an external client app",
        does=lambda d, o: apps.change(d, o, "Outer", {"require_pkce": "false"}),
        enough=OF_EXTERNAL,
        command=("app", "set", "Outer", "require_pkce=false"),
    ),
    Row(
        name="change policies of an external client app",
        does=lambda d, o: apps.change(d, o, "Outer", {"session_timeout": "30"}),
        enough=OF_EXTERNAL_POLICIES,
        command=("app", "set", "Outer", "session_timeout=30"),
    ),
    Row(
        name="block an external client app",
        does=lambda d, o: apps.block(d, o, "Outer", blocked=True),
        enough=OF_EXTERNAL_POLICIES,
        command=("app", "block", "Outer"),
    ),
    Row(
        name="delete an external client app",
        does=lambda d, o: apps.delete(d, o, "Outer"),
        enough=OF_EXTERNAL,
        command=("app", "delete", "Outer"),
    ),
    Row(
        name="reveal the secret of an external client app",
        does=lambda d, o: apps.reveal(d, o, "Outer"),
        enough=with_permission(OF_EXTERNAL, SECRETS),
        command=("app", "show", "Outer", "--reveal"),
    ),
    Row(
        name="stage a key and secret of an external client app",
        does=lambda d, o: rotation.stage(d, o, "Outer"),
        enough=with_permission(OF_EXTERNAL, SECRETS),
        command=("app", "rotate", "Outer", "stage"),
    ),
    Row(
        name="install a packaged external client app",
        does=lambda d, o: install.install(d, o, EXTERNAL_KEY),
        enough=with_permission(OF_EXTERNAL_POLICIES, PACKAGES),
        command=("app", "install", EXTERNAL_KEY),
    ),
)
PEOPLE: Final = (
    Row(
        name="create a user",
        does=lambda d, o: users.create(
            d, o, users.NewUser(username="new@harbour.example", email="a@b.example", profile="Empty")
        ),
        enough=({USERS},),
        command=("user", "create", "new@harbour.example", "--email", "a@b.example", "--profile", "Empty"),
    ),
    Row(
        name="change a user",
        does=lambda d, o: users.change(d, o, ADA, {"phone": "1"}),
        enough=({USERS},),
        command=("user", "set", ADA, "phone=1"),
    ),
    Row(name="give a password", does=lambda d, o: users.set_password(d, o, ADA, "correct horse"), enough=({USERS},)),
    Row(
        name="freeze a user",
        does=lambda d, o: users.freeze(d, o, ADA, frozen=True),
        enough=({USERS},),
        command=("user", "freeze", ADA),
    ),
    Row(
        name="unfreeze a user",
        does=lambda d, o: users.freeze(d, o, ADA, frozen=False),
        enough=({USERS},),
        command=("user", "unfreeze", ADA),
    ),
    Row(name="list tokens", does=tokens.lines, enough=({USERS, SETUP},), command=("token", "list")),
    Row(
        name="revoke tokens",
        does=lambda d, o: tokens.revoke(d, o, username=ADA),
        enough=({USERS, SETUP},),
        command=("token", "revoke", "--user", ADA),
    ),
    Row(
        name="list the tokens of an app",
        does=lambda d, o: tokens.lines(d, o, app="Sync"),
        enough=({USERS, SETUP},),
        command=("token", "list", "--app", "Sync"),
    ),
    Row(
        name="revoke the tokens of an app",
        does=lambda d, o: tokens.revoke(d, o, app="Outer"),
        enough=({USERS, SETUP},),
        command=("token", "revoke", "--app", "Outer"),
    ),
    Row(
        name="make a profile",
        does=lambda d, o: holders.create(d, holders.PROFILES, o.id, "New", ()),
        enough=({PROFILES},),
        command=("profile", "create", "New"),
    ),
    Row(
        name="make a permission set",
        does=lambda d, o: holders.create(d, holders.PERMISSION_SETS, o.id, "New", ()),
        enough=({PROFILES},),
        command=("permset", "create", "New"),
    ),
    Row(
        name="change a profile",
        does=lambda d, o: holders.change(d, holders.PROFILES, o.id, "Empty", ()),
        enough=({PROFILES},),
        command=("profile", "set", "Empty", "--none"),
    ),
    Row(
        name="change a permission set",
        does=lambda d, o: holders.change(d, holders.PERMISSION_SETS, o.id, "Nothing", ()),
        enough=({PROFILES},),
        command=("permset", "set", "Nothing", "--none"),
    ),
    Row(
        name="assign a permission set",
        does=lambda d, o: users.assign(d, o, ADA, "Nothing"),
        enough=({PROFILES}, {ASSIGN}),
        command=("user", "assign", ADA, "Nothing"),
    ),
    Row(
        name="take a permission set back",
        does=lambda d, o: users.assign(d, o, ADA, "Nothing", assigned=False),
        enough=({PROFILES}, {ASSIGN}),
        command=("user", "unassign", ADA, "Nothing"),
    ),
    Row(name="list users", does=users.all_users, enough=OF_PEOPLE, command=("user", "list")),
    Row(name="show a user", does=lambda d, o: users.find(d, o, ADA), enough=OF_PEOPLE, command=("user", "show", ADA)),
    Row(
        name="list profiles",
        does=lambda d, o: holders.all_of(d, holders.PROFILES, o.id),
        enough=OF_PEOPLE,
        command=("profile", "list"),
    ),
    Row(
        name="show a profile",
        does=lambda d, o: holders.find(d, holders.PROFILES, o.id, "Empty"),
        enough=OF_PEOPLE,
        command=("profile", "show", "Empty"),
    ),
    Row(
        name="list permission sets",
        does=lambda d, o: holders.all_of(d, holders.PERMISSION_SETS, o.id),
        enough=OF_PEOPLE,
        command=("permset", "list"),
    ),
)
ORGS: Final = (
    Row(
        name="change a setting of the org",
        does=lambda d, o: orgs.change(d, o, {"org_session_timeout": "30"}),
        enough=({CUSTOMIZE},),
        command=("org", "set", "org_session_timeout=30"),
    ),
    Row(
        name="change whose word an org takes for its users",
        does=lambda d, o: orgs.change(d, o, {"sso_issuer": "https://idp.example"}),
        enough=({CUSTOMIZE, MODIFY, USERS},),
        command=("org", "set", "sso_issuer=https://idp.example"),
    ),
    Row(
        name="take the creation of connected apps back",
        does=lambda d, o: orgs.change(d, o, {"allow_connected_app_creation": "false"}),
        enough=({CUSTOMIZE},),
        command=("org", "set", "allow_connected_app_creation=false"),
    ),
    Row(name="make an org", does=lambda d, _: orgs.create(d, orgs.NewOrg(name="New")), command=("org", "create", "N")),
    Row(name="rename an org", does=lambda d, o: orgs.change(d, o, {"name": "Port"}), command=("org", "set", "name=P")),
    Row(
        name="change the edition",
        does=lambda d, o: orgs.change(d, o, {"edition": "Group"}),
        command=("org", "set", "edition=Group"),
    ),
    Row(name="list signing keys", does=lambda d, _: keys.all_keys(d), enough=({SETUP},), command=("keys", "list")),
    # Of a server with several orgs, as here.
    Row(name="rotate signing keys", does=lambda d, _: keys.rotate(d), command=("keys", "rotate")),
    Row(
        name="rotate the key of JWT-based access tokens",
        does=access_keys.revoke_all,
        enough=({USERS, SETUP},),
        command=("keys", "rotate", "--purpose", "access-token"),
    ),
    Row(name="export the settings of the org", does=export_org, enough=({CUSTOMIZE},), command=("org", "export")),
    Row(name="check the database", does=lambda d, _: inspect_database.inspect(d)),
    Row(name="upgrade the database", does=lambda d, _: setup.upgrade(d)),
    Row(name="plan an upgrade", does=lambda d, _: setup.plan(d)),
)
ROWS: Final = (*CONNECTED_APPS, *EXTERNAL_APPS, *PEOPLE, *ORGS, *MORE, *BESIDE, *DEVICES)


def tried() -> list[set[str]]:
    """Return the sets of permissions that each operation is tried with.

    None, each alone, each pair with Customize Application, every set that is enough for something, each of these
    without one of its own, and all.
    """
    found = [set[str](), set(DECIDING), *({one} for one in DECIDING)]
    found += [{CUSTOMIZE, *pair} for pair in combinations(DECIDING[1:10], 2)]
    found += [{CUSTOMIZE, one} for one in DECIDING[1:]]
    for row in ROWS:
        for one in row.enough:
            found += [one, *(one - {left} for left in one), set(DECIDING) - one]
            found += [set(DECIDING) - {left} for left in one]
    return [set(one) for one in dict.fromkeys(frozenset(one) for one in found)]
