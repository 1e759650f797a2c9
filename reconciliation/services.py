"""Do the two sides agree? The summary, a run that writes down what it finds, and its resolution."""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from billing.callers import system
from billing.chains import Environment
from payouts import outflows
from payouts.suggestions import suggestion, suggestions
from reconciliation import books, matching, unexpected, wallet_books
from reconciliation.books import Summary
from reconciliation.models import ReconciliationRun
from reconciliation.resolving import resolve

__all__ = [
    "Summary",
    "forget_runs",
    "places",
    "reconcile",
    "resolve",
    "run",
    "suggestion",
    "suggestions",
    "summary",
]

logger = logging.getLogger(__name__)

KEPT_WHOLE = timedelta(days=30)


def summary(
    organization_id: str,
    environment: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Summary:
    """Return the books of one organization and environment, in one round trip; writes nothing.

    `since` is inclusive, `until` exclusive: payouts by created_at, unexpected settlements by block
    time.
    """
    return books.read(organization_id, environment, since=since, until=until)


def run(
    organization_id: str,
    environment: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[ReconciliationRun, Summary]:
    """Match, write down what nobody had recorded, and keep the figures as a ReconciliationRun.

    Safe to run twice, and beside another run: what is recorded is not recorded again, and what a
    person resolved stays resolved. Brings the books of source wallets up to date too.
    """
    started_at = timezone.now()
    caller = system(organization_id, Environment(environment), "Reconciliation")
    # Outside: each transaction on the chain is judged, and its payouts are locked, by itself.
    found = outflows.catch_up(caller)
    with transaction.atomic():
        found += matching.record_differences(caller, since=since, until=until)
        found += unexpected.record_siblings(caller, at=started_at)
        matching.record_suggestions(caller)
    wallet_books.keep(caller)
    books_now = summary(organization_id, environment, since, until)
    row = _row(books_now, started_at=started_at, found=found)
    row.save(force_insert=True)
    logger.info(
        "books reconciled run=%s organization=%s environment=%s found=%d clean=%s",
        row.id,
        organization_id,
        environment,
        found,
        row.is_clean,
    )
    return row, books_now


def reconcile() -> int:
    """Run over all books there are; returns how many runs were not clean."""
    return sum(not run(*place)[0].is_clean for place in places())


def places(
    organization_id: str | None = None, environment: str | None = None
) -> list[tuple[str, str]]:
    """Return the organizations and environments asked for; unasked, those that have books."""
    environments = [environment] if environment else list(Environment.values)
    if organization_id is not None:
        return [(organization_id, each) for each in environments]
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"environments": environments})
        return [(str(row[0]), str(row[1])) for row in cursor.fetchall()]


# An index probe for each, where DISTINCT would read both tables.
_PLACES = """
SELECT o.id, place.environment
  FROM organizations_organization o
 CROSS JOIN unnest(%(environments)s::varchar[]) AS place (environment)
 WHERE EXISTS (SELECT FROM payouts_payoutintent p
                WHERE p.organization_id = o.id AND p.environment = place.environment)
    OR EXISTS (SELECT FROM payouts_settlement s
                WHERE s.organization_id = o.id AND s.environment = place.environment)
 ORDER BY o.id, place.environment
"""


def _row(books_now: Summary, *, started_at: datetime, found: int) -> ReconciliationRun:
    return ReconciliationRun(
        organization_id=books_now.organization_id,
        environment=books_now.environment,
        since=books_now.since,
        until=books_now.until,
        started_at=started_at,
        finished_at=timezone.now(),
        matched_count=books_now.matched.count,
        matched_atomic=books_now.atomic("matched"),
        unmatched_count=books_now.unmatched_payouts.count,
        unmatched_atomic=books_now.atomic("unmatched"),
        unexpected_count=books_now.unexpected_settlements.count,
        unexpected_atomic=books_now.atomic("unexpected"),
        discrepancies_count=books_now.discrepancies_count,
        difference_atomic=books_now.difference_atomic,
        reversed_count=books_now.reversed_count,
        unknown_count=books_now.unknown_outcomes.count,
        found_count=found,
        lines=[[line.chain, line.token, line.verdict, line.count] for line in books_now.lines],
    )


def forget_runs(*, at: datetime | None = None) -> int:
    """Remove runs older than KEPT_WHOLE but for the last of each day (UTC); return how many.

    A later run of the same day is what makes one of them needless, so that two at once, or one that
    is killed, remove nothing else.
    """
    before = (at or timezone.now()) - KEPT_WHOLE
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"before": before})
        removed: int = cursor.rowcount
    return removed


_FORGET = """
DELETE FROM reconciliation_reconciliationrun old
 WHERE old.started_at < %(before)s
   AND EXISTS (
       SELECT FROM reconciliation_reconciliationrun later
        WHERE later.organization_id = old.organization_id
          AND later.environment = old.environment
          AND (later.started_at, later.id) > (old.started_at, old.id)
          AND later.started_at < old.started_at + interval '1 day'
          AND date_trunc('day', later.started_at, 'UTC') = date_trunc('day', old.started_at, 'UTC'))
"""
