"""Signing keys at rest: sealed under the key ring, found by purpose."""

from typing import Final

ID_TOKEN: Final = "id_token"
ACCESS_TOKEN: Final = "access_token"
ASSET_TOKEN: Final = "asset_token"
SEAL_PURPOSE: Final = b"signing-key"
