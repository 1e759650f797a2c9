"""The acts on payment links, and the checkout that each visit of one makes."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment, decimals, network
from billing.errors import BillingError, ChainNotConfigured, NotFound
from billing.money import from_atomic, to_atomic
from billing.private_keys import refuse_private_keys_in_words
from checkouts.acts.choosing import chosen_method, require_amount
from checkouts.acts.create import NewCheckout
from checkouts.acts.create import create as create_checkout
from checkouts.answers import link_json, link_status
from checkouts.errors import (
    PaymentLinkClosed,
    PaymentLinkDisabled,
    PaymentLinkExpired,
    PaymentMethodUnfit,
    PaymentMethodUnknown,
)
from checkouts.models import Checkout, MethodStatus, PaymentLink, PaymentMethod
from checkouts.states import LinkStatus
from events.services import publish
from events.types import EventType

logger = logging.getLogger(__name__)

ACTOR_NAME = "Payment link"
_REFUSALS: dict[LinkStatus, type[BillingError]] = {
    LinkStatus.EXPIRED: PaymentLinkExpired,
    LinkStatus.CLOSED: PaymentLinkClosed,
    LinkStatus.METHOD_DISABLED: PaymentLinkDisabled,
}


@dataclass(frozen=True, slots=True)
class NewLink:
    """What shall be paid by a link, in token units. `expires_in_seconds` None: it never ends.

    Without a method, chain and token say which: the one that a checkout would take.
    """

    amount_usd: Decimal
    payment_method_id: str | None = None
    chain: str | None = None
    token: str | None = None
    description: str | None = None
    expires_in_seconds: int | None = None


@transaction.atomic
def create(caller: Caller, draft: NewLink) -> PaymentLink:
    """Make a page that anybody may open to pay this amount, and publish payment_link.created.

    Raises `payment_method_not_found`, `payment_method_unfit`, `payment_method_required`,
    `amount_too_small`, `amount_too_large`, `chain_not_configured`, `private_key_refused`.
    """
    caller.require("checkouts:write")
    refuse_private_keys_in_words({"description": draft.description})
    method = _method(caller, draft)
    amount = to_atomic(draft.amount_usd, decimals(method.chain, method.token), param="amount_usd")
    require_amount(method, amount)
    at, lifetime = timezone.now(), draft.expires_in_seconds
    link = PaymentLink.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        created_at=at,
        payment_method=method,
        amount_atomic=amount,
        description=draft.description,
        expires_at=None if lifetime is None else at + timedelta(seconds=lifetime),
    )
    return _told(caller, EventType.PAYMENT_LINK_CREATED, link)


def get(caller: Caller, link_id: str) -> PaymentLink:
    """Return the caller's link, whatever has become of it. Raises NotFound for any other."""
    links = PaymentLink.objects.visible_to(caller).select_related("payment_method")
    found: PaymentLink | None = links.filter(id=link_id).first()
    if found is None:
        raise NotFound("payment link", link_id, param="id")
    return found


@transaction.atomic
def close(caller: Caller, link_id: str) -> PaymentLink:
    """Let nothing more be paid by it, for good, and publish payment_link.closed.

    Checkouts that it made go on. A closed one stays as it is. Raises NotFound.
    """
    caller.require("checkouts:write")
    rows = PaymentLink.objects.visible_to(caller).select_related("payment_method")
    # NO KEY UPDATE: a checkout that is being made by it, and so refers to it, need not wait.
    link: PaymentLink | None = (
        rows.select_for_update(no_key=True, of=("self",)).filter(id=link_id).first()
    )
    if link is None:
        raise NotFound("payment link", link_id, param="id")
    if link.closed_at is not None:
        return link
    link.closed_at = timezone.now()
    link.save(update_fields=["closed_at", "updated_at"])
    return _told(caller, EventType.PAYMENT_LINK_CLOSED, link)


@transaction.atomic
def open_checkout(link: PaymentLink) -> Checkout:
    """Make the checkout of one visitor who wants to pay by this link.

    Raises PaymentLinkExpired, PaymentLinkClosed, PaymentLinkDisabled, and what creating a checkout
    raises.
    """
    link = PaymentLink.objects.select_related("payment_method").get(id=link.id)
    if refusal := _REFUSALS.get(link_status(link)):
        raise refusal(link)  # type: ignore[arg-type]  # each of the three takes the link
    method = link.payment_method
    caller = system(link.organization_id, Environment(link.environment), ACTOR_NAME)
    draft = NewCheckout(
        amount_usd=from_atomic(link.amount_atomic, decimals(method.chain, method.token)),
        chain=method.chain,
        token=method.token,
        payment_method_id=method.id,
    )
    return create_checkout(caller, draft, link=link)


def _method(caller: Caller, draft: NewLink) -> PaymentMethod:
    if draft.payment_method_id is None:
        assert draft.chain is not None, "whoever names no method names a chain"
        assert draft.token is not None, "and a token"
        method = chosen_method(caller, draft.chain, draft.token)
    else:
        method = _named(caller, draft.payment_method_id, draft)
    if caller.is_live and not network(method.chain).is_configured:
        raise ChainNotConfigured(method.chain)
    return method


def _named(caller: Caller, method_id: str, draft: NewLink) -> PaymentMethod:
    method: PaymentMethod | None = (
        PaymentMethod.objects.visible_to(caller).filter(id=method_id).first()
    )
    if method is None:
        raise PaymentMethodUnknown(method_id)
    if method.status != MethodStatus.ACTIVE:
        raise PaymentMethodUnfit(method_id, "is disabled. Name an active one")
    if draft.chain not in (None, method.chain) or draft.token not in (None, method.token):
        raise PaymentMethodUnfit(
            method_id, f"takes {method.token} on {method.chain}. Leave out chain and token"
        )
    return method


def _told(caller: Caller, type_: EventType, link: PaymentLink) -> PaymentLink:
    publish(caller, type_, link.id, link_json(link))
    logger.info("%s link=%s actor=%s", type_.value, link.id, caller.actor_id)
    return link
