"""What every act begins with: the payout, locked, if the caller may see it; what it ends with."""

from collections.abc import Iterable

from billing.callers import Caller
from billing.errors import NotFound
from events import services as events
from events.types import EventType
from payouts.answers import payout_json
from payouts.errors import ReasonMissing
from payouts.models import PayoutIntent

LONGEST_REASON = 1_000


def locked(caller: Caller, payout_id: str) -> PayoutIntent:
    """Return the payout with its row locked until the transaction ends. Raises NotFound.

    The lock decides every race between two acts: the second waits here and then reads what the
    first left.
    """
    rows = PayoutIntent.objects.visible_to(caller).select_for_update()
    payout: PayoutIntent | None = rows.filter(id=payout_id).first()
    if payout is None:
        raise NotFound("payout", payout_id)
    return payout


def locked_many(caller: Caller, payout_ids: Iterable[str]) -> list[PayoutIntent]:
    """Return the payouts locked in the order of their ids, so that two callers never deadlock."""
    wanted = sorted(set(payout_ids))
    rows = PayoutIntent.objects.visible_to(caller).select_for_update()
    payouts = list(rows.filter(id__in=wanted).order_by("id"))
    missing = set(wanted) - {payout.id for payout in payouts}
    if missing:
        raise NotFound("payout", min(missing))
    return payouts


def told(caller: Caller, type_: EventType, payout: PayoutIntent, **more: object) -> PayoutIntent:
    """Publish the act's event with the payout as it now is, and `more` of what happened."""
    events.publish(caller, type_, payout.id, {**payout_json(payout), **more})
    return payout


def reason_of(text: str) -> str:
    """Return a reason worth keeping. Raises ReasonMissing where there is none."""
    reason = text.strip()[:LONGEST_REASON]
    if not reason:
        raise ReasonMissing
    return reason


def require_execute(caller: Caller) -> None:
    """Let a key with `payouts:write` and a person with `payouts:execute` move what is approved."""
    if caller.actor_id.startswith("usr_"):
        caller.require("payouts:execute")
    else:
        caller.require("payouts:write")
