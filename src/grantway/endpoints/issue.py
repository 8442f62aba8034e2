"""Issuing: from a proof to an access token, what is written with it, and the answer's fields."""

import base64
import hmac
from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.token import AccessToken
from grantway.grants.grant import Proof
from grantway.kit.clock import MINUTE_MS
from grantway.kit.secrets import Secret, fingerprint, new_access_token
from grantway.kit.urls import identity_url
from grantway.protocol.door import Door
from grantway.store import tokens
from grantway.store.events import add_event
from grantway.store.statement import Write

OPENID: Final = "openid"
# Salesforce serves these at a host of their own; here everything leads back to the one base URL (decision 17).
_PLATFORM: Final = frozenset({"sfap_api", "mcp_api"})


class Issued(msgspec.Struct, frozen=True, gc=False):
    """An access token that is about to be: the text, its record, and the write that makes it."""

    access_token: str
    record: AccessToken
    write: Write


def issue(proof: Proof, door: Door, now_ms: int, address: str, request_id: str) -> Issued:
    """Make an access token for what was proved. Nothing is stored yet."""
    app, user = proof.of.app, proof.of.user
    lifetime_ms = lifetime_of(app)
    row_id, access_token = new_access_token(user.org_id, now_ms, proof.family_id if proof.stands_alone else "")
    record = AccessToken(
        row_id,
        fingerprint(access_token),
        proof.family_id,
        app.id,
        user.org_id,
        user.id,
        door.name,
        " ".join(proof.scopes),
        now_ms,
        now_ms + lifetime_ms,
        lifetime_ms,
        None,
    )
    event = add_event(
        proof.event,
        at=now_ms,
        org_id=user.org_id,
        app_id=app.id,
        user_id=user.id,
        address=address,
        request_id=request_id,
    )
    steps = (*proof.steps, tokens.add_access(record), event)
    return Issued(access_token, record, Write(steps, proof.guard, proof.settles))


def lifetime_of(app: InstalledApp) -> int:
    """Return how long (ms) an access token of an app lives without use, as its org says now."""
    return (app[s.SESSION_TIMEOUT] or app[s.ORG_SESSION_TIMEOUT]) * MINUTE_MS


def signature(secret: str, id_url: str, issued_at: str) -> str:
    """Return Salesforce's `signature`: Base64 of HMAC-SHA256 over id and issued_at, keyed with the consumer secret."""
    return base64.b64encode(hmac.digest(secret.encode(), f"{id_url}{issued_at}".encode(), "sha256")).decode()


def salesforce_fields(proof: Proof, issued: Issued, base: str, id_token: str, secret: Secret) -> dict[str, str]:
    """Return the answer at Salesforce's door, in the order seen on the wire; `secret` is the one the client has."""
    id_url = identity_url(base, proof.of.user.org_id, proof.of.user.id)
    issued_at = str(issued.record.issued_at)
    fields = {"access_token": issued.access_token}
    if proof.refresh_token:
        fields["refresh_token"] = proof.refresh_token
    fields["signature"] = signature(secret.reveal(), id_url, issued_at)
    fields["scope"] = issued.record.scopes
    if id_token:
        fields["id_token"] = id_token
    fields["instance_url"] = base
    fields["id"] = id_url
    fields["token_type"] = "Bearer"
    fields["issued_at"] = issued_at
    if not _PLATFORM.isdisjoint(proof.scopes):
        fields["api_instance_url"] = base
    return fields


def standards_fields(proof: Proof, issued: Issued, id_token: str) -> dict[str, Any]:
    """Return the answer at the standards' door (RFC 6749, section 5.1)."""
    fields: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.record.lifetime_ms // 1000,
        "scope": issued.record.scopes,
    }
    if proof.refresh_token:
        fields["refresh_token"] = proof.refresh_token
    if id_token:
        fields["id_token"] = id_token
    return fields
