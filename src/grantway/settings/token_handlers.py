"""The fields of a token exchange handler: whose tokens it believes, and whom they name (connected-apps.md 1.18).

Declared once: form, command line, admin API, metadata file and documentation are loops over `FIELDS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from grantway.settings.certificates import CERTIFICATE as CERTIFICATE_KIND
from grantway.settings.certificates import Certificate
from grantway.settings.fetched import FETCHED_URL
from grantway.settings.kinds import FLAG, Kind, SettingProblem, names, one_of, parts_of, text

T = TypeVar("T")
SUBJECT_TYPE_PREFIX: Final = "urn:ietf:params:oauth:token-type:"
SUBJECT_TYPES: Final[Mapping[str, str]] = {
    "access_token": "isAccessTokenSupported",
    "id_token": "isIdTokenSupported",
    "jwt": "isJwtSupported",
    "refresh_token": "isRefreshTokenSupported",
    "saml2": "isSaml2Supported",
}
"""The kinds of token that a handler may take, each with its element in a metadata file."""

WEBHOOK_SECRET_LEAST: Final = 32


class Runs(Enum):
    """What does a handler's work."""

    DECLARED = "declared"
    """What its fields say."""
    CODE = "code"
    """A Python entry point that is installed beside the server."""
    WEBHOOK = "webhook"
    """An HTTPS endpoint of the org's own, which is asked about each token."""


class Matches(Enum):
    """What of a user the claim must equal."""

    USERNAME = "username"
    EMAIL = "email"
    FEDERATION_ID = "federation_id"
    USER_ID = "user_id"


class Group(Enum):
    """The parts of the form, in its order."""

    HANDLER = "Handler"
    WEBHOOK = "Webhook"
    TOKENS = "Whose tokens it believes"
    INTROSPECTION = "Opaque tokens"
    PEOPLE = "Whom they name"
    CREATION = "New users"


@dataclass(frozen=True, kw_only=True, eq=False)
class HandlerField(Generic[T]):
    """One field of a handler. The object is the key: `handler[ISSUER]` is a text to the type checker.

    - `name`: in JSON, on the command line and in the documentation.
    - `xml`: its element in an `OauthTokenExchangeHandler` file; empty where Salesforce has none.
    - `required_there`: the element stands in every such file.
    - `secret`: stored encrypted, never shown; a form that leaves it empty changes nothing.
    """

    name: str
    kind: Kind[T]
    label: str
    help: str
    default: T
    group: Group
    example: str
    xml: str = ""
    required_there: bool = False
    secret: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


def _subject_types(raw: Any) -> tuple[str, ...]:
    found = {part.lower().removeprefix(SUBJECT_TYPE_PREFIX) for part in parts_of(raw, r"[\s,]+")}
    if unknown := sorted(found.difference(SUBJECT_TYPES)):
        raise SettingProblem(f"{unknown[0][:60]!r} is no type of token; these are: {', '.join(SUBJECT_TYPES)}")
    return tuple(name for name in SUBJECT_TYPES if name in found)


_SUBJECT_TYPES_KIND: Final = Kind[tuple[str, ...]](
    name="subject_token_types",
    parse=_subject_types,
    write=list,
    says=lambda value: ", ".join(value) or "none",
    schema={"type": "array", "items": {"type": "string", "enum": list(SUBJECT_TYPES)}, "uniqueItems": True},
    hint=",".join(SUBJECT_TYPES),
    many=True,
)


