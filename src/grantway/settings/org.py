"""Settings of an org as a whole: switches that hold for all of its apps."""

from typing import Final

from grantway.settings.ip_ranges import IP_RANGES_KIND, IpRange
from grantway.settings.kinds import FLAG, HTTPS_URL, ORIGINS_KIND, integer, uris
from grantway.settings.oauth import SCOPES_KIND
from grantway.settings.setting import Holder, Section, Setting, Xml

REQUIRE_PKCE_FOR_ALL_APPS: Final = Setting[bool](
    name="require_pkce_for_all_apps",
    kind=FLAG,
    label="Require Proof Key for Code Exchange (PKCE) Extension for All Supported Authorization Flows",
    help="Every app of the org then needs PKCE, whatever its own setting says.",
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize: invalid_request 'missing required code challenge' without code_challenge",
    example="true",
    xml={"OauthOidcSettings": Xml(path="isPkceRequired")},
)

LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS: Final = Setting[bool](
    name="limit_idle_refresh_tokens_of_all_apps",
    kind=FLAG,
    label="Limit idle refresh token TTL",
    help="Refresh tokens of every app then end when nobody uses them for 30 days, whatever the apps' policies say.",
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="token, refresh_token: invalid_grant 'expired access/refresh token' after 30 days without use",
    example="true",
)

BLOCK_USERNAME_PASSWORD_FLOW: Final = Setting[bool](
    name="block_username_password_flow",
    kind=FLAG,
    label="Block OAuth Username-Password Flows",
    help="Apps then cannot log people in with their passwords. Keep it on: no app should ever know a password.",
    default=False,
    for_new_apps=True,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="token, password: invalid_grant 'authentication failure' when on, whatever the password",
    example="true",
    xml={"OauthOidcSettings": Xml(path="blockOAuthUnPwFlow")},
)

TRUSTED_IP_RANGES: Final = Setting[tuple[IpRange, ...]](
    name="trusted_ip_ranges",
    kind=IP_RANGES_KIND,
    label="Trusted IP Ranges",
    help="From these addresses a password is enough where an app sends it; from others the security token follows it.",
    default=(),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="token, password: from elsewhere invalid_grant 'authentication failure' without the security token",
    example="192.0.2.0 - 192.0.2.255",
)

BLOCK_USER_AGENT_FLOW: Final = Setting[bool](
    name="block_user_agent_flow",
    kind=FLAG,
    label="Block OAuth User-Agent Flows",
    help="Access tokens then never travel in a page's URL. Keep it on: the web server flow with PKCE does the same.",
    default=False,
    for_new_apps=True,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize, response_type=token: refused when on",
    awaits="the user-agent flow",
    example="true",
    xml={"OauthOidcSettings": Xml(path="blockOAuthUsrAgtFlow")},
)

ALLOW_CODE_AND_CREDENTIALS: Final = Setting[bool](
    name="allow_code_and_credentials",
    kind=FLAG,
    label="Allow Authorization Code and Credentials Flows",
    help="Apps that have the Authorization Code and Credentials flow on may then use it in this org.",
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize, code_credentials: refused when off",
    awaits="the Authorization Code and Credentials flow",
    example="true",
    xml={"OauthOidcSettings": Xml(path="oAuthCdCrdtFlowEnable")},
)

OPEN_REGISTRATION: Final = Setting[bool](
    name="open_registration",
    kind=FLAG,
    label="Allow open dynamic client registration",
    help=(
        "Anybody may then register an app of this org at the standards' endpoints without a token, as MCP clients do. "
        "Such apps get few scopes, each user has to approve them, and those that nobody uses for a week are deleted."
    ),
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="register, standards' door: invalid_token without an initial access token when off",
    example="true",
)

OPEN_REGISTRATION_SCOPES: Final = Setting[tuple[str, ...]](
    name="open_registration_scopes",
    kind=SCOPES_KIND,
    label="Scopes of openly registered apps",
    help="The most that an app gets which registered without a token, or by its metadata document.",
    default=("openid", "id", "refresh_token"),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="register, standards' door: the scope of an app that came without a token is no more than this",
    example="openid,id",
)

ALLOW_LEGACY_QUERY_PARAMETERS: Final = Setting[bool](
    name="allow_legacy_query_parameters",
    kind=FLAG,
    label="Allow legacy query parameters",
    help=(
        "Salesforce's endpoints then read secrets and tokens from URLs, where logs and histories of others keep them. "
        "Only to test old clients; the standards' endpoints never do."
    ),
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect=(
        "token, revoke (by GET too), userinfo, identity URL, data API: invalid_request 'secrets are not accepted in "
        "the URL' when off"
    ),
    example="true",
)

ORG_SESSION_TIMEOUT: Final = Setting[int](
    name="org_session_timeout",
    kind=integer(15, 1440, "minutes"),
    label="Timeout Value",
    help="How long a session or an access token lives without use, unless an app's policy says otherwise.",
    default=120,
    section=Section.ORG_SESSIONS,
    held_by=Holder.ORG,
    effect="access token: INVALID_SESSION_ID after this time without use",
    example="60",
    xml={
        "SecuritySettings": Xml(
            path="sessionSettings/sessionTimeout",
            words={
                "FifteenMinutes": "15",
                "ThirtyMinutes": "30",
                "SixtyMinutes": "60",
                "TwoHours": "120",
                "FourHours": "240",
                "EightHours": "480",
                "TwelveHours": "720",
                "TwentyFourHours": "1440",
            },
        )
    },
)

