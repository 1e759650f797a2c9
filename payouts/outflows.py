"""What left a source wallet and nobody named: matched without a hash, or money with no intent.

One transaction of the chain is judged in one transaction of the database. Races. Two judges: the
payouts that may be meant are locked first, in the order of ids, and everything is read again after
that, so the second finds the transfer claimed. Against execute, cancel, hand over and take back:
whoever has the row lock first decides. Against a payout that nobody saw when the locks were taken:
the next pass judges. Against a claim that is written meanwhile: `one_claim_per_transfer` refuses.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from chainwatch.models import Transfer, WatchedTransaction
from events.types import EventType
from payouts import unclaimed
from payouts.acts.execute import submitted
from payouts.acts.locking import told
from payouts.hashless import Matching, Outflow, match
from payouts.models import PayoutIntent, Status
from payouts.unclaimed import Place
from payouts.unexpected import note
from payouts.verifying import verify_payouts
from wallets import services as wallets

logger = logging.getLogger(__name__)

FOUND = "found by watching the wallet, nobody submitted it"
# What is older, the reconciliation run finds, every five minutes. All that became final within
# this time is read in every pass, so it is kept short.
NEWS_OF = timedelta(minutes=15)
# A transaction that replaced another is known as such a minute later: nonces are asked that often.
RIVAL_WAIT = timedelta(minutes=2)
# Longer than any of the chains takes to make a transaction final. What is in a block for so long
# and is not final is one node's word, and nothing else is held up by it.
FINAL_WAIT = timedelta(hours=2)


@dataclass(slots=True)
class Found:
    """What became of the transfers that one pass judged. `waiting` ones are judged again."""

    matched: int = 0
    unexpected: int = 0
    internal: int = 0
    waiting: int = 0

    def add(self, other: "Found") -> None:
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))


class _NotSettled(Exception):
    """The payout was not settled by what we had found for it: nothing of it shall stand."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of one transaction, its payouts locked. `own` are the wallets' addresses."""

    caller: Caller
    transfers: Sequence[Transfer]
    payouts: dict[str, PayoutIntent]
    matching: Matching
    final_at: datetime
    own: frozenset[tuple[str, str]]


def find(*, at: datetime | None = None) -> Found:
    """Judge what became final lately; say what became of it."""
    at = at or timezone.now()
    found = Found()
    for place in unclaimed.news(since=at - NEWS_OF):
        found.add(_judged(place, at))
    return found


def catch_up(caller: Caller) -> int:
    """Judge all there is of one organization, however old; return how many were told of."""
    at, found = timezone.now(), Found()
    for place in unclaimed.places(caller.organization_id, caller.environment):
        found.add(_judged(place, at))
    return found.matched + found.unexpected


def _judged(place: Place, at: datetime) -> Found:
    try:
        with transaction.atomic():
            facts = _facts(place)
            return Found() if facts is None else _written(facts, at)
    except _NotSettled:
        logger.warning("a match without a hash did not settle tx=%s", place.tx_hash)
    # Whatever the reason: money that left shall not go untold. A person decides.
    with transaction.atomic():
        facts = _facts(place)
        return Found() if facts is None else _noted(facts, facts.transfers, at)


def _facts(place: Place) -> _Facts | None:
    """Lock the payouts that may be meant, then read; None where there is nothing to judge now."""
    locked = _lock([each.payout_id for each in unclaimed.waiting(place, unclaimed.left(place))])
    transfers = unclaimed.left(place)
    waiting = unclaimed.waiting(place, transfers)
    if not transfers or not {each.payout_id for each in waiting} <= locked.keys():
        return None
    outflows = unclaimed.outflows(place, waiting)
    known = {each.transfer_id for each in outflows}
    outflows += [_outflow(each) for each in transfers if each.id not in known]
    caller = system(place.organization_id, Environment(place.environment), "The watcher")
    watched = WatchedTransaction.objects.get(
        chain=place.chain, scope=place.scope, tx_hash=place.tx_hash, key=place.key
    )
    assert watched.final_at is not None, "only what is final is left"
    return _Facts(
        caller=caller,
        transfers=transfers,
        payouts=locked,
        matching=match(waiting, outflows),
        final_at=watched.final_at,
        own=wallets.own_addresses(
            place.organization_id,
            place.environment,
            among={each.to_address for each in transfers},
        ),
    )


