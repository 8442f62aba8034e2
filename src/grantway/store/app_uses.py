"""When apps were given access tokens and how many: counted in memory as it happens, written behind the answers."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step, Write

# app, org, user; the user is empty for the whole app.
Key = tuple[str, str, str]

_ADD: Final = Insert(
    "app_use",
    ["app_id", "org_id", "user_id", "first_at", "last_at", "uses"],
    "(app_id, org_id, user_id) DO UPDATE SET"
    " first_at = CASE WHEN excluded.first_at < app_use.first_at THEN excluded.first_at ELSE app_use.first_at END,"
    " last_at = CASE WHEN excluded.last_at > app_use.last_at THEN excluded.last_at ELSE app_use.last_at END,"
    " uses = app_use.uses + excluded.uses",
)
_LAST: Final = Statement("SELECT last_at FROM app_use WHERE org_id = :org_id AND app_id = :app_id AND user_id = ''")


class Uses(msgspec.Struct, frozen=True, gc=False):
    """The first and the last use (ms), and how many."""

    first_at: int
    last_at: int
    number: int

    def __add__(self, other: "Uses") -> "Uses":
        return Uses(min(self.first_at, other.first_at), max(self.last_at, other.last_at), self.number + other.number)


def add_uses(uses: Mapping[Key, Uses]) -> Write:
    """Add to what is known; always in the same order, so that two servers never wait for each other."""
    return Write(tuple(Step(_ADD, (*key, one.first_at, one.last_at, one.number)) for key, one in sorted(uses.items())))


async def last_use(db: Session, org_id: str, app_id: str) -> int:
    """Return when an app was last given an access token in an org (ms); 0 for never."""
    return (await last_uses(db, org_id, [app_id]))[0]


async def last_uses(db: Session, org_id: str, ids: Sequence[str]) -> list[int]:
    """Return the same of many apps, in the order of their ids."""
    rows = await db.each(_LAST, [(org_id, app_id) for app_id in ids])
    return [cast(int, row[0]) if row else 0 for row in rows]
