"""Whatever left and whatever waits: what becomes of it is what a plain reading of the rule says.

A few worlds here; `SOAK=1` builds 1,000.
"""

import os
import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from payouts import outflows, services
from payouts.models import PayoutIntent, Settlement
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    TREASURY,
    USDC,
    USDT,
    People,
    a_hash,
    make_payout,
    mined,
    moved,
    orphaned,
)
from tests.payouts.outgoing import OWN, a_source, an_own_wallet, approved_at, became_final
from wallets.models import Wallet

WORLDS = 1_000 if os.environ.get("SOAK") else 40
STATUSES = ("draft", "approved", "approved", "pending_execution", "executed", "canceled")


@dataclass
class Sent:
    """One transaction as it was put on the chain; each log is what `moved` takes."""

    tx_hash: str
    logs: list[dict[str, object]]
    is_final: bool
    is_gone: bool
    is_old: bool
    is_named: bool


@dataclass
class World:
    people: People
    payouts: list[tuple[PayoutIntent, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    favourite: str = RECIPIENT  # to whom most of it goes, or no two would ever compete

    def build(self, dice: random.Random) -> None:
        self.favourite = dice.choice((RECIPIENT, RECIPIENT, OWN))
        a_source(self.people)
        an_own_wallet(self.people)
        a_day_ago = timezone.now() - timedelta(days=1)
        Wallet.objects.filter(is_source=True).update(source_since=a_day_ago)
        for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3))):
            status = dice.choice(STATUSES)
            to, token = self._recipient(dice), dice.choice(("USDC",) * 7 + ("USDT",))
            amount = Decimal(dice.choice((500, 500, 500, 500, 7)))
            payout = make_payout(
                self.people, status, recipient_address=to, token=token, amount=amount
            )
            if status not in ("draft", "canceled") and dice.randrange(6) == 0:
                # Approved after all that is sent here: none of it can be meant for this one.
                approved_at(payout, timezone.now() + timedelta(minutes=11))
                status = "later"
            self.payouts.append((payout, status))
        for number in range(dice.randrange(1, 5)):
            self.sent.append(self._send(dice, 1_000 + number))

    def _recipient(self, dice: random.Random) -> str:
        return dice.choice((self.favourite,) * 6 + (OTHER_RECIPIENT,))

    def _send(self, dice: random.Random, block: int) -> Sent:
        logs = [
            moved(
                dice.choice((500_000_000,) * 5 + (7_000_000, 0)),
                to=self._recipient(dice),
                contract=dice.choice((USDC,) * 7 + (USDT,)),
                sender=dice.choice((TREASURY,) * 7 + (OTHER_RECIPIENT,)),
            )
            for _ in range(dice.choice((1, 1, 2)))
        ]
        one_in = [dice.randrange(odds) == 0 for odds in (3, 8, 8, 8)]
        sent = Sent(a_hash(), logs, not one_in[0], one_in[1], one_in[2], one_in[3])
        age = timedelta(minutes=20 if sent.is_old else 0)
        when = timezone.now() - age
        mined(sent.tx_hash, *logs, block=block, block_time=when, is_final=sent.is_final)
        if sent.is_final:
            became_final(sent.tx_hash, timezone.now() - timedelta(minutes=5))
        if sent.is_gone:
            orphaned(sent.tx_hash)
        if sent.is_named:
            other = make_payout(self.people, "approved", amount=Decimal(9))
            services.execute(self.people.operator, other.id, sent.tx_hash)
        return sent

    def expected(self) -> tuple[dict[str, str], set[str], set[str]]:
        """Who is paid by which transfer, what is unexpected, and what is internal: said plainly."""
        standing = [
            (f"{sent.tx_hash} {ordinal}", log, sent)
            for sent in self.sent
            if not sent.is_gone and not sent.is_named
            for ordinal, log in enumerate(sent.logs)
            if log["from_address"] == TREASURY and log["amount_atomic"]
        ]
        waiting = [
            payout
            for payout, status in self.payouts
            if status in ("approved", "pending_execution", "executed")
        ]
        pairs = [
            (name, payout.id, status)
            for name, log, sent in standing
            for payout, status in self.payouts
            if payout in waiting and not sent.is_old
            and (payout.recipient_address, payout.contract, payout.amount_atomic)
            == (log["to_address"], log["contract"], log["amount_atomic"])
        ]  # fmt: skip
        paid: dict[str, str] = {}
        unexpected: set[str] = set()
        internal: set[str] = set()
        final = {name for name, _, sent in standing if sent.is_final}
        # What would pay, but for money that is not final: its whole transaction is judged later.
        later: set[str] = set()
        for name, _, sent in standing:
            mine = [pair for pair in pairs if pair[0] == name]
            if name in final and len(mine) == 1 and mine[0][2] != "executed":
                suitors = {pair[0] for pair in pairs if pair[1] == mine[0][1]}
                if suitors & final == {name}:
                    paid[name] = mine[0][1]
                    later |= {sent.tx_hash} if suitors != {name} else set()
        paid = {name: whose for name, whose in paid.items() if name.split()[0] not in later}
        for name, log, sent in standing:
            if name not in final or name in paid or sent.tx_hash in later:
                continue
            mine = [pair for pair in pairs if pair[0] == name]
            if log["to_address"] == OWN and not mine:
                internal.add(name)
            else:
                unexpected.add(name)
        return paid, unexpected, internal


def found_in_the_books(people: People) -> tuple[dict[str, str], set[str], set[str]]:
    paid: dict[str, str] = {}
    unexpected: set[str] = set()
    internal: set[str] = set()
    for each in Settlement.objects.filter(organization_id=people.admin.organization_id):
        name = f"{each.tx_hash} {each.ordinal}"
        if each.payout_id:
            paid[name] = each.payout_id
        elif each.resolution == "internal":
            internal.add(name)
        else:
            unexpected.add(name)
    return paid, unexpected, internal


@settings(
    max_examples=WORLDS,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**32))
def test_what_leaves_becomes_what_the_rule_says(people: People, seed: int) -> None:
    dice = random.Random(seed)
    with transaction.atomic():
        world = World(people)
        world.build(dice)

        first = outflows.find()

        assert found_in_the_books(people) == world.expected()
        paid, unexpected, internal = world.expected()
        assert (first.matched, first.unexpected) == (len(paid), len(unexpected))
        for _, payout_id in paid.items():
            assert PayoutIntent.objects.get(id=payout_id).status == "settled"
        # A second pass, and a run over everything, find nothing more to do.
        assert outflows.find() == outflows.Found(waiting=first.waiting)
        assert outflows.catch_up(people.admin) == 0
        assert found_in_the_books(people) == (paid, unexpected, internal)
        transaction.set_rollback(True)
