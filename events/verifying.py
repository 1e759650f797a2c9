"""Recomputing the sealed chain: is every event what was sealed, and which is not?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from billing.chains import Environment
from events import chain, diagnosing
from events.diagnosing import Break, What
from events.heads import Receipt
from events.models import Event, SealHead
from events.stored import Place, chunks, links_of

# Longer than any pass takes: what is not sealed by then waits for a worker that does not run.
UNSEALED_MOST = timedelta(minutes=15)

# In one statement, so that what is sealed meanwhile is seen as a whole or not at all.
_EXTENT = """
WITH head AS (
    SELECT sequence FROM events_sealhead WHERE OF_PLACE
), beyond AS (
    SELECT min(sequence) AS first, max(sequence) AS last, count(*) AS many,
        min(created_at) AS since
    FROM events_event
    WHERE OF_PLACE AND sequence > coalesce((SELECT sequence FROM head), 0)
)
SELECT coalesce((SELECT sequence FROM head), 0),
    (SELECT max(last_sequence) FROM events_seal WHERE OF_PLACE),
    beyond.first, beyond.last, beyond.many, beyond.since,
    EXISTS (SELECT FROM events_event WHERE OF_PLACE)
FROM beyond
""".replace("OF_PLACE", "organization_id = %(organization_id)s AND environment = %(environment)s")


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of one organization and environment. `first_broken` is None where all holds.

    `unsealed` events have a number and no seal yet; `begun_at` is when sealing began.
    """

    organization_id: str
    environment: str
    unsealed: int
    receipts: int
    sealed: int = 0
    digest: str = ""
    begun_at: datetime | None = None
    first_broken: Break | None = None


@dataclass(frozen=True, slots=True)
class _Extent:
    """What there is in one moment: the head's number, the last sealed one, and what is behind."""

    head: int
    last_seal: int
    first: int | None
    last: int | None
    unsealed: int
    since: datetime | None
    has_events: bool


@dataclass(slots=True)
class _Walk:
    """Where the recomputing stands: the link before the next event, and the number that must come.

    `receipts` are heads that were noted elsewhere, which the chain must go through.
    """

    link: bytes
    receipts: Mapping[int, Receipt]
    expected: int = 1


def places(organization_id: str | None, environment: str | None) -> list[Place]:
    """Every organization and environment, or those that were asked for."""
    organizations: Any = apps.get_model("organizations", "Organization")
    rows = organizations.objects.order_by("created_at", "id")
    if organization_id is not None:
        rows = rows.filter(pk=organization_id)
    wanted = [environment] if environment else Environment.values
    return [Place(pk, each) for pk in rows.values_list("pk", flat=True) for each in wanted]


def verify(place: Place, receipts: Mapping[int, Receipt]) -> Report:
    """Recompute the chain of one place; `receipts` are heads noted elsewhere, by their sequence.

    Reads every event once; may run while events are written and sealed.
    """
    head = SealHead.objects.filter(**place.parameters).first()
    extent = _extent(place)
    if head is None:
        broken = _headless(place, extent, receipts) or _unsealed(place, extent)
        return Report(*place.key, extent.unsealed, len(receipts), first_broken=broken)
    walk = _Walk(chain.genesis(*place.key), receipts)
    broken = (
        _walked(place, walk, head)
        or _ended(walk, head)
        or _behind(head, extent, receipts)
        or _signed(head)
        or _unsealed(place, extent)
    )
    return Report(
        *place.key,
        extent.unsealed,
        len(receipts),
        sealed=walk.expected - 1,
        digest=head.digest,
        begun_at=head.begun_at,
        first_broken=broken,
    )


def _walked(place: Place, walk: _Walk, head: SealHead) -> Break | None:
    """Recompute link by link up to the head; the first that is not as it was sealed."""
    for rows in chunks(place, head.sequence):
        links = links_of(
            place, int(rows[0][chain.SEQUENCE] or 0), int(rows[-1][chain.SEQUENCE] or 0)
        )
        for row in rows:
            sequence = row[chain.SEQUENCE]
            assert isinstance(sequence, int), "only numbered events are read"
            if sequence != walk.expected:
                return diagnosing.gap(row, walk.expected)
            made = chain.link(walk.link, row)
            if links.get(sequence) != made:
                return diagnosing.diagnose(place, row, walk.link, head)
            if (noted := walk.receipts.get(sequence)) and noted.digest != made.hex():
                return diagnosing.resealed(row, noted)
            walk.link, walk.expected = made, sequence + 1
    return None


