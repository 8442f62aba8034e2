"""Bars from zero, stacked, drawn on the server: what stands where, in pixels; a template draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 440
HEIGHT: Final = 292
_LEFT, _TOP, _BOTTOM = 40, 10, 270
_COLOURS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a bar: `colour` is 1 to 6."""

    colour: int
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its place, its label (empty where there is no room), its story and its parts."""

    x: float
    width: float
    label: str
    story: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A chart: lines of the scale (place, label), bars, and the key (name, colour, sum)."""

    lines: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]
    key: tuple[tuple[str, int, int], ...]
    total: int
    left: int = _LEFT
    width: int = WIDTH
    height: int = HEIGHT


def bars(columns: Sequence[tuple[str, str, Mapping[str, int]]], *, every: int = 1, what: str = "tokens") -> Bars:
    """Lay out a chart.

    Args:
        columns: from left to right: a label, the same in full, and the numbers by name.
        every: how many bars share one label.
        what: what the numbers count.
    """
    sums: dict[str, int] = {}
    for _, _, numbers in columns:
        for name, number in numbers.items():
            sums[name] = sums.get(name, 0) + number
    order = sorted(sums, key=lambda name: (-sums[name], name))
    colour = {name: min(place, _COLOURS) for place, name in enumerate(order, start=1)}
    top = _round_up(max((sum(numbers.values()) for _, _, numbers in columns), default=0))
    scale = (_BOTTOM - _TOP) / top
    room = (WIDTH - _LEFT - 4) / max(len(columns), 1)
    drawn = []
    for place, (label, full, numbers) in enumerate(columns):
        y, pieces = float(_BOTTOM), []
        for name in order:
            height = numbers.get(name, 0) * scale
            if height:
                y -= height
                # A gap of one pixel tells the parts apart without colour.
                pieces.append(Piece(colour=colour[name], y=round(y, 1), height=round(max(height - 1, 0.5), 1)))
        number = sum(numbers.values())
        drawn.append(
            Bar(
                x=round(_LEFT + 4 + place * room, 1),
                width=round(room * 0.72, 1),
                label=label if place % every == 0 else "",
                story=f"{full}: {number:,} {what}",
                pieces=tuple(pieces),
            )
        )
    steps = 4 if top % 4 == 0 else 2 if top % 2 == 0 else 1
    lines = tuple((_BOTTOM - top * step / steps * scale, _short(top * step // steps)) for step in range(steps + 1))
    key = tuple((name, colour[name], sums[name]) for name in order)
    return Bars(lines=lines, bars=tuple(drawn), key=key, total=sum(sums.values()))


def _round_up(number: int) -> int:
    """Return the next number that makes a good scale."""
    size = 1
    while True:
        for first in (1, 2, 4, 8):
            if first * size >= number:
                return first * size
        size *= 10


def _short(number: int) -> str:
    for size, letter in ((1_000_000, "m"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return str(number)
