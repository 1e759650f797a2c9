"""Any order of calls, admin acts, chain news and ticks: only legal edges, and events replay.

A few sequences of each of three kinds here; `SOAK=1` runs 2,000 of 30 steps of each.
"""

import contextlib
import os
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.errors import BillingError
from chainwatch.models import Transfer, WatchedTransaction
from events.models import Event
from payouts import outflows, services
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.verifying import verify
from reconciliation.resolving import resolve
from tests.payouts.making import (
    OTHER_RECIPIENT,
    TREASURY,
    USDC,
    USDC_E,
    USDT,
    People,
    a_draft,
    absent,
    finalized,
    mined,
    moved,
    orphaned,
    superseded,
)
from tests.payouts.outgoing import a_source, became_final
from tests.payouts.replaying import assert_replays
from wallets import services as wallets
from wallets.models import Wallet

EXAMPLES, STEPS = (2_000, 30) if os.environ.get("SOAK") else (25, 30)
HASHES = 3
REPLACED = 8  # What replaces a hash is the hash of that number more.
LEFT = 16  # What leaves the wallet without anybody's word has the hash of that number more.
ACTS = (
    "create", "update", "approve", "approve", "reject", "cancel", "cancel_in_admin", "hand_over",
    "take_back", "execute", "execute", "replace", "replace", "fail", "lapse", "mine", "mine",
    "finalize", "finalize", "seal", "orphan", "orphan", "absent", "supersede", "accept", "decline",
    "resolve", "wait", "register", "tick", "tick", "tick",
)  # fmt: skip
# After two have settled: what only the chain does, and who resolves its surprises. Several acts
# on one hash in a row, so that short walks reach far.
TURNS = (
    ("orphan",), ("orphan", "tick"), ("mine",), ("mine", "finalize"), ("mine", "finalize", "tick"),
    ("orphan", "mine", "finalize", "tick"), ("supersede", "tick"), ("supersede", "wait", "tick"),
    ("accept",), ("decline",), ("resolve",), ("seal",), ("wait", "tick"), ("tick",),
)  # fmt: skip
# What leaves a registered wallet while people act: named by somebody, by nobody, too late, or by
# hand, in place of another, and gone again.
AROUND_A_WALLET = (
    ("create", "approve"), ("create", "approve"), ("create", "approve", "leave", "find"),
    ("create", "approve", "hand_over"), ("approve",), ("approve", "leave", "wait", "find"),
    ("take_back",), ("execute",), ("execute_left",), ("replace",), ("replace_left",), ("mine",),
    ("mine", "finalize", "tick"), ("cancel_in_admin",), ("fail",), ("supersede",),
    ("execute", "tick", "supersede_left", "tick"), ("supersede_left", "wait", "tick"),
    ("accept",), ("accept",), ("decline",), ("leave",), ("leave",),
    ("leave",), ("leave", "find"), ("leave", "wait", "find"), ("take_off",), ("take_off", "tick"),
    ("match",), ("match",), ("match",), ("resolve",), ("find",), ("wait", "find"), ("catch_up",),
    ("tick",), ("wait", "tick"),
)  # fmt: skip
LOGS: tuple[tuple[dict[str, Any], ...], ...] = (
    (moved(),), (moved(),), (moved(), moved()), (moved(400_000_000),), (moved(to=OTHER_RECIPIENT),),
    (moved(contract=USDC_E),), (), (moved(600_000_000),),
)  # fmt: skip


