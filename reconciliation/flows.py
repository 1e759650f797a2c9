"""The money of the last month, out and in: a stacked bar for each day, and the sums."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.charts import Bar, series_of, stacked
from billing.display import amount_html
from checkouts.models import Payment
from payouts.models import Settlement

DAYS = 30


@dataclass(frozen=True, slots=True)
class Flow:
    """What moved: stacked bars for a picture; for its legend series, amount and chain of each.

    `days` are the same as a table: each day on which anything moved, newest first, with the amount
    of each series, None where it moved nothing.
    """

    bars: list[Bar]
    legend: list[tuple[int, SafeString, str]]
    days: list[tuple[date, list[SafeString | None]]]


def since(now: datetime) -> datetime:
    return now - timedelta(days=DAYS)


def money_out(caller: Caller, now: datetime) -> Flow:
    """What settled payouts paid."""
    settled = Settlement.objects.visible_to(caller).filter(
        created_at__gte=since(now), payout__isnull=False, reversed_at__isnull=True
    )
    return _flow(_by_day(settled), now)


def money_in(caller: Caller, now: datetime) -> Flow:
    """What customers paid, in whatever way it came, once it is final."""
    paid = Payment.objects.visible_to(caller).filter(
        created_at__gte=since(now), final_at__isnull=False, reversed_at__isnull=True
    )
    return _flow(_by_day(paid.exclude(token="")), now)


def _by_day(rows: Any) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (
        rows.order_by()
        .annotate(day=TruncDate("created_at"))
        .values("day", "chain", "token")
        .annotate(total=Sum("amount_atomic"))
    )
    return found


def _flow(rows: Iterable[Mapping[str, Any]], now: datetime) -> Flow:
    first: date = timezone.localtime(now).date() - timedelta(days=DAYS - 1)
    totals: Counter[tuple[str, str]] = Counter()
    days: dict[tuple[int, tuple[str, str]], int] = {}
    for row in rows:
        kind, place = (row["chain"], row["token"]), max((row["day"] - first).days, 0)
        totals[kind] += int(row["total"])
        days[place, kind] = days.get((place, kind), 0) + int(row["total"])
    order = totals.most_common()
    # Every token has six decimals, so that heights of unlike ones compare; sums never mix them.
    assert all(decimals(chain, token) == 6 for (chain, token), _ in order)
    columns = [[days.get((place, kind), 0) for kind, _ in order] for place in range(DAYS)]
    legend = [
        (series_of(chain, token), amount_html(total, token, chain), str(Chain(chain).label))
        for (chain, token), total in order
    ]
    colours = [series_of(*kind) for kind, _ in order]
    return Flow(stacked(columns, colours), legend, _days(first, order, columns))


def _days(
    first: date, order: list[tuple[tuple[str, str], int]], columns: list[list[int]]
) -> list[tuple[date, list[SafeString | None]]]:
    kinds = [kind for kind, _ in order]
    found = []
    for place, column in enumerate(columns):
        cells = [
            amount_html(amount, token, chain) if amount else None
            for amount, (chain, token) in zip(column, kinds, strict=True)
        ]
        if any(cells):
            found.append((first + timedelta(days=place), cells))
    return found[::-1]
