"""Reorganizations after settled: what left the chain is reversed, what came back restored.

Forks replace what is final by the network's rule, but never what is finalized. `SOAK=1` plays
1,000 schedules of each kind.
"""

import os
import random

import pytest
from django.conf import settings
from django.db import transaction

from billing.chains import Finality
from events.models import Event
from payouts.models import PayoutIntent, Settlement
from tests.simulator.company import LARGE_FROM, Company
from tests.simulator.conftest import Found
from tests.simulator.playing import Property, assert_holds
from tests.simulator.running import Run, Weather, clock_of
from tests.simulator.world import World

pytestmark = pytest.mark.django_db

SCHEDULES = 1_000 if os.environ.get("SOAK") else 8
ALARMS = 1_000 if os.environ.get("SOAK") else 5
PARTS = 4 if os.environ.get("SOAK") else 2
DEEPER = Property(is_bounded_by_rule=False)


@pytest.mark.parametrize("part", range(PARTS))
def test_forks_after_settled_are_told_and_healed(found: Found, part: int) -> None:
    company = found(
        "base",
        confirmations=3,
        finality_by_amount=((LARGE_FROM, Finality.FINALIZED),),
        registers=part % 2 == 0,
    )

    for seed in range(part, SCHEDULES, PARTS):
        assert_holds(company, DEEPER, seed)


def test_a_settlement_that_left_the_chain_is_told_within_two_ticks(found: Found) -> None:
    company = found("base", confirmations=3)

    reversals = sum(reversed_in_two_ticks(company, seed) for seed in range(ALARMS))

    assert reversals >= ALARMS


def paid_for_good(world: World) -> set[str]:
    """What stands in the chain, final by the network's rule, and moves money where it is now.

    What is mined anew is not final at once, and may revert in its new block.
    """
    up_to = world.final_up_to(world.branch, world.network.finality)
    return {
        tx_hash
        for tx_hash, (block, mined) in world.branch.places.items()
        if block.number <= up_to and mined.succeeded
    }


def reversed_in_two_ticks(company: Company, seed: int) -> int:
    """Settle, fork below that, tick twice; return how many settlements were rightly reversed."""
    world = World(seed, settings.NETWORKS[company.chain], is_bounded_by_rule=False)
    dice = random.Random(seed)
    with clock_of(world), transaction.atomic():
        run = Run.begun(company, world, Weather(failing=0))
        for _ in range(4):
            run.send(dice)
            run.submit(dice)
        world.mine(2)
        world.mine(4)
        run.tick(dice)
        settled = list(Settlement.objects.all())
        paid = PayoutIntent.objects.filter(status="settled").count()

        world.fork(dice.randint(4, 8), dice.randint(9, 12), chance=dice.random(), lost=0.5)
        run.tick(dice)
        run.tick(dice)

        gone = {each.id for each in settled if each.tx_hash not in paid_for_good(world)}
        told = set(
            Event.objects.filter(type="settlement.reversed").values_list("resource_id", flat=True)
        )
        assert gone <= told
        assert gone == set(
            Settlement.objects.exclude(reversed_at=None).values_list("id", flat=True)
        ), seed
        assert Settlement.objects.count() >= len(settled)
        assert PayoutIntent.objects.filter(status="settled").count() >= paid
        transaction.set_rollback(True)
    return len(gone)