class World:
    """Up to three payouts and three hashes of one organization, and a chain that does anything."""

    def __init__(
        self, people: People, number: int, amounts: tuple[int, ...] = (500, 500, 500)
    ) -> None:
        self.people, self.number, self.block = people, number, 1_000
        self.amounts = amounts
        # One at each part of the way, so that short sequences reach every state.
        self.payout_ids = [self._created(place) for place in range(3)]
        for place in (1, 2):
            self.act("approve", place, 0, 0)
        self.act("execute", 2, 0, 0)

    def _created(self, place: int) -> str:
        draft = a_draft(confirm_duplicate=True, amount=Decimal(self.amounts[place]))
        return services.create(self.people.preparer, draft).id

    def tx_hash(self, which: int) -> str:
        return f"0x{self.number:060x}{which:04x}"

    def act(self, name: str, place: int, which: int, log: int) -> None:
        """Do one thing; a refusal is as good as an act."""
        who, payout_id, tx_hash = self.people, self.payout_ids[place], self.tx_hash(which)
        acts: dict[str, Any] = {
            "create": lambda: self.payout_ids.__setitem__(place, self._created(place)),
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
            "seal": lambda: finalized(tx_hash),
            "supersede": lambda: self._supersede(tx_hash, which + REPLACED, LOGS[log]),
            "supersede_left": lambda: self._supersede(tx_hash, which + LEFT, LOGS[log]),
            "accept": lambda: self._accept(payout_id),
            "decline": lambda: self._decline(payout_id),
            "leave": lambda: self._leave(self.tx_hash(which + LEFT), LOGS[log]),
            "take_off": lambda: self._orphan(self.tx_hash(which + LEFT)),
            "execute_left": lambda: services.execute(
                who.operator, payout_id, self.tx_hash(which + LEFT)
            ),
            "replace_left": lambda: services.replace_hash(
                who.operator, payout_id, self.tx_hash(which + LEFT), "that one"
            ),
            "match": lambda: self._match(payout_id, self.tx_hash(which + LEFT)),
            "find": outflows.find,
            "catch_up": lambda: outflows.catch_up(who.admin),
            "resolve": lambda: self._resolve(payout_id),
            "orphan": lambda: self._orphan(tx_hash),
            "absent": lambda: self._absent(tx_hash),
            "wait": lambda: self._wait(tx_hash),
            "register": self._register,
            "tick": verify,
        }
        with contextlib.suppress(BillingError):
            acts[name]()

    def come_to_rest(self) -> None:
        """Let time pass, and everything be judged that waited for it."""
        for act in ("wait", "tick", "find", "tick"):
            self.act(act, 0, 0, 0)

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
        """Final or not: until it is sealed, a reorganization can take its block away."""
        rows = WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash__isnull=False)
        if rows.filter(finalized_at=None).exists():
            orphaned(tx_hash)

    def _supersede(self, tx_hash: str, by: int, logs: tuple[dict[str, Any], ...]) -> None:
        self.block += 1
        if not WatchedTransaction.objects.filter(tx_hash=self.tx_hash(by)).exists():
            mined(self.tx_hash(by), *logs, block=self.block, is_final=False, fork=str(self.number))
        superseded(tx_hash, self.tx_hash(by))

    def _accept(self, payout_id: str) -> None:
        proposed = PayoutIntent.objects.get(id=payout_id).proposed_tx_hash
        if proposed is not None:
            services.use_proposed_hash(self.people.operator, payout_id, proposed)

    def _decline(self, payout_id: str) -> None:
        proposed = PayoutIntent.objects.get(id=payout_id).proposed_tx_hash
        if proposed is not None:
            services.decline_proposed_hash(self.people.operator, payout_id, proposed, "no")

    def _leave(self, tx_hash: str, logs: tuple[dict[str, Any], ...]) -> None:
        """Final at once, or a block of it waits: `finalize` never reaches these."""
        known = WatchedTransaction.objects.filter(tx_hash=tx_hash).first()
        if known is None or known.block_hash is None:
            self.block += 1
            mined(tx_hash, *logs, block=self.block, is_final=self.block % 4 > 0,
                  fork=str(self.number))  # fmt: skip
        elif known.final_at is None:
            became_final(tx_hash)

    def _match(self, payout_id: str, tx_hash: str) -> None:
        """By the settlement that notes it as unexpected, or by the transfer itself."""
        stray = Settlement.objects.filter(payout=None, tx_hash=tx_hash).first()
        transfer = Transfer.objects.filter(tx_hash=tx_hash).order_by("orphaned_at").last()
        if stray is not None:
            services.match_by_hand(
                self.people.operator, payout_id, settlement_id=stray.id, reason="so"
            )
        elif transfer is not None:
            services.match_by_hand(
                self.people.operator, payout_id, transfer_id=transfer.id, reason="so"
            )

    def _resolve(self, payout_id: str) -> None:
        for settlement in Settlement.objects.filter(payout_id=payout_id):
            resolve(self.people.operator, settlement.id, "written_off", "agreed")

    def _absent(self, tx_hash: str) -> None:
        if WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash=None).exists():
            absent(tx_hash, timezone.now() + timedelta(days=4))

    def _wait(self, tx_hash: str) -> None:
        long_ago = timezone.now() - timedelta(minutes=20)
        SubmittedHash.objects.filter(tx_hash=tx_hash).update(
            submitted_at=long_ago, submitted_at_chain_time=long_ago
        )
        waiting = SubmittedHash.objects.filter(look_again_at__isnull=False)
        waiting.update(look_again_at=long_ago)
        # Long enough for a transaction's nonce to be asked, and still news.
        final = WatchedTransaction.objects.filter(final_at__isnull=False)
        final.update(final_at=timezone.now() - timedelta(minutes=3))

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
            which = dice.choice((0, 0, 0, 0, 1, 2, REPLACED))
            world.act(dice.choice(ACTS), place, which, dice.randrange(7))
            assert_replays(world.payout_ids[place])
        world.come_to_rest()
        check_books(people)
        transaction.set_rollback(True)  # The next sequence begins in an empty world.


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**32))
def test_whatever_the_chain_does_after_settled_the_settlements_say_so(
    people: People, seed: int
) -> None:
    """Each hash does mostly what it did before: mined again it is then the same transfer."""
    dice = random.Random(seed)
    with transaction.atomic():
        world = World(people, seed)
        world.act("create", 2, 0, 0)
        for place in range(3):
            is_mined = place < 2
            for act in ("approve", "execute", *(("mine", "finalize", "tick") * is_mined)):
                world.act(act, place, place, 0)
        world.act("supersede", 2, 2, dice.choice((0, 0, 2, 3, 6)))
        for _ in range(STEPS):
            place, which = dice.randrange(3), dice.choice((0, 0, 1, 2, 2, 2 + REPLACED))
            log = dice.choice((0, 0, 0, 0, 2, 3, 6))
            for act in dice.choice(TURNS):
                world.act(act, place, which, log)
            assert_replays(world.payout_ids[place])
        world.come_to_rest()
        check_books(people)
        transaction.set_rollback(True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**32))
