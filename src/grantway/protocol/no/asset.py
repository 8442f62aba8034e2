"""Reasons of the asset token flow (salesforce-oauth.md 3.12; RFC 8693, section 2.2.2)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

_SUBJECT: Final = oauth(
    "invalid_grant",
    "invalid subject token",
    standards=Wire(error="invalid_request", says="the subject_token is not valid"),
)
_ACTOR: Final = oauth(
    "invalid_grant",
    "invalid actor token",
    standards=Wire(error="invalid_request", says="the actor_token is not valid"),
)
_OFF: Final = oauth(
    "invalid_grant",
    "app not enabled for asset tokens",
    standards=Wire(error="unauthorized_client", says="the client may not use this grant type"),
)
_DEVICE: Final = oauth("invalid_grant", "invalid asset")

SUBJECT_TOKEN: Final = Reason(
    id="asset.subject_token",
    wires=_SUBJECT,
    means="The subject token is no good: {why}",
    remedy="Send an access token of this server in subject_token: live, and issued at this door.",
)
OTHER_CLIENT: Final = Reason(
    id="asset.other_client",
    wires=_SUBJECT,
    means="The request came from the app {app}, and the subject token was issued to another one.",
    remedy="Send an access token that was issued to the app itself.",
)
SCOPES_LACKING: Final = Reason(
    id="asset.scopes_lacking",
    wires=oauth(
        "invalid_scope",
        "api and openid scopes are required",
        standards=Wire(error="invalid_scope", says="the subject_token needs the scopes api and openid"),
    ),
    means="The subject token has the scopes {scopes}; asset tokens take api and openid.",
    remedy="Give the app both scopes, and let the user authorize it with both.",
    setting=s.SCOPES,
)
OFF: Final = Reason(
    id="asset.off",
    wires=_OFF,
    means="The app {app} has no asset tokens.",
    remedy="`grantway app set {app} asset_tokens=true`, with asset_token_audiences.",
    setting=s.ASSET_TOKENS,
)
NO_CALLBACK: Final = Reason(
    id="asset.no_callback",
    wires=_OFF,
    means="The app {app} has no callback URL, which asset tokens take.",
    remedy="Give the app a callback URL: users register their devices through it.",
    setting=s.CALLBACK_URL,
)
NO_AUDIENCES: Final = Reason(
    id="asset.no_audiences",
    wires=_OFF,
    means="The app {app} does not say whom its asset tokens are for.",
    remedy="`grantway app set {app} asset_token_audiences=…` with the URL of the devices' backend.",
    setting=s.ASSET_TOKEN_AUDIENCES,
)
OTHER_AUDIENCE: Final = Reason(
    id="asset.other_audience",
    wires=oauth("invalid_target", "audience is invalid"),
    means="The request asks for an asset token for {sent}; the app's are for {audiences}.",
    remedy="Leave audience out, or send one of the app's asset audiences.",
    setting=s.ASSET_TOKEN_AUDIENCES,
)
NO_CERTIFICATE: Final = Reason(
    id="asset.no_certificate",
    wires=_OFF,
    means="The asset tokens of {app} are to be signed by the certificate {name}, and the org {org} has no such one.",
    remedy=(
        "`grantway certificate create NAME` makes one whose key is held here; name it in asset_signing_certificate, "
        "or clear that setting and the org's own signs."
    ),
    setting=s.ASSET_SIGNING_CERTIFICATE,
)
TYPES: Final = Reason(
    id="asset.types",
    wires=oauth("invalid_request", "invalid token type"),
    means="{name} is {sent}, and {wanted} is what the asset token flow takes.",
    remedy="Send actor_token with actor_token_type urn:ietf:params:oauth:token-type:jwt, or neither of them.",
)
ACTOR_UNREADABLE: Final = Reason(
    id="asset.actor_unreadable",
    wires=_ACTOR,
    means="The actor token cannot be read: {why}.",
    remedy="Send one JWT in compact form whose header has alg, and kid or typ at most, with the claims of the device.",
)
ACTOR_NOT_SIGNED: Final = Reason(
    id="asset.actor_not_signed",
    wires=_ACTOR,
    means="Nobody who counts signed the actor token: {why}.",
    remedy=(
        "Sign it with the device's key and put that key's public half into cnf.jwk, or with the key of the app's "
        "certificate, or one of its key set."
    ),
    setting=s.CERTIFICATE,
)
ACTOR_NO_AUDIENCE: Final = Reason(
    id="asset.actor_no_audience",
    wires=_ACTOR,
    means="The actor token says not whom it is for.",
    remedy="Put one of these into aud: {names}.",
)
ACTOR_OTHER_AUDIENCE: Final = Reason(
    id="asset.actor_other_audience",
    wires=_ACTOR,
    means="The actor token is for {sent}, and this server answers to {names}.",
    remedy="Put the URL at which this server is called into aud.",
)
ACTOR_NO_END: Final = Reason(
    id="asset.actor_no_end",
    wires=_ACTOR,
    means="The actor token says not when it ends.",
    remedy="Put the end into exp, in seconds since 1970, a few minutes ahead.",
)
ACTOR_ENDED: Final = Reason(
    id="asset.actor_ended",
    wires=_ACTOR,
    means="The actor token ended at {ended_at}.",
    remedy="Make a new one for each exchange; compare the clocks of device and server.",
)
ACTOR_TOO_EARLY: Final = Reason(
    id="asset.actor_too_early",
    wires=_ACTOR,
    means="The actor token holds only from {starts_at} on.",
    remedy="Compare the clocks of device and server; nbf and iat must not lie ahead.",
)
ACTOR_TOO_LONG: Final = Reason(
    id="asset.actor_too_long",
    wires=_ACTOR,
    means="The actor token ends at {ends_at}, which is more than {minutes} minutes ahead.",
    remedy="Make actor tokens that end soon: each is for one exchange.",
)
ACTOR_SEEN: Final = Reason(
    id="asset.actor_seen",
    wires=_ACTOR,
    means="This actor token was used before, at {first_at}.",
    remedy="Make a new one for each exchange, with a jti of its own. If the device does, somebody else had a copy.",
)
UNKNOWN: Final = Reason(
    id="asset.unknown",
    wires=_DEVICE,
    means="The user {user} has no asset {asset}.",
    remedy="Send the id of one of the user's own assets, or a serial number or name by which a new one is made.",
)
FROZEN: Final = Reason(
    id="asset.frozen",
    wires=_DEVICE,
    means="The asset {asset} of {user} is frozen: it gets no tokens.",
    remedy="`grantway asset unfreeze {asset}`, once it is known that the device is in the right hands.",
)
TOO_MANY: Final = Reason(
    id="asset.too_many",
    wires=_DEVICE,
    means="The user {user} has {limit} assets, and no further one is made by itself.",
    remedy="Delete assets that are gone with `grantway asset delete`, or let devices say who they are by one did.",
)
