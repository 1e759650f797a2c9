"""Small pictures drawn by the server: numbers in, rectangles out. Pure, and in whole units."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.chains import Chain, Token

WIDTH, HEIGHT = 3000, 600
LEAST = 6  # so that a small payment is seen beside a large one
COLOURS = 6
# What has which colour, on every page the same: first the token that each chain is mostly used for.
_KINDS = sorted(
    ((chain.value, token.value) for chain in Chain for token in Token),
    key=lambda kind: (kind[0] == Chain.TRON) != (kind[1] == Token.USDT),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of a chart of WIDTH × HEIGHT. `series` numbers its colour."""

    x: int
    y: int
    width: int
    height: int
    series: int


def series_of(chain: str, token: str) -> int:
    """The colour of a token on a chain; of what is neither, the last one."""
    kind = (chain, token)
    return _KINDS.index(kind) % COLOURS if kind in _KINDS else COLOURS - 1


def stacked(columns: Sequence[Sequence[int]], series: Sequence[int] = ()) -> list[Bar]:
    """One column of stacked bars per inner sequence; the highest column nearly fills the height.

    `series` are the colours of a column's parts, from its foot on; left out, they are numbered.
    """
    most = max((sum(column) for column in columns), default=0)
    if most == 0:
        return []
    step = WIDTH // len(columns)
    room = HEIGHT - LEAST * max(len(column) for column in columns)
    bars = []
    for place, column in enumerate(columns):
        top = HEIGHT
        for number, amount in enumerate(column):
            if amount:
                height = max(amount * room // most, LEAST)
                top -= height
                colour = series[number] if series else number % COLOURS
                bars.append(Bar(place * step + step // 10, top, step * 4 // 5, height, colour))
    return bars


@dataclass(frozen=True, slots=True)
class Groups:
    """Bars side by side, a group for each column, above and below the line at `zero`."""

    bars: Sequence[Bar]
    zero: int


def grouped(columns: Sequence[Sequence[int]]) -> Groups:
    """One group of bars per inner sequence, one bar per amount; amounts may be negative."""
    amounts = [amount for column in columns for amount in column]
    most, least = max([0, *amounts]), min([0, *amounts])
    if most == least:
        return Groups([], HEIGHT)
    zero = HEIGHT * most // (most - least)
    step = WIDTH // len(columns)
    bars = []
    for place, column in enumerate(columns):
        width = step * 4 // 5 // len(column)
        for series, amount in enumerate(column):
            if amount:
                height = max(abs(amount) * HEIGHT // (most - least), LEAST)
                x = place * step + step // 10 + series * width
                y = max(zero - height, 0) if amount > 0 else min(zero, HEIGHT - LEAST)
                bars.append(Bar(x, y, width - 4, height, series % COLOURS))
    return Groups(bars, zero)
