"""What was meant and never paid as a file for people: payouts that failed or were canceled.

A ledger has nothing to say of them, for no money moved that a settlement does not tell of.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.money import from_atomic
from billing.sheets import Cell, Column
from billing.times import iso
from payouts.models import Outcome, PayoutIntent, Status
from payouts.reasons import reasons_of

ROWS_AT_ONCE = 1_000

COLUMNS = (
    Column("Ended", is_time=True),
    Column("Ended (UTC)"),
    Column("State"),
    Column("Chain"),
    Column("Token"),
    Column("Amount"),
    Column("Recipient"),
    Column("Address"),
    Column("Reference"),
    Column("Description"),
    Column("Why"),
    Column("What is known of the money"),
    Column("Due", is_time=True),
    Column("Made", is_time=True),
    Column("Made by"),
    Column("Transaction"),
    Column("Settled late by"),
    Column("Payout"),
)


def rows_of(
    caller: Caller, since: datetime | None, until: datetime | None, chain: str, token: str
) -> QuerySet[PayoutIntent]:
    """Those that ended from `since` (inclusive) to `until` (exclusive), oldest first."""
    rows: QuerySet[PayoutIntent] = PayoutIntent.objects.visible_to(caller).filter(
        status__in=(Status.FAILED, Status.CANCELED)
    )
    rows = rows.annotate(ended_at=Coalesce("failed_at", "canceled_at"))
    rows = rows.filter(ended_at__gte=since) if since else rows
    rows = rows.filter(ended_at__lt=until) if until else rows
    rows = rows.filter(chain=chain) if chain else rows
    rows = rows.filter(token=token) if token else rows
    return rows.order_by("ended_at", "id")


def lines(rows: QuerySet[PayoutIntent]) -> Iterator[list[Cell]]:
    """The lines of the sheet, in the order of COLUMNS, read some at a time."""
    found = rows.iterator(chunk_size=ROWS_AT_ONCE)
    while page := list(islice(found, ROWS_AT_ONCE)):
        reasons = reasons_of(page)
        yield from (_cells(row, reasons.get(row.id)) for row in page)


def _cells(row: PayoutIntent, reason: str | None) -> list[Cell]:
    ended_at = row.failed_at or row.canceled_at
    assert ended_at is not None, "the database holds an end to its state"
    was_tried = row.status == Status.FAILED
    return [
        ended_at,
        iso(ended_at),
        row.status,
        str(Chain(row.chain).label),
        row.token,
        from_atomic(row.amount_atomic, decimals(row.chain, row.token)),
        row.recipient_name,
        row.recipient_address,
        row.reference_id,
        row.description,
        reason,
        str(Outcome(row.outcome).label) if was_tried else "nothing was sent",
        row.due_date,
        row.created_at,
        row.created_by_name,
        row.expected_tx_hash,
        row.settlement_id,
        row.pk,
    ]
