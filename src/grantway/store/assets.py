"""Assets and asset tokens: what the asset token flow and introspection read, and what they write."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.asset import Asset, AssetToken
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step, Update, columns_of

_COLUMNS: Final = columns_of(Asset)
_BY_ID: Final = Statement(f"SELECT {_COLUMNS} FROM asset WHERE id = :id")
_KNOWN: Final = Statement(f"SELECT {_COLUMNS} FROM asset WHERE person_id = :person_id AND identity = :identity")
_COUNT: Final = Statement("SELECT COUNT(*) FROM asset WHERE person_id = :person_id")
_ADD: Final = Insert("asset", Asset.__struct_fields__)
_SEEN: Final = Update("asset", ["app_id", "name", "device_id", "device_key", "last_token_at"])
_TOKEN: Final = Statement(f"SELECT {columns_of(AssetToken)} FROM asset_token WHERE id = :id")
_REVOKE_TOKEN: Final = Update("asset_token", ["revoked_at"], where="t.revoked_at IS NULL")
_ADD_TOKEN: Final = Insert("asset_token", AssetToken.__struct_fields__)


async def asset_by_id(db: Session, asset_id: str) -> Asset | None:
    """Return an asset by its 18-character id."""
    row = await db.one(_BY_ID, asset_id)
    return None if row is None else Asset(*cast(Any, row))


async def asset_known_as(db: Session, person_id: str, identity: str) -> Asset | None:
    """Return a user's asset by what it is known again by."""
    row = await db.one(_KNOWN, person_id, identity)
    return None if row is None else Asset(*cast(Any, row))


async def assets_of(db: Session, person_id: str) -> int:
    """Return how many assets a user has."""
    row = await db.one(_COUNT, person_id)
    return cast(int, row[0]) if row else 0


def add_asset(asset: Asset) -> Step:
    """Register a device. A `Conflict` says that somebody else just did."""
    return Step(_ADD, msgspec.structs.astuple(asset))


def note_token(asset: Asset) -> Step:
    """Note a new token for a device, and what it says of itself."""
    return Step(_SEEN, (asset.app_id, asset.name, asset.device_id, asset.device_key, asset.last_token_at, asset.id))


async def asset_token_by_id(db: Session, token_id: str) -> AssetToken | None:
    """Return an asset token that was given out and is not swept away."""
    row = await db.one(_TOKEN, token_id)
    return None if row is None else AssetToken(*cast(Any, row))


def add_asset_token(token: AssetToken) -> Step:
    """Store an asset token, as its hash."""
    return Step(_ADD_TOKEN, msgspec.structs.astuple(token))


def revoke_asset_token(token_id: str, now_ms: int) -> Step:
    """Guard: end an asset token; exactly one request can."""
    return Step(_REVOKE_TOKEN, (now_ms, token_id))
