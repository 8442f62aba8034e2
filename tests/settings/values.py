"""Valid values of every setting, drawn at random, and some that each one refuses."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import strategies as st
from joserfc import jwk

from grantway import settings as s
from grantway.settings.certificates import EXAMPLE_CERTIFICATE
from grantway.settings.formula import FIELDS
from grantway.settings.key_sets import EXAMPLE_KEY_SET
from grantway.settings.scopes import SCOPES

RUN_AS_USER: Final = "sync@harbour.example"

_WORDS: Final = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=80)
_LINES: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\r\t", exclude_characters="\ufffe\uffff"),
    max_size=120,
)
_HOSTS: Final = st.from_regex(r"[a-z][a-z0-9]{0,8}\.(example|test)", fullmatch=True)
_PATHS: Final = st.from_regex(
    r"(/[A-Za-z0-9._~%&=+,;:@!$'()-]{1,12}){0,3}(\?[a-z]=[A-Za-z0-9&,/]{0,9})?", fullmatch=True
)
_CALLBACKS: Final = st.one_of(
    st.builds("https://{}{}".format, _HOSTS, _PATHS),
    st.builds("http://localhost:{}{}".format, st.integers(1, 65535), _PATHS),
    st.builds("com.{}.app:/{}".format, st.from_regex("[a-z]{1,9}", fullmatch=True), st.just("back")),
)
_AUDIENCES: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters=",\ufffe\uffff"),
    min_size=1,
    max_size=40,
)
_NAMES: Final = st.lists(_WORDS.filter(str.strip), max_size=4)
CUSTOM_SCOPES: Final = ("shipments_read", "shipments_write")
_KEYS: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="=\ufffe\uffff"), max_size=40
).filter(str.strip)
_LITERALS: Final = st.builds(
    lambda quote, text: quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote,
    st.sampled_from(["'", '"']),
    _WORDS,
)
_REFERENCES: Final = st.one_of(
    st.sampled_from([f"${of}.{name}" for of, names in FIELDS.items() for name in names]),
    st.sampled_from(["$Permission.Approve", "User.Email", "$Api.Enterprise_Server_URL_640", "$user . id"]),
)
_FORMULAS: Final = st.builds(
    lambda parts, joint: joint.join(parts),
    st.lists(st.one_of(_LITERALS, _REFERENCES), min_size=1, max_size=4),
    st.sampled_from(["&", " & ", "\n&  "]),
)
_PERIODS: Final = st.builds(
    "{}:{}:{}".format,
    st.sampled_from(["specific_lifetime", "specific_inactivity"]),
    st.integers(1, 99_999),
    st.sampled_from(["HOURS", "DAYS", "MONTHS"]),
)

_URLS: Final = st.one_of(st.just(""), st.builds("https://{}{}".format, _HOSTS, _PATHS))
_LINE: Final = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
)


def new_certificate() -> str:
    """Return a new certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sync.harbour.example")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


_CERTIFICATES: Final = st.one_of(st.none(), st.sampled_from([new_certificate(), EXAMPLE_CERTIFICATE]))


def new_key_set(*kids: str) -> str:
    """Return a JWK set of new public keys as JSON text."""
    keys = [{**jwk.ECKey.generate_key("P-256").as_dict(private=False), "kid": kid} for kid in kids]
    return json.dumps({"keys": keys})


_KEY_SETS: Final = st.one_of(st.none(), st.sampled_from([new_key_set("a", "b"), EXAMPLE_KEY_SET]))
_RANGE: Final = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)), st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))
)
_RANGES: Final = st.builds(
    lambda ends, words: {"start": str(min(ends)), "end": str(max(ends)), "description": words},
    _RANGE,
    st.one_of(st.just(""), _LINE),
)
_JWT_MINUTES: Final = st.sampled_from([None, 1, 5, 10, 15, 30, 60, 90, 120, 240, 480, 720])

