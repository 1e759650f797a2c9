"""Any order of blocks, forks and passes: the same books as if only the final chain had been read.

A few sequences of each of two kinds here; `SOAK=1` runs 2,000 of 30 steps of each.
"""

import contextlib
import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.callers import Caller
from billing.errors import BillingError
from chainwatch.models import WatchedTransaction
from checkouts import recording, services, settling
from checkouts.models import Checkout, Payment
from tests.checkouts.making import TREASURY, a_draft, a_method, a_wallet, an_xpub, reload
from tests.checkouts.paying import (
    FAKE,
    USDC_E,
    Log,
    a_pass,
    assert_replays,
    contract_of,
    counts,
    followed,
    headed,
    mined,
    orphaned,
    told,
)

EXAMPLES, STEPS = (2_000, 30) if os.environ.get("SOAK") else (12, 30)
CHAIN, HASHES = "arbitrum", 6
FIRST = 1_000  # the block in which everything begins, two minutes before the next
A_BLOCK = timedelta(minutes=2)
TOKENS = {
    **{token: contract_of(CHAIN, token) for token in ("USDC", "USDT")},
    "USDC.e": USDC_E,
    "FAKE": FAKE,
}
SAME_AND_OTHER_TOKENS = ("same",) * 8 + ("USDC", "USDT", "USDC.e", "FAKE")
# Several acts on one transaction in a row, so that short walks reach far.
MOVES = (
    ("mine",), ("mine", "pass"), ("mine", "record"), ("mine", "final"), ("mine", "head", "pass"),
    ("mine", "final", "deep", "pass"), ("mine", "final", "deep", "pass"), ("remine",),
    ("remine", "pass"), ("orphan",), ("orphan", "pass"), ("orphan", "pass", "mine", "record"),
    ("final",), ("final", "deep", "pass"), ("seal",), ("head",), ("deep", "settle"), ("follow",),
    ("follow", "settle"), ("mine", "sleep", "pass", "catch_up"), ("sleep", "pass", "catch_up"),
    ("record",), ("settle",), ("pass",), ("twice",),
)  # fmt: skip
# A fork below what was final, and people.
CALLS = (
    ("orphan_final", "pass"), ("orphan_final", "pass", "mine", "final", "pass"), ("orphan_final",),
    ("remine_final", "pass"), ("remine_final", "final", "pass"), ("cancel",), ("fail",),
    ("resolve",), ("resolve",),
)  # fmt: skip
JUDGES = frozenset({"pass", "record", "catch_up", "twice"})


