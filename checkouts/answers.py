"""Checkouts, payments, methods and links as every answer and event writes them: amounts exact."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from billing.chains import decimals, network
from billing.money import from_atomic
from billing.times import iso
from chainwatch.models import ChainHead
from checkouts.models import (
    Checkout,
    MethodStatus,
    Payment,
    PaymentLink,
    PaymentMethod,
    Status,
)
from checkouts.states import LinkStatus

Heads = Mapping[tuple[str, str], int]  # (chain, scope) -> number of its newest block
COUNTED = frozenset({Status.DETECTED, Status.CONFIRMING})
CLOSED_POLLING_MS = 30_000


def checkout_json(
    checkout: Checkout, payments: Sequence[Payment] | None = None, heads: Heads | None = None
) -> dict[str, Any]:
    """Return the checkout; the contract's fields, then ours.

    `payments` and `heads` save a query each; without them they are looked up. For lists use
    `checkouts_json`.
    """
    if payments is None:
        payments = list(checkout.payments.order_by("created_at", "id"))
    usd = decimals(checkout.chain, checkout.token)
    return {
        "checkout_id": checkout.id,
        "deposit_address": checkout.address,
        "chain": checkout.chain,
        "token": checkout.token,
        "amount_usd": from_atomic(checkout.amount_atomic, usd),
        "amount_atomic": str(checkout.amount_atomic),
        "status": checkout.status,
        "tx_hash": checkout.tx_hash,
        "confirmations": confirmations_of(checkout, heads),
        "required_confirmations": checkout.required_confirmations,
        "expires_at": iso(checkout.expires_at),
        "detected_at": _time(checkout.detected_at),
        "confirmed_at": _time(checkout.confirmed_at),
        "created_at": iso(checkout.created_at),
        "metadata": checkout.metadata,
        "org_id": checkout.organization_id,
        "environment": checkout.environment,
        "purpose": checkout.purpose,
        "amount_requested_usd": from_atomic(checkout.amount_requested_atomic, usd),
        "amount_received_atomic": str(int(checkout.amount_received_atomic)),
        "payments": [payment_json(each) for each in payments],
        "hosted_url": f"{settings.PUBLIC_URL}/checkout/{checkout.id}",
        "payment_method_id": checkout.payment_method_id,
        "payment_link_id": checkout.payment_link_id,
        "customer_id": checkout.customer_id,
        "subscription_id": checkout.subscription_id,
        "renewal_id": checkout.renewal_id,
        "success_url": checkout.success_url,
        "cancel_url": checkout.cancel_url,
        "expired_at": _time(checkout.expired_at),
        "canceled_at": _time(checkout.canceled_at),
        "failed_at": _time(checkout.failed_at),
        "failure_reason": checkout.failure_reason,
        "reversed_at": _time(checkout.reversed_at),
        "restored_at": _time(checkout.restored_at),
        "updated_at": iso(checkout.updated_at),
    }


def checkouts_json(checkouts: Iterable[Checkout]) -> list[dict[str, Any]]:
    """Return many checkouts with one query for their payments and one for their chains' heads."""
    rows = list(checkouts)
    payments: dict[str, list[Payment]] = {}
    for payment in Payment.objects.filter(checkout__in=[row.pk for row in rows]).order_by(
        "created_at", "id"
    ):
        payments.setdefault(str(payment.checkout_id), []).append(payment)
    heads = heads_of(rows)
    return [checkout_json(row, payments.get(row.id, ()), heads) for row in rows]


def payment_json(payment: Payment) -> dict[str, Any]:
    """Return one payment: what came, when, and where it stands. `token` null: none of ours."""
    return {
        "payment_id": payment.id,
        "checkout_id": payment.checkout_id,
        "kind": payment.kind,
        "chain": payment.chain,
        "token": payment.token or None,
        "contract": payment.contract,
        "from_address": payment.from_address,
        "amount_atomic": str(int(payment.amount_atomic)),
        "tx_hash": payment.tx_hash,
        "log_index": payment.log_index,
        "block_number": payment.block_number,
        "block_time": iso(payment.block_time),
        "detected_at": iso(payment.detected_at),
        "final_at": _time(payment.final_at),
        "reversed_at": _time(payment.reversed_at),
        "resolution": payment.resolution or None,
        "resolved_at": _time(payment.resolved_at),
    }


