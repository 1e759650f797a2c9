"""The company of the simulated world, and how a test chooses its network."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from tests.simulator.company import Company, networks
from tests.simulator.running import clock_of
from tests.simulator.world import BEGINNING, World

Found = Callable[..., Company]
# Short enough for schedules to reach it, and longer than any transaction on Tron can live.
NOT_FOUND_LIMIT = timedelta(hours=3)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A schedule writes hundreds of log lines, and capturing them costs a third of its time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def found(db: None, settings: Settings) -> Found:
    """`found("base", registers=True, quorum=2)`: a company on a network of these settings."""

    def make(chain: str, *, registers: bool = True, **changes: Any) -> Company:
        settings.NETWORKS = networks(chain, not_found_limit=NOT_FOUND_LIMIT, **changes)
        with clock_of(World(0, settings.NETWORKS[chain], now=BEGINNING - timedelta(hours=1))):
            return Company.founded(chain, registers=registers)

    return make
