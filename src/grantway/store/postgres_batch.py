"""One statement for many rows: a statement's values as arrays, spread by `unnest`; which rows may go together."""

import re
from collections.abc import Sequence
from typing import Final

from grantway.store.statement import Insert, Row, SqlValue, Statement, Update

_NUMBER: Final = re.compile(r"\$(\d+)")
_NAME: Final = re.compile(r":([a-z_]+)")
_TARGET: Final = re.compile(r" ON CONFLICT \(([a-z_, ]+)\) DO UPDATE\b")


def insert_many(statement: Insert, types: Sequence[str]) -> str:
    """Return the insert of many rows."""
    into = f"INSERT INTO {statement.table} ({', '.join(statement.columns)})"
    return f"{into} SELECT * FROM {_arrays(types)}{statement.on_conflict}"


def update_many(statement: Update, types: Sequence[str]) -> str:
    """Return the update of many rows, no two of which may have the same key."""
    place = {name: f"v.p{number}" for number, name in enumerate(statement.names, start=1)}
    changes = ", ".join(f"{name} = {place[name]}" for name in statement.columns) + statement.counted
    where = _NAME.sub(lambda found: place[found[1]], statement.where)
    return (
        f"UPDATE {statement.table} AS t SET {changes} FROM {_arrays(types)}"
        f" WHERE t.{statement.key} = {place[statement.key]}{where} RETURNING t.{statement.key}"
    )


def select_many(statement: Statement, types: Sequence[str]) -> str:
    """Return the select that gives, for each of many rows of values, the first row and the number of the values."""
    text = _NUMBER.sub(r"v.p\1", statement.postgres)
    return (
        f"SELECT q.*, v.number FROM {_arrays(types, 'WITH ORDINALITY ', ', number')}"
        f" CROSS JOIN LATERAL (SELECT * FROM ({text}) AS s LIMIT 1) AS q"
    )


def _arrays(types: Sequence[str], ordinality: str = "", number: str = "") -> str:
    arrays = ", ".join(f"${index}::{name}[]" for index, name in enumerate(types, start=1))
    # Not the columns' own names: a condition that forgets its alias must not find them twice.
    names = ", ".join(f"p{index}" for index in range(1, len(types) + 1))
    return f"unnest({arrays}) {ordinality}AS v({names}{number})"


class Grouping:
    """What decides which rows of values may go into one statement, and in what order."""

    __slots__ = ("condition", "identity", "together")

    def __init__(self, statement: Statement) -> None:
        self.identity: Final = _identity(statement)
        """Where the values stand that name the row to be changed; empty when every row of values makes a row."""
        self.together: Final = _together(statement, self.identity)
        """Whether rows may go into one statement at all."""
        self.condition: Final = _condition(statement)
        """Where the values stand that only the condition of an update asks for."""

    def rounds(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Part rows so that those of one round change different rows, and changes of one row keep their order.

        Each round is sorted by what it changes: two servers that change the same rows wait for each other in the same
        order, and not in a circle.
        """
        if not self.identity:
            return [list(rows)]
        rounds: list[dict[tuple[str, ...], Row]] = []
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            name = tuple([str(row[place]) for place in self.identity])
            number = seen[name] = seen.get(name, -1) + 1
            if number == len(rounds):
                rounds.append({})
            rounds[number][name] = row
        return [[row for _, row in sorted(one.items())] for one in rounds]

    def key_of(self, row: Row) -> SqlValue:
        """Return the key of the row that an update changes."""
        return row[self.identity[0]]

    def condition_of(self, row: Row) -> Row:
        """Return the values that the condition of an update asks for, besides the key."""
        return tuple([row[place] for place in self.condition])


def _together(statement: Statement, identity: Sequence[int]) -> bool:
    if isinstance(statement, Insert):
        upsert = "DO UPDATE" in statement.on_conflict
        return statement.names == statement.columns and (not upsert or bool(identity))
    return isinstance(statement, Update)


def _identity(statement: Statement) -> tuple[int, ...]:
    if isinstance(statement, Update):
        return (statement.names.index(statement.key),)
    if isinstance(statement, Insert) and (target := _TARGET.match(statement.on_conflict)):
        return tuple(statement.columns.index(name.strip()) for name in target[1].split(","))
    return ()


def _condition(statement: Statement) -> tuple[int, ...]:
    if not isinstance(statement, Update):
        return ()
    asked = set(_NAME.findall(statement.where)) - {statement.key}
    return tuple(place for place, name in enumerate(statement.names) if name in asked)
