"""The acts on plans: create, change what people read, archive and take back from the archive."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.callers import Caller
from billing.chains import decimals, network
from billing.errors import ChainNotConfigured, NotFound
from billing.money import to_atomic
from billing.plans import require_plan
from billing.private_keys import refuse_private_keys_in_words
from events.services import publish
from events.types import EventType
from subscriptions.answers import plan_json
from subscriptions.models import Plan

logger = logging.getLogger(__name__)

CHANGEABLE = ("name", "description", "status", "metadata")


@dataclass(frozen=True, slots=True)
class NewPlan:
    """What shall be sold by the period. The amount is in token units, one token being a dollar."""

    name: str
    amount_usd: Decimal
    interval: str
    chain: str
    token: str
    description: str | None = None
    interval_count: int = 1
    trial_days: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def create(caller: Caller, draft: NewPlan) -> Plan:
    """Offer a plan, and publish plan.created.

    Raises `amount_too_small`, `amount_too_large`, `private_key_refused`, and in live
    `chain_not_configured` and `plan_required`.
    """
    caller.require("subscriptions:write")
    require_plan(caller, "subscriptions")
    _refuse_secrets(draft.name, draft.description, draft.metadata)
    if caller.is_live and not network(draft.chain).is_configured:
        raise ChainNotConfigured(draft.chain)
    plan = Plan.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        name=draft.name,
        description=draft.description or None,
        amount_atomic=to_atomic(
            draft.amount_usd, decimals(draft.chain, draft.token), param="amount_usd"
        ),
        interval=draft.interval,
        interval_count=draft.interval_count,
        trial_days=draft.trial_days,
        chain=draft.chain,
        token=draft.token,
        metadata=dict(draft.metadata),
    )
    return _told(caller, EventType.PLAN_CREATED, plan)


def get(caller: Caller, plan_id: str) -> Plan:
    """Return the caller's plan. Raises NotFound for any other, foreign or missing."""
    found: Plan | None = Plan.objects.visible_to(caller).filter(id=plan_id).first()
    if found is None:
        raise NotFound("plan", plan_id, param="id")
    return found


@transaction.atomic
def update(caller: Caller, plan_id: str, changes: Mapping[str, Any]) -> Plan:
    """Change what of CHANGEABLE is given; nothing to change is no error and no event.

    `status` archives it or takes it back: an archived plan takes no new subscriptions, those there
    are go on. Whoever subscribes at the same time holds the plan's row too, so was before or comes
    after. Publishes plan.updated with `changed`. Raises NotFound, `private_key_refused`.
    """
    caller.require("subscriptions:write")
    rows = Plan.objects.visible_to(caller).select_for_update()
    plan: Plan | None = rows.filter(id=plan_id).first()
    if plan is None:
        raise NotFound("plan", plan_id, param="id")
    wanted = {name: changes[name] for name in CHANGEABLE if name in changes}
    _refuse_secrets(wanted.get("name"), wanted.get("description"), wanted.get("metadata"))
    if "description" in wanted:
        wanted["description"] = wanted["description"] or None
    changed = [name for name, value in wanted.items() if getattr(plan, name) != value]
    if not changed:
        return plan
    for name in changed:
        setattr(plan, name, wanted[name])
    plan.save(update_fields=[*changed, "updated_at"])
    return _told(caller, EventType.PLAN_UPDATED, plan, changed=changed)


def _refuse_secrets(
    name: str | None, description: str | None, metadata: Mapping[str, str] | None
) -> None:
    words = {"name": name, "description": description}
    refuse_private_keys_in_words({**words, **(metadata or {})})


def _told(caller: Caller, type_: EventType, plan: Plan, **more: object) -> Plan:
    publish(caller, type_, plan.id, {**plan_json(plan), **more})
    logger.info("%s plan=%s by=%s", type_.value, plan.id, caller.actor_id)
    return plan
