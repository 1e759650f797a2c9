"""What a benchmark says: figures, each with its rival and its limit, as a table or as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

TITLES = ("workload", "figure", "measured", "rival", "limit", "verdict")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `rival` says in words what it stands beside; no limit means it is shown only."""

    workload: str
    name: str
    measured: float
    unit: str = ""
    rival: str = ""
    limit: float | None = None
    exactly: bool = False  # the limit is the only right value, such as "every row once"

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.measured == self.limit if self.exactly else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "holds" if self.holds else "MISSES"


def as_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people, one line each, columns aligned."""
    rows = [TITLES, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(TITLES))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def as_json(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """Return the figures for machines: their fields, and whether each holds."""
    return [{**asdict(figure), "holds": figure.holds} for figure in figures]


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = "=" if figure.exactly else "≤"
    limit = "" if figure.limit is None else f"{sign} {_number(figure.limit)}"
    measured = f"{_number(figure.measured)} {figure.unit}".strip()
    return (figure.workload, figure.name, measured, figure.rival, limit, figure.verdict)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,.2f}"
