"""Asset tokens: making one of what was proved, and saying whether one is still good (salesforce-oauth.md 3.12)."""

import hmac
from collections.abc import Callable
from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.asset import AssetToken
from grantway.domain.org import User
from grantway.endpoints.server import Server
from grantway.grants.grant import Proof, TokenCall
from grantway.kit.asset_jwt import asset_token_row
from grantway.kit.clock import MINUTE_MS
from grantway.kit.ids import new_row_id
from grantway.kit.jose import json_object, payload_of, read_header
from grantway.kit.secrets import fingerprint
from grantway.protocol.asset_token import OF_JWT, asset_claims, event_of
from grantway.store.assets import add_asset_token, asset_by_id, asset_token_by_id
from grantway.store.certificates import is_in_use
from grantway.store.events import add_event
from grantway.store.statement import Write

_TOLD: Final = ("aud", "exp", "iat", "nbf", "iss", "sub", "jti", "did", "cnf")


class Given(msgspec.Struct, frozen=True, gc=False):
    """An asset token that is about to be: the answer's fields, and the write that makes it good."""

    fields: dict[str, Any]
    write: Write


async def give(server: Server, call: TokenCall, proof: Proof, base: str, pair: InstalledApp) -> Given:
    """Make an asset token; nothing is stored yet. `pair`: the app by the key and secret that the client knows."""
    terms, app, user = proof.asset, proof.of.app, proof.of.user
    assert terms is not None  # noqa: S101 - the caller asked
    key = await server.signing.asset_key(server.db, user.org_id, terms.certificate)
    lifetime_ms = app[s.ASSET_TOKEN_VALIDITY] * MINUTE_MS
    issued_at = call.now_ms // 1000
    expires_at = issued_at + lifetime_ms // 1000
    row_id = new_row_id(call.now_ms)
    token = key.sign(
        asset_claims(
            terms,
            of=proof.of,
            scopes=" ".join(proof.scopes),
            door=call.door,
            issuer=server.issuer(call.door, base),
            base=base,
            consumer_key=pair.consumer_key,
            token_id=row_id,
            issued_at=issued_at,
            expires_at=expires_at,
        )
    )
    record = AssetToken(
        id=row_id,
        hash=fingerprint(token),
        asset_id=terms.asset.id if terms.asset is not None else "",
        app_id=app.id,
        org_id=user.org_id,
        user_id=user.id,
        door=call.door.name,
        issued_at=call.now_ms,
        expires_at=expires_at * 1000,
        revoked_at=None,
    )
    event = add_event(
        proof.event,
        at=call.now_ms,
        org_id=user.org_id,
        app_id=app.id,
        user_id=user.id,
        address=call.address,
        request_id=call.request_id,
        detail=msgspec.json.encode(event_of(terms, proof.of, expires_at)).decode(),
    )
    fields = {
        "access_token": token,
        "issued_token_type": OF_JWT,
        "token_type": "Bearer",
        "expires_in": lifetime_ms // 1000,
    }
    return Given(fields, Write((*proof.steps, add_asset_token(record), event), proof.guard, proof.settles))


class HeldAssetToken(msgspec.Struct, frozen=True, gc=False):
    """An asset token that was given out, whose it is in which app, and the key that signed it."""

    token: AssetToken
    of: AppUser
    kid: str
    claims: dict[str, Any]

    @property
    def user(self) -> User:
        """Whose token it is."""
        return self.of.user


async def held_asset_token(server: Server, text: str) -> HeldAssetToken | None:
    """Return the asset token that a text is, good or not; None when it is none of ours."""
    row_id = asset_token_row(text)
    token = await asset_token_by_id(server.db, row_id) if row_id else None
    if token is None or not hmac.compare_digest(token.hash, fingerprint(text)):
        return None
    of = await server.directory.app_user(token.app_id, token.org_id, token.user_id)
    # The text is the very one that was signed here: its claims are ours.
    kid = str(read_header(text).get("kid"))
    return None if of is None else HeldAssetToken(token, of, kid, json_object(payload_of(text)))


async def is_good(server: Server, held: HeldAssetToken) -> bool:
    """Tell whether an asset token is good: in its time, not revoked, with key and device there and not frozen."""
    token = held.token
    if token.revoked_at is not None or server.clock.now_ms() >= token.expires_at or not held.of.app[s.ASSET_TOKENS]:
        return False
    # Who verifies it by the key set alone refuses it too, once the certificate is deleted.
    if not await is_in_use(server.db, token.org_id, held.kid):
        return False
    if not token.asset_id:
        return True
    asset = await asset_by_id(server.db, token.asset_id)
    return asset is not None and not asset.is_frozen


def told_of(held: HeldAssetToken, key_of: Callable[[InstalledApp], str]) -> dict[str, Any]:
    """Return what introspection says of a good asset token; `key_of` gives the consumer key to name its app by."""
    return {
        "active": True,
        "client_id": key_of(held.of.app),
        "username": held.of.user.username,
        "token_type": "asset_token",
        **{name: held.claims[name] for name in _TOLD if name in held.claims},
    }
