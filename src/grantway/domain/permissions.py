"""The user permissions there are, by the API names that profiles and permission sets bear in metadata files.

Salesforce writes the same names with `Permissions` before them where they are fields of a permission set. Permissions
of Salesforce that would decide nothing here are not listed: what a profile shows is what it gives.
"""

import difflib
import re
from dataclasses import dataclass
from typing import Final

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPermission:
    """One thing a user may be allowed to do: API name, Salesforce's label, and what it allows here.

    `awaits`: what it will decide about, while that is not built yet; it gives nothing until then.
    """

    name: str
    label: str
    allows: str
    awaits: str = ""


CUSTOMIZE_APPLICATION: Final = UserPermission(
    name="CustomizeApplication",
    label="Customize Application",
    allows="A part of every right over apps; alone, the org's OAuth settings.",
)
MODIFY_ALL_DATA: Final = UserPermission(
    name="ModifyAllData",
    label="Modify All Data",
    allows="With Customize Application: apps of both kinds, and their policies.",
)
MANAGE_CONNECTED_APPS: Final = UserPermission(
    name="ManageRemoteAccess",
    label="Manage Connected Apps",
    allows="With Customize Application: connected apps, their policies, and installing them.",
)
MANAGE_PROFILES: Final = UserPermission(
    name="ManageProfilesPermissionsets",
    label="Manage Profiles and Permission Sets",
    allows="Changing profiles and permission sets, and assigning them. A part of assigning apps to them.",
)
ROTATE_CONSUMER: Final = UserPermission(
    name="ClientSecretRotation",
    label="Allow consumer key and secret rotation",
    allows="With the right to read a connected app: revealing and rotating its consumer key and secret.",
)
INSTALL_PACKAGES: Final = UserPermission(
    name="InstallPackaging",
    label="Download AppExchange Packages",
    allows="With the right to install an app: installing and uninstalling packaged ones too.",
)
APPROVE_UNINSTALLED: Final = UserPermission(
    name="CanApproveUninstalledApps",
    label="Approve Uninstalled Connected Apps",
    allows="Approving connected apps that no administrator has installed in the org.",
)
USE_ANY_API_CLIENT: Final = UserPermission(
    name="UseAnyApiClient",
    label="Use Any API Client",
    allows="Using any app where API Access Control limits the org to approved ones.",
)
EXTERNAL_DEVELOPER: Final = UserPermission(
    name="ExternalClientAppDeveloper",
    label="Create, edit, and delete External Client Apps",
    allows="With Customize Application: external client apps and their settings, but not their policies.",
)
EXTERNAL_ADMIN: Final = UserPermission(
    name="ExternalClientAppAdmin",
    label="View all External Client Apps, view their settings, and edit their policies",
    allows="With Customize Application: reading external client apps, their policies, and installing them.",
)
EXTERNAL_VIEWER: Final = UserPermission(
    name="ExternalClientAppViewer",
    label="View all External Client Apps",
    allows="With Customize Application: reading external client apps.",
)
VIEW_CLIENT_SECRET: Final = UserPermission(
    name="ViewClientSecret",
    label="View External Client App Consumer Secrets in Metadata",
    allows="With the right to change an external client app: revealing and rotating its consumer key and secret.",
)
API_ENABLED: Final = UserPermission(
    name="ApiEnabled", label="API Enabled", allows="Calls of the data API and the admin API with the user's tokens."
)
VIEW_SETUP: Final = UserPermission(
    name="ViewSetup",
    label="View Setup and Configuration",
    allows="Seeing users, profiles and permission sets, the audit trail, and pages no other right covers.",
)
MANAGE_USERS: Final = UserPermission(
    name="ManageUsers",
    label="Manage Users",
    allows="Creating, changing and freezing users. With View Setup and Configuration: seeing and ending their tokens.",
)
ASSIGN_PERMISSION_SETS: Final = UserPermission(
    name="AssignPermissionSets",
    label="Assign Permission Sets",
    allows="Giving permission sets to users and taking them back.",
)
MANAGE_CERTIFICATES: Final = UserPermission(
    name="ManageCertificates",
    label="Manage Certificates",
    allows="Making and deleting the org's own certificates.",
)
ALL: Final = {
    permission.name: permission
    for permission in (
        CUSTOMIZE_APPLICATION,
        MODIFY_ALL_DATA,
        MANAGE_CONNECTED_APPS,
        MANAGE_PROFILES,
        ROTATE_CONSUMER,
        INSTALL_PACKAGES,
        APPROVE_UNINSTALLED,
        USE_ANY_API_CLIENT,
        EXTERNAL_DEVELOPER,
        EXTERNAL_ADMIN,
        EXTERNAL_VIEWER,
        VIEW_CLIENT_SECRET,
        API_ENABLED,
        VIEW_SETUP,
        MANAGE_USERS,
        ASSIGN_PERMISSION_SETS,
        MANAGE_CERTIFICATES,
    )
}

_PREFIX: Final = "permissions"
_NO_LETTER: Final = re.compile(r"[\W_]+")
_decoder: Final = msgspec.json.Decoder(list[str])


def _squeezed(text: str) -> str:
    return _NO_LETTER.sub("", text).casefold()


_BY_SPELLING: Final = {_squeezed(text): one for one in ALL.values() for text in (one.name, one.label)}


def permission_named(text: str) -> UserPermission | None:
    """Return the user permission that a text means, or None.

    It may be the API name, with or without `Permissions` before it, or the label; case, blanks and signs do not count.
    """
    squeezed = _squeezed(text)
    return _BY_SPELLING.get(squeezed) or _BY_SPELLING.get(squeezed.removeprefix(_PREFIX))


def similar_permission(text: str) -> UserPermission | None:
    """Return the user permission whose name or label is most like a text that means none; None if nothing is near."""
    near = difflib.get_close_matches(_squeezed(text), _BY_SPELLING, 1)
    return _BY_SPELLING[near[0]] if near else None


def label_of(name: str) -> str:
    """Return the label of a permission by its API name; of one that this release does not know, the name itself."""
    return ALL[name].label if name in ALL else name


def read_permissions(document: str) -> frozenset[str]:
    """Return the names in a profile's or permission set's JSON list."""
    return frozenset(_decoder.decode(document))
