"""The money of the last month, out and in: a stacked bar for each day, and the sums."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain, Token, decimals
from billing.charts import Bar, series_of, stacked
from billing.display import amount_html
from checkouts.models import Payment

DAYS = 30

# A range of settlement_money_out for each day, chain and token: of a million settlements no row
# is read, none is sorted into its day, and what there is none of costs one probe.
_OUT = """
SELECT day.place - 1, kind.chain, kind.token, moved.total
  FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[])
       WITH ORDINALITY AS day (since, until, place)
 CROSS JOIN unnest(%(chains)s::text[], %(tokens)s::text[]) AS kind (chain, token)
 CROSS JOIN LATERAL (
       SELECT sum(s.amount_atomic) AS total
         FROM payouts_settlement s
        WHERE s.organization_id = %(organization)s AND s.environment = %(environment)s
          AND s.chain = kind.chain AND s.token = kind.token
          AND s.created_at >= day.since AND s.created_at < day.until
          AND s.payout_id IS NOT NULL AND s.reversed_at IS NULL
 ) moved
 WHERE moved.total IS NOT NULL
"""


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
    edges = _edges(now)
    kinds = list(product(Chain.values, Token.values))
    place: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment,
        "since": edges[:-1],
        "until": edges[1:],
        "chains": [chain for chain, _ in kinds],
        "tokens": [token for _, token in kinds],
    }
    with connection.cursor() as cursor:
        cursor.execute(_OUT, place)
        rows = cursor.fetchall()
    names = ("day", "chain", "token", "total")
    first = _first(now)
    return _flow(
        [dict(zip(names, (first + timedelta(days=n), *row), strict=True)) for n, *row in rows], now
    )


def _edges(now: datetime) -> list[datetime]:
    """The midnights between the days, in the reader's zone; the first day begins with the month."""
    days = (_first(now) + timedelta(days=n) for n in range(1, DAYS + 1))
    midnights = (timezone.make_aware(datetime.combine(day, time())) for day in days)
    return [since(now), *midnights]


def _first(now: datetime) -> date:
    return timezone.localtime(now).date() - timedelta(days=DAYS - 1)


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
    first = _first(now)
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
