"""Create: a draft and its event, in one statement that also looks for reasons not to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models.base import ModelState
from django.utils import timezone

from billing.addresses import lookalike_key, parse_recipient
from billing.api.repeats import Answer, Call
from billing.callers import Caller
from billing.chains import decimals, network
from billing.errors import BillingError, ChainNotConfigured, InvalidRequest
from billing.ids import new_id
from billing.money import to_atomic
from payouts.acts.found import Found, Unwanted
from payouts.acts.insert import insert_draft, insert_draft_once
from payouts.errors import (
    ExternalIdTaken,
    LookalikeAddress,
    PossibleDuplicate,
    UnsupportedCurrency,
)
from payouts.models import PayoutIntent, ReferenceType
from payouts.recipients.errors import RecipientNotUsable
from payouts.recipients.naming import GONE, named

LEAST_ATOMIC = 10_000  # 0.01 of a token of six decimals: the contract's smallest amount


@dataclass(frozen=True, slots=True)
class NewPayout:
    """What somebody wants to be paid; `amount` is in token units.

    `recipient_address` is as given. In its place, or beside it, `recipient_id` names somebody of
    the address book, who is then paid on `chain` where the book says.
    """

    chain: str
    token: str
    amount: Decimal
    recipient_address: str = ""
    recipient_id: str | None = None
    currency: str = "USD"
    description: str | None = None
    reference_type: str = ReferenceType.MANUAL.value
    reference_id: str | None = None
    due_date: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    external_id: str | None = None
    retry_of: str | None = None
    confirm_duplicate: bool = False
    confirm_lookalike: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    """What became of one row of a bulk create: a payout, or the error that refused it."""

    index: int
    payout: PayoutIntent | None
    error: BillingError | None


def create(caller: Caller, draft: NewPayout) -> PayoutIntent:
    """Create a draft and publish payout.created.

    Raises InvalidRequest with the code of what is wrong, among them `chain_not_configured`,
    `lookalike_address`, `possible_duplicate`, `external_id_taken`, `recipient_not_usable`. One
    statement, which needs no transaction around it; nothing is left behind by a refusal. A
    recipient that is named is read before, and the statement makes sure that it still stands.
    """
    caller.require("payouts:write")
    payout = built(caller, draft)
    _inserted(caller, payout, draft)
    return payout


def create_once(call: Call, draft: NewPayout) -> Answer | None:
    """Create the draft of a call with an Idempotency-Key and keep its answer, in one statement.

    Also answers the repeat of such a call. None where nothing was done and only the long way
    (`create` inside of idempotency's own transaction) finds out what to answer. Raises as
    `create` does for what is wrong in the draft itself, and IdempotencyConflict.
    """
    call.caller.require("payouts:write")
    return insert_draft_once(call, built(call.caller, draft), _confirmed(draft))


def create_many(caller: Caller, drafts: Iterable[NewPayout]) -> list[Created]:
    """Create every good row, and say of each of the others why it is refused; in their order.

    One transaction: a row's refusal inserts nothing, so that no savepoint is needed. Rows go in by
    external id, as an import's do: two transactions that take the same ids then wait for one
    another in one order, and neither in a circle.
    """
    caller.require("payouts:write")
    by_external_id = sorted(enumerate(drafts), key=lambda row: row[1].external_id or "")
    with transaction.atomic():
        made = [_created(caller, index, draft) for index, draft in by_external_id]
    return sorted(made, key=lambda row: row.index)


def _created(caller: Caller, index: int, draft: NewPayout) -> Created:
    try:
        payout = built(caller, draft)
        _inserted(caller, payout, draft)
    except BillingError as error:  # The row's own answer; the rows beside it go on.
        return Created(index, None, error)
    return Created(index, payout, None)


def built(caller: Caller, draft: NewPayout) -> PayoutIntent:
    """Check what can be checked without the database, and return the row that may be inserted.

    Only a recipient that is named by its id is read, with its address.
    """
    if draft.currency != "USD":
        raise UnsupportedCurrency
    row = network(draft.chain)
    if caller.is_live and not row.is_configured:
        raise ChainNotConfigured(draft.chain)
    whom = named(caller, draft.recipient_id, draft.chain, draft.recipient_address)
    recipient = parse_recipient(whom.address, draft.chain, caller.environment)
    amount_atomic = to_atomic(draft.amount, decimals(draft.chain, draft.token))
    if amount_atomic < LEAST_ATOMIC:
        raise InvalidRequest(
            "The amount must be at least 0.01.", code="amount_too_small", param="amount"
        )
    at = timezone.now()
    return _drafted(
        id=new_id("po"),
        approvals=[],
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        created_at=at,
        updated_at=at,
        recipient_address=recipient.address,
        recipient_key=lookalike_key(recipient.address),
        recipient_id=whom.recipient_id,
        recipient_name=whom.recipient_name,
        chain=draft.chain,
        token=draft.token,
        contract=next(address for t, address in row.contracts.items() if t == draft.token),
        amount_atomic=amount_atomic,
        currency=draft.currency,
        description=draft.description,
        reference_type=draft.reference_type,
        reference_id=draft.reference_id,
        due_date=draft.due_date,
        metadata=dict(draft.metadata),
        external_id=draft.external_id,
        retry_of_id=draft.retry_of,
        warnings=list(recipient.warnings),
        created_by=caller.actor_id,
        created_by_name=caller.actor_name,
        created_by_issuer=caller.issued_by or "",
    )


def _drafted(**values: object) -> PayoutIntent:
    """As `PayoutIntent(**values)`, which costs eight times as much: a blank one, filled in."""
    payout: PayoutIntent = PayoutIntent.__new__(PayoutIntent)
    payout.__dict__.update(_blank(), **values, _state=ModelState())
    return payout


@cache
def _blank() -> dict[str, Any]:
    blank: dict[str, Any] = PayoutIntent().__dict__
    return blank


def _inserted(caller: Caller, payout: PayoutIntent, draft: NewPayout) -> None:
    found = insert_draft(caller, payout, _confirmed(draft))
    if not found.is_inserted:
        raise _refusal(found, payout)


def _confirmed(draft: NewPayout) -> Unwanted:
    return Unwanted(
        duplicate=draft.confirm_duplicate,
        lookalike=draft.confirm_lookalike,
        unnamed=draft.recipient_id is None,
    )


def _refusal(found: Found, payout: PayoutIntent) -> BillingError:
    if payout.retry_of_id is not None and not found.retry_is_known:
        return InvalidRequest(
            f"No such payout: {payout.retry_of_id}. Name one of yours, or leave retry_of out.",
            code="payout_not_found",
            param="retry_of",
        )
    if not found.confirmed.unnamed and payout.recipient_id != found.recipient_id:
        return RecipientNotUsable(payout.recipient_name or "This recipient", GONE)
    if found.lookalike is not None and not found.confirmed.lookalike:
        return LookalikeAddress(payout.recipient_address, found.lookalike)
    if found.duplicate is not None and not found.confirmed.duplicate:
        return PossibleDuplicate(found.duplicate, found.duplicate_outcome or "")
    # The unique index refused it: the id was there, or another call took it just now.
    assert payout.external_id is not None, "an insert is refused for one of five reasons"
    return ExternalIdTaken(payout.external_id)
