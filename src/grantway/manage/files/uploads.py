"""Metadata files that were uploaded to be looked at first: kept sealed until they are confirmed, half an hour at most.

Why they are kept here and not in the page: docs/decisions/0011-uploads.md.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, cast

import msgspec

from grantway.domain.org import Org
from grantway.kit.clock import MINUTE_MS
from grantway.kit.ids import new_row_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.files.import_app import Imported, SourceFile, import_files
from grantway.manage.files.metadata_files import files_in
from grantway.manage.problem import ManageProblem, StaleVersion
from grantway.metadata.archive import TOTAL_LIMIT
from grantway.store.statement import Insert, Statement

KEPT_MS: Final = 30 * MINUTE_MS
FILES_LIMIT: Final = 200
"""Files of one import, those in archives counted. More at once: `grantway app import`."""
_PURPOSE: Final = b"metadata-upload"
_RIGHTS: Final = (Right.APPS, Right.ORG_SETTINGS, Right.CUSTOM_SCOPES, Right.CUSTOM_PERMISSIONS, Right.TOKEN_HANDLERS)
_ADD: Final = Insert("metadata_upload", ["id", "person_id", "session_id", "files", "created_at"])
_FIND: Final = Statement(
    "SELECT id, files FROM metadata_upload WHERE person_id = :person_id AND session_id = :session_id"
    " AND created_at > CAST(:since AS BIGINT)"
)
_FORGET: Final = Statement("DELETE FROM metadata_upload WHERE person_id = :person_id")
_TAKE: Final = Statement("DELETE FROM metadata_upload WHERE id = :id RETURNING id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an upload would do. `seen` stands for exactly this: whoever confirms names it."""

    seen: str
    files: tuple[Imported, ...]


def demand_some_right(desk: Desk, org: Org) -> None:
    """Demand the right to change at least one kind of thing that files are about; each file asks for its own.

    Raises:
        NotAllowed: names a permission that is missing.
    """
    if not any(desk.caller.may(right, org.id) for right in _RIGHTS):
        desk.caller.needs(Right.APPS, org.id)


def unpacked(sent: Iterable[tuple[str, bytes]]) -> tuple[SourceFile, ...]:
    """Return the metadata files in what was sent, as names and contents; archives are opened.

    Raises:
        ManageProblem: nothing was sent, or too many files, or too much.
    """
    files: list[SourceFile] = []
    size = 0
    # One archive is open at a time, and none after there is too much.
    for file in (file for name, data in sent for file in files_in(name, data)):
        files.append(file)
        size += len(file.data)
        if len(files) > FILES_LIMIT:
            raise _too_much(f"these are more than {FILES_LIMIT} files")
        if size > TOTAL_LIMIT:
            raise _too_much(f"these files have more than {TOTAL_LIMIT:,} bytes together")
    if not files:
        raise ManageProblem.at("files", "select at least one file")
    return tuple(files)


def _too_much(what: str) -> ManageProblem:
    return ManageProblem.at("files", f"{what}; send fewer at once, or use grantway app import")


async def keep(desk: Desk, org: Org, session_id: str, sent: tuple[tuple[str, bytes], ...]) -> None:
    """Keep what somebody sent, in the place of what they sent before; `session_id` is the session that may confirm it.

    Raises:
        ManageProblem: no right, nothing was sent, or too many files.
    """
    demand_some_right(desk, org)
    await asyncio.to_thread(unpacked, sent)
    sealed = desk.ring.seal(msgspec.msgpack.encode(sent), _PURPOSE)
    now = desk.clock.now_ms()
    async with desk.changing() as changing:
        await changing.run(_FORGET, desk.caller.user_id)
        await changing.run(_ADD, new_row_id(now), desk.caller.user_id, session_id, sealed, now)


async def preview(desk: Desk, org: Org, session_id: str) -> Preview | None:
    """Return what this session's upload would do, each file tried and taken back; None if there is no upload.

    Raises:
        ManageProblem: no right.
    """
    found = await _find(desk, org, session_id)
    return None if found is None else await _tried(desk, org, *found)


async def confirm(desk: Desk, org: Org, session_id: str, seen: str) -> tuple[Imported, ...] | None:
    """Import what was uploaded, if it would still do what was seen; it is gone then. None if there is no upload.

    As on the command line each file is taken whole or not at all, and one that is refused does not stop the rest.

    Raises:
        StaleVersion: it would do something else by now, or was confirmed by another request.
        ManageProblem: no right.
    """
    found = await _find(desk, org, session_id)
    if found is None:
        return None
    if (await _tried(desk, org, *found)).seen != seen:
        raise StaleVersion("this is not what you looked at: something changed meanwhile")
    upload_id, files = found
    async with desk.changing() as changing:
        if not await changing.run(_TAKE, upload_id):
            raise StaleVersion("these files are being imported already")
    return await import_files(desk, org, files)


async def _tried(desk: Desk, org: Org, upload_id: str, files: tuple[SourceFile, ...]) -> Preview:
    told = await import_files(desk, org, files, dry_run=True)
    digest = hashlib.sha256(msgspec.json.encode([upload_id, *map(asdict, told)])).hexdigest()
    return Preview(seen=digest, files=told)


async def _find(desk: Desk, org: Org, session_id: str) -> tuple[str, tuple[SourceFile, ...]] | None:
    demand_some_right(desk, org)
    row = await desk.session.one(_FIND, desk.caller.user_id, session_id, desk.clock.now_ms() - KEPT_MS)
    if row is None:
        return None
    opened = desk.ring.open(cast(bytes, row[1]), _PURPOSE)
    sent = msgspec.msgpack.decode(opened, type=tuple[tuple[str, bytes], ...])
    # Megabytes may come out of an archive: the others are answered meanwhile.
    return cast(str, row[0]), await asyncio.to_thread(unpacked, sent)
