"""The scopes an app can be given, in the words of page, wire and metadata file (salesforce-oauth.md 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One scope of Salesforce's.

    - `name`: in `scope=` and in answers; `synonyms` mean the same there.
    - `label`: Salesforce's words, on the admin page and the consent page.
    - `detail`: what it lets an app do, below the label on the consent page, said to the person who decides. Pages that
      know the app's policy add to it (how long, from where).
    - `metadata`: its word in metadata files as they are written; `metadata_aliases` are read as the same.
    - `implies`: names of the scopes that come with it.
    """

    name: str
    label: str
    metadata: str
    detail: str
    metadata_aliases: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


_EXCEPT_FULL: Final = (
    Scope(
        name="id",
        label="Access the identity URL service",
        metadata="Basic",
        metadata_aliases=("Profile", "Email", "Address", "Phone"),
        synonyms=("profile", "email", "address", "phone"),
        detail="Your name, e-mail address, phone number and address.",
    ),
    Scope(
        name="openid",
        label="Access unique user identifiers",
        metadata="OpenID",
        detail="Know that it is you, each time you sign in.",
    ),
    Scope(
        name="api",
        label="Manage user data via APIs",
        metadata="Api",
        implies=("chatter_api",),
        detail="Read and change every record that you can read and change.",
    ),
    Scope(
        name="refresh_token",
        label="Perform requests at any time",
        metadata="RefreshToken",
        metadata_aliases=("OfflineAccess",),
        synonyms=("offline_access",),
        detail="Also when you are not there, until you take it back.",
    ),
    Scope(
        name="web",
        label="Manage user data via Web browsers",
        metadata="Web",
        implies=("visualforce",),
        detail="Open pages in a browser as you, and do there what you can do.",
    ),
    Scope(
        name="chatter_api",
        label="Access Connect REST API resources",
        metadata="Chatter",
        detail="Read and write in your feeds, groups and files.",
    ),
    Scope(
        name="visualforce",
        label="Access Visualforce applications",
        metadata="CustomApplications",
        detail="Open Visualforce pages as you. No other pages.",
    ),
    Scope(
        name="custom_permissions",
        label="Access custom permissions",
        metadata="CustomPermissions",
        detail="See which custom permissions you hold.",
    ),
    Scope(
        name="wave_api",
        label="Access Analytics REST API resources",
        metadata="Wave",
        detail="Read and change the Analytics data and dashboards that you can reach.",
    ),
    Scope(
        name="eclair_api",
        label="Access Analytics REST API Charts Geodata resources",
        metadata="Eclair",
        detail="Read the maps on which Analytics draws its charts.",
    ),
    Scope(
        name="pardot_api",
        label="Manage Pardot services",
        metadata="Pardot",
        detail="Read and change the Account Engagement records that you can read and change.",
    ),
    Scope(
        name="lightning",
        label="Access Lightning applications",
        metadata="Lightning",
        detail="Show Lightning pages inside the app, as you.",
    ),
    Scope(
        name="content",
        label="Access content resources",
        metadata="Content",
        detail="Show your files inside the app, as you.",
    ),
    Scope(
        name="cdp_api",
        label="Access all Data Cloud API resources",
        metadata="CDP",
        detail="Use everything in Data Cloud that you can use.",
    ),
    Scope(
        name="cdp_ingest_api",
        label="Manage Data Cloud Ingestion API data",
        metadata="CDPIngest",
        detail="Put data into Data Cloud and delete it there.",
    ),
    Scope(
        name="cdp_profile_api",
        label="Manage Data Cloud profile data",
        metadata="CDPProfile",
        detail="Read and change what Data Cloud knows about people.",
    ),
    Scope(
        name="cdp_query_api",
        label="Perform ANSI SQL queries on Data Cloud data",
        metadata="CDPQuery",
        detail="Read all Data Cloud data that you can read.",
    ),
    Scope(
        name="cdp_segment_api",
        label="Manage Data Cloud segments",
        metadata="CDPSegment",
        detail="Read and change how Data Cloud groups people.",
    ),
    Scope(
        name="cdp_identityresolution_api",
        label="Manage Data Cloud identity resolution",
        metadata="CDPIdentityResolution",
        detail="Read and change how Data Cloud decides that two profiles are one person.",
    ),
    Scope(
        name="cdp_calculated_insight_api",
        label="Manage Data Cloud calculated insights",
        metadata="CDPCalculatedInsight",
        detail="Read and change the figures that Data Cloud calculates.",
    ),
    Scope(
        name="data_cloud_user_claims",
        label="Access Data Cloud user claims",
        metadata="DataCloudUserClaims",
        detail="See what Data Cloud is told about you when you use it.",
    ),
    Scope(
        name="chatbot_api",
        label="Access chatbot services",
        metadata="Chatbot",
        detail="Talk with Einstein Bots as you.",
    ),
    Scope(
        name="user_registration_api",
        label="Access Headless Registration API",
        metadata="UserRegistration",
        detail="Register new users from the app’s own pages.",
    ),
    Scope(
        name="forgot_password",
        label="Access Headless Forgot Password API",
        metadata="ForgotPassword",
        detail="Reset users’ passwords from the app’s own pages.",
    ),
    Scope(
        name="pwdless_login_api",
        label="Access Headless Passwordless Login API",
        metadata="PwdlessLogin",
        detail="Sign users in with a one-time code from the app’s own pages.",
    ),
    Scope(
        name="sfap_api",
        label="Access the Salesforce API Platform",
        metadata="SFApiPlatform",
        metadata_aliases=("SFAP",),
        detail="Use the services of the Salesforce API Platform as you.",
    ),
    Scope(
        name="interaction_api",
        label="Access Interaction API resources",
        metadata="Interaction",
        detail="Read and change the interactions that you can read and change.",
    ),
    Scope(
        name="einstein_gpt_api",
        label="Access Einstein GPT services",
        metadata="EinsteinGPT",
        detail="Put questions and data to Einstein’s language models as you.",
    ),
    Scope(
        name="mcp_api",
        label="Access Salesforce hosted MCP servers",
        metadata="MCP",
        detail="Let AI agents use tools on Salesforce hosted MCP servers as you.",
    ),
    Scope(
        name="scrt_api",
        label="Access Service Cloud real-time resources",
        metadata="SCRT",
        detail="Read and send the messages of your service conversations.",
    ),
)