@dataclass
class World:
    """Six checkouts of one organization, six transactions, and a chain that does anything."""

    caller: Caller
    plans: list[list[list[tuple[int, str, int]]]]  # by transaction and version: whom, token, amount
    made_at: datetime = field(init=False)
    checkouts: list[Checkout] = field(init=False)
    standing: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # block, fork, version
    head: int = FIRST

    def __post_init__(self) -> None:
        caller = self.caller
        own = a_wallet(caller, CHAIN, xpub=an_xpub())
        shared = a_wallet(caller, CHAIN, address=TREASURY)
        usdc = a_method(caller, CHAIN, wallet=own)
        patient = a_method(
            caller, CHAIN, "USDT", wallet=own, required_confirmations=20,
            tolerance_usd=Decimal("0.5"), min_amount_usd=Decimal(1),
        )  # fmt: skip
        there, there_too = (a_method(caller, CHAIN, t, wallet=shared) for t in ("USDC", "USDT"))
        self.made_at = timezone.now()
        self.checkouts = [
            services.create(
                caller,
                a_draft(chain=CHAIN, token=method.token, amount_usd=Decimal(10),
                        payment_method_id=method.id, expires_in_seconds=60 * minutes),
            )
            for method, minutes in (
                (usdc, 30), (usdc, 55), (patient, 30), (there, 30), (there, 55), (there_too, 30),
            )
        ]  # fmt: skip

    def tx_hash(self, which: int) -> str:
        return f"0x{which:064x}"

    def place_in_time(self, block: int, fork: int) -> datetime:
        """Other forks have other times; none is at the very end of a checkout's time."""
        return self.made_at + (block - FIRST) * A_BLOCK + timedelta(seconds=30 + 25 * fork)

    def logs(self, which: int, version: int) -> list[Log]:
        found = []
        for whom, token, amount in self.plans[which][version]:
            checkout = self.checkouts[whom]
            contract = TOKENS[checkout.token if token == "same" else token]
            found.append(Log(checkout.address, max(0, checkout.amount_atomic + amount), contract))
        return found

    def mine(self, which: int, block: int, fork: int, version: int, **how: Any) -> None:
        at = self.place_in_time(block, fork)
        mined(self.tx_hash(which), *self.logs(which, version), chain=CHAIN, block=block,
              block_time=at, fork=f"f{fork}", **how)  # fmt: skip
        self.standing[which] = (block, fork, version)

    def is_final(self, which: int) -> bool:
        rows = WatchedTransaction.objects.filter(tx_hash=self.tx_hash(which))
        return rows.filter(final_at__isnull=False).exists()

    def act(self, name: str, which: int, dice: random.Random) -> None:
        """Do one thing to a transaction, as far as it is possible now."""
        is_standing = which in self.standing
        if name == "mine" and not is_standing:
            self.mine(which, *somewhere(dice))
        elif name.startswith(("remine", "orphan")):
            is_held = self.is_sealed(which) if name.endswith("_final") else self.is_final(which)
            if is_standing and not is_held:
                self.move(name, which, dice)
        elif name in ("final", "seal", "sleep"):
            self.age(name, which)
        elif name in ("head", "deep"):
            self.head += 40 if name == "deep" else dice.randrange(20)
            headed(self.head, CHAIN)
        elif name == "follow":
            followed(self.place_in_time(somewhere(dice)[0], 0), CHAIN)
        else:
            self.judge(name)

    def move(self, name: str, which: int, dice: random.Random) -> None:
        if name.startswith("remine"):
            self.mine(which, *somewhere(dice))
        else:
            orphaned(self.tx_hash(which))
            del self.standing[which]

    def age(self, name: str, which: int) -> None:
        """It becomes final, or beyond any fork; or nobody has looked at anything for long."""
        at, rows = timezone.now(), WatchedTransaction.objects.filter(block_hash__isnull=False)
        mine = rows.filter(tx_hash=self.tx_hash(which))
        if name == "final":
            mine.filter(final_at=None).update(final_at=at, changed_at=at)
        elif name == "seal":
            mine.filter(final_at__isnull=False).update(finalized_at=at, changed_at=at)
        else:
            rows.update(changed_at=F("changed_at") - timedelta(minutes=20))

    def is_sealed(self, which: int) -> bool:
        rows = WatchedTransaction.objects.filter(tx_hash=self.tx_hash(which))
        return rows.filter(finalized_at__isnull=False).exists()

    def judge(self, name: str) -> None:
        if name == "pass":
            a_pass()
        elif name == "record":
            recording.record(CHAIN)
        elif name == "settle":
            settling.settle(CHAIN)
        elif name == "catch_up":
            recording.catch_up()
        elif name == "twice":
            places = [(CHAIN, "", self.tx_hash(which), "") for which in range(HASHES)]
            recording.record_transfers(places)
            recording.record_transfers(places[::-1])

    def come_to_rest(self) -> None:
        """All that stands is final, far below the head, and the chain was followed past all."""
        at = timezone.now()
        WatchedTransaction.objects.filter(block_hash__isnull=False, final_at=None).update(
            final_at=at, changed_at=at
        )
        headed(5_000, CHAIN)
        followed(self.made_at + timedelta(days=1), CHAIN)
        recording.catch_up()
        for _ in range(2):
            a_pass()
        assert counts(a_pass()) == {}, "at rest nothing moves"

    def books(self) -> list[object]:
        """What is so of every checkout, and of money that names none."""
        found: list[object] = []
        for checkout in self.checkouts:
            now = reload(checkout)
            found.append(
                (now.status, int(now.amount_received_atomic), now.overpaid_at is not None,
                 self.payments(checkout=checkout))
            )  # fmt: skip
        return [*found, self.payments(checkout=None)]

    def payments(self, **of: Checkout | None) -> list[tuple[str, int, str, int]]:
        rows = Payment.objects.filter(reversed_at=None, **of)
        return sorted((p.kind, int(p.amount_atomic), p.tx_hash, p.ordinal) for p in rows)


def somewhere(dice: random.Random) -> tuple[int, int, int]:
    """A block, a fork, and what the transaction does there; early and as planned most often."""
    block = FIRST + min(dice.randrange(32), dice.randrange(32))
    return block, dice.randrange(4), dice.choice((0, 0, 0, 1))


def plans(dice: random.Random) -> list[list[list[tuple[int, str, int]]]]:
    """What each transaction does, and what else it does where it is mined again differently."""

    def logs() -> list[tuple[int, str, int]]:
        return [
            (
                dice.randrange(6),
                dice.choice(SAME_AND_OTHER_TOKENS),
                # Exactly; for a neighbour on the shared address; half; too much; dust; nothing.
                dice.choice((0,) * 8 + (1, -1, -5_000_000, 3, -9_999_999, -20_000_000)),
            )
            for _ in range(dice.choice((1, 1, 1, 2, 3)))
        ]

    def versions() -> list[list[tuple[int, str, int]]]:
        first = logs()
        return [first, dice.choice((first[::-1], logs(), []))]

    return [versions() for _ in range(HASHES)]


