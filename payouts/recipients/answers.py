"""How a recipient and its addresses are told: in the API and in events, the same."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from billing.times import iso
from payouts.models import AddressStatus, Recipient, RecipientAddress


def recipient_json(
    recipient: Recipient, addresses: Sequence[RecipientAddress] | None = None
) -> dict[str, Any]:
    """The recipient with its addresses, newest first; without `addresses` they are read."""
    if addresses is None:
        addresses = list(recipient.addresses.all())
    at = timezone.now()
    return {
        "id": recipient.id,
        "org_id": recipient.organization_id,
        "name": recipient.name,
        "note": recipient.note,
        "tags": recipient.tags,
        "reference": recipient.reference,
        "addresses": [address_json(address, at) for address in addresses],
        "archived_at": _time(recipient.archived_at),
        "environment": recipient.environment,
        "created_at": iso(recipient.created_at),
        "updated_at": iso(recipient.updated_at),
        "created_by": recipient.created_by,
        "created_by_name": recipient.created_by_name,
    }


def recipients_json(recipients: Iterable[Recipient]) -> list[dict[str, Any]]:
    """Many recipients, whose addresses are read in one query."""
    rows = {recipient.id: recipient for recipient in recipients}
    addresses: dict[str, list[RecipientAddress]] = {recipient_id: [] for recipient_id in rows}
    for address in RecipientAddress.objects.filter(recipient_id__in=rows):
        addresses[address.recipient_id].append(address)
    return [recipient_json(row, addresses[row.id]) for row in rows.values()]


def address_json(address: RecipientAddress, at: datetime) -> dict[str, Any]:
    """One address. `approved_*` are null unless somebody approved it, whatever came later."""
    is_approved = address.usable_at is not None
    return {
        "id": address.id,
        "chain": address.chain,
        "address": address.address,
        "status": address.status,
        "is_usable": address.is_usable(at),
        "usable_at": _time(address.usable_at),
        "warnings": address.warnings,
        "proposed_at": iso(address.created_at),
        "proposed_by": address.proposed_by,
        "proposed_by_name": address.proposed_by_name,
        "approved_at": _time(address.decided_at) if is_approved else None,
        "approved_by": address.decided_by if is_approved else None,
        "approved_by_name": address.decided_by_name if is_approved else None,
        "rejected_at": (
            _time(address.decided_at) if address.status == AddressStatus.REJECTED else None
        ),
        "archived_at": _time(address.archived_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