def _lock(payout_ids: Sequence[str]) -> dict[str, PayoutIntent]:
    """Lock these and their retries, as payouts.reading does, so that the two never deadlock."""
    if not payout_ids:
        return {}
    wanted = Q(id__in=payout_ids) | Q(retry_of_id__in=payout_ids)
    rows = PayoutIntent.objects.filter(wanted).select_for_update().order_by("id")
    return {payout.id: payout for payout in rows}


def _written(facts: _Facts, at: datetime) -> Found:
    if _may_be_a_replacement(facts, at) or _may_have_a_rival(facts, at):
        return Found(waiting=len(facts.transfers))
    pays = facts.matching.would_pay
    paying = [transfer for transfer in facts.transfers if transfer.id in pays]
    _settle([(facts.payouts[pays[each.id]], each) for each in paying], facts, at)
    found = _noted(facts, [each for each in facts.transfers if each.id not in pays], at)
    found.matched = len(paying)
    return found


def _noted(facts: _Facts, transfers: Sequence[Transfer], at: datetime) -> Found:
    """Note what pays nothing for certain; what goes to an own wallet and fits nothing, as such."""
    found = Found()
    for transfer in transfers:
        is_own = (transfer.chain, transfer.to_address) in facts.own
        is_internal = is_own and not facts.matching.fitting[transfer.id]
        if note(facts.caller, transfer, at=at, is_internal=is_internal) is not None:
            found.internal += is_internal
            found.unexpected += not is_internal
    return found


def _may_be_a_replacement(facts: _Facts, at: datetime) -> bool:
    """Whether it fits a payout whose own transaction is unseen, and its nonce was not asked yet."""
    rivals = (p for t in facts.transfers for p in facts.matching.fitting[t.id] if p.has_hash)
    return any(rivals) and at < facts.final_at + RIVAL_WAIT


def _may_have_a_rival(facts: _Facts, at: datetime) -> bool:
    """Whether it would pay a payout, but for money of the same kind that is not final yet.

    That one is a second candidate, between which a person chooses, once it is final. Until then it
    may leave the chain again, or be what a single node made up.
    """
    matching, ours = facts.matching, {each.id for each in facts.transfers}
    doubtful = ours & (matching.would_pay.keys() - matching.pays.keys())
    return bool(doubtful) and at < facts.final_at + FINAL_WAIT


def _settle(pairs: Sequence[tuple[PayoutIntent, Transfer]], facts: _Facts, at: datetime) -> None:
    """Name the hash for each, then have them judged as if somebody had: together, and at once."""
    if not pairs:
        return
    for payout, transfer in pairs:
        submitted(facts.caller, payout, transfer.tx_hash, at, reason=FOUND)
        payout.execute(at=at, tx_hash=transfer.tx_hash)
        payout.save()
        told(
            facts.caller,
            EventType.PAYOUT_EXECUTED,
            payout,
            reason=FOUND,
            found_by_watcher=True,
        )
        logger.info("payout matched without a hash payout=%s tx=%s", payout.id, transfer.tx_hash)
    ids = [payout.id for payout, _ in pairs]
    verify_payouts(ids)
    settled = PayoutIntent.objects.filter(id__in=ids, status=Status.SETTLED)
    paid = set(settled.values_list("id", "settlement__transfer_id"))
    if paid != {(payout.id, transfer.id) for payout, transfer in pairs}:
        raise _NotSettled


def _outflow(transfer: Transfer) -> Outflow:
    return Outflow(
        transfer_id=transfer.id,
        contract=transfer.contract,
        recipient=transfer.to_address,
        amount_atomic=int(transfer.amount_atomic),
        block_time=transfer.block_time,
        key=transfer.key,
    )
