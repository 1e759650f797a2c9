"""Create: where to pay, how much exactly, until when; the row, its watch and its event."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Token, decimals, network
from billing.errors import ChainNotConfigured
from billing.money import to_atomic
from billing.private_keys import refuse_private_keys_in_words
from chainwatch import sandbox
from checkouts.acts.amounts import free_amount, take
from checkouts.acts.choosing import chosen_method, require_amount
from checkouts.acts.locking import told
from checkouts.models import Checkout, PaymentLink, PaymentMethod, Purpose
from checkouts.return_urls import require_return_url
from events.types import EventType
from wallets import deposits
from wallets.models import DepositAddress

logger = logging.getLogger(__name__)

EXPIRES_IN_S = 1800  # the contract's default


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """What a customer shall pay: `amount_usd` in token units, one token being one dollar.

    `subscription_id` and `renewal_id` say for which renewal, with Purpose.RENEWAL and only then.
    """

    amount_usd: Decimal
    chain: str
    token: str
    expires_in_seconds: int = EXPIRES_IN_S
    metadata: Mapping[str, str] = field(default_factory=dict)
    payment_method_id: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    renewal_id: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None


@transaction.atomic
def create(
    caller: Caller,
    draft: NewCheckout,
    *,
    purpose: Purpose = Purpose.ONE_TIME,
    link: PaymentLink | None = None,
) -> Checkout:
    """Make a checkout with an address to pay to, and publish checkout.created.

    What reaches the address is found from now on. On an address that checkouts share the amount
    may be a few atomic units above what was requested, so that it names this checkout alone.
    Raises `payment_method_required`, `payment_method_not_found`, `payment_method_unfit`,
    `amount_too_small`, `amount_too_large`, `no_free_amount`, `chain_not_configured`,
    `invalid_url`, `https_required`, `private_key_refused`.
    """
    caller.require("checkouts:write")
    if caller.is_live and not network(draft.chain).is_configured:
        raise ChainNotConfigured(draft.chain)
    _refuse_texts(caller, draft)
    requested = to_atomic(draft.amount_usd, decimals(draft.chain, draft.token), param="amount_usd")
    method = chosen_method(caller, draft.chain, draft.token, draft.payment_method_id)
    require_amount(method, requested)
    ahead = timedelta(0)
    if not caller.is_live:
        ahead = sandbox.clock_ahead(caller.organization_id, draft.chain)
    # Locks the extended key's counter, or the shared address, until this transaction ends: all
    # that can be asked before was asked before.
    deposit = deposits.issue(method.wallet, at=timezone.now())
    checkout = _built(caller, draft, method, deposit, requested)
    checkout.clock_ahead = ahead
    checkout.purpose, checkout.payment_link = purpose.value, link
    checkout.save(force_insert=True)
    if deposit.index is None:
        take(checkout)
    told(caller, EventType.CHECKOUT_CREATED, checkout, payments=())
    logger.info(
        "checkout created checkout=%s chain=%s deposit=%s", checkout.id, checkout.chain, deposit.id
    )
    return checkout


def _refuse_texts(caller: Caller, draft: NewCheckout) -> None:
    for param, url in (("success_url", draft.success_url), ("cancel_url", draft.cancel_url)):
        if url is not None:
            require_return_url(url, caller.environment, param=param)
    refuse_private_keys_in_words(
        {
            "metadata": draft.metadata,
            "customer_id": draft.customer_id,
            "success_url": draft.success_url,
            "cancel_url": draft.cancel_url,
        }
    )


def _built(
    caller: Caller,
    draft: NewCheckout,
    method: PaymentMethod,
    deposit: DepositAddress,
    requested: int,
) -> Checkout:
    is_shared = deposit.index is None
    at = timezone.now()
    checkout: Checkout = Checkout(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        created_at=at,
        payment_method=method,
        deposit_address=deposit,
        address=deposit.address,
        chain=draft.chain,
        token=draft.token,
        contract=network(draft.chain).contracts[Token(draft.token)],
        amount_requested_atomic=requested,
        amount_atomic=free_amount(deposit, draft.token, requested, at=at)
        if is_shared
        else requested,
        # A tolerance of the whole amount would let nothing at all pay it.
        tolerance_atomic=0 if is_shared else min(method.tolerance_atomic, requested - 1),
        required_confirmations=max(
            method.required_confirmations, network(draft.chain).confirmations
        ),
        expires_at=at + timedelta(seconds=draft.expires_in_seconds),
        customer_id=draft.customer_id,
        subscription_id=draft.subscription_id,
        renewal_id=draft.renewal_id,
        metadata=dict(draft.metadata),
        success_url=draft.success_url,
        cancel_url=draft.cancel_url,
    )
    return checkout