def _ended(walk: _Walk, head: SealHead) -> Break | None:
    """Whether the chain ends where the head says, and the head is what this system wrote."""
    if walk.expected <= head.sequence:
        return Break(
            What.TAIL_CUT,
            walk.expected,
            None,
            f"the last {head.sequence - walk.expected + 1}"
            f" of {head.sequence:,} sealed events are gone",
        )
    if head.digest != walk.link.hex():
        return Break(What.HEAD_CHANGED, head.sequence, None, "it does not name the last link")
    return None


def _signed(head: SealHead) -> Break | None:
    """Whether this system wrote the head, which nobody can who has the database alone."""
    if head.key_mark != chain.key_mark():
        return Break(
            What.ANOTHER_KEY,
            head.sequence,
            None,
            "if SECRET_KEY was "
            "changed, compare the head with one noted elsewhere, then run "
            "verify_audit --sign-anew; if not, somebody else wrote it",
        )
    if not chain.is_signed(head):
        return Break(
            What.HEAD_CHANGED,
            head.sequence,
            None,
            "it was not written by this system: events behind it may be gone",
        )
    return None


def _behind(head: SealHead, extent: _Extent, receipts: Mapping[int, Receipt]) -> Break | None:
    """Whether there is, or was, more behind the head than it says."""
    if extent.last_seal > extent.head:
        return Break(
            What.HEAD_PUT_BACK, extent.head, None, f"seals go on up to {extent.last_seal:,}"
        )
    if later := [
        one for one in receipts.values() if one.sequence > max(head.sequence, extent.head)
    ]:
        noted = max(later, key=lambda one: one.sequence)
        return Break(
            What.TAIL_CUT,
            head.sequence + 1,
            None,
            f"event {noted.sequence:,} was sealed by "
            f"{noted.sealed_at}, as a head noted elsewhere says",
        )
    return None


def _headless(place: Place, extent: _Extent, receipts: Mapping[int, Receipt]) -> Break | None:
    """Nothing was ever sealed here, or all of it was removed."""
    if extent.last_seal:
        return Break(What.HEAD_REMOVED, extent.last_seal, None, "there are seals and no head")
    if receipts:
        noted = max(receipts.values(), key=lambda one: one.sequence)
        return Break(
            What.SEAL_REMOVED,
            1,
            None,
            f"{noted.sequence:,} events were sealed by "
            f"{noted.sealed_at}, as a head noted elsewhere says",
        )
    if place.environment == Environment.LIVE and not extent.has_events:
        return Break(
            What.REMOVED,
            1,
            None,
            "the first event, by which the organization was created, is gone, and all others",
        )
    return None


def _unsealed(place: Place, extent: _Extent) -> Break | None:
    """What has a number and no seal must follow the last sealed one, and not wait for long."""
    if extent.first is None:
        return None
    if extent.last != extent.head + extent.unsealed:
        missing = _first_missing(place, extent)
        return Break(What.REMOVED, missing, None, "it is gone, and was not sealed yet")
    if extent.since is not None and timezone.now() - extent.since > UNSEALED_MOST:
        return Break(
            What.NOT_SEALED,
            extent.first,
            None,
            f"since {extent.since:%Y-%m-%d %H:%M} UTC: "
            "does the worker run? tick --only seal seals them now",
        )
    return None


def _first_missing(place: Place, extent: _Extent) -> int:
    numbers = Event.objects.filter(**place.parameters, sequence__gt=extent.head)
    ordered = numbers.order_by("sequence").values_list("sequence", flat=True)
    return next(n for n, there in enumerate(ordered, extent.head + 1) if n != there)


def _extent(place: Place) -> _Extent:
    with connection.cursor() as cursor:
        cursor.execute(_EXTENT, place.parameters)
        head, last_seal, *rest = cursor.fetchone()
    return _Extent(head, last_seal or 0, *rest)
