"""The acts on entitlements: what a plan opens. Each reaches all of its subscribers at once."""

import logging
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.plans import require_plan
from billing.private_keys import refuse_private_keys_in_words
from events.services import publish
from events.types import EventType
from subscriptions.entitlement_answers import entitlement_json
from subscriptions.errors import EntitlementExists, PlanUnknown, SubscriptionUnknown
from subscriptions.models import Entitlement, Plan, Subscription, ValueType

logger = logging.getLogger(__name__)

Value = bool | Decimal | str


@dataclass(frozen=True, slots=True)
class NewEntitlement:
    """Which feature of which plan, and how far. The value is of the type's own kind."""

    plan_id: str
    feature_key: str
    value_type: str
    value: Value


@transaction.atomic
def create(caller: Caller, draft: NewEntitlement) -> Entitlement:
    """Let a plan open a feature, and publish entitlement.created.

    Of two calls for one feature of one plan at the same time the unique constraint refuses the
    second. Raises `plan_not_found`, `entitlement_exists`, `private_key_refused`, in live
    `plan_required`.
    """
    caller.require("subscriptions:write")
    require_plan(caller, "subscriptions")
    refuse_private_keys_in_words({"feature_key": draft.feature_key, "value": draft.value})
    plan = Plan.objects.visible_to(caller).filter(id=draft.plan_id).first()
    if plan is None:
        raise PlanUnknown(draft.plan_id)
    entitlement = Entitlement(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        plan=plan,
        feature_key=draft.feature_key,
    )
    _set(entitlement, draft.value_type, draft.value)
    try:
        with transaction.atomic():
            entitlement.save(force_insert=True)
    except IntegrityError as error:
        if "one_entitlement_per_plan_and_feature" not in str(error):
            raise
        raise EntitlementExists(plan.id, draft.feature_key) from None
    return _told(caller, EventType.ENTITLEMENT_CREATED, entitlement)


def get(caller: Caller, entitlement_id: str) -> Entitlement:
    """Return the caller's entitlement. Raises NotFound for any other, foreign or missing."""
    rows = Entitlement.objects.visible_to(caller)
    found: Entitlement | None = rows.filter(id=entitlement_id).first()
    if found is None:
        raise NotFound("entitlement", entitlement_id, param="id")
    return found


@transaction.atomic
def update(
    caller: Caller, entitlement_id: str, *, value_type: str | None = None, value: Value | None
) -> Entitlement:
    """Change the value, and its type where that is given; publish entitlement.updated.

    None is no value: nothing changes then, unless another type asks for one. What is there already
    is no error and no event. Raises NotFound, `missing_required_field`, `invalid_field_value`,
    `private_key_refused`.
    """
    caller.require("subscriptions:write")
    entitlement = _locked(caller, entitlement_id)
    wanted = value_type or entitlement.value_type
    if value is None:
        if wanted != entitlement.value_type:
            raise InvalidRequest(
                f"Give value_{wanted} with this value_type.",
                code="missing_required_field",
                param=f"value_{wanted}",
            )
        return entitlement
    refuse_private_keys_in_words({"value": value})
    before = _values(entitlement)
    _set(entitlement, wanted, value)
    if _values(entitlement) == before:
        return entitlement
    entitlement.save()
    return _told(caller, EventType.ENTITLEMENT_UPDATED, entitlement)


@transaction.atomic
def delete(caller: Caller, entitlement_id: str) -> None:
    """Close the feature to the plan's subscribers, and publish entitlement.deleted.

    Of two at the same time the second waits for the row and finds it gone. Raises NotFound.
    """
    caller.require("subscriptions:write")
    entitlement = _locked(caller, entitlement_id)
    _told(caller, EventType.ENTITLEMENT_DELETED, entitlement)
    entitlement.delete()


def plan_of_subscription(caller: Caller, subscription_id: str) -> str:
    """Return the id of the plan that the caller's subscription is of.

    Raises InvalidRequest, code `subscription_not_found`.
    """
    mine = Subscription.objects.visible_to(caller).filter(id=subscription_id)
    plan_id: str | None = mine.values_list("plan_id", flat=True).first()
    if plan_id is None:
        raise SubscriptionUnknown(subscription_id)
    return plan_id


def _locked(caller: Caller, entitlement_id: str) -> Entitlement:
    rows = Entitlement.objects.visible_to(caller).select_for_update()
    found: Entitlement | None = rows.filter(id=entitlement_id).first()
    if found is None:
        raise NotFound("entitlement", entitlement_id, param="id")
    return found


def _set(entitlement: Entitlement, value_type: str, value: Value) -> None:
    """The value in the column of its type; the other two are null."""
    entitlement.value_type = value_type
    for each in ValueType.values:
        setattr(entitlement, f"value_{each}", value if each == value_type else None)


def _values(entitlement: Entitlement) -> tuple[object, ...]:
    return (entitlement.value_type, *(getattr(entitlement, f"value_{v}") for v in ValueType.values))


def _told(caller: Caller, type_: EventType, entitlement: Entitlement) -> Entitlement:
    publish(caller, type_, entitlement.id, entitlement_json(entitlement))
    logger.info("%s entitlement=%s by=%s", type_.value, entitlement.id, caller.actor_id)
    return entitlement
