"""Authorization requests that wait for a person: a form leads back to one, and holds nothing of it (S3)."""

from typing import Any, Final, cast

import msgspec

from grantway.store.database import Session
from grantway.store.statement import Insert, Row, Statement, Step, Update, columns_of


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A request that waits in one browser; `request` is JSON. Times in ms."""

    id: str
    browser_id: str
    request: str
    created_at: int
    done_at: int | None


_ADD: Final = Insert("authorization_request", Waiting.__struct_fields__)
_BY_ID: Final = Statement(f"SELECT {columns_of(Waiting)} FROM authorization_request WHERE id = :id")
_CHANGE: Final = Update("authorization_request", ["request"], where="t.done_at IS NULL")
_FINISH: Final = Update("authorization_request", ["done_at"], where="t.done_at IS NULL")


def add_waiting(waiting: Waiting) -> Step:
    """Store a request that waits."""
    return Step(_ADD, cast(Row, msgspec.structs.astuple(waiting)))


async def waiting_by_id(db: Session, waiting_id: str) -> Waiting | None:
    """Return a request that waits or waited, or None."""
    row = await db.one(_BY_ID, waiting_id)
    return None if row is None else Waiting(*cast(Any, row))


def change_waiting(waiting_id: str, request: str) -> Step:
    """Guard or step: change a request that still waits."""
    return Step(_CHANGE, (request, waiting_id))


def finish_waiting(waiting_id: str, now_ms: int) -> Step:
    """Guard: a request is answered once, so one approval gives one code."""
    return Step(_FINISH, (now_ms, waiting_id))
