"""The ledger, and what it sums up to, as files; each export is an event."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from billing import sheets
from billing.api.pagination import NewestFirst
from billing.callers import Caller
from billing.sheets import Cell, Column, Sheet
from billing.times import iso
from events.exports import publish_made, refuse_format, refuse_too_many
from events.models import Event
from revenue.accounting import Accounts
from revenue.answers import CURRENCY, usd
from revenue.models import RevenueEvent
from revenue.types import RevenueType

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
    refuse_too_many(lines, format, "lines")
    made = _downloaded(caller, "revenue ledger", format, zone, filters)
    return sheets.download(lines_sheet(lines, zone), format, at=made.created_at)


def told(
    caller: Caller, what: str, format: str, zone: ZoneInfo, filters: Mapping[str, str]
) -> Event:
    """Publish export.made. Raises InsufficientScope."""
    caller.require("revenue:read")
    return publish_made(caller, what, format=format, zone=zone, filters=filters)


def _downloaded(
    caller: Caller, what: str, format: str, zone: ZoneInfo, filters: Mapping[str, str]
) -> Event:
    refuse_format(format)
    return told(caller, what, format, zone, filters)


def _rows(lines: QuerySet[RevenueEvent]) -> Iterator[list[Cell]]:
    return (_row(line) for page in ORDER.walked(lines) for line in page)


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