LABEL: Final = HandlerField[str](
    name="label",
    kind=text(80, required=True),
    label="Label",
    help="What administrators call it.",
    default="",
    group=Group.HANDLER,
    example="Harbour identity provider",
    xml="masterLabel",
    required_there=True,
)
DESCRIPTION: Final = HandlerField[str](
    name="description",
    kind=text(255),
    label="Description",
    help="What it is for.",
    default="",
    group=Group.HANDLER,
    example="Tokens of id.harbour.example",
    xml="description",
    required_there=True,
)
ENABLED: Final = HandlerField[bool](
    name="enabled",
    kind=FLAG,
    label="Enabled",
    help="While it is off, no app can use it.",
    default=True,
    group=Group.HANDLER,
    example="false",
    xml="isEnabled",
    required_there=True,
)
TOKEN_TYPES: Final = HandlerField[tuple[str, ...]](
    name="subject_token_types",
    kind=_SUBJECT_TYPES_KIND,
    label="Supported token types",
    help="Which types of token it takes: what subject_token_type may name.",
    default=("jwt",),
    group=Group.HANDLER,
    example="jwt,id_token",
)
RUNS: Final = HandlerField[Runs](
    name="runs",
    kind=one_of(
        Runs,
        words={
            Runs.DECLARED: "what is declared here",
            Runs.CODE: "code installed at the server",
            Runs.WEBHOOK: "a webhook",
        },
    ),
    label="Validation",
    help="What validates a token: the fields below, code that is installed beside the server, or a webhook.",
    default=Runs.DECLARED,
    group=Group.HANDLER,
    example="code",
    words={"declared": "What is declared here", "code": "Code installed at the server", "webhook": "A webhook"},
)
CODE: Final = HandlerField[str](
    name="code",
    kind=text(255),
    label="Apex class or entry point",
    help="Apps may also name the handler by this in token_handler. With code, the name of the entry point that runs.",
    default="",
    group=Group.HANDLER,
    example="HarbourTokenHandler",
    xml="tokenHandlerApex",
    required_there=True,
)
WEBHOOK_URL: Final = HandlerField[str](
    name="webhook_url",
    kind=FETCHED_URL,
    label="Webhook URL",
    help="With a webhook: where each token is sent, as JSON that is signed, to be believed or not.",
    default="",
    group=Group.WEBHOOK,
    example="https://hooks.harbour.example/grantway",
)


def _webhook_secret(raw: Any) -> str:
    value = text(255).parse(raw)
    if 0 < len(value) < WEBHOOK_SECRET_LEAST:
        raise SettingProblem(f"at least {WEBHOOK_SECRET_LEAST} characters: make one with `openssl rand -hex 32`")
    return value


WEBHOOK_SECRET: Final = HandlerField[str](
    name="webhook_secret",
    kind=replace(text(255), parse=_webhook_secret, limits=f"{WEBHOOK_SECRET_LEAST} to 255 characters"),
    label="Webhook secret",
    help="Signs what is sent there. Stored encrypted and never shown; left empty, the one that is stored stays.",
    default="",
    group=Group.WEBHOOK,
    example="@webhook.secret",
    secret=True,
)


def _issuer(raw: Any) -> str:
    value = text(1024).parse(raw)
    try:
        urlsplit(value)
    except ValueError as problem:
        raise SettingProblem("it is no address that can be read") from problem
    return value


_ISSUER_KIND: Final = replace(text(1024), parse=_issuer)

