"""Statements over tables of the schema, as stories need them: tokens that are spent once, and counters."""

import asyncio
from collections.abc import Iterable

from grantway.store.database import Database
from grantway.store.statement import Insert, Row, Statement, Step, Update, Write

ADD = Insert("refresh_token", ["id", "hash", "family_id", "issued_at", "spent_at", "settled_us", "successor_id"])
SPEND = Update("refresh_token", ["spent_at", "successor_id"], where="t.spent_at IS NULL")
SETTLE = Update("refresh_token", ["settled_us"])
NAME_SUCCESSOR = Update("refresh_token", ["successor_id"])
REPLACE = Update("refresh_token", ["issued_at"], where="t.issued_at = :expected")
FIND = Statement(
    "SELECT id, hash, family_id, issued_at, spent_at, settled_us, successor_id FROM refresh_token WHERE id = :id"
)
ALL = Statement(
    "SELECT id, hash, family_id, issued_at, spent_at, settled_us, successor_id FROM refresh_token ORDER BY id"
)
FAIL = Insert(
    "login_failure",
    ["principal", "failures", "last_at"],
    "(principal) DO UPDATE SET failures = login_failure.failures + excluded.failures, last_at = excluded.last_at",
)
FAILURES = Statement("SELECT principal, failures, last_at FROM login_failure ORDER BY principal")
FORGET = Statement("DELETE FROM refresh_token WHERE id = :id")


def add(
    token_id: str, *, content: bytes = b"", issued_at: int = 0, spent_at: int | None = None, successor: str = ""
) -> Step:
    return Step(ADD, (token_id, content, "family", issued_at, spent_at, None, successor))


def spend(token_id: str, successor: str = "", at: int = 1) -> Step:
    return Step(SPEND, (at, successor, token_id))


def rotation(token_id: str, successor: str) -> Write:
    """What a refresh does: spend one token, store the next, note when that was on disk."""
    return Write((add(successor),), spend(token_id, successor), Step(SETTLE, (token_id,)))


async def ids(db: Database) -> list[str]:
    return [str(row[0]) for row in await db.all(ALL)]


async def found(db: Database, token_id: str) -> Row:
    row = await db.one(FIND, token_id)
    assert row is not None
    return row


async def together(db: Database, writes: Iterable[Write]) -> list[bool | BaseException]:
    """Commit writes at the same time, so that they share groups; give what each was told."""
    return list(await asyncio.gather(*[db.commit(write) for write in writes], return_exceptions=True))
