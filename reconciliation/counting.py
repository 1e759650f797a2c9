"""What the first page counts, in one statement: a union whose arms have each their index.

Who waits for what is said elsewhere; here is only how many, of how much, and since when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, QuerySet, Sum, Value

Arm = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of one word, on which chain and of which token if that was asked; `since` when.

    `total_atomic` is what they sum to, 0 where nobody asked.
    """

    word: str
    chain: str
    token: str
    count: int
    total_atomic: int
    since: datetime | None


class Counts:
    """What one statement found, by its words. A word of which there is none counts 0."""

    def __init__(self, found: Iterable[Counted]) -> None:
        self._found = list(found)

    def lines(self, word: str) -> Sequence[Counted]:
        """What was counted under a word, the largest sum first."""
        mine = [each for each in self._found if each.word == word and each.count]
        return sorted(mine, key=lambda each: -each.total_atomic)

    def of(self, word: str) -> int:
        return sum(each.count for each in self.lines(word))

    def since(self, word: str) -> datetime | None:
        return min((each.since for each in self.lines(word) if each.since), default=None)


def how_many(word: str, rows: QuerySet[Any], since: str = "created_at") -> Arm:
    """Count rows under a word; `since` names the time of which the earliest is told."""
    return _arm(word, rows, Value(""), Value(""), Value(0), since)


def how_much(word: str, rows: QuerySet[Any], since: str = "created_at") -> Arm:
    """The same for each chain and token, with the sum."""
    return _arm(word, rows, F("chain"), F("token"), Sum("amount_atomic"), since)


def by_type(word: str, rows: QuerySet[Any]) -> Arm:
    """Count events under their types, which stand where a chain would; `word` heads them all."""
    return _arm(word, rows, F("type"), Value(""), Value(0), "created_at")


def count(arms: Sequence[Arm]) -> Counts:
    """Ask all of it. One query."""
    first, *others = arms
    return Counts(
        Counted(
            row["word"],
            row["at_chain"],
            row["of_token"],
            row["count"],
            int(row["total"] or 0),
            row["since"],
        )
        for row in first.union(*others, all=True)
    )


def _arm(word: str, rows: QuerySet[Any], chain: Any, token: Any, total: Any, since: str) -> Arm:
    named = rows.order_by().annotate(word=Value(word), at_chain=chain, of_token=token)
    found: Arm = named.values("word", "at_chain", "of_token").annotate(
        count=Count("pk"), total=total, since=Min(since)
    )
    return found
