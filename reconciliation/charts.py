"""Small pictures drawn by the server: numbers in, rectangles out. Pure, and in whole units."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 3000, 600
LEAST = 6  # so that a small payment is seen beside a large one
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of a chart of WIDTH × HEIGHT. `series` numbers its colour."""

    x: int
    y: int
    width: int
    height: int
    series: int


def stacked(columns: Sequence[Sequence[int]]) -> list[Bar]:
    """One column of stacked bars per inner sequence; the highest column nearly fills the height."""
    most = max((sum(column) for column in columns), default=0)
    if most == 0:
        return []
    step = WIDTH // len(columns)
    room = HEIGHT - LEAST * max(len(column) for column in columns)
    bars = []
    for place, column in enumerate(columns):
        top = HEIGHT
        for series, amount in enumerate(column):
            if amount:
                height = max(amount * room // most, LEAST)
                top -= height
                bars.append(
                    Bar(place * step + step // 10, top, step * 4 // 5, height, series % COLOURS)
                )
    return bars
