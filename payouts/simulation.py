"""Simulate: a sandbox payout's whole way at once, through the same code as in live."""

import secrets

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import network
from billing.errors import InvalidRequest
from chainwatch import sandbox
from chainwatch.following import follow
from payouts.acts.approve import approve_locked
from payouts.acts.execute import execute
from payouts.acts.locking import locked
from payouts.deciding import STALLED_AFTER
from payouts.errors import IllegalTransition
from payouts.models import PayoutIntent, Status
from payouts.sandboxing import planned
from payouts.verifying import verify_payouts

OUTCOMES = ("settle", "revert", "not_found", "wrong_recipient", "wrong_token", "wrong_amount")
_MOST_ROUNDS = 5
_ENDED = frozenset({Status.SETTLED, Status.FAILED, Status.CANCELED})


@transaction.atomic
def simulate(caller: Caller, payout_id: str, outcome: str = "settle") -> PayoutIntent:
    """Play a payout from wherever it stands to its end, with every event in order; return it so.

    A draft is approved first, if the caller may; then a hash is made up where it has none, its
    transaction mined, and the simulated chain moved until it is final, or long past its limit.
    Raises `sandbox_only`, `unknown_outcome`, `payout_not_executable`, and what approve raises.
    """
    _require_sandbox(caller)
    if outcome not in OUTCOMES:
        raise InvalidRequest(
            f"There is no outcome {outcome!r}. It is one of {', '.join(OUTCOMES)}.",
            code="unknown_outcome",
            param="outcome",
        )
    payout = locked(caller, payout_id)
    if payout.status in _ENDED:
        raise IllegalTransition(payout, "execute")
    if payout.status == Status.DRAFT:
        payout = approve_locked(caller, payout)
    if payout.expected_tx_hash is None:
        payout = execute(caller, payout_id, f"0x{secrets.token_hex(32)}", mines_itself=False)
    _broadcast(payout, outcome)
    if outcome == "not_found":
        _wait_in_vain(payout)
    else:
        _mine(payout)
    return locked(caller, payout_id)


@transaction.atomic
def advance_blocks(caller: Caller, chain: str, blocks: int) -> int:
    """Move the head of the caller's simulated chain, and its time; return the new head's number."""
    _require_sandbox(caller)
    sandbox.advance(caller.organization_id, chain, blocks)
    ledger = sandbox.ledger_of(caller.organization_id, chain)
    return sandbox.head_number(ledger, timezone.now())


def _require_sandbox(caller: Caller) -> None:
    if caller.is_live:
        raise InvalidRequest(
            "Only the sandbox can be simulated. Use a key that begins with sk_test_.",
            code="sandbox_only",
        )
    caller.require("sandbox:write")


def _broadcast(payout: PayoutIntent, outcome: str) -> None:
    """Send what the outcome wants in place of whatever was sent under the payout's hash."""
    assert payout.expected_tx_hash is not None, "it was executed just now, or before"
    place = (payout.scope, payout.chain, payout.expected_tx_hash, payout.watch_key)
    at = timezone.now()
    sandbox.drop(*place, at=at)
    if outcome != "not_found":
        succeeded = outcome != "revert"
        transfers = planned(payout, outcome)
        sandbox.broadcast(*place, transfers=transfers, succeeded=succeeded, at=at)


def _mine(payout: PayoutIntent) -> None:
    """Put it into a block, then as many on top as its network's finality wants."""
    _tick(payout, blocks=1)
    for _ in range(_MOST_ROUNDS):
        if _has_ended(payout):
            return
        _tick(payout, blocks=network(payout.chain).confirmations)
    # A safe or finalized level lags behind the head by more than confirmations.
    _tick(payout, blocks=100)


def _wait_in_vain(payout: PayoutIntent) -> None:
    """Let a quarter of an hour pass, so that it stalls, then the time a transaction can live."""
    block_s = int((sandbox.block_time(1) - sandbox.block_time(0)).total_seconds())
    for wait in (STALLED_AFTER, network(payout.chain).not_found_limit):
        _tick(payout, blocks=int(wait.total_seconds()) // block_s + 2)


def _tick(payout: PayoutIntent, *, blocks: int) -> None:
    sandbox.advance(payout.scope, payout.chain, blocks)
    follow(payout.chain, payout.scope)
    verify_payouts([payout.id])


def _has_ended(payout: PayoutIntent) -> bool:
    ended: bool = PayoutIntent.objects.filter(id=payout.id, status__in=_ENDED).exists()
    return ended
