"""The replay table: which assertions were accepted before, and when first (decision 9; security.md S23)."""

from typing import Final, cast

from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step

_FIRST: Final = Statement("SELECT first_at FROM seen_assertion WHERE digest = :digest")
_FAR: Final = Statement("SELECT COUNT(*) FROM seen_assertion WHERE app_id = :app_id AND ends_at > :after")
# No ON CONFLICT: of two requests with one assertion the second's whole write is undone, and it looks again.
_REMEMBER: Final = Insert("seen_assertion", ["digest", "app_id", "first_at", "ends_at"])


async def first_seen(db: Session, digest: str) -> int | None:
    """Return when (ms) an assertion was accepted first; None when it never was."""
    row = await db.one(_FIRST, digest)
    return None if row is None else cast(int, row[0])


async def ending_after(db: Session, app_id: str, after_ms: int) -> int:
    """Return how many assertions of an app are remembered that end after a time."""
    row = await db.one(_FAR, app_id, after_ms)
    return cast(int, row[0]) if row else 0


def remember(digest: str, app_id: str, now_ms: int, ends_at: int) -> Step:
    """Remember an assertion until it ends; a `Conflict` says that somebody else just did."""
    return Step(_REMEMBER, (digest, app_id, now_ms, ends_at))
