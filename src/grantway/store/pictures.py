"""Copies of apps' pictures: which wait to be fetched, who fetches them, and what came of it."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from grantway.store.database import Database, Session
from grantway.store.statement import Insert, Statement, columns_of

# A server that took one up and went away has this long; then another may.
_TURN_MS: Final = 60_000
PATH: Final = "/pictures/"


class Waits(msgspec.Struct, frozen=True, gc=False):
    """A picture that is to be fetched. `due_at` (ms) is also the proof of whose turn it is."""

    app_id: str
    role: str
    url: str
    due_at: int


class Copy(msgspec.Struct, frozen=True, gc=False):
    """What is known of one picture of an app. Times in ms, 0 for never.

    - `role`: logo or icon.
    - `due_at`: None when nothing is to be done.
    - `problem`: why the last attempt, at `tried_at`, failed; an older copy may still stand.
    - `digest`: of the copy that is shown; empty without one.
    """

    role: str
    url: str
    due_at: int | None
    tried_at: int
    problem: str
    fetched_at: int
    digest: str

    @property
    def path(self) -> str:
        """Where it is served on this host; empty without a copy."""
        return PATH + self.digest if self.digest else ""


WAIT: Final = Insert(
    "app_picture",
    "app_id role url due_at tried_at problem fetched_at digest media_type body".split(),  # noqa: SIM905
    "(app_id, role) DO UPDATE SET url = excluded.url, due_at = excluded.due_at, tried_at = 0, problem = '',"
    " fetched_at = 0, digest = '', media_type = '', body = excluded.body",
)
DROP: Final = Statement("DELETE FROM app_picture WHERE app_id = :app_id AND role = :role")
ASK_AGAIN: Final = Statement(
    "UPDATE app_picture SET due_at = :now WHERE app_id = :app_id AND due_at IS NULL RETURNING role"
)
_DUE: Final = Statement(
    f"SELECT {columns_of(Waits)} FROM app_picture WHERE due_at <= :now ORDER BY due_at, app_id, role"
    " LIMIT CAST(:most AS BIGINT)"
)
_OF_TURN: Final = "WHERE app_id = :app_id AND role = :role AND url = :url AND due_at = :due_at RETURNING role"
_TAKE: Final = Statement(f"UPDATE app_picture SET due_at = :until {_OF_TURN}")
_KEEP: Final = Statement(
    "UPDATE app_picture SET due_at = NULL, tried_at = :now, problem = '', fetched_at = :now, digest = :digest,"
    f" media_type = :media_type, body = :body {_OF_TURN}"
)
_FAIL: Final = Statement(f"UPDATE app_picture SET due_at = NULL, tried_at = :now, problem = :problem {_OF_TURN}")
_OF_APP: Final = Statement(f"SELECT {columns_of(Copy)} FROM app_picture WHERE app_id = :app_id ORDER BY role DESC")
_SHOWN: Final = Statement(
    "SELECT digest FROM app_picture WHERE app_id = :app_id AND digest <> ''"
    " ORDER BY CASE WHEN role = CAST(:role AS TEXT) THEN 0 ELSE 1 END LIMIT 1"
)
_BODY: Final = Statement("SELECT media_type, body FROM app_picture WHERE digest = :digest LIMIT 1")


def to_wait(app_id: str, role: str, url: str, now: int) -> tuple[Any, ...]:
    """Return the values of `WAIT`: a picture that has not been fetched, in the place of any that was."""
    return (app_id, role, url, now, 0, "", 0, "", "", b"")


async def due(db: Session, now: int, most: int) -> Sequence[Waits]:
    """Return pictures that wait, those that have waited longest first."""
    return [Waits(*cast(Any, row)) for row in await db.all(_DUE, now, most)]


async def take(db: Database, one: Waits, now: int) -> Waits | None:
    """Take one up. None if another server has done so, or its address was changed."""
    taken = msgspec.structs.replace(one, due_at=now + _TURN_MS)
    async with db.transaction() as transaction:
        won = await transaction.run(_TAKE, taken.due_at, one.app_id, one.role, one.url, one.due_at)
    return taken if won else None


async def keep(db: Database, one: Waits, now: int, digest: str, media_type: str, body: bytes) -> None:
    """Store the copy, unless the address was changed meanwhile or another server's turn has come."""
    async with db.transaction() as transaction:
        await transaction.run(_KEEP, now, digest, media_type, body, one.app_id, one.role, one.url, one.due_at)


async def fail(db: Database, one: Waits, now: int, problem: str) -> None:
    """Store why there is no new copy; the old one of the same address stays."""
    async with db.transaction() as transaction:
        await transaction.run(_FAIL, now, problem, one.app_id, one.role, one.url, one.due_at)


async def of_app(db: Session, app_id: str) -> tuple[Copy, ...]:
    """Return what is known of an app's pictures, the logo first."""
    return tuple(Copy(*cast(Any, row)) for row in await db.all(_OF_APP, app_id))


async def shown(db: Session, ids: Sequence[str], role: str) -> list[str]:
    """Return the path of each app's picture in a role, of its other one where that is missing; empty without both."""
    rows = await db.each(_SHOWN, [(app_id, role) for app_id in ids])
    return [PATH + cast(str, row[0]) if row else "" for row in rows]


async def body_of(db: Session, digest: str) -> tuple[str, bytes] | None:
    """Return media type and bytes of the copy with a digest, or None."""
    row = await db.one(_BODY, digest)
    return cast("tuple[str, bytes] | None", row)
