"""Devices of users (assets), the tokens that name them, and the certificates of an org that sign those."""

import msgspec


class Asset(msgspec.Struct, frozen=True, gc=False):
    """A device that a user registered.

    `identity`: by what it is known again among the user's. `app_id`: the app that last asked for a token for it.
    `device_key`: its public key as a JWK, JSON; empty where it never showed one. Times in ms.
    """

    id: str
    org_id: str
    person_id: str
    app_id: str
    identity: str
    name: str
    serial_number: str
    device_id: str
    device_key: str
    is_frozen: int
    created_at: int
    last_token_at: int


class AssetToken(msgspec.Struct, frozen=True, gc=False):
    """An asset token that was given out; only its hash is kept. `asset_id` is empty where it names no device."""

    id: str
    hash: bytes
    asset_id: str
    app_id: str
    org_id: str
    user_id: str
    door: str
    issued_at: int
    expires_at: int
    revoked_at: int | None


class OrgCertificate(msgspec.Struct, frozen=True, gc=False):
    """A self-signed certificate of an org; `kid` names its private key among the signing keys. Times in ms."""

    id: str
    org_id: str
    name: str
    pem: str
    kid: str
    created_at: int
    ends_at: int
