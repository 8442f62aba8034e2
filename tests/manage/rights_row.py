"""A row of the matrix of rights: an operation, how it is asked for, and the permissions that are enough."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from grantway.domain.org import Org
from grantway.manage.desk import Desk

Operation = Callable[[Desk, Org], Awaitable[Any]]
ADA: Final = "ada@harbour.example"
KEY: Final = "Theirs.Key_1"
PACKAGED_KEY: Final = "Theirs.Key_2"
INSTALLED_KEY: Final = "Theirs.Key_3"
EXTERNAL_KEY: Final = "Theirs.Key_4"

CUSTOMIZE: Final = "CustomizeApplication"
MODIFY: Final = "ModifyAllData"
CONNECTED: Final = "ManageRemoteAccess"
PROFILES: Final = "ManageProfilesPermissionsets"
ROTATE: Final = "ClientSecretRotation"
PACKAGES: Final = "InstallPackaging"
DEVELOPER: Final = "ExternalClientAppDeveloper"
ADMIN: Final = "ExternalClientAppAdmin"
VIEWER: Final = "ExternalClientAppViewer"
SECRETS: Final = "ViewClientSecret"
USERS: Final = "ManageUsers"
SETUP: Final = "ViewSetup"
ASSIGN: Final = "AssignPermissionSets"
DECIDING: Final = (
    CUSTOMIZE, MODIFY, CONNECTED, PROFILES, ROTATE, PACKAGES, DEVELOPER, ADMIN, VIEWER, SECRETS, USERS, SETUP, ASSIGN
)  # fmt: skip
"""Every permission that decides about an operation of administration."""

OF_APPS: Final = ({CUSTOMIZE, MODIFY}, {CUSTOMIZE, CONNECTED})
OF_ASSIGNMENTS: Final = ({CUSTOMIZE, MODIFY, PROFILES},)
OF_EXTERNAL: Final = ({CUSTOMIZE, MODIFY}, {CUSTOMIZE, DEVELOPER})
OF_EXTERNAL_POLICIES: Final = ({CUSTOMIZE, MODIFY}, {CUSTOMIZE, ADMIN})
OF_READING: Final = (*OF_APPS, {CUSTOMIZE, DEVELOPER}, {CUSTOMIZE, ADMIN}, {CUSTOMIZE, VIEWER})
OF_PEOPLE: Final = ({USERS}, {PROFILES}, {CUSTOMIZE}, {SETUP}, {ASSIGN})


def with_permission(sets: tuple[set[str], ...], permission: str) -> tuple[set[str], ...]:
    """Return sets of permissions, each with one more."""
    return tuple(one | {permission} for one in sets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation. `enough`: the smallest sets of permissions that are enough; none where it is the operator's."""

    name: str
    does: Operation
    enough: tuple[set[str], ...] = ()
    command: tuple[str, ...] = field(default=())

    def allows(self, permissions: set[str]) -> bool:
        """Tell whether a set of permissions is enough."""
        return any(one <= permissions for one in self.enough)
