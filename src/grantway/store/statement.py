"""SQL statements that both engines understand, and `Write`: what a decision asks the store to do, as plain data."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

SqlValue = str | int | bytes | None
Row = tuple[SqlValue, ...]
_NAME: Final = re.compile(r":([a-z_]+)")
# One field of a JSON document in a column, as text or number: the engines write it differently.
_FIELD: Final = re.compile(r"FIELD\(([a-z_.]+), ([a-z_]+)\)")
# How long a read, a write or a step of a transaction may take before it is `Unavailable` (R5).
DEADLINE_S: Final = 5.0


class Statement:
    """One SQL statement with `:name` parameters, which are given by position, in the order the names first appear.

    `FIELD(column, name)` is a field of the JSON document in a column: NULL where it is absent, a list as its JSON text,
    and true as 1 or 'true', for the engines differ in that.
    """

    __slots__ = ("names", "postgres", "sqlite", "sqlite_many")

    def __init__(self, text: str) -> None:
        self.names: Final = tuple(dict.fromkeys(_NAME.findall(text)))
        number = {name: str(index) for index, name in enumerate(self.names, start=1)}
        self.sqlite: Final = _NAME.sub(
            lambda found: "?" + number[found[1]], _FIELD.sub(r"json_extract(\1, '$.\2')", text)
        )
        # For changes: sqlite3 counts and takes many sets of values at once only if a statement gives no rows.
        self.sqlite_many: Final = self.sqlite.partition(" RETURNING ")[0]
        self.postgres: Final = _NAME.sub(
            lambda found: "$" + number[found[1]], _FIELD.sub(r"(CAST(\1 AS json) ->> '\2')", text)
        )


class Insert(Statement):
    """Adds one row; many at once go in one statement where the engine can."""

    __slots__ = ("columns", "on_conflict", "table")

    def __init__(self, table: str, columns: Sequence[str], on_conflict: str = "") -> None:
        """Take the table and its columns in the order their values will come; `on_conflict` is the clause's rest."""
        self.table: Final = table
        self.columns: Final = tuple(columns)
        self.on_conflict: Final = f" ON CONFLICT {on_conflict}" if on_conflict else ""
        marks = ", ".join(f":{name}" for name in columns)
        super().__init__(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}){self.on_conflict}")


class Update(Statement):
    """Changes the one row whose `key` is given, if `where` holds of it (written with the alias `t`).

    Values come in the order of `columns`, then the key. Gives the key back when the row was changed: who gets it has
    won (S12). `counts` are columns that grow by one.
    """

    __slots__ = ("columns", "counted", "key", "table", "where")

    def __init__(
        self, table: str, columns: Sequence[str], *, counts: Sequence[str] = (), where: str = "", key: str = "id"
    ) -> None:
        self.table: Final = table
        self.counted: Final = "".join(f", {name} = t.{name} + 1" for name in counts)
        self.columns: Final = tuple(columns)
        self.key: Final = key
        self.where: Final = f" AND {where}" if where else ""
        changes = ", ".join(f"{name} = :{name}" for name in columns) + self.counted
        super().__init__(f"UPDATE {table} AS t SET {changes} WHERE t.{key} = :{key}{self.where} RETURNING {key}")


class Step(msgspec.Struct, frozen=True, gc=False):
    """A statement with its values."""

    statement: Statement
    values: Row


class Write(msgspec.Struct, frozen=True, gc=False):
    """What one request changes: all of it or nothing, durable before the answer leaves.

    - `guard`: a conditional update that exactly one request can win; when it changes no row, nothing is done. Its
      condition speaks of that row only.
    - `steps`: what else is written, in no particular order; of writes that share a commit every guard comes before any
      step.
    - `settles`: an update whose only column is filled with the time (µs) when the write was on disk; it is visible
      before the answer leaves, and may be lost in a crash.
    """

    steps: tuple[Step, ...] = ()
    guard: Step | None = None
    settles: Step | None = None


class Unavailable(Exception):
    """The database cannot be reached, or refuses to write: nothing was acknowledged. Answered with 503.

    `unknown`: the answer to a COMMIT was lost and what became of it could not be found out in time, so the write may
    have been done; it must be looked up by its key before anything of it is repeated (R2).
    """

    def __init__(self, text: str = "", *, unknown: bool = False) -> None:
        super().__init__(text)
        self.unknown: Final = unknown


class Conflict(Exception):
    """A row that must be unique exists already."""


class Unfit(ValueError):
    """A value that the engine cannot hold: a lone surrogate, an integer beyond 64 bits; in PostgreSQL also NUL in text.

    Raised by writes only: a read that asks for such a value finds nothing. What comes from outside is refused long
    before it is written, so this is a mistake on an upper floor.
    """


def columns_of(record: type[msgspec.Struct], alias: str = "") -> str:
    """Return the columns of a record in the order of its fields, so that `record(*row)` is right by construction."""
    dot = f"{alias}." if alias else ""
    return ", ".join(dot + name for name in record.__struct_fields__)
