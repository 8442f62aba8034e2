"""Discovery: what the server is and can do, per door (OpenID Connect Discovery 1.0, RFC 8414)."""

from typing import Any, Final

import msgspec

from grantway.endpoints.answer import tagged_reply
from grantway.endpoints.server import Server
from grantway.grants import offered_at
from grantway.kit.certified import ALGORITHMS
from grantway.kit.http import Call, Reply
from grantway.kit.jose import RS256
from grantway.kit.urls import STANDARDS_PREFIX
from grantway.protocol.door import SALESFORCE, STANDARDS, Door, door_of
from grantway.settings.scopes import SCOPES
from grantway.store.orgs import default_org_id

# Anyone may read these, from any page (decision 1; salesforce-oauth.md 1.9).
_OPEN: Final = ((b"access-control-allow-origin", b"*"), (b"x-content-type-options", b"nosniff"))
_JSON: Final = ((b"content-type", b"application/json;charset=UTF-8"), (b"cache-control", b"public, max-age=60"), *_OPEN)
# A page that sends a header of its own asks first (clients.md 7.11: MCP-Protocol-Version).
_PREFLIGHT: Final = Reply(
    204,
    b"",
    (
        *_OPEN,
        (b"access-control-allow-methods", b"GET, HEAD"),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
    ),
)
_AUTH_METHODS: Final = ("client_secret_post", "client_secret_basic", "private_key_jwt")
_STANDARD_SCOPES: Final = ("openid", "profile", "email", "address", "phone", "offline_access", "id", "api", "web")
_STANDARD_CLAIMS: Final = [
    "sub",
    "iss",
    "aud",
    "azp",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "preferred_username",
    "locale",
    "zoneinfo",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
]
_SALESFORCE_CLAIMS: Final = [
    "active",
    "address",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "is_app_installed",
    "language",
    "locale",
    "name",
    "nickname",
    "organization_id",
    "phone_number",
    "phone_number_verified",
    "photos",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "urls",
    "user_id",
    "user_type",
    "zoneinfo",
]


def salesforce_metadata(base: str, custom_scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return the document of Salesforce's door, its keys in the order seen there."""
    oauth = f"{base}/services/oauth2"
    names = [name for scope in SCOPES for name in (scope.name, *scope.synonyms)]
    names += custom_scopes
    return {
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{base}/id/keys",
        "registration_endpoint": f"{oauth}/register",
        "introspection_endpoint": f"{oauth}/introspect",
        "scopes_supported": names,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [RS256],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": [*_AUTH_METHODS, "none"],
        "claims_supported": list(_SALESFORCE_CLAIMS),
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": offered_at(SALESFORCE),
    }


def standards_metadata(base: str, issuer: str, custom_scopes: tuple[str, ...], *, by_document: bool) -> dict[str, Any]:
    """Return the document of the standards' door. `by_document`: clients may be known by their metadata documents."""
    oidc = base + STANDARDS_PREFIX
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{oidc}/authorize",
        "token_endpoint": f"{oidc}/token",
        "userinfo_endpoint": f"{oidc}/userinfo",
        "jwks_uri": f"{oidc}/jwks",
        "registration_endpoint": f"{oidc}/register",
        "revocation_endpoint": f"{oidc}/revoke",
        "introspection_endpoint": f"{oidc}/introspect",
        "scopes_supported": [*_STANDARD_SCOPES, *custom_scopes],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": offered_at(STANDARDS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [RS256],
        "token_endpoint_auth_methods_supported": [*_AUTH_METHODS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*_AUTH_METHODS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(_AUTH_METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_signing_alg_values_supported": [RS256],
        "display_values_supported": ["page", "popup", "touch"],
        "claim_types_supported": ["normal"],
        "claims_supported": _STANDARD_CLAIMS,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "request_object_signing_alg_values_supported": [RS256],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": True,
        **({"client_id_metadata_document_supported": True} if by_document else {}),
    }


class Documents:
    """The metadata documents as bytes, made once per issuer for the public custom scopes there are."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[tuple[str, ...], bool, bytes]] = {}

    def of(self, door: Door, base: str, issuer: str, custom_scopes: tuple[str, ...], *, by_document: bool) -> bytes:
        """Return a door's document under a base URL."""
        found = self._made.get((door.name, issuer))
        if found is None or found[:2] != (custom_scopes, by_document):
            salesforce = door is SALESFORCE
            made = (
                salesforce_metadata(base, custom_scopes)
                if salesforce
                else standards_metadata(base, issuer, custom_scopes, by_document=by_document)
            )
            found = self._made[door.name, issuer] = (custom_scopes, by_document, msgspec.json.encode(made))
        return found[2]


_documents: Final = Documents()


async def metadata(call: Call, server: Server, base: str) -> Reply:
    """Answer the well-known locations; at the root, the door that the server was started with has the say."""
    door = door_of(call.path) if STANDARDS_PREFIX in call.path else server.root_door
    custom_scopes = await server.public_scopes.names(server.db)
    by_document = server.public_scopes.by_document
    return _open(call, _documents.of(door, base, server.issuer(door, base), custom_scopes, by_document=by_document))


async def jwks(call: Call, server: Server, base: str) -> Reply:
    """Answer /id/keys and /oidc/jwks: the public halves of the signing keys, the same at both doors."""
    del base
    return _open(call, await server.signing.jwks(server.db))


async def auth_configuration(call: Call, server: Server, base: str) -> Reply:
    """Answer /.well-known/auth-configuration, which mobile clients read (salesforce-oauth.md 1.4)."""
    org_id = await default_org_id(server.db)
    document: dict[str, Any] = {
        "OrgId": (org_id or "")[:15],
        "Url": base,
        "MobileSDK": {
            "UseiOSNativeBrowserForAuthentication": False,
            "UseAndroidNativeBrowserForAuthentication": False,
            "shareBrowserSessionIOS": False,
            "shareBrowserSessionAndroid": False,
        },
        "LoginPage": None,
        "SamlProviders": [],
        "AuthProviders": [],
        "CertificateLogin": None,
        "LoginPageType": "standard",
        "LoginPageTypeConfigs": {},
    }
    return _open(call, msgspec.json.encode(document))


def _open(call: Call, body: bytes) -> Reply:
    if call.method == "OPTIONS":
        return _PREFLIGHT
    return tagged_reply(call, body, _JSON)
