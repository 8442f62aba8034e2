"""Reasons at the authorization endpoint and its pages (salesforce-oauth.md 2.3, OpenID Connect Core 3.1.2.6)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

REDIRECT_URI_MISSING: Final = Reason(
    id="authorize.redirect_uri_missing",
    wires=oauth(
        "redirect_uri_missing",
        "redirect_uri is required",
        standards=Wire(error="invalid_request", says="redirect_uri is missing"),
    ),
    means="The request has no redirect_uri, so there is nowhere to answer to.",
    remedy="Send the callback URL as redirect_uri.",
    setting=s.CALLBACK_URL,
)
REDIRECT_URI_MISMATCH: Final = Reason(
    id="authorize.redirect_uri_mismatch",
    wires=oauth(
        "redirect_uri_mismatch",
        "redirect_uri must match configuration",
        standards=Wire(error="invalid_request", says="redirect_uri is not registered for this client"),
    ),
    means="The app {app} asked to be answered at {redirect_uri}, which is none of its callback URLs.",
    remedy="Add that very URL to the app's Callback URL: it must match byte by byte.",
    setting=s.CALLBACK_URL,
)
RESPONSE_TYPE_MISSING: Final = Reason(
    id="authorize.response_type_missing",
    wires=oauth(
        "unsupported_response_type",
        "response type is not supported",
        standards=Wire(error="invalid_request", says="response_type is missing"),
    ),
    means="The request has no response_type.",
    remedy="Send response_type=code.",
)
RESPONSE_TYPE_UNSUPPORTED: Final = Reason(
    id="authorize.response_type_unsupported",
    wires=oauth("unsupported_response_type", "response type is not supported"),
    means="The response type {response_type} is not served.",
    remedy="Use response_type=code.",
)
RESPONSE_MODE_UNSUPPORTED: Final = Reason(
    id="authorize.response_mode_unsupported",
    wires=oauth("invalid_request", "response mode is not supported"),
    means="The response mode {response_mode} is not served for response_type=code.",
    remedy="Leave response_mode out, or send query.",
)
CHALLENGE_MISSING: Final = Reason(
    id="authorize.challenge_missing",
    wires=oauth(
        "invalid_request",
        "missing required code challenge",
        standards=Wire(error="invalid_request", says="code_challenge is required"),
    ),
    means="The app {app} must use PKCE, and the request has no code_challenge.",
    remedy="Send code_challenge and code_challenge_method=S256. Most libraries have a switch for PKCE.",
    setting=s.REQUIRE_PKCE,
)
CHALLENGE_MISSING_FOR_ORG: Final = Reason(
    id="authorize.challenge_missing_for_org",
    wires=CHALLENGE_MISSING.wires,
    means="The org requires PKCE of every app, and the request of {app} has no code_challenge.",
    remedy="Send code_challenge and code_challenge_method=S256.",
    setting=s.REQUIRE_PKCE_FOR_ALL_APPS,
)
CHALLENGE_MISSING_FOR_PUBLIC: Final = Reason(
    id="authorize.challenge_missing_for_public",
    wires=CHALLENGE_MISSING.wires,
    means="The app {app} need not send a secret, and such apps must use PKCE at the standards' door.",
    remedy="Send code_challenge and code_challenge_method=S256.",
    setting=s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW,
)
CHALLENGE_METHOD_UNSUPPORTED: Final = Reason(
    id="authorize.challenge_method_unsupported",
    wires=oauth("invalid_request", "code challenge method is not supported"),
    means="The challenge method {method} is not taken: only S256 is.",
    remedy="Send code_challenge_method=S256.",
)
CHALLENGE_MALFORMED: Final = Reason(
    id="authorize.challenge_malformed",
    wires=oauth("invalid_request", "code challenge is invalid"),
    means="code_challenge is no S256 challenge: 43 characters of base64url.",
    remedy="Send the base64url SHA-256 of the verifier, without padding.",
)
SCOPE_NOT_ALLOWED: Final = Reason(
    id="authorize.scope_not_allowed",
    wires=oauth("invalid_scope", "the requested scope is not allowed"),
    means="The app {app} asked for {extra}, which is not among its selected scopes.",
    remedy="Add the scope to the app, or ask for less.",
    setting=s.SCOPES,
)
SCOPE_UNKNOWN: Final = Reason(
    id="authorize.scope_unknown",
    wires=oauth("invalid_scope", "the requested scope is invalid"),
    means="The request names {extra}: no standard scope, and no custom scope that is assigned to the app.",
    remedy="`grantway settings scopes` and `grantway scope list` list the scopes; assign a custom one to the app.",
    setting=s.CUSTOM_SCOPES,
)
PROMPT_CONFLICT: Final = Reason(
    id="authorize.prompt_conflict",
    wires=oauth("invalid_request", "prompt none cannot stand with other values"),
    means="prompt=none was sent together with another value.",
    remedy="Send none alone (OpenID Connect Core 3.1.2.1).",
)
REQUEST_OBJECT_UNSUPPORTED: Final = Reason(
    id="authorize.request_object_unsupported",
    wires=oauth("request_not_supported", "the request parameter is not supported"),
    means="The request came as a request object, which this server does not read.",
    remedy="Send plain parameters.",
)
REQUEST_URI_UNSUPPORTED: Final = Reason(
    id="authorize.request_uri_unsupported",
    wires=oauth("request_uri_not_supported", "the request_uri parameter is not supported"),
    means="The request came by reference, which this server does not follow.",
    remedy="Send plain parameters.",
)
LOGIN_REQUIRED: Final = Reason(
    id="authorize.login_required",
    wires=oauth(
        "immediate_unsuccessful",
        "the user must log in",
        standards=Wire(error="login_required", says="the user must log in"),
    ),
    means="The app asked not to show a page, and nobody who fits is logged in in this browser.",
    remedy="Send the user through once without prompt=none or immediate=true.",
)
CONSENT_REQUIRED: Final = Reason(
    id="authorize.consent_required",
    wires=oauth(
        "immediate_unsuccessful",
        "the user must approve the app",
        standards=Wire(error="consent_required", says="the user must approve the client"),
    ),
    means="The app asked not to show a page, and {user} has not approved {scopes} for it yet.",
    remedy="Send the user through once without prompt=none or immediate=true, or pre-authorize the app.",
    setting=s.PERMITTED_USERS,
)
USER_MISMATCH: Final = Reason(
    id="authorize.user_mismatch",
    wires=oauth(
        "immediate_unsuccessful",
        "another user is logged in",
        standards=Wire(error="login_required", says="another user is logged in"),
    ),
    means="id_token_hint names another user than the one logged in.",
    remedy="Let the user log in again.",
)
POST_TOO_LONG: Final = Reason(
    id="authorize.post_too_long",
    wires=oauth("invalid_request", "the request is too long"),
    means="The request came by POST without this server's cookie, and is too long to be sent on in a URL.",
    remedy="Shorten state and nonce.",
)
HINT_INVALID: Final = Reason(
    id="authorize.hint_invalid",
    wires=oauth("invalid_request", "id_token_hint is invalid"),
    means="id_token_hint is no ID token of this server: {problem}.",
    remedy="Send an ID token that this server issued to this app, or leave it out.",
)
DENIED: Final = Reason(
    id="authorize.denied",
    wires=oauth("access_denied", "end-user denied authorization"),
    means="{user} pressed Deny.",
    remedy="Nothing to mend: the user decided.",
)
LOGIN_CANCELLED: Final = Reason(
    id="authorize.login_cancelled",
    wires=oauth("access_denied", "end-user denied authorization"),
    means="The person at the login page pressed Cancel.",
    remedy="Nothing to mend: the user decided.",
)
NOT_ADMIN_APPROVED: Final = Reason(
    id="authorize.not_admin_approved",
    wires=oauth(
        "OAUTH_APP_ACCESS_DENIED",
        "user is not admin approved to access this app",
        standards=Wire(error="access_denied", says="the user may not use this client"),
    ),
    means="Only admin approved users may use {app}, and {user} is in none of its profiles or permission sets.",
    remedy="Assign the app to the user's profile or to a permission set the user has, or let all users self-authorize.",
    setting=s.PERMITTED_USERS,
)
API_ACCESS_LIMITED: Final = Reason(
    id="authorize.api_access_limited",
    wires=NOT_ADMIN_APPROVED.wires,
    means="API Access Control is on in the org {org}, and {app} is not installed there for admin approved users only.",
    remedy=(
        "Install the app, set permitted_users=admin_approved and assign it to a profile or permission set of {user}; "
        "or give {user} the permission Use Any API Client."
    ),
    setting=s.ADMIN_APPROVED_APPS_ONLY,
)
APP_NOT_INSTALLED: Final = Reason(
    id="authorize.app_not_installed",
    wires=oauth(
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "An unexpected error has occurred during authentication. Please try again.",
        standards=Wire(error="access_denied", says="the client may not be used here"),
    ),
    means="The app {app} is not installed in the org {org}, and {user} may not approve uninstalled apps.",
    remedy="Install the app there, or give the user the permission Approve Uninstalled Connected Apps.",
)
EXTERNAL_NOT_INSTALLED: Final = Reason(
    id="authorize.external_not_installed",
    wires=oauth(
        "OAUTH_EC_APP_NOT_FOUND",
        "external client app is not installed in this org",
        standards=Wire(error="access_denied", says="the client may not be used here"),
    ),
    means="The external client app {app} is not installed in the org {org}, and such apps work nowhere else.",
    remedy="`grantway app install` in that org.",
)
EXTERNAL_IS_LOCAL: Final = Reason(
    id="authorize.external_is_local",
    wires=oauth(
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
        standards=Wire(error="access_denied", says="the client may not be used here"),
    ),
    means="The external client app {app} is local to the org that made it, and the user belongs to {org}.",
    remedy="Set its Distribution State to Packaged, then install it in {org}.",
    setting=s.DISTRIBUTION_STATE,
)
TRANSACTION_GONE: Final = Reason(
    id="authorize.transaction_gone",
    wires=oauth("invalid_request", "this page is no longer valid"),
    means="The login or consent page was too old, already answered, or opened in another browser.",
    remedy="Start again from the app.",
)
FORM_FORGED: Final = Reason(
    id="authorize.form_forged",
    wires=oauth("invalid_request", "this page is no longer valid", status=403),
    means="The form came without the token of the page, or from another site.",
    remedy="Start again from the app. If you did not press anything yourself, tell your administrator.",
)
