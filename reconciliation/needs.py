"""One line of "Needs you" on the first page."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Need:
    """One line of "Needs you": how many, of what, how much, and where it leads."""

    count: int
    what: str
    hint: str
    url: str
    shape: str
    is_urgent: bool = False
    sums: list[Any] = field(default_factory=list)


def counted(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
