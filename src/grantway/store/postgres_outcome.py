"""COMMIT, and what became of it when its answer was lost: found out by a row that only that transaction makes (R2)."""

import asyncio
from collections.abc import Iterable
from functools import cache
from typing import Final

from grantway.store.postgres_connection import HeldConnection, as_ours, is_lost
from grantway.store.statement import Insert, Statement, Step, Unavailable

# A process that has lost its client may still be at its COMMIT: until it is gone the outcome is not decided.
_END: Final = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE pid = $1 AND application_name = current_setting('application_name')"
)
_AGAIN_S: Final = 0.05


async def commit(held: HeldConnection, written: Iterable[Step]) -> None:
    """Commit the transaction that a connection is in; `written` is what it has written.

    When the answer is lost, the outcome is looked up on a new connection until the caller's deadline.

    Raises:
        Unavailable: with `unknown` set, it may have been done; without, nothing was.
        Exception: what the connection was lost with, or what the server refused with; nothing was done.
    """
    connection = await held.ready()
    process = connection.get_server_pid()
    try:
        status = await connection.execute("COMMIT")
    except BaseException as problem:
        if held.is_usable_after(problem):
            raise
        held.drop()
        evidence = _evidence_of(written) if is_lost(problem) else None
        if evidence is not None and await _was_committed(held, process, evidence):
            return
        if evidence is None:
            raise _unknown() from None
        raise
    if status != "COMMIT":
        raise Unavailable("PostgreSQL rolled the transaction back")


def _evidence_of(steps: Iterable[Step]) -> Step | None:
    """Return the look-up of a row that is there if, and only if, these steps were committed; None when there is none.

    A row with an id of its own: had another transaction made it, the insert would have failed before the COMMIT. What
    an update leaves proves nothing, for another may have written the same.
    """
    for step in steps:
        statement = step.statement
        if isinstance(statement, Insert) and not statement.on_conflict and statement.columns[0] == "id":
            return Step(_finder(statement.table), step.values[:1])
    return None


async def _was_committed(held: HeldConnection, process: int, evidence: Step) -> bool:
    """Tell whether the transaction of a server's process was committed; ends the process if it still runs."""
    try:
        while True:
            try:
                connection = await held.ready()
                if not await connection.fetchval(_END, process):
                    return await held.row(evidence.statement, evidence.values) is not None
            except Exception as problem:
                held.drop()
                if not isinstance(as_ours(problem), Unavailable):
                    raise
            await asyncio.sleep(_AGAIN_S)
    except BaseException as problem:  # most likely time is up
        held.drop()
        raise _unknown() from problem


def _unknown() -> Unavailable:
    return Unavailable("the answer to a COMMIT was lost", unknown=True)


@cache
def _finder(table: str) -> Statement:
    return Statement(f"SELECT 1 FROM {table} WHERE id = :id")
