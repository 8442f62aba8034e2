"""Settings of the section "API (Enable OAuth Settings)": the developer's half of an app."""

from typing import Any, Final

from grantway.settings.certificates import CERTIFICATE as CERTIFICATE_KIND
from grantway.settings.certificates import EXAMPLE_CERTIFICATE, Certificate
from grantway.settings.choices import Doors
from grantway.settings.fetched import FETCHED_URL
from grantway.settings.key_sets import EXAMPLE_KEY_SET, KEY_SET, KeySet
from grantway.settings.kinds import CALLBACKS, FLAG, Kind, SettingProblem, integer, one_of, parts_of
from grantway.settings.scopes import scope_named, scope_of_metadata
from grantway.settings.setting import Section, Setting, Xml


def _scopes(raw: Any) -> tuple[str, ...]:
    found = []
    for word in parts_of(raw, r"[\s,]+"):
        scope = scope_named(word) or scope_of_metadata(word)
        if scope is None:
            raise SettingProblem(f"{word[:40]!r} is no scope; `grantway settings scopes` lists them")
        found.append(scope.name)
    return tuple(dict.fromkeys(found))


SCOPES_KIND: Final = Kind[tuple[str, ...]](
    name="scopes",
    parse=_scopes,
    write=list,
    says=lambda value: " ".join(value) or "none",
    schema={"type": "array", "items": {"type": "string"}},
    hint="SCOPE,…",
    many=True,
)

OAUTH_ENABLED: Final = Setting[bool](
    name="oauth_enabled",
    kind=FLAG,
    label="Enable OAuth Settings",
    help="Whether the app may ask for tokens at all. Apps for SAML or canvas alone leave it off.",
    default=True,
    section=Section.OAUTH,
    effect="authorize, token: invalid_client_id when off; access tokens that are out are refused",
    example="false",
    xml={"ConnectedApp": Xml(path="oauthConfig", present=True)},
)

DEVICE_FLOW: Final = Setting[bool](
    name="device_flow",
    kind=FLAG,
    label="Enable for Device Flow",
    help=(
        "For devices without a browser: the user types a code on another device. Without a callback URL, a "
        "placeholder on this server is filled in."
    ),
    default=False,
    section=Section.OAUTH,
    effect="token, device_code: answered only when on",
    awaits="the device flow",
    example="true",
)

CALLBACK_URL: Final = Setting[tuple[str, ...]](
    name="callback_url",
    kind=CALLBACKS,
    label="Callback URL",
    help="Where answers may go, one URL a line: https, your app's own scheme, or http://localhost.",
    default=(),
    section=Section.OAUTH,
    effect="authorize, token: redirect_uri_mismatch unless redirect_uri equals a line, byte by byte",
    example="https://sync.harbour.example/callback",
    xml={"ConnectedApp": Xml(path="oauthConfig/callbackUrl", joined="\n", required=True)},
)

CERTIFICATE: Final = Setting[Certificate | None](
    name="certificate",
    kind=CERTIFICATE_KIND,
    label="Use Digital Signatures",
    help="The app's X.509 certificate. With one, it can prove itself by signing, without sending its secret.",
    default=None,
    section=Section.OAUTH,
    effect="token: the key that assertions of the app (JWT bearer, SAML bearer, private_key_jwt) must be signed with",
    example=EXAMPLE_CERTIFICATE,
    example_as="@sync.pem",
    xml={"ConnectedApp": Xml(path="oauthConfig/certificate")},
)

JWKS: Final = Setting[KeySet | None](
    name="jwks",
    kind=KEY_SET,
    label="JSON Web Key Set",
    help="Public keys of the app, beside or instead of a certificate: several, so that one can follow another.",
    default=None,
    section=Section.OAUTH,
    effect="token: the keys that JWT assertions of the app (JWT bearer, private_key_jwt) may be signed with, by kid",
    example=EXAMPLE_KEY_SET,
    example_as="@keys.json",
)