_DRAWN: Final[dict[s.AnySetting, st.SearchStrategy[Any]]] = {
    s.LABEL: _WORDS.filter(str.strip),
    s.CONTACT_EMAIL: st.builds("{}@{}".format, st.from_regex(r"[a-z0-9.+_-]{1,20}", fullmatch=True), _HOSTS),
    s.CONTACT_PHONE: st.text("0123456789+ ()-/", max_size=40),
    s.LOGO_URL: _URLS,
    s.ICON_URL: _URLS,
    s.DESCRIPTION: _LINES,
    s.INFO_URL: _URLS,
    s.CALLBACK_URL: st.lists(_CALLBACKS, max_size=4),
    s.SCOPES: st.lists(st.sampled_from([scope.name for scope in SCOPES]), max_size=6),
    s.ROTATION_OVERLAP: st.integers(0, 300),
    s.DOORS: st.sampled_from([one.value for one in s.Doors]),
    s.DISTRIBUTION_STATE: st.sampled_from([one.value for one in s.Distribution]),
    s.ID_TOKEN_VALIDITY: st.integers(1, 720),
    s.ID_TOKEN_AUDIENCES: st.lists(_AUDIENCES, max_size=4),
    s.CERTIFICATE: _CERTIFICATES,
    s.JWKS: _KEY_SETS,
    s.JWKS_URI: _URLS,
    s.ASSET_TOKEN_VALIDITY: st.integers(1, 525_600),
    s.ASSET_SIGNING_CERTIFICATE: _WORDS,
    s.ASSET_TOKEN_AUDIENCES: st.lists(_AUDIENCES, max_size=4),
    s.SINGLE_LOGOUT_URL: _URLS,
    s.START_URL: _URLS,
    s.MOBILE_START_URL: _URLS,
    s.SAML_ENTITY_ID: _WORDS,
    s.SAML_ACS_URL: _URLS,
    s.SAML_SINGLE_LOGOUT_URL: _URLS,
    s.SAML_SUBJECT_ATTRIBUTE: _WORDS,
    s.SAML_ISSUER: _WORDS,
    s.SAML_CERTIFICATE: _CERTIFICATES,
    s.SAML_ENCRYPTION_CERTIFICATE: _WORDS,
    s.IP_RANGES: st.lists(_RANGES, max_size=4),
    s.TRUSTED_IP_RANGES: st.lists(_RANGES, max_size=4),
    s.SINGLE_LOGOUT_URL_OF_ORG: _URLS,
    s.START_PAGE: st.one_of(st.sampled_from(["app", "none"]), _URLS),
    s.NAMED_USER_JWT_TIMEOUT: _JWT_MINUTES,
    s.GUEST_JWT_TIMEOUT: _JWT_MINUTES,
    s.LOGOUT_LANDING_PAGE: _URLS,
    s.CUSTOM_ATTRIBUTES: st.lists(
        st.fixed_dictionaries({"key": _KEYS, "formula": _FORMULAS}),
        max_size=4,
        unique_by=lambda one: one["key"].strip(),
    ),
    s.OPEN_REGISTRATION_SCOPES: st.lists(st.sampled_from([scope.name for scope in SCOPES]), max_size=6),
    s.CUSTOM_SCOPES: st.lists(st.sampled_from(CUSTOM_SCOPES), max_size=2),
    s.PERMITTED_USERS: st.sampled_from([one.value for one in s.PermittedUsers]),
    s.PROFILES: _NAMES,
    s.PERMISSION_SETS: _NAMES,
    s.REFRESH_TOKEN_POLICY: st.one_of(st.sampled_from(["infinite", "zero"]), _PERIODS),
    s.SESSION_TIMEOUT: st.one_of(st.none(), st.integers(1, 1440)),
    s.RUN_AS: st.sampled_from(["", RUN_AS_USER]),
    s.PLUGIN: _WORDS,
    s.SSO_ISSUER: _WORDS,
    s.SSO_CERTIFICATE: _CERTIFICATES,
    s.SSO_ENTITY_ID: _WORDS,
    s.SAML_ASSERTION_APP: _WORDS,
    s.PLUGIN_RUN_AS: _WORDS,
    s.ORG_SESSION_TIMEOUT: st.integers(15, 1440),
    s.CLIENT_DOCUMENT_SOURCES: st.lists(st.builds("https://{}{}".format, _HOSTS, st.sampled_from(["", "/a.json"]))),
    s.RESOURCES: st.lists(st.builds("https://{}/{}".format, _HOSTS, st.sampled_from(["", "mcp", "a,b"])), max_size=4),
    s.SITES: st.lists(st.builds("https://{}/{}".format, _HOSTS, st.sampled_from(["", "customers"])), max_size=4),
    s.CORS_ORIGINS: st.lists(st.builds("https://{}:{}".format, _HOSTS, st.integers(444, 65535)), max_size=4),
}

