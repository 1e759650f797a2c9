"""Checkouts and what was paid to them, for tests of pages: written by the recorder itself."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.callers import Caller
from chainwatch.models import Cursor, Transfer, WatchedTransaction
from checkouts import recording, services, settling
from checkouts.models import Checkout, Payment
from tests.checkouts.making import a_draft, head, reload

PAYER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
BLOCK = 1_000
CHECKOUTS = "/admin/checkouts/checkout/"
PAYMENTS = "/admin/checkouts/payment/"
METHODS = "/admin/checkouts/paymentmethod/"
LINKS = "/admin/checkouts/paymentlink/"
BRANDING = "/admin/checkouts/branding/"

_numbers = itertools.count(1)


def a_checkout(caller: Caller, **draft: Any) -> Checkout:
    """A pending one: 25 USDC on Base unless `draft` says otherwise."""
    return services.create(caller, a_draft(**{"amount_usd": Decimal(25), **draft}))


def an_expired(caller: Caller, **draft: Any) -> Checkout:
    """One to which nothing was paid by its time; its chain was read past that."""
    checkout = a_checkout(caller, **{"expires_in_seconds": -30, **draft})
    return time_over(checkout)


def time_over(checkout: Checkout) -> Checkout:
    """Let its live chain have been read past its time."""
    at = checkout.deadline + timedelta(seconds=30)
    facts = {"next_block": BLOCK, "block_time": at}
    Cursor.objects.update_or_create(chain=checkout.chain, scope="", defaults=facts)
    settling.settle()
    return reload(checkout)


def paid(
    checkout: Checkout,
    usd: Decimal | str = "25",
    *,
    at: datetime | None = None,
    contract: str = "",
    is_final: bool = True,
    tx_hash: str = "",
    confirmations: int = 12,
) -> Payment:
    """What its customer sent, in a block of that time, recorded; and what follows from it."""
    at = at or checkout.created_at + timedelta(seconds=1)
    tx_hash = tx_hash or f"0x{next(_numbers):064x}"
    mined(checkout, usd, at=at, contract=contract, is_final=is_final, tx_hash=tx_hash)
    head(checkout, BLOCK + confirmations - 1)
    recording.record()
    settling.settle()
    payment: Payment = Payment.objects.get(
        tx_hash=tx_hash, deposit_address__address=checkout.address
    )
    return payment


def mined(
    checkout: Checkout, usd: Decimal | str, *, at: datetime, contract: str, is_final: bool,
    tx_hash: str,
) -> None:  # fmt: skip
    """One transfer to the checkout's address, as a scan of the live chain leaves it."""
    now = timezone.now()
    block = {"block_number": BLOCK, "block_hash": f"0xb10c{BLOCK}", "block_time": at}
    WatchedTransaction.objects.update_or_create(
        chain=checkout.chain, scope=checkout.scope, tx_hash=tx_hash,
        defaults={
            **block, "watched_at": now, "watch_until": now + timedelta(days=30), "succeeded": True,
            "seen_at": now, "final_at": now if is_final else None, "orphaned_at": None,
            "changed_at": now, "node": "rpc.example.com",
        },
    )  # fmt: skip
    Transfer.objects.create(
        chain=checkout.chain, scope=checkout.scope, tx_hash=tx_hash, ordinal=0, log_index=40,
        contract=contract or checkout.contract, from_address=PAYER, to_address=checkout.address,
        amount_atomic=int(Decimal(usd) * 10**6), node="rpc.example.com", seen_at=now, **block,
    )  # fmt: skip


def left_the_chain(payment: Payment) -> None:
    """Its block is gone, and it is in no other one yet."""
    now = timezone.now()
    Transfer.objects.filter(tx_hash=payment.tx_hash, orphaned_at=None).update(orphaned_at=now)
    WatchedTransaction.objects.filter(tx_hash=payment.tx_hash).update(
        block_number=None, block_hash=None, block_time=None, succeeded=None, seen_at=None,
        final_at=None, finalized_at=None, orphaned_at=now, changed_at=now,
    )  # fmt: skip
    recording.record()
