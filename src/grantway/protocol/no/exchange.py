"""Reasons of the token exchange flow (RFC 8693; salesforce-oauth.md 3.11)."""

import re
from dataclasses import replace
from typing import Final

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason, Refusal, Wire, oauth

_UNSHOWABLE: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]+")
_SAYS_LIMIT: Final = 200
_CLOSED: Final = oauth(
    "invalid_request",
    "app not enabled for token exchange",
    standards=Wire(error="unauthorized_client", says="the client may not use this grant type"),
)
_NO_HANDLER: Final = oauth(
    "invalid_request",
    "token handler not found",
    standards=Wire(error="invalid_request", says="nobody validates tokens for this client"),
)
_INVALID: Final = oauth(
    "invalid_request",
    "token handler validation failed",
    standards=Wire(error="invalid_request", says="the token is not valid"),
)
_UNAPPROVED: Final = oauth(
    "invalid_grant",
    "user hasn't approved this consumer",
    standards=Wire(error="invalid_grant", says="the user has not approved this client"),
)

NOT_ENABLED: Final = Reason(
    id="exchange.not_enabled",
    wires=_CLOSED,
    means="The app {app} has the token exchange flow off.",
    remedy="`grantway app set {app} token_exchange=true`; each org's policy token_exchange_allowed must be on too.",
    setting=s.TOKEN_EXCHANGE,
)
NOT_ALLOWED: Final = Reason(
    id="exchange.not_allowed",
    wires=_CLOSED,
    means="The org {org} does not allow the app {app} to exchange tokens: the second of the two switches is off.",
    remedy="`grantway app set {app} token_exchange_allowed=true` in the org {org}.",
    setting=s.TOKEN_EXCHANGE_ALLOWED,
)
MISSING: Final = Reason(
    id="exchange.missing",
    wires=oauth("invalid_request", "subject_token and subject_token_type are required"),
    means="The request has no {parameter}.",
    remedy="Send subject_token and subject_token_type in the form; with an actor_token its actor_token_type too.",
)
TYPE_UNKNOWN: Final = Reason(
    id="exchange.type_unknown",
    wires=oauth("invalid_request", "token type not supported"),
    means="{parameter} is {type}, which is no type of token that can be exchanged.",
    remedy="Send urn:ietf:params:oauth:token-type: and access_token, id_token, jwt, refresh_token or saml2.",
)
TYPE_NOT_TAKEN: Final = Reason(
    id="exchange.type_not_taken",
    wires=oauth("invalid_request", "token type not supported"),
    means="The handler {handler} does not take tokens of the type {type}.",
    remedy="`grantway handler set {handler} subject_token_types=…` with that type among them.",
)
REQUESTED_TYPE: Final = Reason(
    id="exchange.requested_type",
    wires=oauth("invalid_request", "requested_token_type not supported"),
    means="requested_token_type is {type}; what is given here are access tokens.",
    remedy="Leave it out, or send urn:ietf:params:oauth:token-type:access_token.",
)
OTHER_TARGET: Final = Reason(
    id="exchange.other_target",
    wires=oauth("invalid_target", "the requested target is not served here"),
    means="The token is wanted for {target}, and this server gives tokens for itself alone: {names}.",
    remedy="Leave it out. At the standards' door resource says what the token is for; at Salesforce's nothing does.",
)
ACTOR_NOT_TAKEN: Final = Reason(
    id="exchange.actor_not_taken",
    wires=oauth("invalid_request", "actor_token not supported"),
    means="An actor_token was sent at Salesforce's door, where nothing would tell that somebody acts for the user.",
    remedy="Send it to the standards' door, /oidc/token, or leave it out.",
)
ACTOR_UNNAMED: Final = Reason(
    id="exchange.actor_unnamed",
    wires=_INVALID,
    means="The actor's token says not who the actor is: sub is missing, or too long.",
    remedy="Send an actor_token with a sub.",
)
ACTOR_MAY_NOT: Final = Reason(
    id="exchange.actor_may_not",
    wires=_INVALID,
    means="The subject's token names in may_act who may act for its user, and that is not this actor.",
    remedy="Send the token of the actor that may_act names.",
)
HANDLER_UNKNOWN: Final = Reason(
    id="exchange.handler_unknown",
    wires=_NO_HANDLER,
    means="The org {org} has no token exchange handler {handler}.",
    remedy="`grantway handler list`; token_handler is the handler's name, or its class.",
)
HANDLER_NOT_FOR_APP: Final = Reason(
    id="exchange.handler_not_for_app",
    wires=_NO_HANDLER,
    means="The handler {handler} is not enabled for the app {app}.",
    remedy="`grantway handler enable {handler} {app} --run-as USERNAME`.",
)
NO_DEFAULT: Final = Reason(
    id="exchange.no_default",
    wires=_NO_HANDLER,
    means="The request names no token_handler, and no handler is the default of the app {app}.",
    remedy="`grantway handler enable NAME {app} --run-as USERNAME --default`, or send token_handler.",
)
HANDLER_OFF: Final = Reason(
    id="exchange.handler_off",
    wires=_NO_HANDLER,
    means="The handler {handler} is not enabled.",
    remedy="`grantway handler set {handler} enabled=true`.",
)
RUN_AS_GONE: Final = Reason(
    id="exchange.run_as_gone",
    wires=_INVALID,
    means="The handler {handler} works for this app as {user}, who is no active user of the org {org}.",
    remedy="`grantway handler enable {handler} APP --run-as USERNAME` with an active user.",
)
INCOMPLETE: Final = Reason(
    id="exchange.incomplete",
    wires=_INVALID,
    means="The handler {handler} cannot validate anything yet; it lacks {missing}.",
    remedy="`grantway handler show {handler}` says what is missing.",
)
OWN_ISSUER: Final = Reason(
    id="exchange.own_issuer",
    wires=_INVALID,
    means="The handler {handler} believes {issuer}, which is this server: its tokens would outlive themselves (S19).",
    remedy="Name another identity provider. For tokens of this server there are refresh tokens and asset tokens.",
)
NO_CODE: Final = Reason(
    id="exchange.no_code",
    wires=_INVALID,
    means="No package has the entry point {code} in grantway.token_exchange_handlers, or it cannot be loaded.",
    remedy="Install the package beside the server and restart it, or declare what the handler believes.",
)
CODE_FAILED: Final = Reason(
    id="exchange.code_failed",
    wires=_INVALID,
    means="The code {code} failed: {why}.",
    remedy="Mend the code; what it raised stands here by its type alone, for its text may hold the token.",
)
WEBHOOK_FAILED: Final = Reason(
    id="exchange.webhook_failed",
    wires=_INVALID,
    means="The webhook of the handler {handler} gave no answer that counts: {why}.",
    remedy=(
        "webhook_url must be an https URL of a public host that answers 200 within 5 seconds, with the JSON that"
        " docs/token-exchange.md shows."
    ),
)
SAID_NO: Final = Reason(
    id="exchange.said_no",
    wires=_INVALID,
    means="The handler {handler} does not believe the token: {says}.",
    remedy="The handler's own code, or its webhook, says no.",
)
UNREADABLE: Final = Reason(
    id="exchange.unreadable",
    wires=_INVALID,
    means="The token cannot be read: {why}.",
    remedy="Send one signed JWT in compact form; its header may have alg, kid, typ, x5t and x5t#S256.",
)
NOT_A_JWT: Final = Reason(
    id="exchange.not_a_jwt",
    wires=_INVALID,
    means="The token is no JWT, and the handler {handler} has no introspection URL to ask about it.",
    remedy="Send a JWT, or give the handler introspection_url.",
)
NO_SAML: Final = Reason(
    id="exchange.no_saml",
    wires=_INVALID,
    means="The token is a SAML assertion, and the handler {handler} has no certificate to check its signature with.",
    remedy="`grantway handler set {handler} certificate=@FILE` with the identity provider's, or give the handler code.",
)
KEYS_UNREACHABLE: Final = Reason(
    id="exchange.keys_unreachable",
    wires=_INVALID,
    means="The key set of the handler {handler} could not be had: {why}.",
    remedy="jwks_url must be an https URL of a public host that answers 200 with a JWK set, in 64 kB and 50 keys.",
)
OTHER_RECIPIENT: Final = Reason(
    id="exchange.other_recipient",
    wires=_INVALID,
    means="The bearer of the SAML assertion is confirmed for {sent}, neither this server nor one of the audiences.",
    remedy="Have the identity provider name this server's token endpoint, or one of the audiences, as Recipient.",
)
NO_KEY: Final = Reason(
    id="exchange.no_key",
    wires=_INVALID,
    means="The issuer's key set has no key {kid} that could have signed the token.",
    remedy="The issuer must publish the key before it signs with it.",
)
NOT_SIGNED: Final = Reason(
    id="exchange.not_signed",
    wires=_INVALID,
    means="The issuer did not sign the token: {why}.",
    remedy="Send a token of the issuer that the handler names.",
)
WRONG_KIND: Final = Reason(
    id="exchange.wrong_kind",
    wires=_INVALID,
    means="The token says that it is a {typ}, which is not what was announced.",
    remedy="Send an ID token as id_token, an access token as access_token.",
)
OTHER_ISSUER: Final = Reason(
    id="exchange.other_issuer",
    wires=_INVALID,
    means="The token is issued by {sent}, and the handler believes {issuer}.",
    remedy="Compare issuer with iss, letter by letter.",
)
NO_AUDIENCE: Final = Reason(
    id="exchange.no_audience",
    wires=_INVALID,
    means="The token says not whom it is for.",
    remedy="Have the issuer put one of these into aud: {names}.",
)
OTHER_AUDIENCE: Final = Reason(
    id="exchange.other_audience",
    wires=_INVALID,
    means="The token is for {sent}, and the handler takes those for {names}.",
    remedy="Ask the issuer for a token with that audience, or add the audience to the handler.",
)
NO_END: Final = Reason(
    id="exchange.no_end",
    wires=_INVALID,
    means="The token says not when it ends.",
    remedy="Have the issuer put exp into its tokens.",
)
ENDED: Final = Reason(
    id="exchange.ended",
    wires=_INVALID,
    means="The token ended at {ended_at}.",
    remedy="Get a fresh one from the issuer; compare the clocks.",
)
TOO_EARLY: Final = Reason(
    id="exchange.too_early",
    wires=_INVALID,
    means="The token holds only from {starts_at} on.",
    remedy="Compare the clocks of the issuer and this server.",
)
INTROSPECTION_FAILED: Final = Reason(
    id="exchange.introspection_failed",
    wires=_INVALID,
    means="The issuer could not be asked about the token: {why}.",
    remedy="introspection_url must be an https URL of a public host that knows the handler's client id and secret.",
)
INACTIVE: Final = Reason(
    id="exchange.inactive",
    wires=_INVALID,
    means="The issuer says that the token is not active.",
    remedy="Get a fresh one from the issuer.",
)
NOBODY_NAMED: Final = Reason(
    id="exchange.nobody_named",
    wires=_INVALID,
    means="The token names nobody: {claim} is missing, or no text that could name a user.",
    remedy="Choose in user_claim the claim with which the issuer names its users.",
)
EMAIL_UNVERIFIED: Final = Reason(
    id="exchange.email_unverified",
    wires=_INVALID,
    means="The user is named by an email which the issuer says is not verified.",
    remedy="Have the email verified at the issuer, or match by another claim.",
)
AMBIGUOUS: Final = Reason(
    id="exchange.ambiguous",
    wires=_UNAPPROVED,
    means="More than one user of the org {org} has the {by} {value}.",
    remedy="Match by something that one user alone has.",
)
NO_SUCH_USER: Final = Reason(
    id="exchange.no_such_user",
    wires=_UNAPPROVED,
    means="No user of the org {org} has the {by} {value}, and the handler {handler} makes none.",
    remedy="Make the user, or set the handler's user_creation.",
)
GUEST_NEEDS_JWT: Final = Reason(
    id="exchange.guest_needs_jwt",
    wires=oauth(
        "invalid_request",
        "guest flow not enabled",
        standards=Wire(error="unauthorized_client", says="the client may not act for guests"),
    ),
    means="The token names a guest, and the app {app} issues opaque tokens: only a JWT says which guest it is for.",
    remedy="`grantway app set {app} jwt_access_tokens=true`.",
    setting=s.JWT_ACCESS_TOKENS,
)
GUEST_WITHOUT_SCOPES: Final = Reason(
    id="exchange.guest_without_scopes",
    wires=oauth("invalid_scope", "the requested scope is invalid, unknown, or malformed"),
    means="The token names a guest, and the app {app} has no scope that is not about somebody or a browser.",
    remedy="`grantway app set {app} scopes=…` with api or a custom scope among them.",
    setting=s.SCOPES,
)
NOT_FOR_GUESTS: Final = Reason(
    id="exchange.not_for_guests",
    wires=oauth(
        "invalid_scope",
        "the requested scope is not allowed",
        standards=Wire(error="invalid_scope", says="the requested scope is not for guests"),
    ),
    means="The token names a guest, and {extra} was asked for: nothing about somebody, in a browser or for later.",
    remedy="Ask for no scope, or for some of these: {allowed}.",
)
GUEST_USER_GONE: Final = Reason(
    id="exchange.guest_user_gone",
    wires=_UNAPPROVED,
    means="The handler {handler} lets guests act as {user}, who is no guest user of the org {org}.",
    remedy="`grantway user create USERNAME --guest …`, then `grantway handler set {handler} guest_user=USERNAME`.",
)
NEW_USER_UNAPPROVED: Final = Reason(
    id="exchange.new_user_unapproved",
    wires=_UNAPPROVED,
    means="No user was made: with the profile {profile} nobody is pre-authorized for the app {app}.",
    remedy="Set permitted_users to admin_approved, and assign the app to that profile.",
    setting=s.PROFILES,
)
NOT_CREATED: Final = Reason(
    id="exchange.not_created",
    wires=_UNAPPROVED,
    means="The user {user} could not be made as {run_as}: {why}.",
    remedy="The execution user needs Manage Users, and all that the new user's profile gives.",
)
NOT_APPROVED: Final = Reason(
    id="exchange.not_approved",
    wires=_UNAPPROVED,
    means="The user {user} has not approved the app {app}, or took that back, and is not pre-authorized for it.",
    remedy="Set permitted_users to admin_approved and give the app to the user's profile or a permission set.",
    setting=s.PERMITTED_USERS,
)


def said_no(handler: str, says: str) -> Refusal:
    """Return the refusal that a handler put in words of its own; the client is told them, if they can be told."""
    told = " ".join(_UNSHOWABLE.sub(" ", says[: 4 * _SAYS_LIMIT]).split())[:_SAYS_LIMIT]
    if not told:
        return SAID_NO(handler=handler, says="it gave no reason")
    wire = Wire(error="invalid_request", says=told)
    reason = replace(SAID_NO, wires={Voice.SALESFORCE: wire, Voice.STANDARDS: wire})
    return reason(handler=handler, says=told)
