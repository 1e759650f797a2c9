"""The ledger, and what it sums up to, as files; each export is an event."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from billing import sheets
from billing.api.pagination import NewestFirst
from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.ids import new_id
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events.models import Event
from events.services import publish
from events.types import EventType
from revenue.accounting import Accounts
from revenue.answers import CURRENCY, usd
from revenue.models import RevenueEvent
from revenue.types import RevenueType

MOST_IN_XLSX = 20_000  # more would keep a web process busy for longer than ten seconds
ROWS_AT_ONCE = 1_000
ORDER = NewestFirst("occurred_at")

_PERIOD = (
    "Period", "Period start", "Period end", "Currency", "Gross", "Fees", "Refunds", "Credits",
    "Debits", "Chargebacks", "Net", "Payouts out",
)  # fmt: skip
_LINE = (
    Column("Occurred", is_time=True),
    *(
        Column(title)
        for title in (
            "Occurred (UTC)", "Type", "Amount", "Currency", "Token", "Chain", "Checkout",
            "Subscription", "Renewal", "Customer", "Adjustment", "Payout", "Settlement",
            "Transaction", "Description", "Line",
        )
    ),
)  # fmt: skip


def accounts_sheet(accounts: Accounts) -> Sheet:
    """A row for each period, oldest first. Its bounds are moments of UTC."""
    titles = [*_PERIOD, *(f"Lines: {word.label}" for word in RevenueType)]
    rows: list[list[Cell]] = [
        [
            period.span.label,
            iso(period.span.start),
            iso(period.span.end),
            CURRENCY,
            usd(period.gross),
            usd(0),
            usd(period.refunds),
            usd(period.credits),
            usd(period.debits),
            usd(period.chargebacks),
            usd(period.net),
            usd(period.payouts_out),
            *(period.count_of(word) for word in RevenueType),
        ]
        for period in accounts.periods
    ]
    return Sheet("revenue", [Column(title) for title in titles], rows, accounts.zone)


def lines_sheet(lines: QuerySet[RevenueEvent], zone: ZoneInfo) -> Sheet:
    """A row for each line, newest first, read some at a time."""
    return Sheet("revenue-ledger", _LINE, _rows(lines), zone)


def export_accounts(caller: Caller, accounts: Accounts, *, format: str) -> HttpResponseBase:
    """Answer accounts as a file, and publish export.made. Raises as `export_lines`."""
    made = _downloaded(caller, "revenue", format, accounts.zone, {"period": accounts.every.value})
    return sheets.download(accounts_sheet(accounts), format, at=made.created_at)


def export_lines(
    caller: Caller,
    lines: QuerySet[RevenueEvent],
    *,
    format: str,
    zone: ZoneInfo,
    filters: Mapping[str, str],
) -> HttpResponseBase:
    """Answer lines as a file, and publish export.made with the filters.

    Raises InsufficientScope, and InvalidRequest for another format than sheets.FORMATS or too many
    rows for XLSX.
    """
    if format == "xlsx" and lines.order_by()[: MOST_IN_XLSX + 1].count() > MOST_IN_XLSX:
        raise InvalidRequest(
            f"These are more than {MOST_IN_XLSX:,} lines, too many for XLSX. Choose fewer days, "
            "or take CSV.",
            param="format",
        )
    made = _downloaded(caller, "revenue ledger", format, zone, filters)
    return sheets.download(lines_sheet(lines, zone), format, at=made.created_at)


def told(
    caller: Caller, what: str, format: str, zone: ZoneInfo, filters: Mapping[str, str]
) -> Event:
    """Publish export.made, in a transaction of the caller's. Raises InsufficientScope."""
    caller.require("revenue:read")
    export_id = new_id("exp")
    data = {
        "id": export_id,
        "what": what,
        "format": format,
        "time_zone": zone.key,
        "filters": dict(filters),
    }
    return publish(caller, EventType.EXPORT_MADE, export_id, data)


@transaction.atomic
def _downloaded(
    caller: Caller, what: str, format: str, zone: ZoneInfo, filters: Mapping[str, str]
) -> Event:
    if format not in sheets.FORMATS:
        allowed = " or ".join(sheets.FORMATS)
        raise InvalidRequest(f"The format must be {allowed}.", param="format")
    return told(caller, what, format, zone, filters)


def _rows(lines: QuerySet[RevenueEvent]) -> Iterator[list[Cell]]:
    """By place, some at a time: memory and statements stay small."""
    ordered = ORDER.sort(lines)
    page = ordered[:ROWS_AT_ONCE]
    while rows := list(page):
        for row in rows:
            yield _row(row)
        page = ORDER.beyond(ordered, ORDER.place_of(rows[-1]))[:ROWS_AT_ONCE]


def _row(line: RevenueEvent) -> list[Cell]:
    return [
        line.occurred_at,
        iso(line.occurred_at),
        line.event_type,
        usd(line.amount_atomic),
        CURRENCY,
        line.token,
        line.chain,
        line.checkout_id,
        line.subscription_id,
        line.renewal_id,
        line.customer_id,
        line.adjustment_id,
        line.payout_id,
        line.settlement_id,
        line.tx_hash,
        line.description,
        line.id,
    ]
