"""Settings of the section "OAuth Policies": the administrator's half of an app, per org."""

from typing import Final

from grantway.settings.choices import (
    REFRESH_TOKEN_POLICY_KIND,
    IpRelaxation,
    PermittedUsers,
    RefreshTokenPolicy,
)
from grantway.settings.kinds import FLAG, HTTPS_URL, START_PAGE_KIND, names, one_of, text
from grantway.settings.oauth import CODE_AND_CREDENTIALS, TOKEN_EXCHANGE
from grantway.settings.setting import Holder, Section, Setting, Xml

ENABLED_IN_ORG: Final = Setting[bool](
    name="enabled_in_org",
    kind=FLAG,
    label="Enable the app in this org",
    help="Off, the app is of no use in this org until it is on again: no login, no new token, and none that is out.",
    default=True,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="authorize, token, APIs: refused as for a blocked app when off",
    example="false",
    xml={"ExtlClntAppConfigurablePolicies": Xml(path="isEnabled")},
)

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

IP_RELAXATION: Final = Setting[IpRelaxation](
    name="ip_relaxation",
    kind=one_of(
        IpRelaxation,
        words={
            IpRelaxation.ENFORCE: "Enforce IP restrictions",
            IpRelaxation.ENFORCE_RELAX_REFRESH: "Enforce IP restrictions, but relax for refresh tokens",
            IpRelaxation.BYPASS_2FACTOR: "Relax IP restrictions for activated devices",
            IpRelaxation.BYPASS: "Relax IP restrictions",
        },
    ),
    label="IP Relaxation",
    help="Whether people whose profile has login IP ranges are held to them when they use this app.",
    default=IpRelaxation.ENFORCE,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="authorize, token: invalid_grant 'ip restricted' from addresses outside of the profile's ranges",
    awaits="the policies about addresses",
    example="enforce_relaxrefresh",
    xml={
        "ConnectedApp": Xml(
            path="oauthPolicy/ipRelaxation",
            required=True,
            words={
                "ENFORCE": "enforce",
                "ENFORCE_RELAXREFRESH": "enforce_relaxrefresh",
                "BYPASS_2FACTOR": "bypass_2factor",
                "BYPASS": "bypass",
            },
        )
    },
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
    xml={"ConnectedApp": Xml(path="oauthPolicy/refreshTokenPolicy", required=True)},
)

SINGLE_LOGOUT_URL_OF_ORG: Final = Setting[str](
    name="single_logout_url_of_org",
    kind=HTTPS_URL,
    label="Single Logout URL",
    help="The app's logout page for this org. What the developer changes in the app's own is not copied here.",
    default="",
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    effect="logout: the browser of a session that used the app calls this address instead of single_logout_url",
    awaits="single logout",
    example="https://harbour.sync.example/logged-out",
    xml={"ConnectedApp": Xml(path="oauthPolicy/singleLogoutUrl")},
)

TOKEN_EXCHANGE_ALLOWED: Final = Setting[bool](
    name="token_exchange_allowed",
    kind=FLAG,
    label="Enable Token Exchange Flow",
    help="The org's half of the token exchange flow: the app must have it on, and the org must allow it.",
    default=False,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    under=TOKEN_EXCHANGE,
    effect="token, token exchange: answered in this org only when on",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthPolicy/isTokenExchangeFlowEnabled")},
)

GUEST_CODE_AND_CREDENTIALS: Final = Setting[bool](
    name="guest_code_and_credentials",
    kind=FLAG,
    label="Enable Authorization Code and Credentials Flow for guest users",
    help="Visitors who have not logged in get tokens too, which tell one from another. Needs JWT-based access tokens.",
    default=False,
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    under=CODE_AND_CREDENTIALS,
    effect="authorize, code_credentials for guests: answered only when on",
    awaits="the Authorization Code and Credentials flow",
    example="true",
    xml={"ExtlClntAppOauthConfigurablePolicies": Xml(path="isGuestCodeCredFlowEnabled")},
)

START_PAGE: Final = Setting[str](
    name="start_page",
    kind=START_PAGE_KIND,
    label="Start Page",
    help="Where this org's people land who open the app: where the app says, nowhere, or at a page of your own.",
    default="app",
    section=Section.POLICIES,
    held_by=Holder.POLICY,
    shown_on="My apps: where the app's tile leads in this org",
    awaits="My apps, the launcher page",
    example="https://sync.harbour.example/start",
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
