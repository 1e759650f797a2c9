"""Reorganizations before finality: the end state is that of who saw only the final chain.

Nodes fail and lag meanwhile, watchers overtake each other and are killed, transactions are dropped,
replaced and mined elsewhere with another outcome. `SOAK=1` plays 1,000 schedules.
"""

import os
from typing import Any

import pytest

from billing.chains import Finality
from tests.simulator.company import LARGE_FROM
from tests.simulator.conftest import Found
from tests.simulator.playing import Property, assert_holds

pytestmark = pytest.mark.django_db

SCHEDULES = 200 if os.environ.get("SOAK") else 2  # of each of the rules
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


@pytest.mark.parametrize("rule", RULES)
def test_forks_before_finality_leave_no_trace(found: Found, rule: str) -> None:
    company = found(**RULES[rule])

    for seed in range(SCHEDULES):
        assert_holds(company, Property(), seed)