def check_money(world: World) -> None:
    """Whatever stands on the chain and reached an address of ours is a payment that stands."""
    addresses = {checkout.address for checkout in world.checkouts}
    money = set(TOKENS.values()) - {FAKE}
    on_chain = sorted(
        (world.tx_hash(which), ordinal, log.to, log.amount)
        for which, (_, _, version) in world.standing.items()
        for ordinal, log in enumerate(world.logs(which, version))
        if log.amount > 0 and log.to in addresses and log.contract in money
    )
    recorded = Payment.objects.filter(reversed_at=None).select_related("deposit_address")
    assert on_chain == sorted(
        (p.tx_hash, p.ordinal, p.deposit_address.address, int(p.amount_atomic)) for p in recorded
    )
    for payment in recorded.select_related("transfer"):
        assert payment.transfer.orphaned_at is None
        assert payment.block_hash == payment.transfer.block_hash


def check_checkouts(world: World) -> None:
    """Each counts exactly what stands, and its status is what that makes it."""
    rows = Checkout.objects.filter(id__in=[each.id for each in world.checkouts])
    for checkout in rows.prefetch_related("payments"):
        counting = [p for p in checkout.payments.all() if p.kind == "on_time" and not p.reversed_at]
        received = sum(int(payment.amount_atomic) for payment in counting)
        final = sum(int(payment.amount_atomic) for payment in counting if payment.final_at)
        assert checkout.amount_received_atomic == received
        if checkout.status in ("detected", "confirming"):
            assert received >= checkout.enough_atomic
        if checkout.status == "pending":
            assert received < checkout.enough_atomic
        if checkout.status == "confirmed" and final < checkout.enough_atomic:
            assert checkout.reversed_at is not None


def check_events(world: World) -> None:
    """Each replays; reversed and restored are told by turns, and what happens once is told once."""
    for checkout in world.checkouts:
        assert_replays(checkout)
        words = told(checkout.id)
        assert max(words.count("overpaid"), words.count("completed")) <= 1
        turns = [word for word in words if word in ("reversed", "restored")]
        assert turns == (["reversed", "restored"] * len(turns))[: len(turns)]
        assert len(turns) % 2 == (reload(checkout).reversed_at is not None)


def check_told() -> None:
    """Whatever needs a person was told."""
    words = {"late": "late_payment", "wrong_token": "wrong_token"}
    for payment in Payment.objects.exclude(kind="on_time"):
        word = words.get(payment.kind, "payment.unassigned")
        assert word in told(payment.checkout_id or payment.id)


walks = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@walks
@given(seed=st.integers(1, 2**32))
def test_the_books_are_those_of_the_final_chain_whatever_was_seen_on_the_way(
    in_live: Caller, seed: int
) -> None:
    """Forks before finality; the seed makes the sequence, since long walks reach further."""
    dice = random.Random(seed)
    planned = plans(dice)
    with transaction.atomic():
        world = World(in_live, planned)
        for _ in range(STEPS):
            walk(world, dice.choice(MOVES), dice)
        world.come_to_rest()
        check_money(world)
        check_checkouts(world)
        check_events(world)
        check_told()
        disturbed, chain = world.books(), world.standing
        transaction.set_rollback(True)

    with transaction.atomic():
        fresh = World(in_live, planned)
        for which, place in sorted(chain.items(), key=lambda each: (each[1][0], each[0])):
            fresh.mine(which, *place, is_final=True)
        fresh.come_to_rest()
        check_money(fresh)
        undisturbed = fresh.books()
        transaction.set_rollback(True)
    assert disturbed == undisturbed


@walks
@given(seed=st.integers(1, 2**32))
def test_whatever_people_and_deep_forks_do_every_step_is_legal_and_told(
    in_live: Caller, seed: int
) -> None:
    """Final blocks leave too, and people cancel, give up and resolve meanwhile."""
    dice = random.Random(seed)
    with transaction.atomic():
        world = World(in_live, plans(dice))
        for _ in range(STEPS):
            walk(world, dice.choice(MOVES + CALLS * 2), dice)
        world.come_to_rest()
        check_money(world)
        check_checkouts(world)
        check_events(world)
        check_told()
        assert not Checkout.objects.filter(status__in=["pending", "detected"]).exists()
        transaction.set_rollback(True)


def walk(world: World, move: tuple[str, ...], dice: random.Random) -> None:
    which = dice.randrange(HASHES)
    for name in move:
        if name in ("cancel", "fail", "resolve"):
            call(world, name, dice)
        else:
            world.act(name, which, dice)
    if move[-1] in JUDGES:
        check_money(world)
        check_checkouts(world)


def call(world: World, name: str, dice: random.Random) -> None:
    """What a person does; a refusal is as good as an act."""
    checkout = dice.choice(world.checkouts)
    with contextlib.suppress(BillingError):
        if name == "cancel":
            services.cancel(world.caller, checkout.id)
        elif name == "fail":
            services.fail(world.caller, checkout.id, "no stock")
        else:
            for payment in Payment.objects.exclude(kind="on_time").order_by("id")[:1]:
                settling.resolve(world.caller, payment.id, "refunded", "sent back")


def test_the_replay_check_sees_a_step_that_was_not_told(in_live: Caller) -> None:
    a_method(in_live)
    checkout = services.create(in_live, a_draft())
    checkout.expire(at=timezone.now())
    checkout.save()

    with pytest.raises(AssertionError):
        assert_replays(checkout)
