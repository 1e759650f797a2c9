"""Top up: a draft of what a settlement lacked, to the same recipient, which resolves it."""

from django.db import transaction

from billing.callers import Caller
from billing.chains import decimals
from billing.errors import InvalidRequest
from billing.money import from_atomic
from payouts import services as payouts
from payouts.acts.locking import reason_of, require_execute
from payouts.models import PayoutIntent, ReferenceType, Settlement
from payouts.resolutions import Resolution
from reconciliation.models import TopUp
from reconciliation.resolving import is_open, locked, resolve


@transaction.atomic
def top_up(
    caller: Caller,
    settlement_id: str,
    note: str,
    *,
    confirm_duplicate: bool = False,
    confirm_lookalike: bool = False,
) -> PayoutIntent:
    """Create a draft of the missing amount, resolve the settlement as topped up; return the draft.

    Both or neither. The settlement's lock and the unique link let no two people top it up; the
    draft is approved like any other, and not by who made it. Raises NotFound, InvalidRequest:
    `settlement_not_open`, `nothing_to_top_up`, and whatever refuses a new payout.
    """
    require_execute(caller)
    reason = reason_of(note)
    settlement = locked(caller, settlement_id)
    paid, missing = settlement.payout, lacks(settlement)
    if is_open(settlement) and (paid is None or missing <= 0):
        raise InvalidRequest(
            f"Settlement {settlement.id} lacks nothing that could be paid. Only one that paid "
            "less than was meant, and that stands on its chain, is topped up.",
            code="nothing_to_top_up",
            param="settlement_id",
        )
    # First: what is not open is refused before anything is made.
    resolve(caller, settlement.id, Resolution.TOP_UP, reason)
    assert paid is not None, "only what has a payout is resolved as topped up"
    draft = payouts.NewPayout(
        recipient_address=paid.recipient_address,
        chain=paid.chain,
        token=paid.token,
        amount=from_atomic(missing, decimals(paid.chain, paid.token)),
        description=f"Top-up of {paid.id}, which paid less than was meant.",
        reference_type=paid.reference_type or ReferenceType.MANUAL.value,
        reference_id=paid.reference_id,
        confirm_duplicate=confirm_duplicate,
        confirm_lookalike=confirm_lookalike,
    )
    payout = payouts.create(caller, draft)
    TopUp.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment,
        settlement=settlement,
        payout=payout,
    )
    return payout


def lacks(settlement: Settlement) -> int:
    """How much less than was meant an open settlement paid, in atomic units; 0 where nothing."""
    payout = settlement.payout
    if payout is None or settlement.reversed_at is not None or not is_open(settlement):
        return 0
    return max(payout.amount_atomic - settlement.amount_atomic, 0)
