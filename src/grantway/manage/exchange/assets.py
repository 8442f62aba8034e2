"""Devices that users registered by the asset token flow: seen, frozen, forgotten.

A frozen device gets no tokens, and those it has count no longer where this server is asked. Backends that verify by
the key set alone know nothing of it: what they hold ends by itself. A device that was deleted registers anew when it
comes again.
"""

from dataclasses import dataclass
from typing import Any, Final, cast

from grantway.domain.asset import Asset
from grantway.domain.org import Org
from grantway.kit.ids import ASSET, canonical_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.listing import Listed, Piece
from grantway.manage.problem import NotFound
from grantway.store.statement import Statement, columns_of

_COLUMNS: Final = f"{columns_of(Asset, 't')}, COALESCE(u.username, ''), COALESCE(a.name, '')"
_FROM: Final = "FROM asset t LEFT JOIN person u ON u.id = t.person_id LEFT JOIN app a ON a.id = t.app_id"
_PAGE: Final = Statement(
    f"SELECT {_COLUMNS} {_FROM} WHERE t.org_id = :org_id AND (t.last_token_at < CAST(:at AS BIGINT)"
    " OR (t.last_token_at = CAST(:at AS BIGINT) AND t.id < :id))"
    " ORDER BY t.last_token_at DESC, t.id DESC LIMIT CAST(:number AS BIGINT)"
)
_ONE: Final = Statement(f"SELECT {_COLUMNS} {_FROM} WHERE t.id = :id AND t.org_id = :org_id")
_FREEZE: Final = Statement("UPDATE asset SET is_frozen = :is_frozen WHERE id = :id")
_DELETE: Final = Statement("DELETE FROM asset WHERE id = :id")
_END: Final = 1 << 62
_FIELDS: Final = len(Asset.__struct_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A device with the names of its user and of the app that last asked for a token for it."""

    asset: Asset
    username: str
    app: str


async def page_of(desk: Desk, org: Org, piece: Piece) -> Listed[Registered]:
    """Return a piece of an org's devices, those with the newest tokens first.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.USAGE, org.id)
    at, asset_id = piece.after or (_END, "")
    rows = await desk.session.all(_PAGE, org.id, at, asset_id, piece.limit + 1)
    found = [_read(row) for row in rows[: piece.limit]]
    last = found[-1].asset if len(rows) > piece.limit else None
    return Listed(items=found, next=(last.last_token_at, last.id) if last is not None else None)


async def find(desk: Desk, org: Org, name: str) -> Registered:
    """Return a device of an org by its id, of 15 or 18 characters.

    Raises:
        ManageProblem: no right, or there is none.
    """
    desk.caller.needs(Right.USAGE, org.id)
    row = await desk.session.one(_ONE, canonical_id(name, ASSET) or "", org.id)
    if row is None:
        raise NotFound(f"there is no asset {name!r} in the org {org.name}")
    return _read(row)


async def freeze(desk: Desk, org: Org, name: str, *, frozen: bool = True) -> Registered:
    """Freeze a device, or let it have tokens again. Its tokens count no longer while it is frozen.

    Raises:
        ManageProblem: no right, or there is none.
    """
    async with desk.changing() as changing:
        found = await find(changing, org, name)
        if bool(found.asset.is_frozen) != frozen:
            await changing.run(_FREEZE, is_frozen=int(frozen), id=found.asset.id)
            kind = "admin.asset.freeze" if frozen else "admin.asset.unfreeze"
            await changing.audit(kind, org.id, name=found.asset.name, asset=found.asset.id, username=found.username)
        return await find(changing, org, name)


async def delete(desk: Desk, org: Org, name: str) -> Registered:
    """Forget a device; its tokens count no longer. When it comes again, it is a new one.

    Raises:
        ManageProblem: no right, or there is none.
    """
    async with desk.changing() as changing:
        found = await find(changing, org, name)
        await changing.run(_DELETE, found.asset.id)
        asset = found.asset
        await changing.audit("admin.asset.delete", org.id, name=asset.name, asset=asset.id, username=found.username)
        return found


def _read(row: Any) -> Registered:
    return Registered(
        asset=Asset(*cast(Any, row[:_FIELDS])), username=cast(str, row[_FIELDS]), app=cast(str, row[_FIELDS + 1])
    )
