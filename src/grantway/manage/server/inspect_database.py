"""Looking through a database: is everything in it whole, readable with this key file, and consistent (`db check`)?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.app import read_values
from grantway.domain.org import UserDetails
from grantway.domain.permissions import read_permissions
from grantway.domain.token_handler import SECRET_PURPOSES, HandlerRow, TokenHandler
from grantway.kit.jose import SigningKey
from grantway.kit.secrets import KeyRingError
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.settings.token_handlers import GUEST_USER
from grantway.store import schema
from grantway.store.apps import SECRET_PURPOSE
from grantway.store.signing_keys import SEAL_PURPOSE
from grantway.store.statement import Statement, columns_of

_INTEGRITY: Final = Statement("PRAGMA integrity_check")
_STRAYS: Final = Statement("PRAGMA foreign_key_check")
_KEY_ROWS: Final = Statement(
    "SELECT kid, private_box FROM signing_key WHERE retired_at IS NULL OR retired_at > :now ORDER BY kid"
)
_APP_ROWS: Final = Statement("SELECT name, secret_box, secret_mac, settings FROM app ORDER BY id")
_POLICY_ROWS: Final = Statement(
    "SELECT a.name, o.name, p.settings, p.run_as FROM app_policy p JOIN app a ON a.id = p.app_id"
    " JOIN org o ON o.id = p.org_id ORDER BY a.name, o.name"
)
_ORG_ROWS: Final = Statement("SELECT name, settings FROM org ORDER BY id")
_HOLDER_ROWS: Final = Statement(
    "SELECT 'profile', name, permissions FROM profile UNION ALL"
    " SELECT 'permission set', name, permissions FROM permission_set ORDER BY 1, 2"
)
_USER_ROWS: Final = Statement("SELECT username, details, is_guest, password_hash FROM person ORDER BY username")
_HANDLER_ROWS: Final = Statement(
    f"SELECT {columns_of(HandlerRow)} FROM token_handler ORDER BY id"  # noqa: S608 - our own names
)
_GUESTS: Final = Statement("SELECT org_id, username FROM person WHERE is_guest = 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found: the schema's version, migrations that are missing, and problems in words."""

    version: int
    pending: tuple[str, ...]
    problems: tuple[str, ...]


async def inspect(desk: Desk) -> Inspection:
    """Look through everything that decides; changes nothing.

    Raises:
        ManageProblem: the caller is not the operator.
        Unavailable: the database does not answer.
    """
    desk.caller.needs(Right.SERVER)
    pending = tuple(f"{one.number:04d}_{one.name}" for one in await schema.pending(desk.db))
    version = await schema.version_of(desk.db)
    if not await schema.can_serve(desk.db):
        problems: tuple[str, ...] = ("the schema is of a newer release than this one: update Grantway",)
    else:
        problems = () if pending else tuple([one async for one in _problems(desk)])
    return Inspection(version=version, pending=pending, problems=problems)


async def _problems(desk: Desk) -> AsyncIterator[str]:
    for look in (_damage, _signing_keys, _apps, _policies, _orgs, _people, _token_handlers):
        async for problem in look(desk):
            yield problem


async def _damage(desk: Desk) -> AsyncIterator[str]:
    if desk.db.name == "sqlite":
        for row in await desk.session.all(_INTEGRITY):
            if row[0] != "ok":
                yield f"the file is damaged: {row[0]!s}"
        for row in await desk.session.all(_STRAYS):
            yield f"a row of {row[0]!s} belongs to a row of {row[2]!s} that is not there"


async def _signing_keys(desk: Desk) -> AsyncIterator[str]:
    rows = cast(Sequence[tuple[str, bytes]], await desk.session.all(_KEY_ROWS, desk.clock.now_ms()))
    if not rows:
        yield "there is no signing key: grantway keys rotate makes one"
    for kid, box in rows:
        try:
            SigningKey(kid, desk.ring.open(box, SEAL_PURPOSE))
        except (KeyRingError, ValueError) as problem:
            yield f"signing key {kid}: {problem}"


async def _apps(desk: Desk) -> AsyncIterator[str]:
    for name, box, mac, document in cast(Sequence[tuple[str, bytes, bytes, str]], await desk.session.all(_APP_ROWS)):
        try:
            secret = desk.ring.open(box, SECRET_PURPOSE).decode()
            if mac not in desk.ring.digests(secret, SECRET_PURPOSE):
                yield f"app {name}: the consumer secret and its hash disagree"
        except KeyRingError as problem:
            yield f"app {name}: the consumer secret: {problem}"
        if unreadable := _unreadable(document):
            yield f"app {name}: {unreadable}"


async def _policies(desk: Desk) -> AsyncIterator[str]:
    rows = cast(Sequence[tuple[str, str, str, str]], await desk.session.all(_POLICY_ROWS))
    for name, org, document, run_as in rows:
        if unreadable := _unreadable(document):
            yield f"policies of app {name} in {org}: {unreadable}"
        elif read_values(document).get(s.RUN_AS, "") != run_as:
            yield f"policies of app {name} in {org}: run_as and its column disagree"


async def _orgs(desk: Desk) -> AsyncIterator[str]:
    for name, document in cast(Sequence[tuple[str, str]], await desk.session.all(_ORG_ROWS)):
        if unreadable := _unreadable(document):
            yield f"org {name}: {unreadable}"


async def _people(desk: Desk) -> AsyncIterator[str]:
    for kind, name, document in cast(Sequence[tuple[str, str, str]], await desk.session.all(_HOLDER_ROWS)):
        try:
            read_permissions(document)
        except ValueError as problem:
            yield f"{kind} {name}: its user permissions cannot be read: {problem}"
    rows = cast(Sequence[tuple[str, str, int, str]], await desk.session.all(_USER_ROWS))
    for username, document, is_guest, password in rows:
        if is_guest and password:
            yield f"user {username}: a guest user, and has a password"
        try:
            msgspec.json.decode(document or "{}", type=UserDetails)
        except ValueError as problem:
            yield f"user {username}: the details cannot be read: {problem}"


async def _token_handlers(desk: Desk) -> AsyncIterator[str]:
    guests = set(await desk.session.all(_GUESTS))
    for found in await desk.session.all(_HANDLER_ROWS):
        row = HandlerRow(*cast(Any, found))
        try:
            handler = TokenHandler(row)
        except ValueError as problem:
            yield f"token exchange handler {row.name}: it cannot be read: {problem}"
            continue
        for secret, purpose in SECRET_PURPOSES.items():
            try:
                if box := handler.box(secret):
                    desk.ring.open(box, purpose)
            except KeyRingError as problem:
                yield f"token exchange handler {row.name}: {secret.name}: {problem}"
        guest = handler[GUEST_USER]
        if guest and (row.org_id, guest) not in guests:
            yield f"token exchange handler {row.name}: {guest} is no guest user of its org"


def _unreadable(document: str) -> str | None:
    try:
        read_values(document)
    except ValueError as problem:
        return f"its settings cannot be read: {problem}"
    return None