# What each kind of setting refuses; the refusal says what to write instead.
_REFUSED: Final[dict[s.AnySetting, tuple[str, str]]] = {
    s.LABEL: ("", "it cannot be empty"),
    s.CONTACT_EMAIL: ("nobody", "write an e-mail address such as team@example.com"),
    s.DESCRIPTION: ("x" * 4001, "at most 4000 characters, this has 4001"),
    s.CONTACT_PHONE: ("1" * 41, "at most 40 characters, this has 41"),
    s.CERTIFICATE: ("-----BEGIN PRIVATE KEY-----", "this holds a private key. Give the certificate alone"),
    s.JWKS: ('{"keys": [{"kty": "oct", "k": "AAAA"}]}', "key 1 is symmetric"),
    s.JWKS_URI: ("ftp://x.example", "write an absolute URL that begins with https://"),
    s.ASSET_TOKEN_VALIDITY: ("0", "say a whole number of minutes from 1 to 525600"),
    s.ASSET_SIGNING_CERTIFICATE: ("x" * 256, "at most 255 characters, this has 256"),
    s.ASSET_TOKEN_AUDIENCES: ("x" * 256, "at most 255 characters, this has 256"),
    s.SAML_ENTITY_ID: ("x" * 1025, "at most 1024 characters, this has 1025"),
    s.SAML_SUBJECT_ATTRIBUTE: ("x" * 256, "at most 255 characters, this has 256"),
    s.SAML_ISSUER: ("x" * 1025, "at most 1024 characters, this has 1025"),
    s.SAML_CERTIFICATE: ("MIIB", "this is no certificate that can be read; paste the certificate as PEM"),
    s.SAML_ENCRYPTION_CERTIFICATE: ("x" * 256, "at most 255 characters, this has 256"),
    s.SSO_ISSUER: ("x" * 1025, "at most 1024 characters, this has 1025"),
    s.SSO_CERTIFICATE: ("MIIB", "this is no certificate that can be read; paste the certificate as PEM"),
    s.SSO_ENTITY_ID: ("x" * 1025, "at most 1024 characters, this has 1025"),
    s.SAML_ASSERTION_APP: ("x" * 81, "at most 80 characters, this has 81"),
    s.PLUGIN: ("x" * 256, "at most 255 characters, this has 256"),
    s.PLUGIN_RUN_AS: ("x" * 81, "at most 80 characters, this has 81"),
    s.IP_RANGES: ("192.0.2.9 - 192.0.2.1", "line 1: 192.0.2.9 comes after 192.0.2.1: the lower address is the start"),
    s.TRUSTED_IP_RANGES: ("192.0.2.x", "line 1: '192.0.2.x': write START - END, and what it is after a blank"),
    s.START_PAGE: ("home", "write an absolute URL that begins with https://"),
    s.NAMED_USER_JWT_TIMEOUT: ("7", "say one of these numbers of minutes: 1, 5, 10"),
    s.GUEST_JWT_TIMEOUT: ("0", "say one of these numbers of minutes: 1, 5, 10"),
    s.CALLBACK_URL: ("http://plain.example/", "line 1 begins with http://. Use https://, or http://localhost"),
    s.SCOPES: ("apii", "'apii' is no scope; `grantway settings scopes` lists them"),
    s.ROTATION_OVERLAP: ("301", "say a whole number of seconds from 0 to 300"),
    s.DOORS: ("front", "say one of both, salesforce, standards"),
    s.DISTRIBUTION_STATE: ("managed", "say one of local, packaged"),
    s.ID_TOKEN_VALIDITY: ("0", "say a whole number of minutes from 1 to 720"),
    s.ID_TOKEN_AUDIENCES: ("x" * 256, "at most 255 characters, this has 256"),
    s.CUSTOM_ATTRIBUTES: (
        "customer=$User.Id & $Shoe.Size",
        "customer: at character 12: $Shoe cannot be referred to here; these can: $User,",
    ),
    s.OPEN_REGISTRATION_SCOPES: ("apii", "'apii' is no scope; `grantway settings scopes` lists them"),
    s.CUSTOM_SCOPES: ("shipments_sink", "there is no custom scope shipments_sink; there are: shipments_read, "),
    s.PERMITTED_USERS: ("everybody", "say one of self_authorize, admin_approved"),
    s.PROFILES: ("x" * 256, "at most 255 characters, this has 256"),
    s.PERMISSION_SETS: ("a\x07b", "it holds characters that cannot be shown"),
    s.REFRESH_TOKEN_POLICY: ("specific_lifetime:0:DAYS", "say infinite, zero, specific_lifetime:N:HOURS|DAYS|MONTHS"),
    s.SESSION_TIMEOUT: ("1441", "say a whole number of minutes from 1 to 1440"),
    s.RUN_AS: ("nobody@harbour.example", "there is no active user 'nobody@harbour.example' in the org Harbour"),
    s.CLIENT_DOCUMENT_SOURCES: (
        "http://mcp.example",
        "'http://mcp.example' will not do: it does not begin with https://",
    ),
    s.RESOURCES: ("https://mcp.example/#a", "'https://mcp.example/#a' will not do: it has a fragment"),
    s.SITES: ("http://site.example", "'http://site.example' will not do: it does not begin with https://"),
    s.CORS_ORIGINS: ("*", "'*' would let in pages that nobody can name"),
    s.ORG_SESSION_TIMEOUT: ("14", "say a whole number of minutes from 15 to 1440"),
}


