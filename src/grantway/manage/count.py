"""A number for people that may be the least there is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number, and whether there may be more than was looked at."""

    number: int
    or_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.or_more else ''}"

    def __add__(self, other: "Count") -> "Count":
        return Count(number=self.number + other.number, or_more=self.or_more or other.or_more)

    def of(self, word: str) -> str:
        """Return the number with a word that takes an s: `1 grant`, `12 grants`."""
        return f"{self} {word}" if self.number == 1 and not self.or_more else f"{self} {word}s"
