"""How the books are told: in the API and by the command, the same."""

from typing import Any

from billing.times import iso
from reconciliation.books import Bucket, Discrepancy, Line, Summary, bucket


def summary_json(summary: Summary) -> dict[str, Any]:
    """Return the contract's fields, then ours; every amount is exact."""
    return {
        "matched": _bucket(summary.matched),
        "unmatched_payouts": _bucket(summary.unmatched_payouts),
        "unexpected_settlements": _bucket(summary.unexpected_settlements),
        "discrepancies": [_discrepancy(one) for one in summary.discrepancies],
        "discrepancies_count": summary.discrepancies_count,
        "reversed_count": summary.reversed_count,
        "unknown_outcomes": _bucket(summary.unknown_outcomes),
        "resolved_unexpected": _bucket(summary.resolved_unexpected),
        "by_token": _by_token(summary),
        "is_clean": summary.is_clean,
        "from": iso(summary.since) if summary.since else None,
        "to": iso(summary.until) if summary.until else None,
        "environment": summary.environment,
    }


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {"count": bucket.count, "total_amount": bucket.total_amount}


def _discrepancy(one: Discrepancy) -> dict[str, Any]:
    return {
        "payout_intent_id": one.payout_id,
        "settlement_id": one.settlement_id,
        "expected_amount": one.expected_amount,
        "actual_amount": one.actual_amount,
        "difference": one.difference,
        "chain": one.chain,
        "token": one.token,
        "kinds": list(one.kinds),
        "opened_at": iso(one.opened_at),
    }


def _by_token(summary: Summary) -> list[dict[str, Any]]:
    lines: dict[tuple[str, str], list[Line]] = {}
    for line in summary.lines:
        lines.setdefault((line.chain, line.token), []).append(line)
    return [
        {
            "chain": chain,
            "token": token,
            "matched": _bucket(bucket(rows, "matched")),
            "unmatched_payouts": _bucket(bucket(rows, "unmatched")),
            "unexpected_settlements": _bucket(bucket(rows, "unexpected")),
            "discrepancies": _bucket(bucket(rows, "discrepancy")),
        }
        for (chain, token), rows in sorted(lines.items())
    ]
