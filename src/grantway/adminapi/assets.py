"""Devices that users registered by the asset token flow, in the token's org."""

from typing import Any, Final

from grantway.adminapi.ask import PAGING, Answer, Ask, Route
from grantway.adminapi.schema import FLAG, TIME, listed, record, text
from grantway.adminapi.usage import USAGE
from grantway.manage.exchange import assets
from grantway.protocol.when import iso_seconds

_ASSET: Final = record(
    {
        "id": text(18),
        "name": text(),
        "serial_number": text(),
        "device_id": text(),
        "username": text(),
        "app": text(80, description="The app that last asked for a token for it; empty where it is gone."),
        "shows_key": {**FLAG, "description": "Whether the device has shown a public key of its own."},
        "frozen": {**FLAG, "description": "A frozen device gets no tokens, and introspection calls its own inactive."},
        "created_at": TIME,
        "last_token_at": TIME,
    }
)


def _told(one: assets.Registered) -> dict[str, Any]:
    asset = one.asset
    return {
        "id": asset.id,
        "name": asset.name,
        "serial_number": asset.serial_number,
        "device_id": asset.device_id,
        "username": one.username,
        "app": one.app,
        "shows_key": bool(asset.device_key),
        "frozen": bool(asset.is_frozen),
        "created_at": iso_seconds(asset.created_at),
        "last_token_at": iso_seconds(asset.last_token_at),
    }


async def _list(ask: Ask) -> Answer:
    found = await assets.page_of(ask.desk, ask.org, ask.piece())
    return Answer(value=ask.piece_of(found, [_told(one) for one in found.items]))


async def _get(ask: Ask) -> Answer:
    return Answer(value=_told(await assets.find(ask.desk, ask.org, ask.params["asset"])))


async def _freeze(ask: Ask) -> Answer:
    return Answer(value=_told(await assets.freeze(ask.desk, ask.org, ask.params["asset"])))


async def _unfreeze(ask: Ask) -> Answer:
    return Answer(value=_told(await assets.freeze(ask.desk, ask.org, ask.params["asset"], frozen=False)))


async def _delete(ask: Ask) -> Answer:
    await assets.delete(ask.desk, ask.org, ask.params["asset"])
    return Answer(status=204)


ROUTES: Final = (
    Route(
        method="GET",
        path="/assets",
        name="listAssets",
        summary="Devices that users registered, those with the newest tokens first",
        right=USAGE,
        answer=_list,
        gives=listed(_ASSET),
        query=PAGING,
    ),
    Route(
        method="GET",
        path="/assets/{asset}",
        name="getAsset",
        summary="A device",
        right=USAGE,
        answer=_get,
        gives=_ASSET,
    ),
    Route(
        method="DELETE",
        path="/assets/{asset}",
        name="deleteAsset",
        summary="Forget a device: its tokens count no longer, and when it comes again it is a new one",
        right=USAGE,
        answer=_delete,
    ),
    Route(
        method="POST",
        path="/assets/{asset}/freeze",
        name="freezeAsset",
        summary="Keep a device from having tokens; those it has count no longer where this server is asked",
        right=USAGE,
        answer=_freeze,
        gives=_ASSET,
    ),
    Route(
        method="POST",
        path="/assets/{asset}/unfreeze",
        name="unfreezeAsset",
        summary="Let a device have tokens again",
        right=USAGE,
        answer=_unfreeze,
        gives=_ASSET,
    ),
)
