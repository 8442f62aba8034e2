"""Settings of an org as a whole: switches that hold for all of its apps."""

from typing import Final

from grantway.settings.kinds import FLAG, ORIGINS_KIND, integer
from grantway.settings.setting import Holder, Section, Setting

ORG_SESSION_TIMEOUT: Final = Setting[int](
    name="org_session_timeout",
    kind=integer(15, 1440, "minutes"),
    label="Timeout Value",
    help="How long a session or an access token lives without use, unless an app's policy says otherwise.",
    default=120,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="access token: INVALID_SESSION_ID after this time without use",
    example="60",
)

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

ADMIN_APPROVED_APPS_ONLY: Final = Setting[bool](
    name="admin_approved_apps_only",
    kind=FLAG,
    label="For admin-approved users, limit API access to only allowlisted connected apps",
    help=(
        "Every token then needs an app that is installed and whose users an administrator approved. Who has the "
        "permission Use Any API Client is exempt."
    ),
    default=False,
    section=Section.ORG,
    held_by=Holder.ORG,
    effect="access token: INVALID_SESSION_ID; token: invalid_app_access for apps that are not admin approved",
    example="true",
)
