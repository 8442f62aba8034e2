"""Reasons about clients that register themselves (RFC 7591, section 3.2.2; RFC 7592; RFC 6750, section 3.1)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, oauth

_BEARER: Final = oauth("invalid_token", "the access token is missing or not valid here", status=401)
_CLOSED: Final = oauth("access_denied", "clients cannot be registered here now", status=403)


def _metadata(name: str, says: str, means: str, remedy: str) -> Reason:
    wires = oauth("invalid_client_metadata", says)
    return Reason(id=f"registration.{name}", wires=wires, means=means, remedy=remedy)


TOKEN_MISSING: Final = Reason(
    id="registration.token_missing",
    wires=_BEARER,
    means="The registration came without an initial access token, which this door always asks for.",
    remedy="Make one with `grantway app registration-token NAME`, and send it as Authorization: Bearer.",
)
OPEN_OFF: Final = Reason(
    id="registration.open_off",
    wires=_BEARER,
    means="The registration came without an initial access token, and the org lets nobody in without one.",
    remedy="Send an initial access token (`grantway app registration-token NAME`), or let everybody register.",
    setting=s.OPEN_REGISTRATION,
)
TOKEN_UNKNOWN: Final = Reason(
    id="registration.token_unknown",
    wires=_BEARER,
    means="The initial access token is no app's, or was replaced or taken back.",
    remedy="Make another with `grantway app registration-token NAME`.",
)
MANAGEMENT_TOKEN: Final = Reason(
    id="registration.management_token",
    wires=_BEARER,
    means="There is no such registered client at this door, or the registration access token is not its own.",
    remedy="Use registration_client_uri and registration_access_token as registration gave them; else register anew.",
)
PARENT_CLOSED: Final = Reason(
    id="registration.parent_closed",
    wires=_CLOSED,
    means="The app {app}, whose initial access token was sent, is {why}.",
    remedy="Registered apps are let in wherever their app is: let {app} in again.",
)
LIMIT: Final = Reason(
    id="registration.limit",
    wires=_CLOSED,
    means="{most} apps are registered with the initial access token of {app} already.",
    remedy="Delete those that nobody uses: `grantway app delete NAME`.",
)
OPEN_LIMIT: Final = Reason(
    id="registration.open_limit",
    wires=_CLOSED,
    means="{most} apps have registered in the org without a token, and no more are let in.",
    remedy="Those that nobody used for a week are taken away; delete others by `grantway app delete NAME`.",
    setting=s.OPEN_REGISTRATION,
)
TOO_FAST: Final = Reason(
    id="registration.too_fast",
    wires=oauth("temporarily_unavailable", "too many registrations: come again later", status=429),
    means="{most} apps were registered without a token from the address {address} within an hour.",
    remedy="Wait, or register with an initial access token.",
    setting=s.OPEN_REGISTRATION,
)
NOT_JSON: Final = _metadata(
    "not_json",
    "the body must be one JSON object, each member once, at most 32 deep",
    "The body is no JSON object, is too deep, or has a member twice.",
    "Send one JSON object as application/json.",
)
REDIRECT_URIS_MISSING: Final = Reason(
    id="registration.redirect_uris_missing",
    wires=oauth("invalid_redirect_uri", "redirect_uris must be a list of one or more URLs"),
    means="redirect_uris is missing, empty, or no list of texts.",
    remedy="Send where answers may go, as a JSON list.",
)
REDIRECT_URIS_INVALID: Final = Reason(
    id="registration.redirect_uris_invalid",
    wires=oauth(
        "invalid_redirect_uri",
        "each of redirect_uris must be https, an app's own scheme, or http on loopback; at most 2000 characters",
    ),
    means="redirect_uris: {problem}",
    remedy="Callback URLs of registered apps follow the rules of every other app's.",
)
MEMBER_TYPE: Final = _metadata(
    "member_type",
    "a member has the wrong type, or is too long",
    "{member}: {problem}",
    "Send texts where texts, and lists of texts where lists are defined (RFC 7591, section 2).",
)
GRANT_TYPES: Final = _metadata(
    "grant_types",
    "grant_types must have authorization_code; refresh_token can be had beside it",
    "grant_types ({sent}) has no authorization_code, and nothing else can be registered alone.",
    "Register for the web server flow. Other flows take an app that an administrator made.",
)
RESPONSE_TYPES: Final = _metadata(
    "response_types",
    "response_types must have code",
    "response_types ({sent}) has no code, and nothing else can be registered alone.",
    'Register with response_types=["code"].',
)
AUTH_METHOD: Final = _metadata(
    "auth_method",
    "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt",
    "token_endpoint_auth_method is {sent}, which is not offered.",
    "Choose one of the methods that discovery lists.",
)
NO_KEY: Final = _metadata(
    "no_key",
    "private_key_jwt needs public signing keys (RSA, P-256, P-384, P-521 or Ed25519), as jwks or at jwks_uri",
    "private_key_jwt was asked for: {problem}.",
    "Send the public keys as jwks, or jwks_uri with the https URL at which they stand.",
)
JWKS_URI: Final = _metadata(
    "jwks_uri",
    "jwks_uri must be an https URL",
    "jwks_uri: {problem}.",
    "Send the https URL, without fragment, at which the client publishes its public keys.",
)
TWO_KEY_SETS: Final = _metadata(
    "two_key_sets",
    "jwks and jwks_uri must not both be there",
    "The registration has both jwks and jwks_uri (RFC 7591, section 2).",
    "Send one of the two. Replacing a registration, leave the other one out.",
)
SIGNING_ALG: Final = _metadata(
    "signing_alg",
    "token_endpoint_auth_signing_alg is not one of those that discovery lists",
    "token_endpoint_auth_signing_alg is {sent}; these are taken: {taken}.",
    "Leave it out, or sign with one of these.",
)
SCOPE: Final = _metadata(
    "scope",
    "none of the scopes asked for can be registered here",
    "Nothing of the scopes asked for ({sent}) is within {ceiling}.",
    "Ask for scopes of the app whose initial access token is used, or leave them out to get all of these.",
)
UNSUPPORTED: Final = _metadata(
    "unsupported",
    "subject_type must be public, id_token_signed_response_alg RS256",
    "{member} is {sent}, which is not offered.",
    "Leave it out, or send what discovery lists.",
)
PROTECTED: Final = _metadata(
    "protected",
    "client_id, client_secret and what the server alone sets can be repeated, not changed",
    "{member} differs from what the server set.",
    "Send the document as it was read, with only what you may change changed; client_id must be in it.",
)
