"""The books as files: sheets for people, ledger files for plain-text accounting."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from billing import sheets
from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.errors import InvalidRequest, NotFound
from billing.money import from_atomic
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events.exports import publish_made, refuse_format, refuse_too_many
from payouts.models import Settlement
from reconciliation import unsettled
from reconciliation.ledgers.entries import Accounts, Entry, entry_of
from reconciliation.ledgers.naming import accounts_of
from reconciliation.ledgers.writing import LEDGERS, Heading
from reconciliation.models import Period, PeriodEntry

FORMATS = (*sheets.FORMATS, *LEDGERS)
SETTLEMENTS, UNSETTLED = "settlements", "unsettled"
NAMES = {SETTLEMENTS: "settlements", UNSETTLED: "payouts that did not settle"}
ROWS_AT_ONCE = 1_000

COLUMNS = (
    Column("Mined", is_time=True),
    Column("Mined (UTC)"),
    Column("Chain"),
    Column("Token"),
    Column("Amount"),
    Column("Was meant"),
    Column("Difference"),
    Column("Recipient"),
    Column("Address"),
    Column("From"),
    Column("Reference"),
    Column("Description"),
    Column("Differs in"),
    Column("Resolution"),
    Column("Note"),
    Column("Left the chain", is_time=True),
    Column("Transaction"),
    Column("Log"),
    Column("Block"),
    Column("Payout"),
    Column("Settlement"),
)


@dataclass(frozen=True, slots=True)
class Range:
    """What: mined, or ended, from `since` (inclusive) to `until` (exclusive); empty means any.

    `period_id` means what was first booked in that closed period, also what was found late; so
    each settlement is in the file of one period alone.
    """

    since: datetime | None = None
    until: datetime | None = None
    chain: str = ""
    token: str = ""
    period_id: str = ""

    def told(self) -> dict[str, str]:
        """The filters as the event keeps them."""
        times = {"from": self.since, "to": self.until}
        said = {name: iso(at) for name, at in times.items() if at}
        others = {"chain": self.chain, "token": self.token, "period": self.period_id}
        return said | {name: value for name, value in others.items() if value}


def export(
    caller: Caller,
    wanted: Range,
    *,
    format: str,
    zone: ZoneInfo,
    what: str = SETTLEMENTS,
) -> HttpResponseBase:
    """Answer SETTLEMENTS or UNSETTLED as a file, oldest first, and publish export.made.

    Raises InsufficientScope, and InvalidRequest for a format not in FORMATS, an empty range, too
    many rows for XLSX, or a ledger or a period of what did not settle.
    """
    caller.require("payouts:read")
    _check(wanted, format, what)
    rows: QuerySet[Any] = _rows(caller, wanted)
    if what == UNSETTLED:
        rows = unsettled.rows_of(caller, wanted.since, wanted.until, wanted.chain, wanted.token)
    refuse_too_many(rows, format, NAMES[what])
    made = publish_made(caller, what, format=format, zone=zone, filters=wanted.told())
    made_at = made.created_at
    if what == UNSETTLED:
        lines = unsettled.lines(rows)
        sheet = Sheet(NAMES[what], unsettled.COLUMNS, lines, zone)
        return sheets.download(sheet, format, at=made_at)
    found = rows.select_related("payout").iterator(chunk_size=ROWS_AT_ONCE)
    if format in sheets.FORMATS:
        sheet = Sheet(NAMES[what], COLUMNS, (_cells(row) for row in found), zone)
        return sheets.download(sheet, format, at=made_at)
    names = accounts_of(caller)
    entries = (entry_of(row, names) for row in found)
    heading = _heading(caller, rows, names, made_at)
    return _ledger(format, entries, heading, zone, made_at)


def _check(wanted: Range, format: str, what: str) -> None:
    refuse_format(format, FORMATS)
    if what not in NAMES:
        raise InvalidRequest(f"It must be one of: {', '.join(NAMES)}.", param="what")
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidRequest("The range must begin before it ends.", param="from")
    if what == UNSETTLED and format in LEDGERS:
        message = "A ledger tells of money that moved. Take what did not settle as CSV or XLSX."
        raise InvalidRequest(message, param="format")
    if what == UNSETTLED and wanted.period_id:
        message = "A period is of settlements. Choose days for what did not settle."
        raise InvalidRequest(message, param="period")


def _rows(caller: Caller, wanted: Range) -> QuerySet[Settlement]:
    rows: QuerySet[Settlement] = Settlement.objects.visible_to(caller)
    if wanted.since:
        rows = rows.filter(block_time__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(block_time__lt=wanted.until)
    rows = rows.filter(chain=wanted.chain) if wanted.chain else rows
    rows = rows.filter(token=wanted.token) if wanted.token else rows
    if wanted.period_id:
        rows = rows.filter(pk__in=_first_booked(caller, wanted.period_id))
    return rows.order_by("block_time", "id")


def _first_booked(caller: Caller, period_id: str) -> QuerySet[Any, Any]:
    """The settlements that a period booked and none before it. Raises NotFound."""
    period = Period.objects.visible_to(caller).filter(pk=period_id).first()
    if period is None:
        raise NotFound("period", period_id)
    earlier = PeriodEntry.objects.filter(
        settlement=OuterRef("settlement"), period__until__lt=period.until
    )
    return period.entries.exclude(Exists(earlier)).values("settlement_id")


def _cells(row: Settlement) -> list[Cell]:
    payout, places = row.payout, decimals(row.chain, row.token)
    meant = payout.amount_atomic if payout else None
    return [
        row.block_time,
        iso(row.block_time),
        str(Chain(row.chain).label),
        row.token,
        from_atomic(row.amount_atomic, places),
        None if meant is None else from_atomic(meant, places),
        None if meant is None else from_atomic(row.amount_atomic - meant, places),
        payout.recipient_name if payout else None,
        row.to_address,
        row.from_address,
        payout.reference_id if payout else None,
        payout.description if payout else None,
        ", ".join(row.discrepancies),
        row.resolution.replace("_", " "),
        row.resolution_note,
        row.reversed_at,
        row.tx_hash,
        row.log_index,
        row.block_number,
        row.payout_id,
        row.id,
    ]


def _heading(
    caller: Caller, rows: QuerySet[Settlement], accounts: Accounts, at: datetime
) -> Heading:
    """What the file declares, read beforehand: its wallets and tokens, and every account."""
    found = set(rows.order_by().values_list("chain", "from_address", "token").distinct())
    wallets = [accounts.wallet(chain, address) for chain, address, _ in found]
    others = [getattr(accounts, name) for name in Accounts.__slots__ if name != "wallets"]
    title = f"Settlements of {caller.organization_id}, {caller.environment}, written {iso(at)}"
    return Heading(title, [*wallets, *others], [token for _, _, token in found])


def _ledger(
    format: str, entries: Iterator[Entry], heading: Heading, zone: ZoneInfo, at: datetime
) -> HttpResponseBase:
    lines = (line.encode() for line in LEDGERS[format](entries, heading, zone))
    answer = StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")
    local = at.astimezone(zone)
    name = f"settlements {local:%Y-%m-%d %H%M} {zone.key.replace('/', '-')}.{format}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
