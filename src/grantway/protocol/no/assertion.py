"""Reasons about assertions: of the JWT bearer flow, and of clients that prove themselves by one (RFC 7521 to 7523)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason, Wire, oauth

_INVALID: Final = Wire(error="invalid_grant", says="the assertion is not valid")
_NOT_ALLOWED: Final = Wire(error="unauthorized_client", says="the client may not use this grant type")
_ASSERTION: Final = oauth("invalid_grant", "invalid assertion", standards=_INVALID)
# An assertion that has ended answers as a code that has: two clients' threads show it (simple-salesforce 371 and 491).
_ENDED: Final = oauth("invalid_grant", "expired authorization code", standards=_INVALID)
_FOREIGN: Final = oauth("invalid_client", "invalid client credentials", standards=_INVALID)
_AUDIENCE: Final = oauth("invalid_grant", "audience is invalid", standards=_INVALID)
_CLIENT: Final = oauth(
    "invalid_client",
    "invalid client credentials",
    standards=Wire(error="invalid_client", says="client authentication failed", status=401),
)
_UNAPPROVED: Final = oauth(
    "invalid_grant",
    "user hasn't approved this consumer",
    standards=Wire(error="invalid_grant", says="the user has not approved this client"),
)

MISSING: Final = Reason(
    id="assertion.missing",
    wires=oauth(
        "invalid_grant",
        "invalid assertion",
        standards=Wire(error="invalid_request", says="assertion is missing"),
    ),
    means="The request has no assertion.",
    remedy="Send the signed assertion in the form field assertion.",
)
UNREADABLE: Final = Reason(
    id="assertion.unreadable",
    wires=_ASSERTION,
    means="The assertion cannot be read: {why}.",
    remedy="Send one JWT in compact form whose header has alg, and kid or typ at most, signed by the app's key.",
)
NO_ISSUER: Final = Reason(
    id="assertion.no_issuer",
    wires=_ASSERTION,
    means="The assertion names no issuer, so there is no telling which app it comes from.",
    remedy="Put the app's consumer key into iss.",
)
UNKNOWN_ISSUER: Final = Reason(
    id="assertion.unknown_issuer",
    wires=_ASSERTION,
    means="The assertion was issued by {issuer}, which is no app's consumer key.",
    remedy="Put the app's consumer key into iss, or into Issuer of a SAML assertion; a copied key is often cut short.",
)
OTHER_CLIENT: Final = Reason(
    id="assertion.other_client",
    wires=_ASSERTION,
    means="The request names the client {client_id}, and the assertion was issued by another one.",
    remedy="Leave client_id out, or send the consumer key that stands in iss.",
)
NO_SUBJECT: Final = Reason(
    id="assertion.no_subject",
    wires=_ASSERTION,
    means="The assertion names no user.",
    remedy="Put the username into sub.",
)
NOT_APPROVED: Final = Reason(
    id="assertion.not_approved",
    wires=_UNAPPROVED,
    means="The user {user} has not approved the app {app}, or took that back, and is not pre-authorized for it.",
    remedy=(
        "Let the user approve it once in the browser with a scope that gives a refresh token, or set permitted_users "
        "to admin_approved and give the app to the user's profile or a permission set."
    ),
    setting=s.PERMITTED_USERS,
)
NO_SUCH_USER: Final = Reason(
    id="assertion.no_such_user",
    wires=_UNAPPROVED,
    means="There is no user {user}.",
    remedy=(
        "Put the username of a user of this server into sub, or into the NameID of a SAML assertion. To the client it "
        "must not look different from a user who refused."
    ),
)
REFRESH_SCOPE_NEEDED: Final = Reason(
    id="assertion.refresh_scope_needed",
    wires=oauth(
        "invalid_request",
        "refresh_token scope is required and the connected app should be installed and preauthorized.",
        standards=_NOT_ALLOWED,
    ),
    means="A pre-authorized user takes part in this flow only if the app {app} may ask for refresh_token.",
    remedy="Add refresh_token to the app's scopes; no refresh token is given out for it.",
    setting=s.SCOPES,
)
NO_SCOPES: Final = Reason(
    id="assertion.no_scopes",
    wires=_UNAPPROVED,
    means="Of what {user} approved for the app {app} no scope is left but refresh_token.",
    remedy="Approve the app with another scope too, such as api.",
    setting=s.SCOPES,
)
NO_CERTIFICATE: Final = Reason(
    id="assertion.no_certificate",
    wires=oauth("invalid_grant", "invalid assertion", standards=_NOT_ALLOWED),
    means="The app {app} does not use digital signatures: it has neither certificate nor key set to check with.",
    remedy=(
        "`grantway app set {app} certificate=@FILE` with the certificate of the key that signs, or jwks=@FILE, or "
        "jwks_uri=URL, with its public key."
    ),
    setting=s.CERTIFICATE,
)
NOT_SIGNED: Final = Reason(
    id="assertion.not_signed",
    wires=_FOREIGN,
    means="The certificate of the app {app} (SHA-256 {certificate}) does not fit the assertion: {why}.",
    remedy="Sign with the key that belongs to the app's certificate, or set the certificate of the key that signs.",
    setting=s.CERTIFICATE,
)
NOT_IN_SET: Final = Reason(
    id="assertion.not_in_set",
    wires=_FOREIGN,
    means="No key of the key set of the app {app} fits the assertion: {why}.",
    remedy="Sign with a key whose public half is in the set, for signatures, and name it by kid; or put it there.",
    setting=s.JWKS,
)
NOT_PUBLISHED: Final = Reason(
    id="assertion.not_published",
    wires=_FOREIGN,
    means="No key that the app {app} publishes at {url} fits the assertion: {why}.",
    remedy=(
        "Publish the public half of the key that signs, for signatures, and name it by kid. The set is kept for ten "
        "minutes; an unknown kid makes the server look again, once a minute at most."
    ),
    setting=s.JWKS_URI,
)
KEYS_UNREACHABLE: Final = Reason(
    id="assertion.keys_unreachable",
    wires=_ASSERTION,
    means="The key set that the app {app} publishes at {url} could not be had: {why}.",
    remedy="jwks_uri must be an https URL of a public host that answers 200 with a JWK set, in 64 kB and 50 keys.",
    setting=s.JWKS_URI,
)
NO_AUDIENCE: Final = Reason(
    id="assertion.no_audience",
    wires=_AUDIENCE,
    means="The assertion says not whom it is for.",
    remedy="Put one of these into aud: {names}.",
)
OTHER_AUDIENCE: Final = Reason(
    id="assertion.other_audience",
    wires=_AUDIENCE,
    means="The assertion is for {sent}, and this server answers to {names}.",
    remedy="Put the URL at which this server is called into aud, or list the site that is meant: `org set sites=…`.",
)
NO_END: Final = Reason(
    id="assertion.no_end",
    wires=_ASSERTION,
    means="The assertion says not when it ends.",
    remedy="Put the end into exp, in seconds since 1970, three minutes ahead.",
)
ENDED: Final = Reason(
    id="assertion.ended",
    wires=_ENDED,
    means="The assertion ended at {ended_at}.",
    remedy="Make a new one for each login, with exp three minutes ahead; compare the clocks of both machines.",
)
TOO_EARLY: Final = Reason(
    id="assertion.too_early",
    wires=_ASSERTION,
    means="The assertion holds only from {starts_at} on.",
    remedy="Compare the clocks of both machines; nbf and iat must not lie ahead.",
)
TOO_LONG: Final = Reason(
    id="assertion.too_long",
    wires=_ASSERTION,
    means="The assertion ends at {ends_at}, which is more than {minutes} minutes ahead.",
    remedy="Make assertions that end soon: each is for one request. Here exp is in seconds, not milliseconds.",
)
SEEN: Final = Reason(
    id="assertion.seen",
    wires=_ASSERTION,
    means="This assertion was used before, at {first_at}.",
    remedy="Make a new one for each request, with a jti of its own. If the client does, somebody else had a copy.",
)
TOO_MANY: Final = Reason(
    id="assertion.too_many",
    wires=_ASSERTION,
    means="The app has {limit} assertions remembered that end more than an hour from now; no more are taken.",
    remedy="Make assertions that end within minutes.",
)


def _of_clients(reason: Reason, wires: Mapping[Voice, Wire] = _CLIENT) -> Reason:
    """Return the same reason as client authentication puts it: one text for all, whatever was wrong."""
    return Reason(
        id=reason.id.replace("assertion.", "client.assertion_"),
        wires=wires,
        means=reason.means,
        remedy=reason.remedy,
        setting=reason.setting,
    )


CLIENT_UNREADABLE: Final = _of_clients(UNREADABLE)
CLIENT_NO_CERTIFICATE: Final = _of_clients(NO_CERTIFICATE)
CLIENT_NOT_SIGNED: Final = _of_clients(NOT_SIGNED)
CLIENT_NOT_IN_SET: Final = _of_clients(NOT_IN_SET)
CLIENT_NOT_PUBLISHED: Final = _of_clients(NOT_PUBLISHED)
CLIENT_KEYS_UNREACHABLE: Final = _of_clients(KEYS_UNREACHABLE)
CLIENT_NO_AUDIENCE: Final = _of_clients(NO_AUDIENCE)
CLIENT_OTHER_AUDIENCE: Final = replace(
    _of_clients(OTHER_AUDIENCE), remedy="Put the URL at which this server is called into aud."
)
CLIENT_NO_END: Final = _of_clients(NO_END)
CLIENT_ENDED: Final = _of_clients(ENDED)
CLIENT_TOO_EARLY: Final = _of_clients(TOO_EARLY)
CLIENT_TOO_LONG: Final = _of_clients(TOO_LONG)
CLIENT_SEEN: Final = _of_clients(SEEN)
CLIENT_TOO_MANY: Final = _of_clients(TOO_MANY)
CLIENT_TYPE_UNKNOWN: Final = Reason(
    id="client.assertion_type_unknown",
    wires=_CLIENT,
    means="The client proves itself by client_assertion, and client_assertion_type is {type}.",
    remedy="Send client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer.",
)
CLIENT_OTHER_SUBJECT: Final = Reason(
    id="client.assertion_other_subject",
    wires=_CLIENT,
    means="A client's assertion is issued by the client and about the client; here iss, sub and client_id differ.",
    remedy="Put the app's consumer key into both iss and sub, and leave client_id out or send the same.",
)
