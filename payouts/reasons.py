"""Why payouts ended as they did, in the words that were said: for files that list them."""

from collections.abc import Iterable, Mapping

from django.db.models.fields.json import KT

from events.models import Event
from events.types import EventType
from payouts.models import PayoutIntent, Status


def reasons_of(payouts: Iterable[PayoutIntent]) -> Mapping[str, str]:
    """Why each of these failed or was canceled, by its id; absent where nobody said. One query.

    A failure's reason is in its row, that of a cancel in its event alone.
    """
    rows = list(payouts)
    canceled = [row.id for row in rows if row.status == Status.CANCELED]
    said = Event.objects.filter(resource_id__in=canceled, type=EventType.PAYOUT_CANCELED)
    reasons = dict(said.values_list("resource_id", KT("payload__data__reason")))
    failures = {row.id: row.failure_reason for row in rows if row.failure_reason}
    return failures | {payout_id: reason for payout_id, reason in reasons.items() if reason}
