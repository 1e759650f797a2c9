"""Reorganizations before finality: the end state is that of who saw only the final chain.

Nodes fail and lag meanwhile, watchers overtake each other and are killed, transactions are dropped,
replaced and mined elsewhere with another outcome. `SOAK=1` plays 1,000 schedules, and 400 in which
the nodes say little.
"""

import os
from typing import Any

import pytest

from billing.chains import Finality
from tests.simulator.company import LARGE_FROM
from tests.simulator.conftest import Found
from tests.simulator.playing import Property, assert_holds
from tests.simulator.running import WORDS

pytestmark = pytest.mark.django_db

SCHEDULES = 200 if os.environ.get("SOAK") else 4  # of each of the rules
SILENT = 200 if os.environ.get("SOAK") else 6  # of each of the chains
RULES: dict[str, dict[str, Any]] = {
    "by count": {"chain": "base", "confirmations": 8},
    "by count, no wallet known": {"chain": "base", "confirmations": 5, "registers": False},
    "safe": {"chain": "base", "confirmations": 2, "finality": Finality.SAFE},
    "finalized where it is much": {
        "chain": "arbitrum",
        "confirmations": 4,
        "finality_by_amount": ((LARGE_FROM, Finality.FINALIZED),),
        "quorum": 2,
    },
    "solidified": {"chain": "tron", "confirmations": 8},
}
FORKS = Property(words=WORDS | {"storm": 1})
# No block is replaced, all nodes fail or lag at once, and time passes: absence alone must change
# nothing.
# It begins with what is mined while nobody looks, and is looked for when its limit has passed.
SILENCE = Property(
    words=WORDS | {"fork": 0, "tick_while_moving": 0, "fault": 4, "wait": 4, "storm": 6, "lag": 4},
    opening=(
        *("send", "submit") * 2,
        "mine",
        "outlast",
        *("storm", "tick") * 3,
        "heal",
        *("send", "submit", "mine", "tick", "lag", "tick", "heal") * 2,
    ),
)


@pytest.mark.parametrize("rule", RULES)
def test_forks_before_finality_leave_no_trace(found: Found, rule: str) -> None:
    company = found(**RULES[rule])

    for seed in range(SCHEDULES):
        assert_holds(company, FORKS, seed)


def test_what_soaking_found_stays_mended(found: Found) -> None:
    # A machine behind the node's address told of a range on a fork that had been left.
    assert_holds(found(**RULES["by count"]), FORKS, 101)


@pytest.mark.parametrize("chain", ["base", "tron"])
def test_what_nodes_do_not_say_takes_nothing_back(found: Found, chain: str) -> None:
    company = found(chain, confirmations=8)

    for seed in range(SILENT):
        assert_holds(company, SILENCE, seed)
