"""Reading events and seals as they are stored, in the order of the numbers, piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from events import chain
from events.models import Seal

ROWS_AT_ONCE = 5_000

_CHUNK = f"""
SELECT {chain.COLUMNS} FROM events_event
WHERE organization_id = %s AND environment = %s AND sequence > %s AND sequence <= %s
ORDER BY sequence LIMIT %s
"""  # noqa: S608  # constants
_LOWEST = -(2**63)


@dataclass(frozen=True, slots=True)
class Place:
    """One organization and environment, whose events are one chain."""

    organization_id: str
    environment: str

    @property
    def key(self) -> tuple[str, str]:
        return self.organization_id, self.environment

    @property
    def parameters(self) -> dict[str, Any]:
        return {"organization_id": self.organization_id, "environment": self.environment}


def chunks(place: Place, last: int) -> Iterator[list[tuple[Any, ...]]]:
    """All events up to the number `last`, with the columns that are sealed, in their order."""
    after = _LOWEST
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CHUNK, [*place.key, after, last, ROWS_AT_ONCE])
            rows = cursor.fetchall()
        if rows:
            yield rows
            after = rows[-1][chain.SEQUENCE]
        if len(rows) < ROWS_AT_ONCE:
            return


def links_of(place: Place, first: int, last: int) -> dict[int, bytes]:
    """The sealed links of the numbers from `first` to `last`; what has none is not in it."""
    seals = Seal.objects.filter(
        **place.parameters, first_sequence__lte=last, last_sequence__gte=first
    )
    return {
        number: bytes(links[at : at + chain.LINK_BYTES])
        for begin, links in seals.values_list("first_sequence", "links")
        for number, at in enumerate(range(0, len(links), chain.LINK_BYTES), begin)
        if first <= number <= last
    }


def all_links(place: Place) -> Iterator[tuple[int, bytes]]:
    """Every sealed link with its number, in order."""
    seals = Seal.objects.filter(**place.parameters).order_by("first_sequence")
    for begin, links in seals.values_list("first_sequence", "links").iterator(chunk_size=20):
        for number, at in enumerate(range(0, len(links), chain.LINK_BYTES), begin):
            yield number, bytes(links[at : at + chain.LINK_BYTES])
