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
from grantway.kit.ids import new_row_id
from grantway.kit.jose import SigningKey
from grantway.kit.secrets import Secret, fingerprint, new_access_token
from grantway.kit.urls import identity_url
from grantway.protocol.access_jwt import AccessTerms, access_jwt
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


class JwtForm(msgspec.Struct, frozen=True, gc=False):
    """What makes an access token a JWT: the key of the user's org, who says so, and the consumer key of the client."""

    key: SigningKey
    issuer: str
    base: str
    consumer_key: str


def issue(
    proof: Proof,
    door: Door,
    now_ms: int,
    address: str,
    request_id: str,
    form: JwtForm | None = None,
    resources: tuple[str, ...] = (),
) -> Issued:
    """Make an access token for what was proved: a JWT with `form`, else an opaque one. Nothing is stored yet.

    `resources`: where it is to be used (RFC 8707); none for all that answers under the base URL.

    A JWT is signed here, for its hash is stored: the signature of whoever then loses a race is wasted (decisions/0009).
    """
    app, user = proof.of.app, proof.of.user
    # The one token of a line without refresh token bears the line's id: so it is found by it.
    own_id = proof.family_id if proof.only_of_family else ""
    if form is None:
        lifetime_ms = lifetime_of(app)
        ends_at = now_ms + lifetime_ms
        row_id, access_token = new_access_token(user.org_id, now_ms, own_id)
    else:
        lifetime_ms = jwt_lifetime_of(app, guest=bool(proof.visitor))
        # It ends when it says it does, in whole seconds.
        ends_at = now_ms // 1000 * 1000 + lifetime_ms
        row_id = own_id or new_row_id(now_ms)
        access_token = _signed(proof, door, form, row_id, now_ms // 1000, ends_at // 1000, resources)
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
        ends_at,
        lifetime_ms,
        None,
        form.key.kid if form is not None else "",
        proof.actor,
        " ".join(resources),
        proof.visitor,
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


def jwt_lifetime_of(app: InstalledApp, *, guest: bool = False) -> int:
    """Return how long (ms) a JWT-based access token of an app lives, in use or not."""
    minutes = app[s.GUEST_JWT_TIMEOUT if guest else s.NAMED_USER_JWT_TIMEOUT]
    return (minutes or 0) * MINUTE_MS or lifetime_of(app)


def _signed(
    proof: Proof,
    door: Door,
    form: JwtForm,
    row_id: str,
    issued_at: int,
    expires_at: int,
    resources: tuple[str, ...],
) -> str:
    terms = AccessTerms(
        door=door,
        kid=form.key.kid,
        row_id=row_id,
        issuer=form.issuer,
        base=form.base,
        user=proof.of.user,
        consumer_key=form.consumer_key,
        scopes=proof.scopes,
        issued_at=issued_at,
        expires_at=expires_at,
        auth_time=proof.auth_time,
        actor=proof.actor,
        resources=resources,
        visitor=proof.visitor,
    )
    return form.key.sign_under(*access_jwt(terms))


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
    if issued.record.kid:
        fields["token_format"] = "jwt"
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
    if proof.issued_token_type:
        fields["issued_token_type"] = proof.issued_token_type
    if proof.refresh_token:
        fields["refresh_token"] = proof.refresh_token
    if id_token:
        fields["id_token"] = id_token
    return fields
