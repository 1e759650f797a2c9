"""Lines, adjustments and accounts as every answer and event writes them: amounts exact."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.money import from_atomic
from billing.times import iso
from revenue.accounting import Accounts, Period
from revenue.models import Adjustment, RevenueEvent
from revenue.types import RevenueType

Json = dict[str, Any]
DECIMALS = 6
CURRENCY = "USD"


def usd(amount_atomic: int) -> Decimal:
    """An exact amount in dollars: one token is one."""
    return from_atomic(amount_atomic, DECIMALS)


def line_json(line: RevenueEvent) -> Json:
    """A line of the ledger. Chain and token are left out where it has none."""
    money = {"token": line.token, "chain": line.chain} if line.token and line.chain else {}
    return {
        "id": line.id,
        "org_id": line.organization_id,
        "event_type": line.event_type,
        "amount": usd(line.amount_atomic),
        "currency": CURRENCY,
        **money,
        "checkout_id": line.checkout_id,
        "subscription_id": line.subscription_id,
        "customer_id": line.customer_id,
        "renewal_id": line.renewal_id,
        "adjustment_id": line.adjustment_id,
        "tx_hash": line.tx_hash,
        "description": line.description,
        "occurred_at": iso(line.occurred_at),
        "environment": line.environment,
        "created_at": iso(line.created_at),
        "payout_id": line.payout_id,
        "settlement_id": line.settlement_id,
        "amount_atomic": str(line.amount_atomic),
        # The names that published clients read.
        "event_id": line.id,
        "revenue_event_id": line.id,
        "type": line.event_type,
        "amount_usd": usd(line.amount_atomic),
        "source_type": line.source_type,
        "source_id": line.source_id,
    }


def adjustment_json(adjustment: Adjustment) -> Json:
    return {
        "id": adjustment.id,
        "org_id": adjustment.organization_id,
        "revenue_event_id": adjustment.revenue_event_id,
        "type": adjustment.type,
        "amount": usd(adjustment.amount_atomic),
        "currency": CURRENCY,
        "reason": adjustment.reason,
        "customer_id": adjustment.customer_id,
        "checkout_id": adjustment.checkout_id,
        "subscription_id": adjustment.subscription_id,
        "applied_by": adjustment.applied_by,
        "environment": adjustment.environment,
        "created_at": iso(adjustment.created_at),
        "updated_at": iso(adjustment.created_at),  # it never is
        "applied_by_name": adjustment.applied_by_name,
        "amount_atomic": str(adjustment.amount_atomic),
        "metadata": adjustment.metadata,
        # The names that published clients read.
        "adjustment_id": adjustment.id,
        "amount_usd": usd(adjustment.amount_atomic),
        "description": adjustment.reason,
        "source_type": adjustment.source_type,
        "source_id": adjustment.source_id,
    }


def period_json(period: Period) -> Json:
    return {
        "period": period.span.label,
        "gross_revenue": usd(period.gross),
        "refunds": usd(period.refunds),
        "adjustments_credit": usd(period.credits),
        "adjustments_debit": usd(period.debits),
        "chargebacks": usd(period.chargebacks),
        "net_revenue": usd(period.net),
        "fees": usd(0),
        "period_start": iso(period.span.start),
        "period_end": iso(period.span.end),
        "payouts_out": usd(period.payouts_out),
        "event_counts": {word.value: period.count_of(word) for word in RevenueType},
    }


def accounts_json(accounts: Accounts) -> Json:
    """The periods, newest first, and beside them the totals in all names that clients read."""
    total = accounts.total
    charges = total.count_of(RevenueType.CHECKOUT_CONFIRMED, RevenueType.SUBSCRIPTION_CHARGED)
    refunds = total.count_of(RevenueType.REFUND)
    return {
        "data": [period_json(period) for period in reversed(accounts.periods)],
        "time_zone": accounts.zone.key,
        "currency": CURRENCY,
        "period_start": _iso(accounts.since),
        "period_end": _iso(accounts.until),
        "total_revenue_usd": usd(total.gross),
        "total_fees_usd": usd(0),
        "total_refunds_usd": usd(total.refunds),
        "net_revenue_usd": usd(total.net),
        "payouts_out_usd": usd(total.payouts_out),
        "total_revenue": usd(total.gross),
        "total_fees": usd(0),
        "total_net": usd(total.net),
        "total_charges": charges,
        "total_refunds": refunds,
        "transaction_count": charges + refunds,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