def test_whatever_leaves_a_wallet_pays_once_or_is_told(people: People, seed: int) -> None:
    """With anybody's word or nobody's, or by hand: no claim is undone, no money stays untold."""
    dice = random.Random(seed)
    with transaction.atomic():
        a_source(people)
        world = World(people, seed, (500, 500, 600))
        claims: dict[str, str] = {}
        for _ in range(STEPS * 2):
            place, which = dice.randrange(3), dice.randrange(6)
            mine = 7 if place == 2 else 0
            log = dice.choice((mine, mine, mine, mine, mine, 0, 2, 3, 4, 6))
            for act in dice.choice(AROUND_A_WALLET):
                world.act(act, place, which, log)
            assert_replays(world.payout_ids[place])
            claims = claims_after(claims)
        world.come_to_rest()
        claims_after(claims)
        check_books(people)
        check_nothing_untold()
        transaction.set_rollback(True)


def claims_after(before: dict[str, str]) -> dict[str, str]:
    """Whose each settlement is now: whoever had one has it still."""
    rows = Settlement.objects.exclude(payout=None)
    now = {each.id: each.payout_id or "" for each in rows}
    assert before.items() <= now.items()
    return now


def check_nothing_untold() -> None:
    """What left for good is claimed, noted, named by somebody, or proposed to somebody."""
    final = WatchedTransaction.objects.filter(final_at__isnull=False, succeeded=True)
    for transfer in Transfer.objects.filter(
        tx_hash__in=final.values("tx_hash"), from_address=TREASURY, contract__in=(USDC, USDT),
        orphaned_at=None,
    ):  # fmt: skip
        at = {"tx_hash": transfer.tx_hash}
        assert (
            Settlement.objects.filter(ordinal=transfer.ordinal, **at).exists()
            or SubmittedHash.objects.filter(**at).exists()
            or PayoutIntent.objects.filter(proposed_tx_hash=transfer.tx_hash).exists()
        )


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
    for settlement in Settlement.objects.select_related("transfer", "restored_transfer"):
        check_standing(settlement)
    for payout in PayoutIntent.objects.exclude(proposed_tx_hash=None):
        check_proposal(payout)
    if not Wallet.objects.filter(is_source=True).exists():
        for payout in PayoutIntent.objects.filter(settlement=None):
            check_nothing_missed(payout)


