"""Any order of calls, admin acts, chain news and ticks: only legal edges, and events replay.

A few sequences here; `SOAK=1` runs 2,000 of 30 steps.
"""

import contextlib
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.errors import BillingError
from chainwatch.models import WatchedTransaction
from payouts import services
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.verifying import verify
from tests.payouts.making import (
    OTHER_RECIPIENT,
    USDC_E,
    People,
    a_draft,
    absent,
    mined,
    moved,
    orphaned,
)
from tests.payouts.replaying import assert_replays
from wallets import services as wallets

EXAMPLES, STEPS = (2_000, 30) if os.environ.get("SOAK") else (25, 30)
HASHES = 3
ACTS = (
    "create", "update", "approve", "approve", "reject", "cancel", "cancel_in_admin", "hand_over",
    "take_back", "execute", "execute", "replace", "replace", "fail", "lapse", "mine", "mine",
    "finalize", "finalize", "orphan", "absent", "wait", "register", "tick", "tick", "tick",
)  # fmt: skip
LOGS: tuple[tuple[dict[str, Any], ...], ...] = (
    (moved(),), (moved(),), (moved(), moved()), (moved(400_000_000),), (moved(to=OTHER_RECIPIENT),),
    (moved(contract=USDC_E),), (),
)  # fmt: skip


class World:
    """Up to three payouts and three hashes of one organization, and a chain that does anything."""

    def __init__(self, people: People, number: int) -> None:
        self.people, self.number, self.block = people, number, 1_000
        # One at each part of the way, so that short sequences reach every state.
        self.payout_ids = [self._created() for _ in range(3)]
        for place in (1, 2):
            self.act("approve", place, 0, 0)
        self.act("execute", 2, 0, 0)

    def _created(self) -> str:
        draft = a_draft(confirm_duplicate=True)
        return services.create(self.people.preparer, draft).id

    def tx_hash(self, which: int) -> str:
        return f"0x{self.number:060x}{which:04x}"

    def act(self, name: str, place: int, which: int, log: int) -> None:
        """Do one thing; a refusal is as good as an act."""
        who, payout_id, tx_hash = self.people, self.payout_ids[place], self.tx_hash(which)
        acts: dict[str, Any] = {
            "create": lambda: self.payout_ids.__setitem__(place, self._created()),
            "update": lambda: services.update(
                who.preparer, payout_id, {"due_date": timezone.now(), "description": str(log)}
            ),
            "approve": lambda: services.approve(who.approver, payout_id),
            "reject": lambda: services.reject(who.approver, payout_id, "no"),
            "cancel": lambda: services.cancel(who.preparer, payout_id),
            "cancel_in_admin": lambda: services.cancel(
                who.admin, payout_id, reason="no", from_admin=True
            ),
            "hand_over": lambda: services.hand_over(
                who.operator, [payout_id], confirm_not_signed=True
            ),
            "take_back": lambda: services.take_back(who.operator, payout_id, "no"),
            "execute": lambda: services.execute(who.operator, payout_id, tx_hash),
            "replace": lambda: services.replace_hash(who.operator, payout_id, tx_hash, "faster"),
            "fail": lambda: services.fail_by_hand(who.operator, payout_id, "lost"),
            "lapse": lambda: services.lapse(at=timezone.now() + timedelta(days=8)),
            "mine": lambda: self._mine(tx_hash, LOGS[log]),
            "finalize": lambda: self._in_block(tx_hash).update(
                final_at=timezone.now(), changed_at=timezone.now()
            ),
            "orphan": lambda: self._orphan(tx_hash),
            "absent": lambda: self._absent(tx_hash),
            "wait": lambda: self._wait(tx_hash),
            "register": self._register,
            "tick": verify,
        }
        with contextlib.suppress(BillingError):
            acts[name]()

    def _in_block(self, tx_hash: str) -> Any:
        rows = WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash__isnull=False)
        return rows.filter(final_at=None)

    def _mine(self, tx_hash: str, logs: tuple[dict[str, Any], ...]) -> None:
        watched = WatchedTransaction.objects.filter(tx_hash=tx_hash).first()
        if watched is not None and watched.block_hash is None:
            self.block += 1
            mined(tx_hash, *logs, block=self.block, succeeded=bool(logs), is_final=False,
                  fork=str(self.number))  # fmt: skip

    def _orphan(self, tx_hash: str) -> None:
        if self._in_block(tx_hash).exists():
            orphaned(tx_hash)

    def _absent(self, tx_hash: str) -> None:
        if WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash=None).exists():
            absent(tx_hash, timezone.now() + timedelta(days=4))

    def _wait(self, tx_hash: str) -> None:
        long_ago = timezone.now() - timedelta(minutes=20)
        SubmittedHash.objects.filter(tx_hash=tx_hash).update(submitted_at=long_ago)

    def _register(self) -> None:
        draft = wallets.NewWallet(chain="arbitrum", address=OTHER_RECIPIENT, is_source=True)
        wallets.create(self.people.admin, draft)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**32))
def test_any_order_of_acts_goes_along_legal_edges_only(people: People, seed: int) -> None:
    """The seed makes the sequence: long random walks reach further than drawn lists do."""
    dice = random.Random(seed)
    with transaction.atomic():
        world = World(people, seed)
        for _ in range(STEPS):
            place = dice.randrange(3)
            which = dice.choice((0, 0, 0, 1, 2))
            world.act(dice.choice(ACTS), place, which, dice.randrange(len(LOGS)))
            assert_replays(world.payout_ids[place])
        verify()
        check_books(people)
        transaction.set_rollback(True)  # The next sequence begins in an empty world.


def check_books(people: People) -> None:
    """Every payout replays, is paid if it says so, and no transfer or payout is paid twice."""
    for payout in PayoutIntent.objects.filter(organization_id=people.admin.organization_id):
        assert_replays(payout.id)
        is_paid = payout.status == "settled"
        assert is_paid is (payout.settled_at is not None)
    claims = Settlement.objects.values("tx_hash", "ordinal").annotate(n=Count("id"))
    assert all(claim["n"] == 1 for claim in claims)
    paid = Settlement.objects.exclude(payout=None).values("payout").annotate(n=Count("id"))
    assert all(each["n"] == 1 for each in paid)


def test_the_replay_check_sees_an_act_that_was_not_told(people: People) -> None:
    payout = services.create(people.preparer, a_draft())
    payout.cancel(at=timezone.now())
    payout.save()

    with pytest.raises(AssertionError):
        assert_replays(payout.id)
