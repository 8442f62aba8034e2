"""What an asset token says (salesforce-oauth.md 3.12): whose device it is, for whom, until when, and by which key."""

from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser
from grantway.domain.asset import Asset, OrgCertificate
from grantway.protocol.access_jwt import EARLY_S
from grantway.protocol.claims import subject
from grantway.protocol.custom_claims import custom_attributes, custom_permissions
from grantway.protocol.device import Device
from grantway.protocol.door import Door

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
OF_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
OF_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"


class AssetTerms(msgspec.Struct, frozen=True, gc=False):
    """What an asset token is to say. `asset` is the record as it will stand; `certificate` None for the org's own."""

    audiences: tuple[str, ...]
    device: Device | None
    asset: Asset | None
    certificate: OrgCertificate | None


def asset_claims(
    terms: AssetTerms,
    *,
    of: AppUser,
    scopes: str,
    door: Door,
    issuer: str,
    base: str,
    consumer_key: str,
    token_id: str,
    issued_at: int,
    expires_at: int,
) -> dict[str, Any]:
    """Return the claims of an asset token. Times in seconds; `scopes` are those of the access token it came of."""
    claims: dict[str, Any] = {
        "aud": list(terms.audiences),
        "nbf": issued_at - EARLY_S,
        "iss": issuer,
        "exp": expires_at,
        "iat": issued_at,
        "sub": subject(door, base, of.user),
        "jti": token_id,
        "client_id": consumer_key,
    }
    if terms.device is not None:
        claims |= _of_device(terms.device)
    if terms.asset is not None:
        record = {"Id": terms.asset.id, "Name": terms.asset.name, "SerialNumber": terms.asset.serial_number}
        claims["Asset"] = {name: value for name, value in record.items() if value}
    more: dict[str, Any] = {}
    if of.app[s.ASSET_TOKEN_ATTRIBUTES]:
        more |= custom_attributes(of, base)
    if of.app[s.ASSET_TOKEN_CUSTOM_PERMISSIONS]:
        more |= custom_permissions(of, scopes)
    return {**more, **claims}


def event_of(terms: AssetTerms, of: AppUser, expires_at: int) -> dict[str, Any]:
    """Return the fields of Salesforce's AssetTokenEvent (connected-apps.md 6.3). `expires_at` in seconds.

    `ActorTokenPayload` holds what is understood of the actor token, not whatever else a device put into it.
    """
    device, asset = terms.device, terms.asset
    payload = _of_device(device) if device is not None else {}
    if device is not None:
        said = {"Id": device.asset_id, "Name": device.asset_name, "SerialNumber": device.serial_number}
        payload["Asset"] = {name: value for name, value in said.items() if value}
    fields: dict[str, Any] = {
        "ActorTokenPayload": payload,
        "AssetId": asset.id if asset else "",
        "AssetName": asset.name if asset else "",
        "AssetSerialNumber": asset.serial_number if asset else "",
        "ConnectedAppId": of.app.id,
        "DeviceId": device.device_id if device else "",
        "DeviceKey": device.key.jwk if device and device.key else "",
        "Expiration": expires_at,
        "Name": device.name if device else "",
        "UserId": of.user.id,
    }
    return {name: value for name, value in fields.items() if value}


def _of_device(device: Device) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if device.device_id:
        said["did"] = device.device_id
    if device.name:
        said["Name"] = device.name
    if device.key is not None:
        said["cnf"] = {"jwk": device.key.jwk}
    return said