JWKS_URI: Final = Setting[str](
    name="jwks_uri",
    kind=FETCHED_URL,
    label="JSON Web Key Set URL",
    help=(
        "Where the app publishes such a set itself. The server fetches it when it needs a key, and keeps it for ten "
        "minutes; an unknown kid makes it look again, once a minute at most."
    ),
    default="",
    section=Section.OAUTH,
    effect="token: as jwks, fetched; invalid_client or invalid_grant while it cannot be had",
    example="https://sync.harbour.example/keys.json",
)

SCOPES: Final = Setting[tuple[str, ...]](
    name="scopes",
    kind=SCOPES_KIND,
    label="Selected OAuth Scopes",
    help="The most this app may ask for. A request that names no scope gets all of them.",
    default=(),
    section=Section.OAUTH,
    effect="authorize: invalid_scope for anything outside; token: what scope= may hold",
    example="api,refresh_token",
    xml={"ConnectedApp": Xml(path="oauthConfig/scopes")},
)

REQUIRE_PKCE: Final = Setting[bool](
    name="require_pkce",
    kind=FLAG,
    label="Require Proof Key for Code Exchange (PKCE) extension for Supported Authorization Flows",
    help="Each authorization code is then bound to the client that asked for it. Keep it on.",
    default=False,
    for_new_apps=True,
    section=Section.OAUTH,
    effect="authorize: invalid_request 'missing required code challenge' without code_challenge",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isPkceRequired")},
)

REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: Final = Setting[bool](
    name="require_secret_for_web_server_flow",
    kind=FLAG,
    label="Require Secret for the Web Server Flow",
    help="Clear it only for apps that cannot keep a secret, such as mobile and single-page apps.",
    default=True,
    section=Section.OAUTH,
    effect="token, authorization_code: invalid_client without the secret; one that is sent is checked either way",
    example="false",
    xml={"ConnectedApp": Xml(path="oauthConfig/isConsumerSecretOptional", inverted=True)},
)

REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: Final = Setting[bool](
    name="require_secret_for_refresh_token_flow",
    kind=FLAG,
    label="Require Secret for the Refresh Token Flow",
    help="Clear it only for apps that cannot keep a secret. A secret that is sent is checked either way.",
    default=True,
    section=Section.OAUTH,
    effect="token, refresh_token: invalid_client without the secret; one that is sent is checked either way",
    example="false",
    xml={"ConnectedApp": Xml(path="oauthConfig/isSecretRequiredForRefreshToken")},
)

CLIENT_CREDENTIALS: Final = Setting[bool](
    name="client_credentials",
    kind=FLAG,
    label="Enable Client Credentials Flow",
    help="The app gets tokens without a person, as the run-as user that each org's policy names.",
    default=False,
    section=Section.OAUTH,
    effect="token, client_credentials: invalid_grant 'client credentials flow not enabled' when off",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isClientCredentialEnabled")},
)

USERNAME_PASSWORD: Final = Setting[bool](
    name="username_password",
    kind=FLAG,
    label="Enable Username-Password Flow",
    help="The app logs people in with their username and password. No app should know these: keep it off.",
    default=False,
    section=Section.OAUTH,
    effect="token, password: invalid_grant 'authentication failure' when off, whatever the password",
    example="true",
)

CODE_AND_CREDENTIALS: Final = Setting[bool](
    name="code_and_credentials",
    kind=FLAG,
    label="Enable Authorization Code and Credentials Flow",
    help="The app's own pages log people in, without a page of this server. The org must allow it too.",
    default=False,
    section=Section.OAUTH,
    effect="authorize, code_credentials: answered only when on",
    awaits="the Authorization Code and Credentials flow",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isCodeCredentialEnabled")},
)

CODE_AND_CREDENTIALS_POST_ONLY: Final = Setting[bool](
    name="code_and_credentials_post_only",
    kind=FLAG,
    label="Require user credentials in the POST body for Authorization Code and Credentials Flow",
    help="Credentials then count in the body of the request only, not in its header.",
    default=False,
    section=Section.OAUTH,
    under=CODE_AND_CREDENTIALS,
    effect="authorize, code_credentials: credentials in the Authorization header are refused",
    awaits="the Authorization Code and Credentials flow",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isCodeCredentialPostOnly")},
)

