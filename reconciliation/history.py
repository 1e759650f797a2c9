"""The month behind the four numbers: from the runs that were kept, per chain and token.

Of each day its last run. A day without one has no bar, which is not the same as a day of nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Chain, Token
from billing.charts import Bar, series_of, stacked
from reconciliation.models import ReconciliationRun

DAYS = 30
Kind = tuple[str, str]  # a chain and a token; empty for a run that did not keep them apart
TOGETHER: Kind = ("", "")
# What a run's line is called, and the column that is its sum.
BUCKETS: Mapping[str, str] = {
    "matched": "matched_count",
    "unmatched": "unmatched_count",
    "unexpected": "unexpected_count",
    "discrepancy": "discrepancies_count",
}
_ORDER = [(chain.value, token.value) for chain in Chain for token in Token]


@dataclass(frozen=True, slots=True)
class Row:
    """One day of one chain and token in the table: how many in each bucket, in their order."""

    day: date
    name: str
    counts: list[int]


@dataclass(frozen=True, slots=True)
class History:
    """Bars by bucket, one column a day; what each colour stands for; the same as a table."""

    first: date
    bars: Mapping[str, list[Bar]]
    legend: list[tuple[int, str]]
    rows: list[Row]
    last_run: ReconciliationRun | None


def last_month(caller: Caller, now: datetime) -> History:
    """The last DAYS days up to today, in the reader's zone. One query."""
    first = timezone.localtime(now).date() - timedelta(days=DAYS - 1)
    runs = (
        ReconciliationRun.objects.visible_to(caller)
        .filter(started_at__gte=now - timedelta(days=DAYS))
        .annotate(day=TruncDate("started_at"))
        .order_by("day", "-started_at", "-id")
        .distinct("day")
    )
    days = {run.day: run for run in runs if run.day >= first}
    counted = {day: _counts(run) for day, run in days.items()}
    kinds = _kinds(counted)
    return History(
        first=first,
        bars={bucket: _bars(bucket, counted, kinds, first) for bucket in BUCKETS},
        legend=[(series_of(*kind), name_of(kind)) for kind in kinds],
        rows=[
            Row(day, name_of(kind), [counted[day].get((kind, each), 0) for each in BUCKETS])
            for day in sorted(counted, reverse=True)
            for kind in kinds
            if any(counted[day].get((kind, each)) for each in BUCKETS)
        ],
        last_run=days[max(days)] if days else None,
    )


def name_of(kind: Kind) -> str:
    """`USDC on Base`, as a person calls it."""
    chain, token = kind
    return f"{token} on {Chain(chain).label}" if chain else "all chains"


def _counts(run: ReconciliationRun) -> dict[tuple[Kind, str], int]:
    """By kind and bucket. A run from before lines were kept has its sums alone."""
    if run.lines:
        return {
            ((chain, token), verdict): count
            for chain, token, verdict, count in run.lines
            if verdict in BUCKETS
        }
    return {(TOGETHER, bucket): getattr(run, column) for bucket, column in BUCKETS.items()}


def _kinds(counted: Mapping[date, Mapping[tuple[Kind, str], int]]) -> Sequence[Kind]:
    there = {kind for counts in counted.values() for (kind, _), count in counts.items() if count}
    return [kind for kind in [*_ORDER, TOGETHER] if kind in there]


def _bars(
    bucket: str,
    counted: Mapping[date, Mapping[tuple[Kind, str], int]],
    kinds: Sequence[Kind],
    first: date,
) -> list[Bar]:
    month = [counted.get(first + timedelta(days=place), {}) for place in range(DAYS)]
    columns = [[counts.get((kind, bucket), 0) for kind in kinds] for counts in month]
    return stacked(columns, [series_of(*kind) for kind in kinds])
