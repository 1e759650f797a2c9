"""Payouts as a file for people: what somebody filtered, each payout with all that became of it."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from billing import sheets
from billing.api.pagination import NEWEST_FIRST
from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.money import from_atomic
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events.exports import publish_made, refuse_format, refuse_too_many
from payouts.models import PayoutIntent
from payouts.reasons import reasons_of

COLUMNS = (
    Column("Made", is_time=True),
    Column("Made (UTC)"),
    Column("State"),
    Column("Chain"),
    Column("Token"),
    Column("Amount"),
    Column("Recipient"),
    Column("Address"),
    Column("Kind"),
    Column("Reference"),
    Column("Description"),
    Column("External id"),
    Column("Due", is_time=True),
    Column("Made by"),
    Column("Approved", is_time=True),
    Column("Approved by"),
    Column("Ended", is_time=True),
    Column("Why"),
    Column("Transaction"),
    Column("Settlement"),
    Column("Payout"),
)


def export(
    caller: Caller,
    payouts: QuerySet[PayoutIntent],
    *,
    format: str,
    zone: ZoneInfo,
    filters: Mapping[str, str],
) -> HttpResponseBase:
    """Answer `payouts` as a file, newest first, and publish export.made with the filters.

    Amounts are in token units, times in `zone`. Raises InsufficientScope, and InvalidRequest for
    another format than sheets.FORMATS or too many rows for XLSX.
    """
    caller.require("payouts:read")
    refuse_format(format)
    refuse_too_many(payouts, format, "payouts")
    made = publish_made(caller, "payouts", format=format, zone=zone, filters=filters)
    return sheets.download(
        Sheet("payouts", COLUMNS, _rows(payouts), zone), format, at=made.created_at
    )


def _rows(payouts: QuerySet[PayoutIntent]) -> Iterator[list[Cell]]:
    for page in NEWEST_FIRST.walked(payouts):
        reasons = reasons_of(page)
        yield from (_row(payout, reasons.get(payout.id)) for payout in page)


def _row(payout: PayoutIntent, reason: str | None) -> list[Cell]:
    return [
        payout.created_at,
        iso(payout.created_at),
        payout.status.replace("_", " "),
        str(Chain(payout.chain).label),
        payout.token,
        from_atomic(payout.amount_atomic, decimals(payout.chain, payout.token)),
        payout.recipient_name,
        payout.recipient_address,
        payout.reference_type,
        payout.reference_id,
        payout.description,
        payout.external_id,
        payout.due_date,
        payout.created_by_name,
        payout.approved_at,
        ", ".join(each["name"] for each in payout.approvals),
        payout.settled_at or payout.failed_at or payout.canceled_at,
        reason,
        payout.expected_tx_hash,
        payout.settlement_id,
        payout.id,
    ]
