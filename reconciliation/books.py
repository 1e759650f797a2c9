"""The books: what was intended beside what the chain proved, read in one statement.

Every figure of a Summary comes from one snapshot, so the parts always add up.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from billing.chains import Chain, Token, decimals
from billing.money import from_atomic

DISCREPANCIES_SHOWN = 1000  # The newest; the count beside them is of all.


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many, and their exact sum in token units (a token is a dollar)."""

    count: int
    total_amount: Decimal


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A settlement that is not as its payout was meant, and that nobody has resolved.

    `kinds` says in what: amount, late_settlement, approval_mismatch, reversed.
    """

    payout_id: str
    settlement_id: str
    chain: str
    token: str
    kinds: tuple[str, ...]
    expected_atomic: int
    actual_atomic: int
    opened_at: datetime

    @property
    def expected_amount(self) -> Decimal:
        return from_atomic(self.expected_atomic, decimals(self.chain, self.token))

    @property
    def actual_amount(self) -> Decimal:
        return from_atomic(self.actual_atomic, decimals(self.chain, self.token))

    @property
    def difference(self) -> Decimal:
        """Actual minus expected: negative where less arrived than was meant."""
        difference = self.actual_atomic - self.expected_atomic
        return from_atomic(difference, decimals(self.chain, self.token))


@dataclass(frozen=True, slots=True)
class Line:
    """The books of one token on one chain. Sums are of atomic units."""

    chain: str
    token: str
    verdict: str
    count: int
    intended_atomic: int
    actual_atomic: int
    reversed_count: int

    @property
    def amount_atomic(self) -> int:
        """What moved; where nothing did, what was meant to."""
        return self.actual_atomic if self.verdict in _MOVED else self.intended_atomic


@dataclass(frozen=True, slots=True)
class Summary:
    """What one organization's books say in one environment, for a range or for all.

    `discrepancies` are the newest DISCREPANCIES_SHOWN of `discrepancies_count`.
    """

    organization_id: str
    environment: str
    since: datetime | None
    until: datetime | None
    lines: tuple[Line, ...]
    discrepancies: tuple[Discrepancy, ...]

    @property
    def matched(self) -> Bucket:
        return bucket(self.lines, "matched")

    @property
    def unmatched_payouts(self) -> Bucket:
        return bucket(self.lines, "unmatched")

    @property
    def unexpected_settlements(self) -> Bucket:
        return bucket(self.lines, "unexpected")

    @property
    def discrepancies_count(self) -> int:
        return bucket(self.lines, "discrepancy").count

    @property
    def unknown_outcomes(self) -> Bucket:
        return bucket(self.lines, "unknown")

    @property
    def resolved_unexpected(self) -> Bucket:
        return bucket(self.lines, "resolved")

    @property
    def difference_atomic(self) -> int:
        """What the open discrepancies come to, in atomic units: negative where less arrived."""
        open_lines = [line for line in self.lines if line.verdict == "discrepancy"]
        return sum(line.actual_atomic - line.intended_atomic for line in open_lines)

    @property
    def reversed_count(self) -> int:
        return sum(line.reversed_count for line in self.lines if line.verdict != "resolved")

    def atomic(self, verdict: str) -> int:
        """The sum of one verdict over all tokens, in atomic units; all have six decimals."""
        return sum(line.amount_atomic for line in self.lines if line.verdict == verdict)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing a person must see; plain unmatched payouts are on their way."""
        waiting = {"discrepancy", "unexpected", "unknown"}
        return not any(line.verdict in waiting for line in self.lines)


def bucket(lines: Iterable[Line], verdict: str) -> Bucket:
    """Add up the lines of one verdict, exactly: in integers, at the finest token's decimals."""
    count, total = 0, 0
    for line in lines:
        if line.verdict == verdict:
            count += line.count
            total += line.amount_atomic * 10 ** (_FINEST - decimals(line.chain, line.token))
    return Bucket(count, from_atomic(total, _FINEST))


_FINEST = max(decimals(chain, token) for chain in Chain for token in Token)
_MOVED = frozenset({"matched", "discrepancy", "unexpected", "resolved"})

