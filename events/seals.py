"""Whether one event is sealed, and still says what was sealed: for those who look at it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from events import chain
from events.models import Event, Seal, SealHead
from events.stored import Place, links_of

_ROW = f"SELECT {chain.COLUMNS} FROM events_event WHERE id = %s"  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class Sealed:
    """The link of one event (hex), when it was made, and whether the row still gives it."""

    link: str
    sealed_at: datetime
    fits: bool


def sealed_up_to(organization_id: str, environment: str) -> int:
    """The number of the last sealed event; 0 where none is."""
    heads = SealHead.objects.filter(organization_id=organization_id, environment=environment)
    return heads.values_list("sequence", flat=True).first() or 0


def of_event(event: Event) -> Sealed | None:
    """The seal of an event, recomputed from its row and the link before it; None: not sealed yet.

    It does not look at the rest of the chain, as verify_audit does.
    """
    if event.sequence is None:
        return None
    place = Place(event.organization_id, event.environment)
    seal = Seal.objects.filter(
        **place.parameters,
        first_sequence__lte=event.sequence,
        last_sequence__gte=event.sequence,
    ).first()
    if seal is None:
        return None
    links = links_of(place, event.sequence - 1, event.sequence)
    previous = links.get(event.sequence - 1) or chain.genesis(*place.key)
    with connection.cursor() as cursor:
        cursor.execute(_ROW, [event.pk])
        made = chain.link(previous, cursor.fetchone())
    sealed = links[event.sequence]
    return Sealed(sealed.hex(), seal.created_at, sealed == made)
