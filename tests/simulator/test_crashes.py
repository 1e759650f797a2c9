"""The watcher dies before any of its statements: the end state is that of one that never did.

What it had committed stays, the rest is undone, as after a kill. `SOAK=1` counts 300 deaths.
"""

import os

import pytest

from tests.simulator.conftest import Found
from tests.simulator.playing import Property, assert_holds
from tests.simulator.running import WORDS

pytestmark = pytest.mark.django_db

DEATHS = 300 if os.environ.get("SOAK") else 6
DYING = Property(length=20, words=WORDS | {"killed_tick": 16, "tick": 3})


@pytest.mark.parametrize("chain", ["base", "tron"])
def test_a_watcher_that_dies_anywhere_loses_nothing(found: Found, chain: str) -> None:
    company = found(chain, confirmations=5)
    deaths, seed = 0, 0

    while deaths < DEATHS:
        seed += 1
        deaths += assert_holds(company, DYING, seed)