ANYTHING: Final = st.one_of(
    st.text(),
    st.builds("{}{}".format, st.sampled_from(["https://", "http://localhost", "app:/", "a@b.", "zero"]), st.text()),
    st.lists(st.one_of(st.text(), st.builds("https://a.example/{}".format, st.text())), max_size=3),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.dictionaries(st.text(), st.integers(), max_size=1),
)
"""What might come in place of a value, from a form, a command line or JSON."""


def valid(setting: s.AnySetting) -> st.SearchStrategy[Any]:
    """Return valid values of a setting."""
    drawn = _DRAWN.get(setting)
    if setting.kind.name == "flag":
        drawn = st.booleans()
    elif drawn is None:
        drawn = st.sampled_from(_choices(setting))
    return drawn.map(setting.kind.parse)


def sound(drawn: dict[s.AnySetting, Any]) -> dict[s.AnySetting, Any]:
    """Return values without the contradictions that are refused (tests/manage/test_contradictions.py)."""
    made = dict(drawn)
    if made.get(s.JWKS):
        made.pop(s.JWKS_URI, None)
    if made.get(s.ASSET_TOKENS):
        made[s.SCOPES] = tuple(dict.fromkeys((*made.get(s.SCOPES, ()), "api", "openid")))
        made[s.CALLBACK_URL] = made.get(s.CALLBACK_URL) or ("https://sync.example/cb",)
    if made.get(s.CLIENT_CREDENTIALS):
        made[s.RUN_AS] = RUN_AS_USER
    if not made.get(s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW, True):
        made[s.REQUIRE_PKCE] = True
    if made.get(s.SESSION_POLICY_ACTION, s.SessionAction.NONE) is not s.SessionAction.NONE:
        made[s.SESSION_LEVEL] = s.SessionLevel.HIGH_ASSURANCE
    return made


def refused(setting: s.AnySetting) -> tuple[str, str]:
    """Return a value that a setting refuses, and what the refusal says."""
    if setting.kind.name == "flag":
        return "maybe", "say true or false"
    if setting.kind.name == "https_url":
        return "ftp://x.example", "write an absolute URL that begins with https://"
    if setting.kind.name == "choice" and setting not in _REFUSED:
        return "neither", f"say one of {', '.join(_choices(setting))}"
    return _REFUSED[setting]


def _choices(setting: s.AnySetting) -> list[str]:
    """Return the words of a setting that takes one of some."""
    words: list[str] = setting.kind.schema["enum"]
    return words
