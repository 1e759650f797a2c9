"""Simulate: a sandbox checkout's whole way at once, through the same code as in live."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import network
from billing.errors import UnknownOutcome
from chainwatch import sandbox
from chainwatch.following import follow
from chainwatch.sandbox import PlannedTransfer
from checkouts.acts.locking import locked
from checkouts.errors import CheckoutNotPending
from checkouts.models import Checkout, Status
from checkouts.recording import record_transfers
from checkouts.sandboxing import planned
from checkouts.settling import settle_checkouts

OUTCOMES = ("pay", "underpaid", "overpaid", "late", "wrong_token", "two_parts", "reorg")

_MOST_ROUNDS = 5
_DEEP = 100  # blocks, by which every level of a simulated chain lags behind its head at most


@transaction.atomic
def simulate(caller: Caller, checkout_id: str, outcome: str = "pay") -> Checkout:
    """Pay a pending checkout as `outcome` says, play it to its end with every event; return it so.

    The simulated chain moves on by as many blocks as that takes: what is paid too little, or in
    another token, ends when the time is over. On an address that checkouts share, an amount that is
    not exactly its own is unassigned, as in live.
    Raises NotFound, `sandbox_only`, `unknown_outcome`, `checkout_not_pending`,
    `outcome_not_possible`.
    """
    caller.require_sandbox()
    checkout = locked(caller, checkout_id)
    if outcome not in OUTCOMES:
        raise UnknownOutcome(outcome, OUTCOMES)
    if checkout.status == Status.PENDING:
        _look(checkout, [])  # Its time may be over, and nobody has noticed yet.
    if checkout.status != Status.PENDING:
        raise CheckoutNotPending(checkout, "simulate")
    hashes: list[str] = []
    if outcome == "late":
        _pass_its_time(checkout, hashes)
    for transfer in planned(checkout, outcome):
        hashes.append(_broadcast(checkout, transfer))
        _tick(checkout, hashes, blocks=1)
    if outcome == "reorg":
        sandbox.remine(checkout.scope, checkout.chain, hashes[0], "", at=timezone.now())
        _look(checkout, hashes)
        _tick(checkout, hashes, blocks=1)
    _finish(checkout, hashes)
    return checkout


def _broadcast(checkout: Checkout, transfer: PlannedTransfer) -> str:
    prefix = "0x" if network(checkout.chain).is_evm else ""
    tx_hash = f"{prefix}{secrets.token_hex(32)}"
    sandbox.broadcast(
        checkout.scope, checkout.chain, tx_hash, "", transfers=[transfer], at=timezone.now()
    )
    return tx_hash


def _finish(checkout: Checkout, hashes: list[str]) -> None:
    """Let it be confirmed, or its time run out; and what came be final."""
    for _ in range(_MOST_ROUNDS):
        if checkout.status not in (Status.DETECTED, Status.CONFIRMING):
            break
        _tick(checkout, hashes, blocks=checkout.required_confirmations)
    if checkout.status == Status.PENDING:
        _pass_its_time(checkout, hashes)
    _tick(checkout, hashes, blocks=_DEEP)


def _pass_its_time(checkout: Checkout, hashes: list[str]) -> None:
    ledger = sandbox.ledger_of(checkout.scope, checkout.chain)
    newest = sandbox.block_time(sandbox.head_number(ledger, timezone.now()))
    left_s = max(timedelta(0), checkout.deadline - newest).total_seconds()
    block_s = (sandbox.block_time(1) - sandbox.block_time(0)).total_seconds()
    _tick(checkout, hashes, blocks=int(left_s // block_s) + 2)


def _tick(checkout: Checkout, hashes: list[str], *, blocks: int) -> None:
    sandbox.advance(checkout.scope, checkout.chain, blocks)
    _look(checkout, hashes)


def _look(checkout: Checkout, hashes: list[str]) -> None:
    """Make one pass over its chain, and judge what that says of this checkout alone.

    Others are left to the beat, which locks several in the order of their ids.
    """
    follow(checkout.chain, checkout.scope)
    record_transfers([(checkout.chain, checkout.scope, tx_hash, "") for tx_hash in hashes])
    settle_checkouts([checkout.id])
    checkout.refresh_from_db()
