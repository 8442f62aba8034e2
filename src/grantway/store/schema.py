"""The schema: which version a database has, which migrations it lacks, and applying them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from grantway.store.database import Database, Session
from grantway.store.statement import Statement

_FILE: Final = re.compile(r"(\d{4})_([a-z_]+)(?:\.(sqlite|postgres))?\.sql")
_VERSION: Final = Statement("SELECT value FROM setting_of_server WHERE name = 'schema_version'")
_SERVES: Final = Statement("SELECT value FROM setting_of_server WHERE name = 'schema_serves'")
_SET_SERVES: Final = Statement(
    "INSERT INTO setting_of_server (name, value) VALUES ('schema_serves', :version)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_ADDS_ONLY: Final = re.compile(r"-- Serves releases from schema (\d+) on\b")
_SET_VERSION: Final = Statement(
    "INSERT INTO setting_of_server (name, value) VALUES ('schema_version', :version)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step of the schema's history; `texts` is its SQL by engine, under "" where both take the same.

    A step that only adds says in its first line which releases it still serves: those that know schema N or newer.
    """

    number: int
    name: str
    texts: dict[str, str]

    def text_for(self, engine: str) -> str:
        """Return the SQL for an engine."""
        return self.texts.get(engine) or self.texts[""]

    @property
    def serves(self) -> int:
        """The oldest schema whose releases can work with this one (R7)."""
        said = [_ADDS_ONLY.match(text) for text in self.texts.values()]
        return max(int(found[1]) if found else self.number for found in said)


def migrations() -> tuple[Migration, ...]:
    """Return every migration this release knows, in order."""
    found: dict[int, Migration] = {}
    for file in resources.files("grantway.store.migrations").iterdir():
        if match := _FILE.fullmatch(file.name):
            number = int(match[1])
            migration = found.setdefault(number, Migration(number=number, name=match[2], texts={}))
            migration.texts[match[3] or ""] = file.read_text()
    return tuple(found[number] for number in sorted(found))


def oldest_served(applied: Sequence[Migration]) -> int:
    """Return the oldest schema whose releases can work after these steps: no later one mends what an earlier broke."""
    return max(step.serves for step in applied)


async def version_of(db: Database, session: Session | None = None) -> int:
    """Return the number of the last migration applied; 0 for an empty database."""
    session = session or db
    if await session.one(db.table_exists, "setting_of_server") is None:
        return 0
    row = await session.one(_VERSION)
    return int(str(row[0])) if row else 0


async def can_serve(db: Database) -> bool:
    """Tell whether this release can work with a database: its schema is ours, older, or newer and still serves us."""
    newest = migrations()[-1].number
    if await version_of(db) <= newest:
        return True
    row = await db.one(_SERVES)
    return row is not None and int(str(row[0])) <= newest


async def pending(db: Database) -> tuple[Migration, ...]:
    """Return what is still to be applied."""
    version = await version_of(db)
    return tuple(migration for migration in migrations() if migration.number > version)


async def upgrade(db: Database) -> tuple[Migration, ...]:
    """Apply what is pending, each migration with its number in one transaction, and return what was applied.

    Several processes may call this at once: the one that comes second finds nothing left to do.

    Raises:
        Unavailable: the database does not answer.
    """
    applied = []
    for migration in await pending(db):
        async with db.transaction() as transaction:
            await transaction.one(db.schema_lock)
            if await version_of(db, transaction) >= migration.number:
                continue
            await transaction.script(db.ddl(migration.text_for(db.name)))
            await transaction.run(_SET_VERSION, str(migration.number))
            done = [one for one in migrations() if one.number <= migration.number]
            await transaction.run(_SET_SERVES, str(oldest_served(done)))
        applied.append(migration)
    return tuple(applied)
