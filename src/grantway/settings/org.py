"""Settings of an org as a whole: switches that hold for all of its apps."""

from typing import Final

from grantway.settings.kinds import FLAG, integer
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
