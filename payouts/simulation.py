"""Simulate: a sandbox payout's whole way at once, through the same code as in live."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import network
from billing.errors import UnknownOutcome
from chainwatch import sandbox
from chainwatch import services as chainwatch
from chainwatch.following import follow
from payouts.acts.approve import approve_locked
from payouts.acts.execute import execute, replace_hash
from payouts.acts.locking import locked
from payouts.acts.proposals import use_proposed_hash
from payouts.deciding import SIBLINGS_WAIT, STALLED_AFTER
from payouts.errors import IllegalTransition
from payouts.models import FailureCode, PayoutIntent, Status
from payouts.sandboxing import fitting_transfer, planned
from payouts.verifying import verify_payouts

OUTCOMES = (
    "settle",
    "revert",
    "not_found",
    "wrong_recipient",
    "wrong_token",
    "wrong_amount",
    "reorg",
    "replaced",
    "late",
    "duplicate_log",
)
# How long a transaction waits that pays too little for its place: until it is replaced.
_UNDERPRICED = timedelta(hours=1)
_MOST_ROUNDS = 5
_ENDED = frozenset({Status.SETTLED, Status.FAILED, Status.CANCELED})


@transaction.atomic
def simulate(caller: Caller, payout_id: str, outcome: str = "settle") -> PayoutIntent:
    """Play a payout from wherever it stands to its end, with every event in order; return it so.

    A draft is approved first, if the caller may; then a hash is made up where it has none, its
    transaction mined, and the simulated chain moved until it is final, or long past its limit.
    Where the watcher proposes another hash, the caller accepts it.
    Raises `sandbox_only`, `unknown_outcome`, `payout_not_executable`, and what approve raises.
    """
    caller.require_sandbox()
    payout = locked(caller, payout_id)
    if outcome not in OUTCOMES:
        raise UnknownOutcome(outcome, OUTCOMES)
    if payout.status in _ENDED:
        raise IllegalTransition(payout, "execute")
    if payout.status == Status.DRAFT:
        payout = approve_locked(caller, payout)
    if payout.expected_tx_hash is None:
        payout = execute(caller, payout_id, f"0x{secrets.token_hex(32)}", mines_itself=False)
    _drop(payout)
    _play(caller, payout, outcome)
    return locked(caller, payout_id)


@transaction.atomic
def advance_blocks(caller: Caller, chain: str, blocks: int) -> int:
    """Move the head of the caller's simulated chain, and its time; return the new head's number."""
    caller.require_sandbox()
    sandbox.advance(caller.organization_id, chain, blocks)
    ledger = sandbox.ledger_of(caller.organization_id, chain)
    return sandbox.head_number(ledger, timezone.now())


def _play(caller: Caller, payout: PayoutIntent, outcome: str) -> None:
    if outcome == "not_found":
        _wait_in_vain(payout)
    elif outcome == "late":
        _wait_in_vain(payout)
        _broadcast(payout, outcome)
        _mine(payout)
    elif outcome == "replaced":
        if network(payout.chain).is_evm:
            _speed_up(caller, payout)
        else:
            _sign_again(caller, payout)
        _mine(payout)
    elif outcome == "reorg":
        _broadcast(payout, outcome)
        _tick(payout, blocks=1)
        sandbox.remine(*_place(payout), at=timezone.now())
        _mine(payout)
    else:
        _broadcast(payout, outcome)
        _mine(payout)
        if outcome == "duplicate_log":
            _pass_time(payout, SIBLINGS_WAIT)


def _place(payout: PayoutIntent) -> tuple[str, str, str, str]:
    assert payout.expected_tx_hash is not None, "it was executed just now, or before"
    return (payout.scope, payout.chain, payout.expected_tx_hash, payout.watch_key)


def _drop(payout: PayoutIntent) -> None:
    """Take off the chain what was sent under the payout's hash; the outcome wants its own."""
    sandbox.drop(*_place(payout), at=timezone.now())


def _broadcast(payout: PayoutIntent, outcome: str) -> None:
    sandbox.broadcast(
        *_place(payout),
        transfers=planned(payout, outcome),
        succeeded=outcome != "revert",
        at=timezone.now(),
    )


def _speed_up(caller: Caller, payout: PayoutIntent) -> None:
    """Send it underpriced, let its wallet speed it up, and accept what the watcher proposes."""
    transfer, place = fitting_transfer(payout), _place(payout)
    nonce = sandbox.free_nonce(payout.scope, payout.chain, transfer.from_address)
    in_vain = timezone.now() + _UNDERPRICED
    sandbox.broadcast(*place, transfers=[transfer], nonce=nonce, at=in_vain)
    for _ in range(_MOST_ROUNDS):
        # Its nonce is asked for once a pass did not find it, and must be known before it vanishes.
        _look(payout)
        seen = chainwatch.watched(payout.chain, place[2], scope=place[0], key=place[3])
        if seen is not None and seen.nonce is not None:
            break
    sandbox.replace(*place, f"0x{secrets.token_hex(32)}", at=timezone.now())
    sandbox.advance(payout.scope, payout.chain, 1)
    for _ in range(_MOST_ROUNDS):
        _look(payout)
        payout.refresh_from_db()
        if payout.proposed_tx_hash is not None:
            use_proposed_hash(caller, payout.id, payout.proposed_tx_hash)
            return


def _sign_again(caller: Caller, payout: PayoutIntent) -> None:
    """Without nonces nothing is replaced: it expires, is signed anew, and the new hash is named."""
    _look(payout)
    replace_hash(caller, payout.id, secrets.token_hex(32), "signed again, the first one expired")


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
    for wait in (STALLED_AFTER, network(payout.chain).not_found_limit):
        _pass_time(payout, wait)


def _pass_time(payout: PayoutIntent, wait: timedelta) -> None:
    block_s = int((sandbox.block_time(1) - sandbox.block_time(0)).total_seconds())
    _tick(payout, blocks=int(wait.total_seconds()) // block_s + 2)


def _tick(payout: PayoutIntent, *, blocks: int) -> None:
    sandbox.advance(payout.scope, payout.chain, blocks)
    _look(payout)


def _look(payout: PayoutIntent) -> None:
    follow(payout.chain, payout.scope)
    verify_payouts([payout.id])


def _has_ended(payout: PayoutIntent) -> bool:
    """Whether nothing more comes: one that failed because nobody saw it may be paid late."""
    payout.refresh_from_db()
    is_lost = payout.failure_code == FailureCode.TRANSACTION_NOT_FOUND
    return payout.status in _ENDED and (not is_lost or payout.settlement_id is not None)
