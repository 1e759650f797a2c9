"""Which recipients a caller asks for: one by its id, or those that a query narrows."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from billing.addresses import canonical
from billing.callers import Caller
from billing.chains import Chain
from billing.errors import NotFound
from payouts.models import AddressStatus, Recipient, RecipientAddress
from payouts.recipients.serializers import FILTERS

LIVE = (AddressStatus.PROPOSED, AddressStatus.APPROVED)
NAMES = ("name", "chain", "address", "tag")


def recipients(caller: Caller, query: QueryDict) -> QuerySet[Recipient]:
    """The caller's recipients that the query asks for. Raises ValidationError."""
    given = {name: query[name] for name in NAMES if name in query}
    asked: dict[str, Any] = FILTERS.run_validation(given) if given else {}
    rows: QuerySet[Recipient] = Recipient.objects.visible_to(caller)
    if "name" in asked:
        rows = rows.filter(name__icontains=asked["name"])
    if "tag" in asked:
        rows = rows.filter(tags__contains=[asked["tag"].lower()])
    if "chain" in asked or "address" in asked:
        rows = rows.filter(id__in=_with_address(caller, asked).values("recipient_id"))
    return rows


def recipient(caller: Caller, recipient_id: str) -> Recipient:
    """One recipient of the caller's. Raises NotFound for any other, foreign or missing."""
    found: Recipient | None = Recipient.objects.visible_to(caller).filter(id=recipient_id).first()
    if found is None:
        raise NotFound("recipient", recipient_id)
    return found


def recipient_with(caller: Caller, recipient_id: str, address_id: str) -> Recipient:
    """The same, where the address is one of its own. Raises NotFound for either."""
    found = recipient(caller, recipient_id)
    if not found.addresses.filter(id=address_id).exists():
        raise NotFound("recipient address", address_id)
    return found


def forms_of(address: str) -> set[str]:
    """An address as it was typed and as it is stored."""
    try:
        chain = Chain.TRON if address.startswith("T") else Chain.BASE
        return {address, canonical(address, chain)}
    except ValueError:  # The sandbox keeps impossible ones as given, so it can still be found.
        return {address}


def _with_address(caller: Caller, asked: dict[str, Any]) -> QuerySet[RecipientAddress]:
    rows: QuerySet[RecipientAddress] = RecipientAddress.objects.visible_to(caller)
    rows = rows.filter(status__in=LIVE).order_by()
    if "chain" in asked:
        rows = rows.filter(chain=asked["chain"])
    if "address" in asked:
        rows = rows.filter(address__in=forms_of(asked["address"]))
    return rows
