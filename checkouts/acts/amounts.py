"""Which exact amount names a checkout where all of a wallet's checkouts share one address.

The deposit address's row is locked by whoever asks (wallets.deposits.issue), so two creations at
the same time choose one after the other; `one_checkout_per_asked_amount` would refuse the second
otherwise.
"""

from datetime import datetime, timedelta

from django.db import connection

from billing.chains import decimals
from billing.money import from_atomic
from checkouts.errors import NoFreeAmount
from checkouts.models import AskedAmount, Checkout
from wallets.models import DepositAddress

MOST_ABOVE_ATOMIC = 9_999  # less than a cent of six decimals
HELD_FOR = timedelta(days=7)  # after its checkout closed, an amount is nobody else's

# The least amount from the requested one on that nobody holds: itself, or one above a held one.
_LEAST_FREE = """
SELECT min(candidate.amount) FROM (
    SELECT %(requested)s::bigint AS amount
    UNION ALL
    SELECT amount_atomic + 1 FROM checkouts_askedamount
     WHERE deposit_address_id = %(deposit)s AND token = %(token)s
       AND amount_atomic BETWEEN %(requested)s AND %(most)s
) candidate
 WHERE candidate.amount <= %(most)s AND NOT EXISTS (
    SELECT FROM checkouts_askedamount held
     WHERE held.deposit_address_id = %(deposit)s AND held.token = %(token)s
       AND held.amount_atomic = candidate.amount)
"""


def free_amount(deposit: DepositAddress, token: str, requested: int, *, at: datetime) -> int:
    """Return the least amount from `requested` on that names no other checkout.

    Amounts whose time is over are given back first. `deposit` must be locked. Raises NoFreeAmount.
    """
    values: dict[str, str | int] = {
        "deposit": deposit.id,
        "token": token,
        "requested": requested,
        "most": requested + MOST_ABOVE_ATOMIC,
    }
    AskedAmount.objects.filter(
        deposit_address=deposit,
        token=token,
        amount_atomic__range=(requested, values["most"]),
        free_at__lte=at,
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(_LEAST_FREE, values)
        (amount,) = cursor.fetchone()
    if amount is None:
        raise NoFreeAmount(from_atomic(requested, decimals(deposit.chain, token)))
    return int(amount)


def take(checkout: Checkout) -> None:
    """Hold the checkout's amount on its address, in the transaction that makes the checkout."""
    AskedAmount.objects.create(
        deposit_address_id=checkout.deposit_address_id,
        token=checkout.token,
        amount_atomic=checkout.amount_atomic,
        checkout=checkout,
    )


def let_go(checkout: Checkout, *, at: datetime) -> None:
    """Let the amount be free seven days after its checkout closed."""
    AskedAmount.objects.filter(checkout=checkout).update(free_at=at + HELD_FOR)


def take_back(checkout: Checkout) -> None:
    """Hold it again: the checkout is open once more."""
    AskedAmount.objects.filter(checkout=checkout).update(free_at=None)
