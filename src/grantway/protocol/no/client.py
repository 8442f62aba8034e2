"""Reasons about who the client is and how it proves it (RFC 6749, section 2.3)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

_UNAUTHENTICATED: Final = Wire(error="invalid_client", says="client authentication failed", status=401)
_UNKNOWN: Final = oauth("invalid_client_id", "client identifier invalid", standards=_UNAUTHENTICATED)
_WRONG: Final = oauth("invalid_client", "invalid client credentials", standards=_UNAUTHENTICATED)

CLIENT_ID_MISSING: Final = Reason(
    id="client.id_missing",
    wires=_UNKNOWN,
    means="The request names no client: there is no client_id and no Basic authentication.",
    remedy="Send the app's consumer key as client_id.",
)
CLIENT_UNKNOWN: Final = Reason(
    id="client.unknown",
    wires=_UNKNOWN,
    means="No app has the consumer key {client_id}.",
    remedy="Compare it with `grantway app list`; a copied key is often cut short.",
)
KEY_STAGED: Final = Reason(
    id="client.key_staged",
    wires=_UNKNOWN,
    means="The consumer key is a staged one of the app {app}: it answers from the moment it is applied.",
    remedy="Apply it with `grantway app rotate {app} apply`, or use the current key until then.",
)
KEY_ENDED: Final = Reason(
    id="client.key_ended",
    wires=_UNKNOWN,
    means="The consumer key is one that the app {app} had, staged or replaced; it answered until {ended_at}.",
    remedy="Give the client the app's current key and secret.",
)
OAUTH_OFF: Final = Reason(
    id="client.oauth_off",
    wires=_UNKNOWN,
    means="The app {app} has no OAuth settings enabled.",
    remedy="Enable OAuth Settings for the app.",
    setting=s.OAUTH_ENABLED,
)
DOOR_CLOSED: Final = Reason(
    id="client.door_closed",
    wires=_UNKNOWN,
    means="The app {app} is not served at this door ({door}).",
    remedy="Use the app's own door, or set doors=both.",
    setting=s.DOORS,
)
BASIC_MALFORMED: Final = Reason(
    id="client.basic_malformed",
    wires=_WRONG,
    means="The Authorization header is no valid Basic authentication.",
    remedy="Send Basic with the base64 of consumer key, colon, consumer secret.",
)
TWO_METHODS: Final = Reason(
    id="client.two_methods",
    wires=oauth("invalid_request", "more than one client authentication"),
    means="The request authenticates its client twice, or names two clients.",
    remedy="Send the client's credentials once: as Basic, as client_secret in the body, or as client_assertion.",
)
SECRET_MISSING_ON_WEB_SERVER: Final = Reason(
    id="client.secret_missing_web_server",
    wires=_WRONG,
    means="The app {app} must send its secret with an authorization code, and sent none.",
    remedy="Send client_secret. If the app cannot keep a secret, clear the setting.",
    setting=s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW,
)
SECRET_MISSING_ON_REFRESH: Final = Reason(
    id="client.secret_missing_refresh",
    wires=_WRONG,
    means="The app {app} must send its secret to refresh, and sent none.",
    remedy="Send client_secret. If the app cannot keep a secret, clear the setting.",
    setting=s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW,
)
SECRET_MISSING_ON_TOKEN_EXCHANGE: Final = Reason(
    id="client.secret_missing_token_exchange",
    wires=_WRONG,
    means="The app {app} must send its secret to exchange a token, and sent none.",
    remedy="Send client_secret. If the app cannot keep a secret, clear the setting.",
    setting=s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW,
)
SECRET_MISSING: Final = Reason(
    id="client.secret_missing",
    wires=_WRONG,
    means="The app {app} sent no secret, and this request always needs it.",
    remedy="Send client_secret in the body, or Basic authentication.",
)
OTHER_METHOD: Final = Reason(
    id="client.other_method",
    wires=_WRONG,
    means="The app {app} registered {method} as its client authentication, and the request uses another.",
    remedy="Send what was registered, or register another token_endpoint_auth_method at the client's own address.",
)
OTHER_GRANT: Final = Reason(
    id="client.other_grant",
    wires=oauth("unauthorized_client", "the client may not use this grant type"),
    means="The app {app} registered itself, and such apps may not use {grant_type}.",
    remedy="Use an app that an administrator made: registered ones log people in by the web server flow, and refresh.",
)
SECRET_WRONG: Final = Reason(
    id="client.secret_wrong",
    wires=_WRONG,
    means="The secret that the app {app} sent is not its consumer secret.",
    remedy="Compare with `grantway app show NAME --reveal`. A secret that is sent is checked, required or not.",
)
