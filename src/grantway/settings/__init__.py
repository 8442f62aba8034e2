"""The catalogue of settings and scopes, one module per section of the admin page.

Owns what a setting is called, how it is written, what it does and where it stands in metadata files. Does not own its
values (those live in records, `domain`) nor its enforcement (checks name the setting they read). Import it as `s`:
`app[s.REQUIRE_PKCE]`.
"""

from grantway.settings.basic import CONTACT_EMAIL, DESCRIPTION, INFO_URL, LABEL
from grantway.settings.catalogue import ALL, BY_NAME, held_by
from grantway.settings.choices import Doors, PermittedUsers, RefreshTokenPolicy
from grantway.settings.distribution import DISTRIBUTION_STATE, Distribution
from grantway.settings.id_token import ID_TOKEN_AUDIENCES, ID_TOKEN_STANDARD_CLAIMS, ID_TOKEN_VALIDITY
from grantway.settings.kinds import SettingProblem
from grantway.settings.oauth import (
    CALLBACK_URL,
    CLIENT_CREDENTIALS,
    DOORS,
    INTROSPECT_ALL,
    OAUTH_ENABLED,
    REFRESH_TOKEN_ROTATION,
    REQUIRE_PKCE,
    REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW,
    REQUIRE_SECRET_FOR_WEB_SERVER_FLOW,
    ROTATION_OVERLAP,
    SCOPES,
)
from grantway.settings.org import ALLOW_CONNECTED_APP_CREATION, ORG_SESSION_TIMEOUT, REQUIRE_PKCE_FOR_ALL_APPS
from grantway.settings.policies import (
    PERMISSION_SETS,
    PERMITTED_USERS,
    PROFILES,
    REFRESH_TOKEN_POLICY,
    RUN_AS,
    SESSION_TIMEOUT,
)
from grantway.settings.setting import AnySetting, Holder, Section, Setting, Xml

__all__ = [
    "ALL",
    "ALLOW_CONNECTED_APP_CREATION",
    "BY_NAME",
    "CALLBACK_URL",
    "CLIENT_CREDENTIALS",
    "CONTACT_EMAIL",
    "DESCRIPTION",
    "DISTRIBUTION_STATE",
    "DOORS",
    "ID_TOKEN_AUDIENCES",
    "ID_TOKEN_STANDARD_CLAIMS",
    "ID_TOKEN_VALIDITY",
    "INFO_URL",
    "INTROSPECT_ALL",
    "LABEL",
    "OAUTH_ENABLED",
    "ORG_SESSION_TIMEOUT",
    "PERMISSION_SETS",
    "PERMITTED_USERS",
    "PROFILES",
    "REFRESH_TOKEN_POLICY",
    "REFRESH_TOKEN_ROTATION",
    "REQUIRE_PKCE",
    "REQUIRE_PKCE_FOR_ALL_APPS",
    "REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW",
    "REQUIRE_SECRET_FOR_WEB_SERVER_FLOW",
    "ROTATION_OVERLAP",
    "RUN_AS",
    "SCOPES",
    "SESSION_TIMEOUT",
    "AnySetting",
    "Distribution",
    "Doors",
    "Holder",
    "PermittedUsers",
    "RefreshTokenPolicy",
    "Section",
    "Setting",
    "SettingProblem",
    "Xml",
    "held_by",
]
