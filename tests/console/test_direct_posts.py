"""Forms sent without their pages: each address refuses whoever lacks one of the permissions that it takes."""

from typing import Any, Final

import pytest

from grantway import settings as s
from grantway.console.routes import ROUTES
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders
from grantway.store.statement import Statement
from tests.console.setup import add_user, sign_in
from tests.endpoints.house import House

APPS: Final = ("CustomizeApplication", "ManageRemoteAccess")
ROTATION: Final = (*APPS, "ClientSecretRotation")
USAGE: Final = ("ViewSetup", "ManageUsers")
SCOPES: Final = ("ManageRemoteAccess",)
USERS: Final = ("ManageUsers",)
HOLDERS: Final = ("ManageProfilesPermissionsets",)
HANDLERS: Final = ("CustomizeApplication", "ModifyAllData", "ManageUsers")
ASSIGN: Final = ("AssignPermissionSets",)
_SHOWN: Final = {"shown": ["label", "contact_email"], "label": "New", "contact_email": "a@b.example", "sure": "1"}
# What each takes; a user who lacks one of them has all the others.
TABLE: Final[dict[str, tuple[str, ...]]] = {
    "/setup/apps/new": APPS,
    "/setup/apps/{name}/edit": APPS,
    "/setup/apps/{name}/save": APPS,
    "/setup/apps/{name}/delete": APPS,
    "/setup/apps/{name}/keys": ROTATION,
    "/setup/apps/{name}/keys/apply": ROTATION,
    "/setup/apps/{name}/pictures": APPS,
    "/setup/apps/{name}/block": APPS,
    "/setup/apps/{name}/unblock": APPS,
    "/setup/apps/{name}/uninstall": APPS,
    "/setup/usage/{app}/install": APPS,
    "/setup/usage/{app}/revoke": USAGE,
    "/setup/assets/{asset}/freeze": USAGE,
    "/setup/assets/{asset}/unfreeze": USAGE,
    "/setup/assets/{asset}/delete": USAGE,
    "/setup/certificates": ("CustomizeApplication",),
    "/setup/certificates/{certificate}/delete": ("CustomizeApplication",),
    "/setup/scopes/new": SCOPES,
    "/setup/scopes/{id}": SCOPES,
    "/setup/scopes/{id}/delete": SCOPES,
    "/setup/users/new": USERS,
    "/setup/users/{user}/edit": USERS,
    "/setup/users/{user}/password": USERS,
    "/setup/users/{user}/freeze": USERS,
    "/setup/users/{user}/unfreeze": USERS,
    "/setup/users/{user}/security-token": USERS,
    "/setup/users/{user}/assign": ASSIGN,
    "/setup/users/{user}/unassign": ASSIGN,
    "/setup/users/{user}/revoke": USAGE,
    "/setup/users/{user}/log-out": USERS,
    "/setup/profiles/new": HOLDERS,
    "/setup/profiles/{id}": HOLDERS,
    "/setup/permsets/new": HOLDERS,
    "/setup/permsets/{id}": HOLDERS,
    "/setup/org": ("CustomizeApplication",),
    "/setup/token-handlers/new": HANDLERS,
    "/setup/token-handlers/{id}": HANDLERS,
    "/setup/token-handlers/{id}/enable": HANDLERS,
    "/setup/token-handlers/{id}/disable": HANDLERS,
    "/setup/token-handlers/{id}/delete": HANDLERS,
    "/setup/token-handlers/{id}/try": HANDLERS,
    "/setup/keys/rotate": ("CustomizeApplication", "ModifyAllData"),
    "/setup/keys/rotate-access": USAGE,
    "/setup/custom-permissions/new": ("CustomizeApplication",),
    "/setup/custom-permissions/{id}": ("CustomizeApplication",),
    "/setup/custom-permissions/{id}/delete": ("CustomizeApplication",),
}
# Who verifies their own identity needs no right to; the others take no plain form, or have a table of their own
# (test_import.py).
FREE: Final = {
    "/setup/verify",
    "/setup/import",
    "/setup/import/review",
}
# What stands in for a permission, so that who lacks the one must lack the other too.
TWINS: Final = {"ManageRemoteAccess": {"ModifyAllData"}, "AssignPermissionSets": {"ManageProfilesPermissionsets"}}
_EVENTS: Final = Statement("SELECT COUNT(*) FROM event WHERE substr(kind, 1, 6) = 'admin.'")


def test_every_address_that_takes_a_form_is_tried() -> None:
    assert {route.path for route in ROUTES if route.post is not None} == set(TABLE) | FREE


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("path", TABLE)
async def test_a_form_is_refused_to_whoever_lacks_one_permission(house: House, path: str) -> None:
    app = await house.app({s.LABEL: "Sync"})
    scope = await custom_scopes.create(house.desk, house.org, custom_scopes.NewScope(name="gate", description="Gate"))
    sets = await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())
    profile = await holders.find(house.desk, holders.PROFILES, house.org_id, "Standard")
    asked = custom_permissions.NewPermission(name="Gate")
    permission = await custom_permissions.create(house.desk, house.org, asked)
    handler = await token_handlers.create(house.desk, house.org, "Gate", {})
    of_id = {
        "token-handlers": handler.id,
        "custom-permissions": permission.id,
        "scopes": scope.id,
        "profiles": profile.id,
        "permsets": sets.id,
    }.get(path.split("/")[2], "")
    address = path.replace("{name}", app.id).replace("{app}", app.id).replace("{id}", of_id)
    address = address.replace("{user}", "ada@harbour.example")
    fields: dict[str, Any] = {"permission_set": "Clerk", "name": "New", "confirm": "Sync", **_SHOWN}
    fields |= {
        "password": "correct horse",
        "again": "correct horse",
        "action": "stage",
        "agree": "1",
        "permission": "ViewSetup",
    }
    every = set().union(*TABLE.values())
    for missing in TABLE[path]:
        left = every - {missing} - TWINS.get(missing, set())
        user = f"no.{missing.lower()}@harbour.example"
        await add_user(house, user, *left)
        setup = await sign_in(house, user)
        # Keys ask for a fresh verification before anything else.
        await house.change("UPDATE browser_session SET verified_at = :now", house.clock.now_ms())
        before = await house.db.one(_EVENTS)

        reply = await setup.send(address, fields)

        assert reply.status_code == 403, (missing, reply.status_code, reply.headers.get("location"), reply.text[-700:])
        assert await house.db.one(_EVENTS) == before
