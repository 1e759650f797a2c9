"""How a checkout or a payment is found again: by what names it exactly, and by what narrows a list.

Every search is an equality or a prefix that an index serves; there is no `contains`.
"""

import re
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.addresses import canonical
from billing.callers import Caller
from billing.chains import Chain
from checkouts.admin.words import TELLING
from checkouts.models import Checkout, Payment, PaymentKind, Status
from wallets.models import DepositAddress

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}")
_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_NEWEST = 50
_MOST_NAMES = 40


def find_checkouts(checkouts: QuerySet[Checkout], term: str, caller: Caller) -> QuerySet[Checkout]:
    """Those that `term` names: id, address, hash, link, method, customer, a value of metadata."""
    if term.startswith("co_"):
        return checkouts.filter(pk__startswith=term)
    if term.startswith("pl_"):
        return checkouts.filter(payment_link_id=term)
    if term.startswith("pm_"):
        return checkouts.filter(payment_method_id=term)
    if _ADDRESS.fullmatch(term):
        return checkouts.filter(deposit_address_id__in=_addresses(term, caller))
    if _HASH.fullmatch(term):
        return checkouts.filter(pk__in=_payments(term, caller).values("checkout_id"))
    mine = Checkout.objects.visible_to(caller).order_by()
    named = mine.filter(customer_id=term).values("pk")
    paid = _payments(term, caller).filter(checkout__isnull=False).values("checkout_id")
    return checkouts.filter(
        pk__in=named.union(mine.filter(_noted(term, caller)).values("pk"), paid)
    )


def _noted(term: str, caller: Caller) -> Q:
    """Whose metadata has this value, or this `name=value`.

    The index answers for a name with its value, not for a value alone. So the names are those that
    the newest checkouts use: a shop writes the same ones into all of them.
    """
    name, is_pair, value = term.partition("=")
    lately = Checkout.objects.visible_to(caller).order_by("-created_at", "-id")
    newest = lately.values_list("metadata", flat=True)[:_NEWEST]
    names = sorted({*TELLING, *(name for metadata in newest for name in metadata)})
    found = Q(metadata__contains={name: value}) if is_pair else Q()
    for each in names[:_MOST_NAMES]:
        found |= Q(metadata__contains={each: term})
    return found


def find_payments(payments: QuerySet[Payment], term: str, caller: Caller) -> QuerySet[Payment]:
    """Those that `term` names: their id, their checkout's, an address, a hash."""
    if term.startswith("pay_"):
        return payments.filter(pk__startswith=term)
    if term.startswith("co_"):
        return payments.filter(checkout_id=term)
    if _ADDRESS.fullmatch(term):
        return payments.filter(deposit_address_id__in=_addresses(term, caller))
    return payments.filter(pk__in=_payments(term, caller).values("pk"))


def _addresses(term: str, caller: Caller) -> QuerySet[Any]:
    """The ids of the caller's deposit addresses of that name, on whatever chain."""
    mine = DepositAddress.objects.visible_to(caller).order_by()
    return mine.filter(chain__in=Chain.values, address__in=_forms(term)).values("pk")


def _payments(term: str, caller: Caller) -> QuerySet[Payment]:
    """The caller's payments in the transaction of that hash. The sandbox takes any text for one."""
    mine = Payment.objects.visible_to(caller).order_by()
    digits = term.lower().removeprefix("0x")
    hashes = {term, digits, f"0x{digits}"} if _HASH.fullmatch(term) else {term}
    return mine.filter(chain__in=Chain.values, tx_hash__in=hashes)


def _forms(address: str) -> set[str]:
    """An address as it was typed and as it is stored."""
    try:
        return {address, canonical(address, Chain.TRON if address[0] == "T" else Chain.BASE)}
    except ValueError:  # No such address can exist, so nothing was ever paid to it.
        return {address}


# What can be unusual about a checkout, by the word that the list's address carries.
WORK = {
    "partly_paid": "partly paid",
    "underpaid": "underpaid",
    "overpaid": "overpaid",
    "late": "late payment to look at",
    "wrong_token": "wrong token to look at",
    "reversed": "reversed",
}


def in_work(checkouts: QuerySet[Checkout], work: str, caller: Caller) -> QuerySet[Checkout]:
    """Those of which one of WORK is so."""
    if work == "partly_paid":
        return checkouts.filter(status=Status.PENDING, amount_received_atomic__gt=0)
    if work == "underpaid":
        return checkouts.filter(underpaid_at__isnull=False)
    if work == "overpaid":
        return checkouts.filter(overpaid_at__isnull=False)
    if work == "reversed":
        return checkouts.filter(open_reversal())
    waiting = Payment.objects.visible_to(caller).order_by().filter(kind=work, resolution="")
    return checkouts.filter(pk__in=waiting.values("checkout_id"))


def open_reversal() -> Q:
    """Money of a confirmed one left the chain, and since then nobody said what became of it."""
    said = Payment.objects.filter(checkout=OuterRef("pk"), resolved_at__gte=OuterRef("reversed_at"))
    return Q(reversed_at__isnull=False) & Q(~Exists(said.order_by()))


def to_look_at(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Those that wait for a person: late, in the wrong token, unassigned."""
    return payments.exclude(kind=PaymentKind.ON_TIME).filter(resolution="")


def too_little(payments: QuerySet[Payment], caller: Caller) -> QuerySet[Payment]:
    """What came in time for checkouts that expired underpaid, until somebody resolves it."""
    underpaid = Checkout.objects.visible_to(caller).order_by().filter(underpaid_at__isnull=False)
    return payments.filter(
        kind=PaymentKind.ON_TIME, resolution="", checkout__in=underpaid.values("pk")
    )