LOGOUT_LANDING_PAGE: Final = Setting[str](
    name="logout_landing_page",
    kind=HTTPS_URL,
    label="Logout URL",
    help="Where people land after logging out, where the app they came from names no page of its own.",
    default="",
    section=Section.ORG_SESSIONS,
    held_by=Holder.ORG,
    effect="logout: the browser goes there instead of to the page that says goodbye",
    awaits="single logout",
    example="https://harbour.example/goodbye",
    xml={"SecuritySettings": Xml(path="sessionSettings/logoutURL")},
)

ADMIN_APPROVED_APPS_ONLY: Final = Setting[bool](
    name="admin_approved_apps_only",
    kind=FLAG,
    label="For admin-approved users, limit API access to only allowlisted connected apps",
    help=(
        "Every token then needs an app that is installed and whose users an administrator approved. Who has the "
        "permission Use Any API Client is exempt."
    ),
    default=False,
    section=Section.ORG_ACCESS,
    held_by=Holder.ORG,
    effect="APIs: INVALID_SESSION_ID for tokens of other apps, except for users who may use any API client",
    example="true",
    xml={"ConnectedAppSettings": Xml(path="enableAdminApprovedAppsOnly")},
)

ADMIN_APPROVED_APPS_ONLY_FOR_EXTERNAL_USER: Final = Setting[bool](
    name="admin_approved_apps_only_for_external_user",
    kind=FLAG,
    label="For customers and partners, limit API access to only installed connected apps",
    help="Customers and partners may then reach the APIs only by apps that are installed and not blocked.",
    default=False,
    section=Section.ORG_ACCESS,
    held_by=Holder.ORG,
    effect="APIs: INVALID_SESSION_ID for tokens that customers and partners have from other apps",
    awaits="users who are customers or partners",
    example="true",
    xml={"ConnectedAppSettings": Xml(path="enableAdminApprovedAppsOnlyForExternalUser")},
)

ALLOW_CONNECTED_APP_CREATION: Final = Setting[bool](
    name="allow_connected_app_creation",
    kind=FLAG,
    label="Allow creation of connected apps",
    help=(
        "Whether users may create connected apps. Only the operator switches it on. External client apps can be "
        "created either way, and existing apps go on."
    ),
    default=True,
    for_new_apps=False,
    section=Section.ORG_CREATION,
    held_by=Holder.ORG,
    shown_on="console, command line under --as, import, admin API: creating a connected app is refused",
    example="true",
)

CONSUMER_SECRETS_BY_REST: Final = Setting[bool](
    name="consumer_secrets_by_rest",
    kind=FLAG,
    label="Allow access to External Client App consumer secrets via REST API",
    help=(
        "Programs may then read, stage and rotate keys and secrets of external client apps through the data API, with "
        "tokens of users who may do so in Setup. Setup, command line and admin API do not ask for it."
    ),
    default=False,
    section=Section.ORG_ACCESS,
    held_by=Holder.ORG,
    effect="data API, apps/oauth/credentials: FUNCTIONALITY_NOT_ENABLED when off",
    example="true",
    xml={"ExternalClientAppSettings": Xml(path="enableClientSecretInRestApiAccess")},
)

CORS_ORIGINS: Final = Setting[tuple[str, ...]](
    name="cors_origins",
    kind=ORIGINS_KIND,
    label="CORS Allowed Origins List",
    help="Origins whose pages may call the OAuth endpoints and the data API from a browser. Without one, no page may.",
    default=(),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="token, revoke, introspect, userinfo, identity URL, data API: Access-Control-Allow-Origin for these origins",
    example="https://app.example.com",
)

RESOURCES: Final = Setting[tuple[str, ...]](
    name="resources",
    kind=uris(100, "resource servers"),
    label="Resource servers",
    help=(
        "URIs of the servers at which tokens of this org may be used, as clients name them in the parameter resource. "
        "Without one, any https URI is taken, and http on this machine."
    ),
    default=(),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize and token at the standards' door: invalid_target for a resource that is not listed",
    example="https://mcp.example.com/mcp",
)

SITES: Final = Setting[tuple[str, ...]](
    name="sites",
    kind=uris(100, "sites", https=True),
    label="Sites",
    help=(
        "Addresses of the org's sites, as apps have them in the audience of an assertion. One that is made for a site "
        "that another server has too can be used at both: list what nobody else takes, or what you test against."
    ),
    default=(),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="JWT bearer and SAML bearer at Salesforce's door: aud, Audience and Recipient may be one of these",
    example="https://harbour.my.site.com/customers",
)

CLIENT_ID_DOCUMENTS: Final = Setting[bool](
    name="client_id_documents",
    kind=FLAG,
    label="Allow clients that are known by a metadata document",
    help=(
        "A client of the standards' endpoints may then be known by the https address of a document about itself, as "
        "MCP clients are: it becomes an app of this org when it first asks. Only from the approved places."
    ),
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize and token at the standards' door: invalid_client for a client_id that is a URL when off",
    example="true",
)

CLIENT_DOCUMENT_SOURCES: Final = Setting[tuple[str, ...]](
    name="client_document_sources",
    kind=uris(100, "approved places", https=True),
    label="Approved places of metadata documents",
    help=(
        "Where documents may stand: https://HOST for all that a host serves, or the whole address of one. Whoever can "
        "write there decides what such an app is called and where its answers go."
    ),
    default=(),
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="authorize and token at the standards' door: invalid_client for a client_id elsewhere",
    example="https://mcp.example.com",
)