# One pass over payouts beside their settlements, hashed, not row by row. The verdict is read from
# the facts on both sides, so that a difference nobody recorded yet is seen all the same. A
# settlement that was resolved and left the chain after that is open again.
# Grouped by booleans and named afterwards: of a CASE the planner expects as many groups as rows,
# and sorts them all on disk.
_BOOKS = """
WITH sides AS (
    SELECT p.chain, p.token, p.amount_atomic AS intended, s.amount_atomic AS actual,
           s.id AS settlement_id, s.reversed_at IS NOT NULL AS is_reversed,
           s.id IS NOT NULL AS is_paid,
           s.id IS NULL AND p.status IN ('approved', 'pending_execution', 'executed', 'verifying')
               AS is_on_its_way,
           s.id IS NULL AND p.outcome = 'unknown' AS is_unknown,
           coalesce(
               s.discrepancies = '{}' AND s.reversed_at IS NULL AND p.status = 'settled'
               AND s.amount_atomic = p.amount_atomic
               AND s.to_address = p.recipient_address AND s.contract = p.contract
               OR s.resolved_at IS NOT NULL
               AND (s.reversed_at IS NULL OR s.reversed_at <= s.resolved_at), FALSE) AS agrees
      FROM payouts_payoutintent p
      LEFT JOIN payouts_settlement s
        ON s.payout_id = p.id
       AND s.organization_id = %(organization)s AND s.environment = %(environment)s
     WHERE p.organization_id = %(organization)s AND p.environment = %(environment)s
       AND p.created_at >= %(since)s::timestamptz AND p.created_at < %(until)s::timestamptz
       AND p.status <> 'draft'
), grouped AS (
    SELECT chain, token, is_paid, agrees, is_on_its_way, is_unknown, count(*) AS rows,
           sum(intended) AS intended, sum(actual) AS actual,
           count(*) FILTER (WHERE is_reversed AND NOT agrees) AS reversed,
           array_agg(settlement_id) FILTER (WHERE is_paid AND NOT agrees) AS open_ids
      FROM sides
     GROUP BY chain, token, is_paid, agrees, is_on_its_way, is_unknown
), book AS MATERIALIZED (
    SELECT chain, token,
           CASE WHEN is_paid AND agrees THEN 'matched' WHEN is_paid THEN 'discrepancy'
                WHEN is_on_its_way THEN 'unmatched' ELSE 'unknown' END AS verdict,
           rows, intended, actual, reversed, open_ids
      FROM grouped
     WHERE is_paid OR is_on_its_way OR is_unknown
     UNION ALL
    SELECT chain, token, CASE WHEN is_open THEN 'unexpected' ELSE 'resolved' END, count(*), 0,
           sum(amount_atomic), count(*) FILTER (WHERE reversed_at IS NOT NULL), NULL
      FROM (SELECT *, resolved_at IS NULL AS is_open FROM payouts_settlement) s
     WHERE payout_id IS NULL
       AND organization_id = %(organization)s AND environment = %(environment)s
       AND block_time >= %(since)s::timestamptz AND block_time < %(until)s::timestamptz
     GROUP BY chain, token, is_open
), newest AS (
    SELECT p.id AS payout_id, s.id AS settlement_id, s.chain, s.token, s.discrepancies,
           p.amount_atomic AS expected, s.amount_atomic AS actual,
           s.reversed_at, coalesce(s.reversed_at, s.created_at) AS opened_at,
           p.status <> 'settled' AS is_late,
           s.to_address <> p.recipient_address OR s.contract <> p.contract AS is_elsewhere
      FROM (SELECT unnest(open_ids) AS id FROM book) AS open
      JOIN payouts_settlement s ON s.id = open.id
      JOIN payouts_payoutintent p ON p.id = s.payout_id
     ORDER BY s.created_at DESC, s.id DESC
     LIMIT %(shown)s
)
SELECT coalesce((SELECT json_agg(json_build_array(chain, token, verdict, rows, intended::text,
                                                  actual::text, reversed)
                                 ORDER BY chain, token, verdict) FROM book), '[]')::text,
       coalesce((SELECT json_agg(to_jsonb(newest) ORDER BY opened_at DESC, settlement_id DESC)
                   FROM newest), '[]')::text
"""


def read(
    organization_id: str, environment: str, *, since: datetime | None, until: datetime | None
) -> Summary:
    """Read the books in one round trip: payouts by created_at, unexpected ones by block time.

    `since` is inclusive, `until` exclusive; None leaves that end open.
    """
    values: dict[str, str | int] = {
        "organization": organization_id,
        "environment": environment,
        **bounds(since, until),
        "shown": DISCREPANCIES_SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS, values)
        book, newest = cursor.fetchone()
    lines = tuple(_line(*row) for row in json.loads(book))
    discrepancies = tuple(_discrepancy(row) for row in json.loads(newest))
    return Summary(organization_id, environment, since, until, lines, discrepancies)


def bounds(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """The range as PostgreSQL writes times, an open end as infinity: one statement serves all."""
    return {
        "since": since.isoformat() if since else "-infinity",
        "until": until.isoformat() if until else "infinity",
    }


def _line(
    chain: str, token: str, verdict: str, rows: int, intended: str, actual: str | None, gone: int
) -> Line:
    return Line(chain, token, verdict, rows, int(intended), int(actual or 0), gone)


def _discrepancy(row: Mapping[str, Any]) -> Discrepancy:
    return Discrepancy(
        payout_id=row["payout_id"],
        settlement_id=row["settlement_id"],
        chain=row["chain"],
        token=row["token"],
        kinds=_kinds(row),
        expected_atomic=row["expected"],
        actual_atomic=row["actual"],
        opened_at=datetime.fromisoformat(row["opened_at"]),
    )


def _kinds(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in what the two differ: what was recorded, and what the facts say beyond that."""
    seen = {
        "amount": row["expected"] != row["actual"],
        "late_settlement": row["is_late"],
        "approval_mismatch": row["is_elsewhere"],
        "reversed": row["reversed_at"] is not None,
    }
    return tuple(kind for kind, holds in seen.items() if holds or kind in row["discrepancies"])
