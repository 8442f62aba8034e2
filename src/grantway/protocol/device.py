"""What an actor token says of a device: id, name, the asset it is, its key (salesforce-oauth.md 3.12).

Salesforce documents `did` and `cnf` and shows the asset's id, name and serial number in its events only; so the asset
may stand as an object `Asset` with `Id`, `Name` and `SerialNumber`, or as `AssetId`, `AssetName` and `SerialNumber`
beside the others. Case and underscores do not count.
"""

from typing import Any, Final

import msgspec

from grantway.kit.device_key import DeviceKey, read_device_key
from grantway.kit.ids import ASSET, canonical_id
from grantway.kit.jose import JwtRefused

_LIMIT: Final = 255


class Device(msgspec.Struct, frozen=True, gc=False):
    """A device as it describes itself; what it does not say is empty. `name` is the display name of its token."""

    device_id: str
    name: str
    asset_id: str
    asset_name: str
    serial_number: str
    key: DeviceKey | None

    @property
    def identity(self) -> str:
        """By what the device is known again among its user's; empty where it says nothing of the kind."""
        for kind, value in (("serial", self.serial_number), ("did", self.device_id), ("name", self.shown_name)):
            if value:
                return f"{kind}:{value}"
        return ""

    @property
    def shown_name(self) -> str:
        """What people call it."""
        return self.asset_name or self.name


def read_device(claims: dict[str, Any]) -> Device:
    """Read the claims of an actor token.

    Raises:
        JwtRefused: one of them has not the form that it should have, or stands twice.
    """
    plain = _plain(claims)
    inner = plain.get("asset", {})
    if not isinstance(inner, dict):
        raise JwtRefused("Asset is no object")
    asset = _plain(inner)
    serial = _one(asset, plain, "serialnumber", "serialnumber", "assetserialnumber")
    asset_id = _one(asset, plain, "id", "assetid")
    if asset_id:
        canonical = canonical_id(asset_id, ASSET)
        if canonical is None:
            raise JwtRefused(f"the asset's id is none: 15 or 18 characters that begin with {ASSET}")
        asset_id = canonical
    cnf = plain.get("cnf")
    if cnf is not None and not isinstance(cnf, dict):
        raise JwtRefused("cnf is no object")
    return Device(
        device_id=_text(plain, "did"),
        name=_text(plain, "name"),
        asset_id=asset_id,
        asset_name=_one(asset, plain, "name", "assetname"),
        serial_number=serial,
        key=read_device_key(cnf.get("jwk")) if cnf is not None else None,
    )


def _plain(members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members.items():
        plain = name.replace("_", "").lower()
        if plain in found:
            raise JwtRefused(f"{name[:40]!r} stands twice, written differently")
        found[plain] = value
    return found


def _one(asset: dict[str, Any], outside: dict[str, Any], inner: str, *names: str) -> str:
    values = [value for value in (_text(asset, inner), *(_text(outside, name) for name in names)) if value]
    if len(set(values)) > 1:
        raise JwtRefused(f"{names[0]} stands twice, with different values")
    return values[0] if values else ""


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str) or len(value) > _LIMIT or not (value == "" or value.isprintable()):
        raise JwtRefused(f"{name} is no printable text of at most {_LIMIT} characters")
    return value.strip()
