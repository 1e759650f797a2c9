"""One of three nodes lies, and two must agree: nothing wrong settles, and the others carry on.

The liar may be asked first. `SOAK=1` plays 10,000 schedules.
"""

import os
from typing import Any

import pytest

from billing.chains import Finality
from tests.simulator.conftest import Found
from tests.simulator.playing import Property, assert_holds
from tests.simulator.running import WORDS, Weather

pytestmark = pytest.mark.django_db

SCHEDULES = 2_000 if os.environ.get("SOAK") else 6  # of each of these
KINDS: dict[str, dict[str, Any]] = {
    "base": {"chain": "base", "confirmations": 4},
    "base, no wallet known": {"chain": "base", "confirmations": 4, "registers": False},
    "base, to the very end": {"chain": "base", "confirmations": 4},
    "base, forks after settled": {"chain": "base", "confirmations": 3},
    "tron": {"chain": "tron", "confirmations": 8},
}
PARTS = 10 if os.environ.get("SOAK") else 1
OFTEN = WORDS | {"fault": 5, "heal": 0}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", KINDS)
def test_one_liar_of_three_changes_nothing(found: Found, kind: str, part: int) -> None:
    company = found(**KINDS[kind], quorum=2)

    for seed in range(part, SCHEDULES, PARTS):
        assert_holds(company, lying(kind), seed)


@pytest.mark.parametrize(
    ("kind", "seed", "changes"),
    [
        # The chain grew shorter: a transaction in a lower block had left the higher one.
        ("base, no wallet known", 120, {}),
        # A liar a little ahead of the others is asked first in every pass; it called nothing final.
        ("base, to the very end", 90, {}),
        ("base, to the very end", 90, {"finality": Finality.FINALIZED}),
        # A liar has the transaction mined that was replaced, in the newest block each time.
        ("base, to the very end", 1868, {}),
        # No block for hours: all lag, and the one that says it is far ahead was asked alone.
        ("tron", 912, {}),
        # The chain was cut while the head was on its way; another watcher had seen it since.
        ("base, forks after settled", 218, {}),
        ("base, forks after settled", 1248, {}),
    ],
)
def test_what_soaking_found_stays_mended(
    found: Found, kind: str, seed: int, changes: dict[str, Any]
) -> None:
    company = found(**KINDS[kind], **changes, quorum=2)

    assert_holds(company, lying(kind), seed)


def lying(kind: str) -> Property:
    """The first node may lie, the others are honest and quick."""
    is_deeper = kind.endswith("settled")
    return Property(
        length=12,
        words=OFTEN,
        weather=Weather(fork_depth=10 if is_deeper else 4, liars=1, failing=0),
        is_bounded_by_rule=not is_deeper,
        heals=not kind.endswith("end"),
    )
