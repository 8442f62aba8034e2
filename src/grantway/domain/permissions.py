"""The user permissions there are, by the API names that profiles and permission sets bear in metadata files."""

from dataclasses import dataclass
from typing import Final

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPermission:
    """One thing a user may be allowed to do: API name, Salesforce's label, and what it allows here."""

    name: str
    label: str
    allows: str


API_ENABLED: Final = UserPermission(
    name="ApiEnabled", label="API Enabled", allows="Calls of the data API and the admin API with the user's tokens."
)
CUSTOMIZE_APPLICATION: Final = UserPermission(
    name="CustomizeApplication", label="Customize Application", allows="With the two below: reading and changing apps."
)
MODIFY_ALL_DATA: Final = UserPermission(
    name="ModifyAllData", label="Modify All Data", allows="With Customize Application: reading and changing apps."
)
MANAGE_CONNECTED_APPS: Final = UserPermission(
    name="ManageConnectedApps",
    label="Manage Connected Apps",
    allows="With Customize Application: reading and changing apps, and their policies.",
)
MANAGE_PROFILES: Final = UserPermission(
    name="ManageProfilesPermissionsets",
    label="Manage Profiles and Permission Sets",
    allows="Changing profiles and permission sets, and assigning apps to them.",
)
MANAGE_USERS: Final = UserPermission(
    name="ManageUsers", label="Manage Users", allows="Creating, changing and freezing users, and revoking their tokens."
)
ROTATE_CONSUMER: Final = UserPermission(
    name="AllowConsumerKeySecretRotation",
    label="Allow consumer key and secret rotation",
    allows="Revealing and rotating an app's consumer key and secret.",
)
APPROVE_UNINSTALLED: Final = UserPermission(
    name="ApproveUninstalledConnectedApps",
    label="Approve Uninstalled Connected Apps",
    allows="Approving apps that no administrator has installed in the org.",
)
USE_ANY_API_CLIENT: Final = UserPermission(
    name="UseAnyApiClient",
    label="Use Any API Client",
    allows="Using apps that are not admin approved where API Access Control limits the org to those.",
)
ALL: Final = {
    permission.name: permission
    for permission in (
        API_ENABLED,
        CUSTOMIZE_APPLICATION,
        MODIFY_ALL_DATA,
        MANAGE_CONNECTED_APPS,
        MANAGE_PROFILES,
        MANAGE_USERS,
        ROTATE_CONSUMER,
        APPROVE_UNINSTALLED,
        USE_ANY_API_CLIENT,
    )
}

_decoder: Final = msgspec.json.Decoder(list[str])


def read_permissions(document: str) -> frozenset[str]:
    """Return the names in a profile's or permission set's JSON list."""
    return frozenset(_decoder.decode(document))
