"""Settings of the section "OAuth Policies": the administrator's half of an app, per org."""

from typing import Final

from grantway.settings.choices import (
    REFRESH_TOKEN_POLICY_KIND,
    PermittedUsers,
    RefreshTokenPolicy,
    optional,
)
from grantway.settings.kinds import integer, names, one_of, text
from grantway.settings.setting import Holder, Section, Setting, Xml

PERMITTED_USERS: Final = Setting[PermittedUsers](
    name="permitted_users",
    kind=one_of(
        PermittedUsers,
        words={
            PermittedUsers.SELF_AUTHORIZE: "All users may self-authorize",
            PermittedUsers.ADMIN_APPROVED: "Admin approved users are pre-authorized",
        },
    ),
    label="Permitted Users",
    help=(
        "Either each user says yes on the consent page, or only users of the profiles and permission sets below may "
        "use the app, and are not asked."
    ),
    default=PermittedUsers.SELF_AUTHORIZE,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="authorize: OAUTH_APP_ACCESS_DENIED; token: invalid_app_access for users who are not approved",
    example="admin_approved",
    xml={
        "ConnectedApp": Xml(
            path="oauthConfig/isAdminApproved", words={"false": "self_authorize", "true": "admin_approved"}
        )
    },
)

PROFILES: Final = Setting[tuple[str, ...]](
    name="profiles",
    kind=names(500, "profiles"),
    label="Profiles",
    help="Names of the profiles whose users are pre-authorized. They count when Permitted Users says admin approved.",
    default=(),
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="with admin approved users: who is approved",
    example="Standard User",
    xml={"ConnectedApp": Xml(path="profileName")},
)

PERMISSION_SETS: Final = Setting[tuple[str, ...]](
    name="permission_sets",
    kind=names(500, "permission sets"),
    label="Permission Sets",
    help="Names of the permission sets whose holders are pre-authorized, as with profiles.",
    default=(),
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="with admin approved users: who is approved",
    example="Shipping Clerk",
    xml={"ConnectedApp": Xml(path="permissionSetName")},
)

REFRESH_TOKEN_POLICY: Final = Setting[RefreshTokenPolicy](
    name="refresh_token_policy",
    kind=REFRESH_TOKEN_POLICY_KIND,
    label="Refresh Token Policy",
    help="How long a refresh token lives: until revoked, not at all, for a fixed time, or until it goes unused.",
    default=RefreshTokenPolicy(form="infinite"),
    for_new_apps=RefreshTokenPolicy(form="specific_inactivity", number=30, unit="DAYS"),
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="token, refresh_token: invalid_grant 'expired access/refresh token' after its end",
    example="specific_inactivity:30:DAYS",
    xml={"ConnectedApp": Xml(path="oauthPolicy/refreshTokenPolicy")},
)

SESSION_TIMEOUT: Final = Setting[int | None](
    name="session_timeout",
    kind=optional(integer(1, 1440, "minutes"), without="as the org says"),
    label="Session Timeout Value",
    help="How long the app's access tokens live without use. Left out, the org's value holds.",
    default=None,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="access token: INVALID_SESSION_ID after this time; expires_in and exp at the standards' door",
    example="15",
    xml={"ConnectedApp": Xml(path="sessionPolicy/sessionTimeout")},
)

RUN_AS: Final = Setting[str](
    name="run_as",
    kind=text(80),
    label="Run As",
    help="The user that the client credentials flow acts as in this org, by username.",
    default="",
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="token, client_credentials: invalid_grant 'no client credentials user enabled' without one",
    example="sync@harbour.example",
    xml={"ConnectedApp": Xml(path="oauthConfig/oauthClientCredentialUser")},
)
