"""GET, POST /setup/assets: the devices that users registered; which may have tokens, and which are forgotten."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.paging import SIZE
from grantway.console.places import app_path, user_path, with_query
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.kit.ids import ASSET, canonical_id
from grantway.manage.exchange import assets
from grantway.manage.listing import Piece
from grantway.protocol.when import iso_seconds

PATH: Final = "/setup/assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One device; `change` is where its button leads."""

    id: str
    name: str
    serial_number: str
    device_id: str
    username: str
    user_path: str
    app: str
    app_path: str
    last_token: str
    has_key: bool
    is_frozen: bool
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetsPage:
    """A piece of the devices; `more` leads to the next one, `first` back to the first."""

    template: ClassVar[str] = "setup/assets.html"
    title: str = "Assets"
    rows: tuple[Row, ...]
    more: str
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDeletePage:
    """What ends when a device is forgotten; asked before it is done."""

    template: ClassVar[str] = "setup/asset_delete.html"
    title: str
    row: Row


async def show(visit: Visit) -> Reply:
    """List the devices, those with the newest tokens first."""
    after = _place(visit.query.get("after", ""))
    found = await assets.page_of(visit.desk, visit.org, Piece(limit=SIZE, after=after))
    more = "" if found.next is None else with_query(PATH, after=f"{found.next[0]}.{found.next[1]}")
    page = AssetsPage(rows=tuple(map(_row, found.items)), more=more, first=PATH if after is not None else "")
    return visit.show(page, here=PATH)


async def freeze(visit: Visit) -> Reply:
    """Keep a device from having tokens."""
    return await _change(visit, frozen=True)


async def unfreeze(visit: Visit) -> Reply:
    """Let a device have tokens again."""
    return await _change(visit, frozen=False)


async def ask_delete(visit: Visit) -> Reply:
    """Say what ends."""
    row = _row(await assets.find(visit.desk, visit.org, visit.params["asset"]))
    page = AssetDeletePage(title=f"Forget {row.name or row.id}?", row=row)
    return visit.show(page, here=PATH, crumbs=(("Assets", PATH),))


async def delete(visit: Visit) -> Reply:
    """Forget a device."""
    gone = (await assets.delete(visit.desk, visit.org, visit.params["asset"])).asset
    return visit.go(PATH, saying=f"{gone.name or gone.id} is forgotten: its tokens count no longer.")


async def _change(visit: Visit, *, frozen: bool) -> Reply:
    done = await assets.freeze(visit.desk, visit.org, visit.params["asset"], frozen=frozen)
    name = done.asset.name or done.asset.id
    said = (
        f"{name} is frozen: it gets no tokens, and introspection calls those it has inactive."
        if frozen
        else f"{name} may have tokens again."
    )
    return visit.go(PATH, saying=said)


def _place(text: str) -> tuple[int, str] | None:
    at, _, asset_id = text.partition(".")
    known = canonical_id(asset_id, ASSET)
    return (int(at), known) if known and at.isascii() and at.isdigit() and len(at) < 16 else None


def _row(one: assets.Registered) -> Row:
    asset = one.asset
    return Row(
        id=asset.id,
        name=asset.name,
        serial_number=asset.serial_number,
        device_id=asset.device_id,
        username=one.username,
        user_path=user_path(one.username),
        app=one.app,
        app_path=app_path(one.app) if one.app else "",
        last_token=iso_seconds(asset.last_token_at),
        has_key=bool(asset.device_key),
        is_frozen=bool(asset.is_frozen),
        change=f"{PATH}/{asset.id}/{'unfreeze' if asset.is_frozen else 'freeze'}",
    )


ROUTES: Final = (
    Route(PATH, get=show),
    Route(f"{PATH}/{{asset}}/freeze", post=freeze),
    Route(f"{PATH}/{{asset}}/unfreeze", post=unfreeze),
    Route(f"{PATH}/{{asset}}/delete", get=ask_delete, post=delete),
)
