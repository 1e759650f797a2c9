"""Whom a payout means by `recipient_id`: which address that is on its chain, if it may be paid."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from billing.addresses import canonical
from billing.callers import Caller
from billing.chains import Chain
from billing.errors import InvalidRequest
from payouts.models import AddressStatus, Recipient, RecipientAddress
from payouts.recipients.errors import RecipientNotUsable, until

GONE = "its address has just left the address book. Look at the recipient again."


@dataclass(frozen=True, slots=True)
class Named:
    """The address to pay, and whose it is; without a recipient where none was named."""

    address: str
    recipient_id: str | None = None
    recipient_name: str | None = None


def named(caller: Caller, recipient_id: str | None, chain: str, address: str) -> Named:
    """Return whom to pay. No query where no recipient is named.

    Raises InvalidRequest: `missing_required_field`, `recipient_not_found`, and
    `recipient_not_usable`, which says until when where the address is cooling down.
    """
    if recipient_id is None:
        if not address:
            raise InvalidRequest(
                "Say whom to pay: recipient_address, or recipient_id of your address book.",
                code="missing_required_field",
                param="recipient_address",
            )
        return Named(address)
    recipient = Recipient.objects.visible_to(caller).filter(id=recipient_id).first()
    if recipient is None:
        raise InvalidRequest(
            f"No such recipient: {recipient_id}. Name one of yours, or give an address.",
            code="recipient_not_found",
            param="recipient_id",
        )
    rows = recipient.addresses.filter(chain=chain, status=AddressStatus.APPROVED)
    return chosen(recipient, chain, address, list(rows))


def id_of(caller: Caller, name: str) -> str:
    """Return the id of whom a person means by name, case aside; an id stays as it is.

    Raises InvalidRequest, `recipient_not_found`.
    """
    live = Recipient.objects.visible_to(caller).filter(archived_at__isnull=True)
    found: str | None = (
        live.alias(small=Lower("name"))
        .filter(Q(pk=name) | Q(small=name.lower()))
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise InvalidRequest(
            f'No recipient of the address book is called "{name}". Propose it there, or give its '
            "address alone.",
            code="recipient_not_found",
            param="recipient_id",
        )
    return found


def live_names(caller: Caller, *, most: int) -> list[str]:
    """The names of the address book, for suggestions: not archived, by name."""
    live = Recipient.objects.visible_to(caller).filter(archived_at__isnull=True)
    return list(live.order_by(Lower("name")).values_list("name", flat=True)[:most])


def chosen(
    recipient: Recipient, chain: str, address: str, rows: Sequence[RecipientAddress]
) -> Named:
    """Return which of its approved addresses on the chain is meant. Raises RecipientNotUsable."""
    row = _usable(recipient, chain, _form(address, chain), rows)
    return Named(row.address, recipient.id, recipient.name)


def _usable(
    recipient: Recipient, chain: str, address: str, rows: Sequence[RecipientAddress]
) -> RecipientAddress:
    """Its one usable address on the chain; the one that was given too, where one was."""
    at, on = timezone.now(), Chain(chain).label
    approved = [row for row in rows if address in ("", row.address)]
    usable = [row for row in approved if row.is_usable(at)]
    if len(usable) == 1:
        return usable[0]
    if usable:
        why = f"it has several addresses on {on}. Give the one you mean as recipient_address too."
    elif approved:
        why = until(min(row.usable_at for row in approved if row.usable_at is not None))
    elif address:
        why = f"the address given is not an approved one of its addresses on {on}. Compare them."
    else:
        why = f"it has no approved address on {on}. Propose one and have it approved."
    raise RecipientNotUsable(recipient.name, why)


def _form(address: str, chain: str) -> str:
    """As the book has it; what is no address fits none of the book's."""
    try:
        return canonical(address, chain) if address else ""
    except ValueError:  # The sandbox keeps impossible ones as given.
        return address
