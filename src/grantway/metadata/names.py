"""File names of metadata, both ways (connected-apps.md 1.1).

`My%20App.connectedApp-meta.xml` is the ConnectedApp "My App". The name of a component
stands in its file's name only, never in the file.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A type of metadata: what `package.xml` calls it, the suffix of its files, and their folder."""

    type: str
    suffix: str
    folder: str


SETTINGS: Final = "Settings"
"""What `package.xml` calls org settings, whose root elements are `<member>Settings`."""

FILE_TYPES: Final = tuple(
    FileType(type=type_, suffix=suffix, folder=folder)
    for type_, suffix, folder in (
        ("ConnectedApp", "connectedApp", "connectedApps"),
        ("ExternalClientApplication", "eca", "externalClientApps"),
        ("ExtlClntAppOauthSettings", "ecaOauth", "extlClntAppOauthSettings"),
        ("ExtlClntAppGlobalOauthSettings", "ecaGlblOauth", "extlClntAppGlobalOauthSets"),
        ("ExtlClntAppOauthConfigurablePolicies", "ecaOauthPlcy", "extlClntAppOauthPolicies"),
        ("ExtlClntAppConfigurablePolicies", "ecaPlcy", "extlClntAppPolicies"),
        ("ExtlClntAppOauthSecuritySettings", "ecaOauthSecurity", "extlClntAppOauthSecuritySettings"),
        ("ExtlClntAppSamlConfigurablePolicies", "ecaSamlPlcy", "extlClntAppSamlConfigurablePolicies"),
        ("ExtlClntAppCanvasSettings", "ecaCanvas", "extlClntAppCanvasSettings"),
        ("ExtlClntAppMobileSettings", "ecaMobile", "extlClntAppMobileSettings"),
        ("ExtlClntAppMobileConfigurablePolicies", "ecaMobilePlcy", "extlClntAppMobilePolicies"),
        ("ExtlClntAppPushSettings", "ecaPush", "extlClntAppPushSettings"),
        ("ExtlClntAppPushConfigurablePolicies", "ecaPushPlcy", "extlClntAppPushPolicies"),
        ("ExtlClntAppNotificationSettings", "ecaNotifications", "extlClntAppNotifSettings"),
        ("OauthCustomScope", "oauthcustomscope", "oauthcustomscopes"),
        ("OauthTokenExchangeHandler", "oauthtokenexchangehandler", "oauthtokenexchangehandlers"),
        ("CustomPermission", "customPermission", "customPermissions"),
        ("BlacklistedConsumer", "blacklistedConsumer", "blacklistedConsumers"),
        ("UserProvisioningConfig", "userProvisioningConfig", "UserProvisioningConfigs"),
        (SETTINGS, "settings", "settings"),
    )
)

_BY_SUFFIX: Final = {file_type.suffix.lower(): file_type for file_type in FILE_TYPES}
_BY_TYPE: Final = {file_type.type: file_type for file_type in FILE_TYPES}
_SOURCE: Final = "-meta.xml"
_UNSHOWABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_NAMESPACED: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,14}?)__(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataName:
    """A component's type and full API name, such as ConnectedApp `ns__App`."""

    type: str
    name: str

    @property
    def namespace(self) -> str:
        """The namespace of the package it belongs to, or nothing."""
        found = _NAMESPACED.fullmatch(self.name)
        return found[1] if found else ""

    @property
    def local_name(self) -> str:
        """The name without the namespace."""
        found = _NAMESPACED.fullmatch(self.name)
        return found[2] if found else self.name


def name_of_file(file_name: str) -> MetadataName | None:
    """Return what a file is about, from its name alone; None if the name is of no type known here.

    Folders before the name are ignored: files live in all sorts of them. Suffixes are read without regard to case.
    """
    last = file_name.replace("\\", "/").rpartition("/")[2]
    if last.lower().endswith(_SOURCE):
        last = last[: -len(_SOURCE)]
    stem, _, suffix = last.rpartition(".")
    file_type = _BY_SUFFIX.get(suffix.lower())
    name = unquote(stem)
    if file_type is None or not name or _UNSHOWABLE.search(name):
        return None
    return MetadataName(type=file_type.type, name=name)


def file_of_name(name: MetadataName, *, source: bool = True, folder: bool = False) -> str:
    """Return the file name of a component; `source` adds `-meta.xml`, `folder` puts Salesforce's folder before it.

    Characters that no file name should have, and blanks, are percent-encoded: no name leaves its folder. ValueError if
    the type is unknown or the name empty.
    """
    file_type = _BY_TYPE.get(name.type)
    if file_type is None or not name.name:
        raise ValueError(f"no file is known for {name.type} {name.name!r}")
    place = f"{file_type.folder}/" if folder else ""
    return f"{place}{quote(name.name, safe='')}.{file_type.suffix}{_SOURCE if source else ''}"


def type_of_root(root: str) -> str | None:
    """Return the type whose files have the root element `root`; None if it is unknown here.

    Go by this and not by the name where they disagree.
    """
    if root in _BY_TYPE and root != SETTINGS:
        return root
    return SETTINGS if root.endswith(SETTINGS) and root != SETTINGS and not root.startswith("ExtlClntApp") else None