ISSUER: Final = HandlerField[str](
    name="issuer",
    kind=_ISSUER_KIND,
    label="Issuer",
    help="Who issues the tokens: iss must be exactly this.",
    default="",
    group=Group.TOKENS,
    example="https://id.harbour.example",
)
AUDIENCES: Final = HandlerField[tuple[str, ...]](
    name="audiences",
    kind=names(20, "audiences"),
    label="Audiences",
    help="Whom the tokens must be meant for: aud must name one of these.",
    default=(),
    group=Group.TOKENS,
    example="https://harbour.example/grantway",
)
JWKS_URL: Final = HandlerField[str](
    name="jwks_url",
    kind=FETCHED_URL,
    label="Key set URL",
    help="Where the issuer's public keys stand, as a JWK set. Fetched when needed, kept for ten minutes.",
    default="",
    group=Group.TOKENS,
    example="https://id.harbour.example/keys",
)
CERTIFICATE: Final = HandlerField[Certificate | None](
    name="certificate",
    kind=CERTIFICATE_KIND,
    label="Certificate",
    help="The X.509 certificate of the key that signs: of SAML assertions, and of JWTs where there is no key set.",
    default=None,
    group=Group.TOKENS,
    example="@issuer.pem",
)
INTROSPECTION_URL: Final = HandlerField[str](
    name="introspection_url",
    kind=FETCHED_URL,
    label="Introspection URL",
    help="For tokens that are no JWT: where the issuer says what they are (RFC 7662).",
    default="",
    group=Group.INTROSPECTION,
    example="https://id.harbour.example/introspect",
)
INTROSPECTION_CLIENT_ID: Final = HandlerField[str](
    name="introspection_client_id",
    kind=text(255),
    label="Client id",
    help="By which this server is known there.",
    default="",
    group=Group.INTROSPECTION,
    example="grantway",
)
INTROSPECTION_SECRET: Final = HandlerField[str](
    name="introspection_secret",
    kind=text(255),
    label="Client secret",
    help="Sent there by HTTP Basic. Stored encrypted and never shown; left empty, the one that is stored stays.",
    default="",
    group=Group.INTROSPECTION,
    example="@introspection.secret",
    secret=True,
)
USER_CLAIM: Final = HandlerField[str](
    name="user_claim",
    kind=text(100, required=True),
    label="Claim that names the user",
    help="Its value says who the token is about.",
    default="sub",
    group=Group.PEOPLE,
    example="email",
)
MATCHES: Final = HandlerField[Matches](
    name="matches",
    kind=one_of(Matches, words={one: one.value.replace("_", " ") for one in Matches}),
    label="Which it matches",
    help="What of a user of this org must equal the claim.",
    default=Matches.USERNAME,
    group=Group.PEOPLE,
    example="federation_id",
    words={"username": "Username", "email": "Email", "federation_id": "Federation ID", "user_id": "User ID"},
)
GUEST_USER: Final = HandlerField[str](
    name="guest_user",
    kind=text(255),
    label="Guest user",
    help="As whom a subject acts who has no user here: a guest user of the org. Left out, such a token is refused.",
    default="",
    group=Group.PEOPLE,
    example="guest@harbour.example",
)
USER_CREATION: Final = HandlerField[bool](
    name="user_creation",
    kind=FLAG,
    label="Create users",
    help="Makes a user for a token whose user is not there yet, as the execution user, who must be able to.",
    default=False,
    group=Group.CREATION,
    example="true",
    xml="isUserCreationAllowed",
    required_there=True,
)
NEW_USER_PROFILE: Final = HandlerField[str](
    name="new_user_profile",
    kind=text(80, required=True),
    label="Profile",
    help="The profile of users who are made. The app must be assigned to it, or no user is made.",
    default="Standard User",
    group=Group.CREATION,
    example="Harbour Partner",
)
EMAIL_CLAIM: Final = HandlerField[str](
    name="email_claim",
    kind=text(100, required=True),
    label="Email claim",
    help="The claim with a new user's email, which is also the username unless the user is found by username.",
    default="email",
    group=Group.CREATION,
    example="mail",
)
FIRST_NAME_CLAIM: Final = HandlerField[str](
    name="first_name_claim",
    kind=text(100, required=True),
    label="First name claim",
    help="The claim with a new user's first name.",
    default="given_name",
    group=Group.CREATION,
    example="first_name",
)
LAST_NAME_CLAIM: Final = HandlerField[str](
    name="last_name_claim",
    kind=text(100, required=True),
    label="Last name claim",
    help="The claim with a new user's last name.",
    default="family_name",
    group=Group.CREATION,
    example="surname",
)

FIELDS: Final[tuple[HandlerField[Any], ...]] = (
    LABEL,
    DESCRIPTION,
    ENABLED,
    TOKEN_TYPES,
    RUNS,
    CODE,
    WEBHOOK_URL,
    WEBHOOK_SECRET,
    ISSUER,
    AUDIENCES,
    JWKS_URL,
    CERTIFICATE,
    INTROSPECTION_URL,
    INTROSPECTION_CLIENT_ID,
    INTROSPECTION_SECRET,
    USER_CLAIM,
    MATCHES,
    GUEST_USER,
    USER_CREATION,
    NEW_USER_PROFILE,
    EMAIL_CLAIM,
    FIRST_NAME_CLAIM,
    LAST_NAME_CLAIM,
)
BY_NAME: Final = {one.name: one for one in FIELDS}
SECRETS: Final[Mapping[HandlerField[str], HandlerField[str]]] = {
    WEBHOOK_SECRET: WEBHOOK_URL,
    INTROSPECTION_SECRET: INTROSPECTION_URL,
}
"""The fields that are secret, each with the URL that it is for: who points that elsewhere gives the secret anew."""
