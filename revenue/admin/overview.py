"""What the page of revenue shows: gross, net and payouts out of the last twelve periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.charts import grouped
from organizations import clock
from revenue import services
from revenue.accounting import Period
from revenue.admin.words import money_html, number_html
from revenue.backfilling import is_filled
from revenue.periods import Every, Span, spans

SHOWN = 12
SERIES = ("Gross", "Net", "Payouts out")
_LENGTH = {Every.MONTH: timedelta(days=31), Every.WEEK: timedelta(days=7)}
_WORDS = {Every.MONTH: "month", Every.WEEK: "week"}


@dataclass(frozen=True, slots=True)
class Now:
    """One of the numbers on top: of the period that runs, and of the one before it."""

    label: str
    amount: SafeString
    before: SafeString
    says: str


def context(caller: Caller, zone: ZoneInfo, every: Every) -> dict[str, Any]:
    """Everything the template reads. Four queries, five in the sandbox."""
    now = clock.now(caller.organization_id, caller.environment)
    shown = _last(now, every, zone)
    found = services.accounts(caller, every=every, zone=zone, since=shown[0].start)
    by_label = {period.span.label: period for period in found.periods}
    periods = [by_label.get(span.label) or Period(span, {}, {}) for span in shown]
    chart = grouped([[each.gross, each.net, each.payouts_out] for each in periods])
    return {
        "numbers": _numbers(periods[-1], periods[-2], _WORDS[every]),
        "chart": chart,
        "legend": list(enumerate(SERIES)),
        "chart_says": f"Gross, net and payouts out of the last {SHOWN} {_WORDS[every]}s; the table "
        "below has the numbers",
        "first": shown[0].label,
        "last": shown[-1].label,
        "rows": [_row(each) for each in reversed(periods)],
        "total": _row(found.total),
        "word": _WORDS[every],
        "every": every.value,
        "shown": SHOWN,
        "zone": zone.key,
        "is_filled": is_filled(),
        "is_empty": not found.periods,
        "choices": [(each.value, f"By {_WORDS[each]}", each == every) for each in Every],
    }


def _last(now: datetime, every: Every, zone: ZoneInfo) -> Sequence[Span]:
    """The last periods, that of now the last of them."""
    return list(spans(now - SHOWN * _LENGTH[every], now, every, zone))[-SHOWN:]


def _numbers(now: Period, before: Period, word: str) -> list[Now]:
    parts = [
        ("Gross", now.gross, before.gross, "paid by customers"),
        ("Net", now.net, before.net, "with credits, less refunds, debits and chargebacks"),
        ("Payouts out", now.payouts_out, before.payouts_out, "no part of revenue"),
    ]
    return [
        Now(f"{label} this {word}", money_html(amount), money_html(earlier), says)
        for label, amount, earlier, says in parts
    ]


def _row(period: Period) -> tuple[str, list[tuple[str, SafeString]]]:
    """The label and the cells of the table, each with its title."""
    cells = [
        ("gross", period.gross), ("refunds", -period.refunds), ("credits", period.credits),
        ("debits", -period.debits), ("chargebacks", -period.chargebacks), ("net", period.net),
        ("payouts out", period.payouts_out),
    ]  # fmt: skip
    return period.span.label, [(title, number_html(amount)) for title, amount in cells]
