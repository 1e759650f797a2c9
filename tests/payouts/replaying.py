"""Whether what was told of a payout leads, edge by edge, to what is stored of it."""

from itertools import pairwise
from typing import Any

from events.models import Event
from payouts.answers import payout_json
from payouts.models import PayoutIntent
from payouts.states import EDGES

# What may differ between the last event and now: the clock's fields, and what a count says later.
_MOVING = frozenset({"updated_at", "confirmations", "warnings"})


def assert_replays(payout_id: str) -> None:
    """Check that the events of a payout go along legal edges and end in its stored state."""
    payout = PayoutIntent.objects.get(id=payout_id)
    rows = Event.objects.filter(resource_id=payout_id).order_by("created_at", "id")
    told = [event.payload["data"] for event in rows]
    states = [data["status"] for data in told]
    assert states[0] == "draft", states
    for before, after in pairwise(states):
        assert before == after or (before, after) in EDGES, states
    now = payout_json(payout)
    last = {key: value for key, value in told[-1].items() if key in now}
    last |= _told_of_settlement(payout)
    assert {k: v for k, v in last.items() if k not in _MOVING} == {
        k: v for k, v in now.items() if k not in _MOVING
    }


def _told_of_settlement(payout: PayoutIntent) -> dict[str, Any]:
    """What its settlement's own events say of it: whether it left the chain and came back."""
    turned = Event.objects.filter(
        resource_id=payout.settlement_id,
        type__in=["settlement.reversed", "settlement.restored", "settlement.resolved"],
    ).order_by("created_at", "id")
    newest = turned.last()
    data = newest.payload["data"] if newest else {"reversed_at": None}
    return {"settlement_reversed_at": data["reversed_at"]}