def check_nothing_missed(payout: PayoutIntent) -> None:
    """No final transfer that pays it exactly, whatever came before, is left for nobody."""
    for named in payout.hashes.all():
        final = WatchedTransaction.objects.filter(tx_hash=named.tx_hash, final_at__isnull=False)
        exact = Transfer.objects.filter(
            tx_hash=named.tx_hash, contract=payout.contract, orphaned_at=None,
            to_address=payout.recipient_address, amount_atomic=payout.amount_atomic,
        )  # fmt: skip
        for transfer in exact if final.exists() else ():
            assert Settlement.objects.filter(
                tx_hash=transfer.tx_hash, ordinal=transfer.ordinal, payout__isnull=False
            ).exists()


def check_proposal(payout: PayoutIntent) -> None:
    """What is proposed to it is in a block and moves exactly its money, which nobody claims."""
    exact = Transfer.objects.filter(
        tx_hash=payout.proposed_tx_hash, contract=payout.contract, orphaned_at=None,
        to_address=payout.recipient_address, amount_atomic=payout.amount_atomic,
    )  # fmt: skip
    claimed = Settlement.objects.filter(tx_hash=payout.proposed_tx_hash).exclude(payout=None)
    taken = set(claimed.values_list("ordinal", flat=True))
    assert [each.ordinal for each in exact if each.ordinal not in taken]
    assert not payout.hashes.filter(tx_hash=payout.proposed_tx_hash).exists()


def check_standing(settlement: Settlement) -> None:
    """It is reversed exactly while what it stands on left the chain, and says so in its events."""
    stands_on = settlement.restored_transfer or settlement.transfer
    is_gone = stands_on.orphaned_at is not None
    assert is_gone is (settlement.reversed_at is not None)
    told = Event.objects.filter(
        resource_id=settlement.id, type__in=["settlement.reversed", "settlement.restored"]
    ).order_by("created_at", "id")
    turns = [event.type for event in told]
    assert turns == (["settlement.reversed", "settlement.restored"] * len(turns))[: len(turns)]
    assert len(turns) % 2 == is_gone
    if is_gone:
        same = Transfer.objects.filter(
            tx_hash=settlement.tx_hash, ordinal=settlement.ordinal, contract=settlement.contract,
            to_address=settlement.to_address, amount_atomic=settlement.amount_atomic,
            orphaned_at=None,
        )  # fmt: skip
        final = WatchedTransaction.objects.filter(
            tx_hash=settlement.tx_hash, final_at__isnull=False
        )
        assert not (same.exists() and final.exists())


def test_the_replay_check_sees_an_act_that_was_not_told(people: People) -> None:
    payout = services.create(people.preparer, a_draft())
    payout.cancel(at=timezone.now())
    payout.save()

    with pytest.raises(AssertionError):
        assert_replays(payout.id)
