"""Many rows in short transactions, of which one that cannot be written stops no other."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from django.db import connection, transaction

logger = logging.getLogger(__name__)
CHUNK = 50  # Rows in one transaction: short locks, few commits.

T = TypeVar("T")


@dataclass(slots=True)
class Moved:
    """How many payments became known or went elsewhere, and how many checkouts took which step."""

    recorded: int = 0
    moved: int = 0
    detected: int = 0
    confirming: int = 0
    confirmed: int = 0
    reorged: int = 0
    expired: int = 0
    underpaid: int = 0
    overpaid: int = 0
    reversed: int = 0
    restored: int = 0

    def add(self, other: "Moved") -> None:
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))


def in_chunks(items: Sequence[T], act: Callable[[Sequence[T]], Moved]) -> Moved:
    """Do `act` on so many items at a time, each time in a transaction of its own.

    A chunk that fails is done again item by item. What fails alone stays as it was and is logged,
    all others are done; then the first of these errors is raised, so that the job is seen to fail.
    """
    moved, errors = Moved(), list[Exception]()
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        if _done(chunk, act, moved) is None:
            continue
        for item in chunk:
            error = _done([item], act, moved)
            if error is not None:
                logger.error("could not be judged item=%s", item, exc_info=error)
                errors.append(error)
    if errors:
        raise errors[0]
    return moved


def _done(
    items: Sequence[T], act: Callable[[Sequence[T]], Moved], moved: Moved
) -> Exception | None:
    try:
        with transaction.atomic():
            done = act(items)
    # Whatever it is: in the end it is logged and raised, and until then the others come first.
    except Exception as error:
        if not connection.is_usable():
            raise
        return error
    moved.add(done)
    return None
