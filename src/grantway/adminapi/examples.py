"""Examples for the OpenAPI document: of each request as people would write it, of each answer made from its schema."""

from typing import Any, Final

from grantway import settings as s
from grantway.adminapi.schema import Schema, problems_of

_XML: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">'
    "<contactEmail>it@harbour.example</contactEmail><label>Shipment Sync</label></ConnectedApp>"
)
_CHANGE: Final = {"settings": {"require_pkce": True}, "policies": {"session_timeout": 15}}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "createApp": {
        "name": "Shipment Sync",
        "settings": {
            "contact_email": "it@harbour.example",
            "scopes": ["api", "refresh_token"],
            "callback_url": ["https://sync.harbour.example/callback"],
        },
        "policies": {"session_timeout": 30},
    },
    "changeApp": _CHANGE,
    "previewChange": {"policies": {"permitted_users": "admin_approved", "profiles": ["Clerk"]}},
    "revealApp": {"password": "the password of the token's user"},
    "revealCredentialSet": {"password": "the password of the token's user"},
    "importApps": {"files": [{"name": "Shipment_Sync.connectedApp-meta.xml", "xml": _XML}], "dry_run": True},
    "applyRotation": {"consumer_key": "3MVG9.the_staged_consumer_key"},
    "createUser": {"username": "grace@harbour.example", "email": "grace@harbour.example", "last_name": "Hopper"},
    "changeUser": {"phone": "+47 23 00 00 00", "is_active": True},
    "setPassword": {"password": "correct horse battery staple"},
    "createProfile": {"name": "Dispatcher", "permissions": ["ApiEnabled"]},
    "changeProfile": {"permissions": ["ApiEnabled"]},
    "createPermissionSet": {"name": "Dispatch", "permissions": ["ApiEnabled"]},
    "changePermissionSet": {"permissions": ["ApiEnabled"]},
    "createCustomScope": {"name": "dock", "description": "See and book docks."},
    "changeCustomScope": {"description": "See docks.", "is_public": True},
    "createCustomPermission": {"name": "Book_Docks", "label": "Book docks"},
    "changeCustomPermission": {"label": "Book and cancel docks"},
    "changeProfileCustomPermissions": {"custom_permissions": ["Book_Docks"]},
    "changePermissionSetCustomPermissions": {"custom_permissions": ["Book_Docks"]},
    "tryTokenHandler": {"app": "Shipment_Sync", "token_type": "jwt", "token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"},
    "createTokenHandler": {
        "name": "Harbour_IdP",
        "issuer": "https://id.harbour.example",
        "audiences": ["https://harbour.example/grantway"],
        "jwks_url": "https://id.harbour.example/keys",
    },
    "changeTokenHandler": {"matches": "federation_id"},
    "enableTokenHandler": {"run_as": "ada@harbour.example", "is_default": True},
    "changeOrg": {"settings": {"org_session_timeout": 120}},
    "createCertificate": {"name": "Fleet_2026", "days": 730},
    "rotateSigningKeys": {"at_once": False},
    "revokeTokens": {"app": "Shipment_Sync", "user": "ada@harbour.example"},
}
# What the fields of answers hold, by their names; all others are made of their schemas.
# Lists that are shorter to show empty.
_NO_ITEMS: Final = frozenset({"received", "required"})
_SAID: Final[dict[str, Any]] = {
    "email_claim": "email",
    "first_name_claim": "given_name",
    "last_name_claim": "family_name",
    "new_user_profile": "Standard User",
    "user_claim": "sub",
    "access_tokens": 1,
    "action": "changedConnectedApp",
    "address": "192.0.2.7",
    "app": "Shipment_Sync",
    "consumer_key": "3MVG9.a_consumer_key",
    "consumer_secret": "a consumer secret",
    "description": "Keeps orders and shipments together.",
    "door": "salesforce",
    "edition": "Developer",
    "email": "ada@harbour.example",
    "endpoint": "POST /services/oauth2/token",
    "error": "invalid_grant",
    "field": "settings.callback_url",
    "home": "",
    "kind": "connected_app",
    "label": "Shipment Sync",
    "means": "The code was redeemed before.",
    "my_domain": "harbour",
    "name": "Shipment_Sync",
    "next": None,
    "org": "00D000000000001AAA",
    "problem": "",
    "profile": "Clerk",
    "reason": "code.reused",
    "request_id": "7Q4M-K2XD-90VB",
    "says": "expired authorization code",
    "scopes": ["api", "refresh_token"],
    "setting": "require_pkce",
    "user": "ada@harbour.example",
    "username": "ada@harbour.example",
    "warnings": ["refresh tokens never end: set refresh_token_policy=specific_inactivity:30:DAYS"],
}


def answer_of(schema: Schema, name: str = "") -> Any:
    """Return what fits a schema, and looks as if it were true."""
    setting = s.BY_NAME.get(name)
    candidates = [setting.kind.write(setting.default)] if setting is not None else []
    for said in [*candidates, *([_SAID[name]] if name in _SAID else [])]:
        if not problems_of(said, schema):
            return said
    if "anyOf" in schema:
        return answer_of(schema["anyOf"][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        return {one: answer_of(schema["properties"][one], one) for one in schema.get("properties", {})}
    if kind == "array":
        return [answer_of(schema["items"], name)] if "items" in schema and name not in _NO_ITEMS else []
    if kind == "string":
        return "2026-11-25T06:30:00Z" if schema.get("format") == "date-time" else ""
    return {"integer": max(schema.get("minimum", 1), 1), "number": 1, "boolean": False, "null": None}[kind]