_FULL: Final = Scope(
    name="full",
    label="Full access",
    metadata="Full",
    implies=tuple(scope.name for scope in _EXCEPT_FULL if scope.name != "refresh_token"),
    detail="Everything that you can do. Acting when you are not there is asked for apart.",
)

SCOPES: Final[tuple[Scope, ...]] = (*_EXCEPT_FULL[:4], _FULL, *_EXCEPT_FULL[4:])
"""All of them, in the order of the page."""

_BY_NAME: Final = {name: scope for scope in SCOPES for name in (scope.name, *scope.synonyms)}
_BY_METADATA: Final = {word: scope for scope in SCOPES for word in (scope.metadata, *scope.metadata_aliases)}
_MEANS: Final = {
    name: frozenset((scope.name, *scope.implies, *(i for n in scope.implies for i in _BY_NAME[n].implies)))
    for name, scope in _BY_NAME.items()
}


def scope_named(name: str) -> Scope | None:
    """Return the scope that `name` or a synonym of it stands for; None for custom scopes and unknown words."""
    return _BY_NAME.get(name)


def scope_of_metadata(word: str) -> Scope | None:
    """Return the scope that a word of a metadata file stands for; None if Salesforce has no such word."""
    return _BY_METADATA.get(word)


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """Return everything that holding `scopes` allows: synonyms by their one name, implied scopes added.

    Custom scopes and unknown words stay as they are. So "may this app ask for that?" is
    `expand(asked) <= expand(allowed)`, and it is `full`, not its expansion, that is passed on to the client.
    """
    found: set[str] = set()
    for name in scopes:
        found |= _MEANS.get(name, {name})
    return frozenset(found)