def method_json(method: PaymentMethod) -> dict[str, Any]:
    """Return a payment method; the contract's fields, then ours."""
    return {
        "id": method.id,
        "org_id": method.organization_id,
        "wallet_id": method.wallet_id,
        "chain": method.chain,
        "token": method.token,
        "display_name": method.display_name,
        "status": method.status,
        "is_default": method.is_default,
        "required_confirmations": method.required_confirmations,
        "min_amount_usd": _usd(method.min_amount_atomic, method),
        "max_amount_usd": _usd(method.max_amount_atomic, method),
        "environment": method.environment,
        "created_at": iso(method.created_at),
        "updated_at": iso(method.updated_at),
        "tolerance_usd": _usd(method.tolerance_atomic, method),
        "disabled_at": _time(method.disabled_at),
    }


def link_json(link: PaymentLink) -> dict[str, Any]:
    """Return a payment link: the contract's fields, ours, then those that published clients read.

    Its method must be loaded.
    """
    method = link.payment_method
    return {
        "id": link.id,
        "org_id": link.organization_id,
        "amount_usd": _usd(link.amount_atomic, method),
        "payment_method_id": link.payment_method_id,
        "description": link.description,
        "url": f"{settings.PUBLIC_URL}/pay/{link.id}",
        "expires_at": _time(link.expires_at),
        "environment": link.environment,
        "created_at": iso(link.created_at),
        "status": link_status(link).value,
        "closed_at": _time(link.closed_at),
        "payment_link_id": link.id,
        "chain": method.chain,
        "token": method.token,
    }


def link_status(link: PaymentLink) -> LinkStatus:
    """Return whether it can be paid by now, and why not. Its method must be loaded."""
    if link.closed_at is not None:
        return LinkStatus.CLOSED
    if link.expires_at is not None and link.expires_at <= timezone.now():
        return LinkStatus.EXPIRED
    if link.payment_method.status != MethodStatus.ACTIVE:
        return LinkStatus.METHOD_DISABLED
    return LinkStatus.ACTIVE


def status_json(checkout: Checkout, heads: Heads | None = None) -> dict[str, Any]:
    """Return how far a checkout has come, for those who ask again and again."""
    return {
        "checkout_id": checkout.id,
        "status": checkout.status,
        "tx_hash": checkout.tx_hash,
        "confirmations": confirmations_of(checkout, heads),
        "required_confirmations": checkout.required_confirmations,
        "detected_at": _time(checkout.detected_at),
        "confirmed_at": _time(checkout.confirmed_at),
        "polling_interval_ms": polling_interval_ms(checkout),
    }


def polling_interval_ms(checkout: Checkout) -> int:
    """Return after how long it is worth asking again.

    While it confirms that is how often its chain is read; before, while nothing has come, a second
    more; once it is closed, half a minute, for what a reorganization may still do.
    """
    if not checkout.is_open:
        return CLOSED_POLLING_MS
    read_every_ms = network(checkout.chain).poll_interval_s * 1000
    waits_ms = 1000 if checkout.status == Status.PENDING else 0
    return min(read_every_ms + waits_ms, CLOSED_POLLING_MS)


def confirmations_of(checkout: Checkout, heads: Heads | None = None) -> int:
    """Return how many blocks confirm it: stored once confirmed, counted while on its way."""
    if checkout.status not in COUNTED or checkout.block_number is None:
        return checkout.confirmations or 0
    if heads is None:
        heads = heads_of([checkout])
    head = heads.get((checkout.chain, checkout.scope), 0)
    return max(head - checkout.block_number + 1, 0)


def heads_of(checkouts: Iterable[Checkout]) -> dict[tuple[str, str], int]:
    """Return the heads that those on their way are counted from, in one query."""
    places = {(row.chain, row.scope) for row in checkouts if row.status in COUNTED}
    if not places:
        return {}
    wanted = Q()
    for chain, scope in places:
        wanted |= Q(chain=chain, scope=scope)
    rows = ChainHead.objects.filter(wanted).values_list("chain", "scope", "number")
    return {(chain, scope): number for chain, scope, number in rows}


def _usd(amount_atomic: int | None, method: PaymentMethod) -> Decimal | None:
    if amount_atomic is None:
        return None
    return from_atomic(amount_atomic, decimals(method.chain, method.token))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