TOKEN_EXCHANGE: Final = Setting[bool](
    name="token_exchange",
    kind=FLAG,
    label="Enable Token Exchange Flow",
    help="The app may trade another identity provider's token for one of ours. Each org's policy must allow it too.",
    default=False,
    section=Section.OAUTH,
    effect="token, token exchange: answered only when on",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isTokenExchangeEnabled")},
)

REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW: Final = Setting[bool](
    name="require_secret_for_token_exchange_flow",
    kind=FLAG,
    label="Require Secret for Token Exchange Flow",
    help="Clear it only for apps that cannot keep a secret. A secret that is sent is checked either way.",
    default=False,
    for_new_apps=True,
    section=Section.OAUTH,
    under=TOKEN_EXCHANGE,
    effect="token, token exchange: invalid_client without the secret; one that is sent is checked either way",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isSecretRequiredForTokenExchange")},
)

REFRESH_TOKEN_ROTATION: Final = Setting[bool](
    name="refresh_token_rotation",
    kind=FLAG,
    label="Enable Refresh Token Rotation",
    help="Each refresh gives a new refresh token and ends the old one; an old one that comes back ends its line.",
    default=False,
    for_new_apps=True,
    section=Section.OAUTH,
    effect="token, refresh_token: the answer has a new refresh_token; a spent one is invalid_grant and ends its line",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isRefreshTokenRotationEnabled")},
)

ROTATION_OVERLAP: Final = Setting[int](
    name="rotation_overlap",
    kind=integer(0, 300, "seconds"),
    label="Rotation overlap",
    help=(
        "How long a client whose answer got lost may present the refresh token it had before: it gets the same "
        "successor again. 0 is Salesforce's behaviour."
    ),
    default=0,
    section=Section.OAUTH,
    under=REFRESH_TOKEN_ROTATION,
    effect="token, refresh_token: the immediate predecessor is answered with the same successor within this time",
    example="30",
)

LIMIT_IDLE_REFRESH_TOKENS: Final = Setting[bool](
    name="limit_idle_refresh_tokens",
    kind=FLAG,
    label="Limit idle refresh token TTL",
    help=(
        "Refresh tokens that nobody uses for 30 days then end, whatever the refresh token policy says. A policy that "
        "ends them sooner holds as it is."
    ),
    default=False,
    section=Section.OAUTH,
    effect="token, refresh_token: invalid_grant 'expired access/refresh token' after 30 days without use",
    example="true",
    xml={"ExtlClntAppGlobalOauthSettings": Xml(path="isEnforceRefreshTokenTTL")},
)

JWT_ACCESS_TOKENS: Final = Setting[bool](
    name="jwt_access_tokens",
    kind=FLAG,
    label="Issue JSON Web Token (JWT)-based access tokens for named users",
    help=(
        "Access tokens then say themselves what they are good for, and an API can check them without asking. Who "
        "checks so takes them until their end, also when they were taken back."
    ),
    default=False,
    section=Section.OAUTH,
    effect=(
        "token: access_token is a JWT instead of an opaque value: Salesforce's, with token_format jwt in the answer; "
        "at the standards' door RFC 9068's"
    ),
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isNamedUserJwtEnabled")},
)

INTROSPECT_ALL: Final = Setting[bool](
    name="introspect_all",
    kind=FLAG,
    label="Introspect all tokens",
    help="The app may look at every token of its org, not only its own. One app an org.",
    default=False,
    section=Section.OAUTH,
    effect="introspect: tokens of other apps of the org are shown instead of active false",
    example="true",
    xml={"ConnectedApp": Xml(path="oauthConfig/isIntrospectAllTokens")},
)

DOORS: Final = Setting[Doors](
    name="doors",
    kind=one_of(Doors),
    label="Doors",
    help="Whether the app is served on Salesforce's endpoints, on the standards' endpoints under /oidc, or on both.",
    default=Doors.BOTH,
    section=Section.OAUTH,
    effect="authorize, token, introspect: unknown client at a door that is closed to the app",
    example="standards",
)
