"""Backup and restore: what was taken back after the backup was made stays dead (R9)."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.manage.server import setup
from grantway.store import schema
from grantway.store.sqlite import SqliteDatabase
from grantway.store.sqlite_backup import put_in_place, remove_database, save_copy
from grantway.store.statement import Statement, Unavailable

_ORGS: Final = Statement("SELECT id FROM org ORDER BY id")
# A version that was counted before the restore must never come to mean something else: what servers keep goes by it.
_MARK: Final = tuple(
    map(
        Statement,
        (
            # What a key signed that came back may have been ended since: another one is made at the next need.
            "UPDATE org SET not_before = CASE WHEN not_before > :now THEN not_before ELSE :now END, version = :now,"
            " access_kid = ''",
            "UPDATE signing_key SET retired_at = :now WHERE purpose = 'access_token' AND retired_at IS NULL",
            "UPDATE app SET version = :now",
            "UPDATE app_policy SET version = :now",
            # One that came back may have been taken away since: administrators make another.
            "DELETE FROM initial_access_token WHERE created_at <= :now",
        ),
    )
)
_POSTGRES: Final = "PostgreSQL has tools of its own: pg_dump and pg_restore, then grantway db restored"


async def backup(desk: Desk, file: Path) -> None:
    """Write the database as it is at this moment to a new file, while servers use it. The key file is not in it.

    Raises:
        ManageProblem: the caller is not the operator, the database is no SQLite file, or the file cannot be written.
        Unavailable: the database does not answer.
    """
    desk.caller.needs(Right.SERVER)
    path = _path_of(desk)
    try:
        await asyncio.to_thread(save_copy, path, file)
    except FileExistsError:
        raise ManageProblem(f"{file} is there already: name a new file") from None
    except OSError as problem:
        raise ManageProblem(f"{file} cannot be written: {problem.strerror}") from problem


async def restore(desk: Desk, file: Path) -> None:
    """Put a backup in the place of all that stands in the database; servers that use it go on with what it says.

    The backup is brought to this release's schema, and all tokens and sessions in it are ended, before anybody sees it.

    Raises:
        ManageProblem: the caller is not the operator, the database is no SQLite file, or the file is no backup.
        KeyRingError: the key file is not the one the backup was written with.
        Unavailable: the database does not answer; nothing was changed.
    """
    desk.caller.needs(Right.SERVER)
    path = _path_of(desk)
    draft = Path(f"{path}.restoring.{os.getpid()}")
    try:
        await asyncio.to_thread(save_copy, str(file), draft)
    except (OSError, Unavailable) as problem:
        raise ManageProblem(f"{file} cannot be read as a backup: {problem}") from problem
    try:
        restored = SqliteDatabase(str(draft), desk.clock)
        try:
            await _prepare(replace(desk, db=restored), file)
        finally:
            await restored.close()
        await asyncio.to_thread(put_in_place, str(draft), path)
    finally:
        remove_database(draft)


async def _prepare(desk: Desk, file: Path) -> None:
    if not await schema.version_of(desk.db):
        raise ManageProblem(f"{file} is no backup of Grantway")
    await setup.make_ready(desk, upgrade=True)
    await mark_restored(desk)


async def mark_restored(desk: Desk) -> int:
    """End every token and session issued until now, as is needed after older data came back; returns how many orgs.

    Raises:
        ManageProblem: the caller is not the operator.
        Unavailable: the database does not answer.
    """
    desk.caller.needs(Right.SERVER)
    now = desk.clock.now_ms()
    async with desk.changing() as changing:
        for statement in _MARK:
            await changing.run(statement, now)
        orgs = await changing.session.all(_ORGS)
        for (org_id,) in orgs:
            await changing.audit("admin.database.restored", cast(str, org_id))
    return len(orgs)


def _path_of(desk: Desk) -> str:
    if not isinstance(desk.db, SqliteDatabase):
        raise ManageProblem(_POSTGRES)
    return desk.db.path
