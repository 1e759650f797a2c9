"""The acts on customers: create and update. There is no delete: what they paid stays evidence."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction

from billing.callers import Caller
from billing.errors import NotFound
from billing.private_keys import refuse_private_keys_in_words
from customers.answers import customer_json
from customers.errors import CustomerExists
from customers.folding import folded
from customers.models import Customer
from events.services import publish
from events.types import EventType

logger = logging.getLogger(__name__)

CHANGEABLE = ("email", "name", "external_id", "metadata")
_UNIQUE = {"one_customer_per_email": "email", "one_customer_per_external_id": "external_id"}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Whom somebody wants to keep. None, and an empty text: nothing is said."""

    email: str
    name: str | None = None
    external_id: str | None = None
    metadata: Mapping[str, Any] | None = None


@transaction.atomic
def create(caller: Caller, draft: NewCustomer) -> Customer:
    """Keep a customer, and publish customer.created.

    Of two calls with one e-mail address or one external id at the same time the unique index
    refuses the second: `customer_exists`. Raises `private_key_refused` too.
    """
    caller.require("customers:write")
    customer = Customer(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        **_said(asdict(draft)),
    )
    _save(caller, customer, is_new=True)
    return _told(caller, EventType.CUSTOMER_CREATED, customer)


def get(caller: Caller, customer_id: str) -> Customer:
    """Return the caller's customer. Raises NotFound for any other, foreign or missing."""
    found: Customer | None = Customer.objects.visible_to(caller).filter(id=customer_id).first()
    if found is None:
        raise NotFound("customer", customer_id, param="customer_id")
    return found


@transaction.atomic
def update(caller: Caller, customer_id: str, changes: Mapping[str, Any]) -> Customer:
    """Change what of CHANGEABLE is given; nothing to change is no error and no event.

    Two changes at the same time follow one another on the row's lock; metadata is replaced as a
    whole. Publishes customer.updated with `changed`. Raises NotFound, `customer_exists`,
    `private_key_refused`.
    """
    caller.require("customers:write")
    rows = Customer.objects.visible_to(caller).select_for_update(no_key=True)
    customer: Customer | None = rows.filter(id=customer_id).first()
    if customer is None:
        raise NotFound("customer", customer_id, param="customer_id")
    wanted = _said({name: changes[name] for name in CHANGEABLE if name in changes})
    changed = [name for name, value in wanted.items() if getattr(customer, name) != value]
    if not changed:
        return customer
    for name in changed:
        setattr(customer, name, wanted[name])
    _save(caller, customer)
    return _told(caller, EventType.CUSTOMER_UPDATED, customer, changed=changed)


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, with None where a text is empty. Raises `private_key_refused`."""
    refuse_private_keys_in_words({**given, **(given.get("metadata") or {})})
    return {name: None if value == "" else value for name, value in given.items()}


def _save(caller: Caller, customer: Customer, *, is_new: bool = False) -> None:
    try:
        with transaction.atomic():
            customer.save(force_insert=is_new)
    except IntegrityError as error:
        broken = next((name for name in _UNIQUE if name in str(error)), None)
        if broken is None:
            raise
        param = _UNIQUE[broken]
        raise CustomerExists(param, _other(caller, param, getattr(customer, param))) from None


def _other(caller: Caller, param: str, value: str) -> str | None:
    """The id of who has it; None where they have given it up since the index refused ours."""
    others = Customer.objects.visible_to(caller)
    if param == "email":
        others = others.filter(folded_email=folded(value))
    else:
        others = others.filter(external_id=value)
    return others.values_list("id", flat=True).first()


def _told(caller: Caller, type_: EventType, customer: Customer, **more: object) -> Customer:
    publish(caller, type_, customer.id, {**customer_json(customer), **more})
    logger.info("%s customer=%s by=%s", type_.value, customer.id, caller.actor_id)
    return customer
