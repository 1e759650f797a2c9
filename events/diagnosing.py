"""What happened to the first event whose link does not fit: told from what else would fit."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from events import chain
from events.heads import Receipt
from events.models import SealHead
from events.stored import Place, all_links, chunks, links_of

Row = tuple[Any, ...]


class What(StrEnum):
    """What was done to the sealed chain."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TAIL_CUT = "tail cut"
    SEAL_CHANGED = "seal changed"
    SEAL_REMOVED = "seal removed"
    SEALED_ANEW = "sealed anew"
    HEAD_CHANGED = "head changed"
    HEAD_REMOVED = "head removed"
    HEAD_PUT_BACK = "head put back"
    ANOTHER_KEY = "head signed with another key"
    NOT_SEALED = "not sealed"


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken link: what was done, at which number, to which event (None: it is gone)."""

    what: What
    sequence: int
    event_id: str | None
    detail: str


def gap(row: Row, expected: int) -> Break:
    """The event that comes next in the order has another number than must come next."""
    if row[chain.SEQUENCE] < expected:
        return Break(What.INSERTED, row[chain.SEQUENCE], row[chain.ID], "no event had this number")
    return Break(
        What.REMOVED, expected, None, f"event {expected:,} is gone; {row[chain.ID]} follows the gap"
    )


def resealed(row: Row, noted: Receipt) -> Break:
    """The chain holds together, but is another one than a head noted elsewhere says."""
    return Break(
        What.SEALED_ANEW,
        row[chain.SEQUENCE],
        row[chain.ID],
        f"a head noted at {noted.sealed_at} has another link here: something up to this event "
        "was changed and everything sealed again",
    )


def diagnose(place: Place, row: Row, previous: bytes, head: SealHead) -> Break:
    """Say what was done to `row`, whose link, made from `previous`, is not the sealed one.

    Reads all events and seals of the place once more.
    """
    sequence = row[chain.SEQUENCE]
    sealed = links_of(place, sequence, sequence).get(sequence)
    if sealed is None:
        return Break(What.SEAL_REMOVED, sequence, row[chain.ID], "its link is gone")
    if _link_was_changed(place, row, previous, head):
        return Break(
            What.SEAL_CHANGED, sequence, row[chain.ID], "its link was changed, the event not"
        )
    here = _event_that_fits(place, sequence, previous, sealed, head)
    there = _number_that_fits(place, row)
    if here is not None and there is not None:
        detail = f"here belongs {here[chain.ID]}, which now has number {here[chain.SEQUENCE]:,}"
        return Break(What.REORDERED, sequence, row[chain.ID], detail)
    if here is not None:
        detail = f"it was never sealed; here belongs {here[chain.ID]}"
        return Break(What.INSERTED, sequence, row[chain.ID], detail)
    if there is not None:
        detail = f"event {sequence:,} is gone, and {row[chain.ID]}, once {there:,}, has its number"
        return Break(What.REMOVED, sequence, None, detail)
    return Break(What.EDITED, sequence, row[chain.ID], "it says something else than was sealed")


def _link_was_changed(place: Place, row: Row, previous: bytes, head: SealHead) -> bool:
    """Whether what follows fits the event as it is now, and not the link that is kept for it."""
    made, sequence = chain.link(previous, row), row[chain.SEQUENCE]
    if sequence == head.sequence:
        return made.hex() == head.digest
    following = links_of(place, sequence + 1, sequence + 1).get(sequence + 1)
    after = next(
        (
            each
            for rows in chunks(place, sequence + 1)
            for each in rows
            if each[chain.SEQUENCE] == sequence + 1
        ),
        None,
    )
    return after is not None and following == chain.link(made, after)


def _event_that_fits(
    place: Place, sequence: int, previous: bytes, sealed: bytes, head: SealHead
) -> Row | None:
    """The event that, with this number, has the sealed link: it stood here once."""
    return next(
        (
            each
            for rows in chunks(place, 2**63 - 1)
            for each in rows
            if chain.link(previous, _numbered(each, sequence)) == sealed
        ),
        None,
    )


def _number_that_fits(place: Place, row: Row) -> int | None:
    """The number under which this event was sealed, where that is another than it has now."""
    previous = chain.genesis(*place.key)
    for number, sealed in all_links(place):
        if chain.link(previous, _numbered(row, number)) == sealed:
            return number
        previous = sealed
    return None


def _numbered(row: Row, sequence: int) -> Row:
    return (*row[: chain.SEQUENCE], sequence, *row[chain.SEQUENCE + 1 :])
