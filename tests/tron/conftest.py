"""A Tron node of the test's own, and one that the tests which only read share."""

from collections.abc import Iterator

import pytest

from tests.tron.emulator import TronNode, running_tron


@pytest.fixture
def tron_node() -> Iterator[TronNode]:
    with running_tron() as node:
        yield node
