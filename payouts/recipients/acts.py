"""The acts on the address book: make a recipient, propose, approve, reject, archive.

Locks are taken in one order: the recipient, its address, then the lock of a look-alike's key.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from approvals.rules import is_own
from billing.addresses import lookalike_key, parse_recipient
from billing.callers import Caller
from billing.errors import Forbidden, NotFound
from billing.locks import lock_key
from billing.private_keys import refuse_private_keys
from events.services import publish
from events.types import EventType
from payouts.acts.locking import reason_of
from payouts.errors import LookalikeAddress
from payouts.models import AddressStatus, Recipient, RecipientAddress
from payouts.recipients.answers import recipient_json
from payouts.recipients.book import cool_down_of
from payouts.recipients.errors import (
    AddressKnown,
    AddressNotProposed,
    RecipientArchived,
    RecipientNameTaken,
)
from payouts.recipients.standing import lookalikes
from payouts.recipients.words import read

logger = logging.getLogger(__name__)

CHANGEABLE = ("name", "note", "tags", "reference")


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """Whom somebody wants in the address book, as it was typed."""

    name: str
    note: str = ""
    tags: Sequence[str] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True)
class NewAddress:
    """Where a recipient is paid on one chain, `address` as it was typed."""

    chain: str
    address: str
    confirm_lookalike: bool = False


@transaction.atomic
def create(caller: Caller, draft: NewRecipient) -> Recipient:
    """Put a recipient into the book, without an address yet; publish recipient.created.

    Of two calls with one name at the same time the unique index refuses the second:
    `recipient_name_taken`. Raises `private_key_refused` too.
    """
    caller.require("payouts:write")
    values = read(
        {"name": draft.name, "note": draft.note, "tags": draft.tags, "reference": draft.reference}
    )
    recipient = Recipient(
        organization_id=caller.organization_id,
        environment=caller.environment,
        created_by=caller.actor_id,
        created_by_name=caller.actor_name,
        **values,
    )
    _save(recipient, is_new=True)
    return _told(caller, EventType.RECIPIENT_CREATED, recipient)


@transaction.atomic
def update(caller: Caller, recipient_id: str, changes: Mapping[str, Any]) -> Recipient:
    """Change what of CHANGEABLE is given; nothing to change is no error and no event.

    Raises `recipient_archived`, `recipient_name_taken`, `private_key_refused`.
    """
    caller.require("payouts:write")
    recipient = locked(caller, recipient_id)
    wanted = read({name: changes[name] for name in CHANGEABLE if name in changes})
    changed = [name for name, value in wanted.items() if getattr(recipient, name) != value]
    if not changed:
        return recipient
    for name in changed:
        setattr(recipient, name, wanted[name])
    _save(recipient)
    return _told(caller, EventType.RECIPIENT_UPDATED, recipient, changed=sorted(changed))


@transaction.atomic
def propose(caller: Caller, recipient_id: str, draft: NewAddress) -> RecipientAddress:
    """Propose an address, for somebody else to approve; publish recipient.updated.

    Of two proposals of one address at the same time the unique index refuses the second. Raises
    `invalid_address`, `invalid_recipient`, `lookalike_address` unless confirmed,
    `address_already_known`, `recipient_archived`, `private_key_refused`.
    """
    caller.require("payouts:write")
    refuse_private_keys({"address": draft.address})
    parsed = parse_recipient(draft.address, draft.chain, caller.environment, param="address")
    recipient = locked(caller, recipient_id)
    _refuse_lookalike(caller, parsed.address, is_confirmed=draft.confirm_lookalike)
    address: RecipientAddress = RecipientAddress(
        organization_id=caller.organization_id,
        environment=caller.environment,
        recipient=recipient,
        chain=draft.chain,
        address=parsed.address,
        lookalike_key=lookalike_key(parsed.address),
        warnings=list(parsed.warnings),
        proposed_by=caller.actor_id,
        proposed_by_name=caller.actor_name,
        proposed_by_issuer=caller.issued_by or "",
    )
    _insert(address)
    _told(caller, EventType.RECIPIENT_UPDATED, recipient, proposed=address.id)
    return address


@transaction.atomic
def approve(
    caller: Caller, address_id: str, *, confirm_lookalike: bool = False
) -> RecipientAddress:
    """Agree to an address that somebody else proposed; it is usable after the cool-down.

    Of approve and reject at the same time the second waits for the row and is refused. Look-alikes
    are looked for again, since one may have been approved meanwhile; of two that are approved at
    the same time, the second sees the first (`_hold`). Raises `self_approval`,
    `address_not_proposed`, `lookalike_address` unless confirmed.
    """
    caller.require("payouts:approve")
    recipient, address = _proposed(caller, address_id)
    if is_own(caller, address.proposed_by, address.proposed_by_issuer):
        raise Forbidden(
            "You proposed this address, yourself or by a key of yours. Somebody else must approve "
            "it.",
            code="self_approval",
        )
    _hold(caller, address.lookalike_key)
    _refuse_lookalike(caller, address.address, is_confirmed=confirm_lookalike)
    at = timezone.now()
    wait = cool_down_of(caller.organization_id, caller.environment)
    address.approve(at=at, by=caller.actor_id, name=caller.actor_name, cool_down=wait)
    address.save()
    _told(caller, EventType.RECIPIENT_APPROVED, recipient, address_id=address.id)
    return address


@transaction.atomic
def reject(caller: Caller, address_id: str, reason: str) -> RecipientAddress:
    """Say no to a proposed address, with a reason. Raises `address_not_proposed`."""
    caller.require("payouts:approve")
    reason = reason_of(reason)
    recipient, address = _proposed(caller, address_id)
    address.reject(at=timezone.now(), by=caller.actor_id, name=caller.actor_name)
    address.save()
    _told(caller, EventType.RECIPIENT_REJECTED, recipient, address_id=address.id, reason=reason)
    return address


@transaction.atomic
def archive_address(caller: Caller, address_id: str, reason: str) -> RecipientAddress:
    """Take an address out of the book, for good; it can be proposed anew. A repetition is nothing.

    Payouts made for it stay as they are.
    """
    caller.require("payouts:write")
    reason = reason_of(reason)
    recipient, address = _held(caller, address_id)
    if address.status in (AddressStatus.ARCHIVED, AddressStatus.REJECTED):
        return address
    address.archive(at=timezone.now())
    address.save()
    _told(caller, EventType.RECIPIENT_ARCHIVED, recipient, address_id=address.id, reason=reason)
    return address


@transaction.atomic
def archive(caller: Caller, recipient_id: str, reason: str) -> Recipient:
    """Take a recipient and all its addresses out of the book, for good.

    An address that is proposed at the same time waits for the recipient's row, and is refused.
    Raises `recipient_archived` where it is already.
    """
    caller.require("payouts:write")
    reason = reason_of(reason)
    recipient = locked(caller, recipient_id)
    at = timezone.now()
    for address in _live(recipient):
        address.archive(at=at)
        address.save()
    recipient.archived_at = at
    recipient.save()
    return _told(caller, EventType.RECIPIENT_ARCHIVED, recipient, reason=reason)


def locked(caller: Caller, recipient_id: str) -> Recipient:
    """Return a recipient, its row locked. Raises NotFound, `recipient_archived`."""
    rows = Recipient.objects.visible_to(caller).select_for_update()
    recipient = rows.filter(id=recipient_id).first()
    if recipient is None:
        raise NotFound("recipient", recipient_id)
    if recipient.archived_at is not None:
        raise RecipientArchived(recipient.id)
    return recipient


def _live(recipient: Recipient) -> list[RecipientAddress]:
    rows = RecipientAddress.objects.select_for_update().filter(recipient=recipient)
    live = (AddressStatus.PROPOSED, AddressStatus.APPROVED)
    return list(rows.filter(status__in=live).order_by("id"))


def _held(caller: Caller, address_id: str) -> tuple[Recipient, RecipientAddress]:
    """The address and its recipient, both locked, the recipient first."""
    mine = RecipientAddress.objects.visible_to(caller)
    found = mine.filter(id=address_id).values_list("recipient_id", flat=True).first()
    if found is None:
        raise NotFound("recipient address", address_id)
    recipient = Recipient.objects.select_for_update().get(id=found)
    return recipient, mine.select_for_update().get(id=address_id)


def _proposed(caller: Caller, address_id: str) -> tuple[Recipient, RecipientAddress]:
    recipient, address = _held(caller, address_id)
    if address.status != AddressStatus.PROPOSED:
        raise AddressNotProposed(address.id, address.status)
    return recipient, address


def _hold(caller: Caller, key: str) -> None:
    """Let one transaction at a time approve addresses that look alike, until it commits."""
    name = f"lookalike {caller.organization_id} {caller.environment} {key}"
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [lock_key(name)])


def _refuse_lookalike(caller: Caller, address: str, *, is_confirmed: bool) -> None:
    known = lookalikes(caller.organization_id, caller.environment, address)
    if known and not is_confirmed:
        raise LookalikeAddress(address, known[0], param="address")


def _save(recipient: Recipient, *, is_new: bool = False) -> None:
    try:
        with transaction.atomic():
            recipient.save(force_insert=is_new)
    except IntegrityError as error:
        if "one_live_recipient_per_name" not in str(error):
            raise
        raise RecipientNameTaken(recipient.name) from None


def _insert(address: RecipientAddress) -> None:
    try:
        with transaction.atomic():
            address.save(force_insert=True)
    except IntegrityError as error:
        if "one_live_recipient_address" not in str(error):
            raise
        taken = Recipient.objects.filter(
            organization_id=address.organization_id,
            environment=address.environment,
            addresses__chain=address.chain,
            addresses__address=address.address,
            archived_at=None,
        ).order_by("-addresses__created_at")
        raise AddressKnown(", ".join(taken.values_list("name", flat=True)[:1])) from None


def _told(caller: Caller, type_: EventType, recipient: Recipient, **more: object) -> Recipient:
    publish(caller, type_, recipient.id, {**recipient_json(recipient), **more})
    logger.info("%s recipient=%s by=%s", type_.value, recipient.id, caller.actor_id)
    return recipient
