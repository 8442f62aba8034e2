"""Lists read piece by piece: what follows a place in an order that no two rows share, never an offset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Which piece of a list is asked for: at most `limit` rows after the place where the last piece ended."""

    limit: int
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[T]):
    """A piece of a list; `next` is the place where the following one begins, None at the end."""

    items: Sequence[T]
    next: Place | None = None


def like(words: str) -> str:
    """Return the LIKE pattern (escaped by !) of what holds some words anywhere, in lower case."""
    return "%" + "".join("!" + char if char in "!%_" else char for char in words.lower()) + "%"
