"""Reasons at endpoints that take an access token, and at revocation and introspection (RFC 6750, 7009, 7662)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason, Wire, oauth

_DEAD: Final = {
    Voice.SALESFORCE: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
    Voice.IDENTITY: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
    Voice.DATA: Wire(error="INVALID_SESSION_ID", says="Session expired or invalid", status=401),
    Voice.STANDARDS: Wire(error="invalid_token", says="the access token is not valid", status=401),
}

TOKEN_MISSING: Final = Reason(
    id="bearer.missing",
    wires=_DEAD
    | {
        Voice.IDENTITY: Wire(error="Missing_OAuth_Token", says="Missing_OAuth_Token", status=403),
        Voice.SALESFORCE: Wire(error="Missing_OAuth_Token", says="Missing_OAuth_Token", status=403),
        # RFC 6750 3.1: a request without any authentication is told no error code.
        Voice.STANDARDS: Wire(error="", says="", status=401),
    },
    means="The request has no access token.",
    remedy="Send it as Authorization: Bearer. In a URL it is never taken.",
)
TWO_TOKENS: Final = Reason(
    id="bearer.two_tokens",
    wires=_DEAD | {Voice.STANDARDS: Wire(error="invalid_request", says="more than one access token", status=400)},
    means="The request has an access token in its header and another in its form.",
    remedy="Send one: Authorization: Bearer.",
)
TOKEN_UNKNOWN: Final = Reason(
    id="bearer.unknown",
    wires=_DEAD,
    means="The server knows no such access token, or has swept it after its end.",
    remedy="Refresh the token.",
)
TOKEN_OF_THE_OTHER_DOOR: Final = Reason(
    id="bearer.of_the_other_door",
    wires=_DEAD,
    means="The access token was issued at the other door: below /oidc the standards' are good, elsewhere Salesforce's.",
    remedy="Send it to the endpoints of the door where it was issued, or get one here.",
)
TOKEN_EXPIRED: Final = Reason(
    id="bearer.expired",
    wires=_DEAD,
    means="The access token ended at {ended_at}, after the session timeout of the app {app}.",
    remedy="Refresh the token, or set a longer session timeout.",
    setting=s.SESSION_TIMEOUT,
)
TOKEN_EXPIRED_FOR_ORG: Final = Reason(
    id="bearer.expired_for_org",
    wires=_DEAD,
    means="The access token ended at {ended_at}, after the org's session timeout: the app {app} has none of its own.",
    remedy="Refresh the token, or set a longer session timeout for the org or for this app (session_timeout).",
    setting=s.ORG_SESSION_TIMEOUT,
)
JWT_NOT_OURS: Final = Reason(
    id="bearer.jwt_not_ours",
    wires=_DEAD,
    means="The token is a JWT that is none of the access tokens of this server: {problem}.",
    remedy="Send the access token as it was received. An ID token is none, and neither is what another server signed.",
)
JWT_EXPIRED: Final = Reason(
    id="bearer.jwt_expired",
    wires=_DEAD,
    means="The JWT-based access token of the app {app} ended at {ended_at}, as it says; use does not prolong it.",
    remedy="Refresh the token, or set a longer timeout for the ones to come.",
    setting=s.NAMED_USER_JWT_TIMEOUT,
)
KEY_ROTATED: Final = Reason(
    id="bearer.key_rotated",
    wires=_DEAD,
    means="The key {kid} that signed the token was rotated out: all JWT-based access tokens of {org} were ended.",
    remedy="Refresh the token: another key signs now.",
)
TOKEN_REVOKED: Final = Reason(
    id="bearer.revoked",
    wires=_DEAD,
    means="The access token or its whole line was revoked at {revoked_at}.",
    remedy="Get another one: by refreshing, or where the whole line was revoked by the user's approving the app again.",
)
TOKENS_ENDED: Final = Reason(
    id="bearer.tokens_ended",
    wires=_DEAD,
    means="Everything issued before {not_before} for this {of} was taken back.",
    remedy="The user has to approve the app again.",
)
USER_INACTIVE: Final = Reason(
    id="bearer.user_inactive",
    wires=_DEAD,
    means="The token's user {user} is deactivated or frozen.",
    remedy="`grantway user unfreeze`, if the user should have access.",
)
USER_IS_GUEST: Final = Reason(
    id="bearer.user_is_guest",
    wires=_DEAD,
    means="The token's user {user} is a guest user, and the token is for no visitor.",
    remedy="Guests come by the token exchange flow alone, with a handler that has a guest_user.",
)
APP_BLOCKED: Final = Reason(
    id="bearer.app_blocked",
    wires=_DEAD,
    means="The app {app} is blocked in this org, and so are its tokens and those of apps that belong to it.",
    remedy="`grantway app unblock {app}` lets it in again.",
)
OAUTH_OFF: Final = Reason(
    id="bearer.oauth_off",
    wires=_DEAD,
    means="The OAuth settings of the token's app {app} were switched off.",
    remedy="Switch them on again, if the app should have access.",
    setting=s.OAUTH_ENABLED,
)
OFF_IN_ORG: Final = Reason(
    id="bearer.off_in_org",
    wires=_DEAD,
    means="The token's app {app} is switched off in the org {org}.",
    remedy="Switch it on again there, if the app should have access.",
    setting=s.ENABLED_IN_ORG,
)
NOT_ADMIN_APPROVED: Final = Reason(
    id="bearer.not_admin_approved",
    wires=_DEAD,
    means="The token's user {user} is no longer admin approved for {app}.",
    remedy="Assign the app to a profile or permission set of the user.",
    setting=s.PERMITTED_USERS,
)
API_ACCESS_LIMITED: Final = Reason(
    id="bearer.api_access_limited",
    wires=_DEAD
    | {
        Voice.DATA: Wire(
            error="INVALID_SESSION_ID", says="This session is not valid for use with the REST API", status=401
        )
    },
    means="API Access Control is on in the org {org}, and {app} is not installed there for admin approved users only.",
    remedy=(
        "Install the app, set permitted_users=admin_approved and assign it to a profile or permission set of {user}; "
        "or give {user} the permission Use Any API Client."
    ),
    setting=s.ADMIN_APPROVED_APPS_ONLY,
)
APP_NOT_INSTALLED: Final = Reason(
    id="bearer.app_not_installed",
    wires=_DEAD,
    means="The token's app {app} is not installed in the org {org}, and the user may not use uninstalled apps.",
    remedy="Install the app there.",
)
EXTERNAL_NOT_INSTALLED: Final = Reason(
    id="bearer.external_not_installed",
    wires=_DEAD,
    means="The token's external client app {app} is no longer installed in the org {org}.",
    remedy="`grantway app install` in that org; the user then has to approve the app again.",
)
EXTERNAL_IS_LOCAL: Final = Reason(
    id="bearer.external_is_local",
    wires=_DEAD,
    means="The token's external client app {app} is local to the org that made it, and the user belongs to {org}.",
    remedy="Set its Distribution State to Packaged, if it should work there.",
    setting=s.DISTRIBUTION_STATE,
)
SCOPE_LACKING: Final = Reason(
    id="bearer.scope_lacking",
    wires={
        Voice.SALESFORCE: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
        Voice.IDENTITY: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
        Voice.DATA: Wire(
            error="INVALID_SESSION_ID", says="This session is not valid for use with the REST API", status=401
        ),
        Voice.STANDARDS: Wire(error="insufficient_scope", says="the access token lacks a scope", status=403),
    },
    means="The access token has the scopes {scopes}; this needs {needs}.",
    remedy="Ask for that scope when the user approves, and select it for the app.",
    setting=s.SCOPES,
)
NOT_FOR_GUESTS: Final = Reason(
    id="bearer.not_for_guests",
    wires={
        Voice.SALESFORCE: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
        Voice.IDENTITY: Wire(error="Bad_OAuth_Token", says="Bad_OAuth_Token", status=403),
        Voice.DATA: Wire(error="INSUFFICIENT_ACCESS", says="insufficient access rights", status=403),
        Voice.STANDARDS: Wire(error="insufficient_scope", says="this is not for guests", status=403),
    },
    means="The access token is for a guest, as whom {user} acts: guests read about nobody, and administer nothing.",
    remedy="Use the token of a user who has an account, whatever the guest user's profile allows.",
)
OTHER_RESOURCE: Final = Reason(
    id="bearer.other_resource",
    wires={
        Voice.SALESFORCE: Wire(error="INVALID_SESSION_ID", says="Session expired or invalid", status=401),
        Voice.STANDARDS: Wire(error="invalid_token", says="the access token is for another resource", status=401),
    },
    means="The access token was asked for with resource={resources}, so it is good there and not here.",
    remedy="Ask for a token without resource, or with this server's base URL among them.",
)
API_DISABLED: Final = Reason(
    id="bearer.api_disabled",
    wires={
        Voice.SALESFORCE: Wire(error="API_CURRENTLY_DISABLED", says="API is disabled for this User", status=403),
        Voice.DATA: Wire(error="API_CURRENTLY_DISABLED", says="API is disabled for this User", status=403),
    },
    means="The user {user} has not the permission API Enabled.",
    remedy="Give it by the user's profile or a permission set.",
)
WRONG_ORG: Final = Reason(
    id="bearer.wrong_org",
    wires={Voice.SALESFORCE: Wire(error="Wrong_Org", says="Wrong_Org", status=403)},
    means="The identity URL names another org than the access token's.",
    remedy="Use the id URL of the token's own answer.",
)
BAD_ID: Final = Reason(
    id="bearer.bad_id",
    wires={Voice.SALESFORCE: Wire(error="Bad_Id", says="Bad_Id", status=404)},
    means="The identity URL names no user that the token may see.",
    remedy="Use the id URL of the token's own answer.",
)
INVALID_VERSION: Final = Reason(
    id="bearer.invalid_version",
    wires={Voice.SALESFORCE: Wire(error="Invalid_Version", says="Invalid_Version", status=406)},
    means="The parameter version is no API version: {version}.",
    remedy="Send a version such as 60.0, or latest, or leave it out.",
)
INVALID_CALLBACK: Final = Reason(
    id="bearer.invalid_callback",
    wires={Voice.SALESFORCE: Wire(error="Invalid_Callback", says="Invalid_Callback", status=406)},
    means="The parameter callback is no plain function name, or the token did not come in the Authorization header.",
    remedy="Send format=jsonp with a callback such as show, and Authorization: Bearer.",
)
TOKEN_TYPE_UNSUPPORTED: Final = Reason(
    id="token.type_unsupported",
    wires=oauth("unsupported_token_type", "this token type is not supported"),
    means="The token parameter holds no token of this server.",
    remedy="Send the access or refresh token as it was received.",
)
TOKEN_INVALID: Final = Reason(
    id="token.invalid",
    wires=oauth("invalid_token", "invalid token"),
    means="The token to revoke is unknown, expired or revoked already.",
    remedy="Nothing to mend: it is of no use to anyone.",
)
TOKEN_OF_ANOTHER: Final = Reason(
    id="token.of_another_client",
    wires=oauth("invalid_request", "the token was issued to another client"),
    means="The app {app} asked to revoke a token that was issued to another app; it was left as it is.",
    remedy="Let the app revoke it that it was issued to; administrators do it with `grantway token revoke`.",
)
