"""Reasons about the app in this org and the user who would use it (salesforce-oauth.md 4)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

APP_BLOCKED: Final = Reason(
    id="app.blocked",
    wires=oauth(
        "OAUTH_APP_BLOCKED",
        "this app is blocked by admin",
        standards=Wire(error="unauthorized_client", says="the client may not be used here"),
    ),
    means="An administrator blocked the app {app} in this org.",
    remedy="`grantway app unblock {app}` lets it in again.",
)
OAUTH_OFF: Final = Reason(
    id="app.oauth_off",
    wires=APP_BLOCKED.wires,
    means="The OAuth settings of the app {app} were switched off while it was in use.",
    remedy="Switch them on again, if the app should have access.",
    setting=s.OAUTH_ENABLED,
)
OFF_IN_ORG: Final = Reason(
    id="app.off_in_org",
    wires=APP_BLOCKED.wires,
    means="The app {app} is switched off in the org {org}.",
    remedy="Switch it on again there, if the app should have access.",
    setting=s.ENABLED_IN_ORG,
)
APP_NOT_INSTALLED: Final = Reason(
    id="app.not_installed",
    wires=oauth(
        "invalid_client",
        "app must be installed into org",
        standards=Wire(error="unauthorized_client", says="the client may not be used here"),
    ),
    means="The app {app} is not installed in the org {org}, and the user may not approve uninstalled apps.",
    remedy="Install the app there, or give the user the permission Approve Uninstalled Connected Apps.",
)
EXTERNAL_NOT_INSTALLED: Final = Reason(
    id="app.external_not_installed",
    wires=oauth(
        "OAUTH_EC_APP_NOT_FOUND",
        "external client app is not installed in this org",
        standards=Wire(error="unauthorized_client", says="the client may not be used here"),
    ),
    means="The external client app {app} is not installed in the org {org}, and such apps work nowhere else.",
    remedy="`grantway app install` in that org.",
)
EXTERNAL_IS_LOCAL: Final = Reason(
    id="app.external_is_local",
    wires=oauth(
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
        standards=Wire(error="unauthorized_client", says="the client may not be used here"),
    ),
    means="The external client app {app} is local to the org that made it, and the user belongs to {org}.",
    remedy="Set its Distribution State to Packaged, then install it in {org}.",
    setting=s.DISTRIBUTION_STATE,
)
NOT_ADMIN_APPROVED: Final = Reason(
    id="app.not_admin_approved",
    wires=oauth(
        "invalid_app_access",
        "user is not admin approved to access this app",
        standards=Wire(error="invalid_grant", says="the user may not use this client"),
    ),
    means="Only admin approved users may use {app}, and {user} is in none of its profiles or permission sets.",
    remedy="Assign the app to the user's profile or to a permission set the user has, or let all users self-authorize.",
    setting=s.PERMITTED_USERS,
)
API_ACCESS_LIMITED: Final = Reason(
    id="app.api_access_limited",
    wires=NOT_ADMIN_APPROVED.wires,
    means="API Access Control is on in the org {org}, and {app} is not installed there for admin approved users only.",
    remedy=(
        "Install the app, set permitted_users=admin_approved and assign it to a profile or permission set of {user}; "
        "or give {user} the permission Use Any API Client."
    ),
    setting=s.ADMIN_APPROVED_APPS_ONLY,
)
USER_INACTIVE: Final = Reason(
    id="user.inactive",
    wires=oauth("invalid_grant", "inactive user"),
    means="The user {user} is deactivated or frozen.",
    remedy="`grantway user unfreeze` or `user set is_active=true`, if the user should have access.",
)
USER_IS_GUEST: Final = Reason(
    id="user.is_guest",
    wires=oauth("invalid_grant", "inactive user"),
    means="The user {user} is a guest user: nobody's account, as whom visitors act in the token exchange flow alone.",
    remedy="Name a user of somebody's own; `grantway user create` makes one.",
)
TOKENS_ENDED: Final = Reason(
    id="app.tokens_ended",
    wires=oauth("invalid_grant", "expired access/refresh token"),
    means="Everything issued before {not_before} for this {of} was taken back.",
    remedy="The user has to approve the app again.",
)
