"""The installation that tests of the whole flow share: starting it costs more than using it."""

from collections.abc import Iterator

import pytest

from tests.flow.company import Company, Site
from tests.flow.three_chains import ThreeChains, installed_on_three


@pytest.fixture(scope="package")
def chains(django_db_setup: None) -> Iterator[ThreeChains]:
    """`django_db_setup` only because it makes sure that the tests' server runs."""
    with installed_on_three() as chains:
        yield chains


@pytest.fixture
def site(chains: ThreeChains) -> Site:
    """The same installation, for tests of Arbitrum alone."""
    return chains


@pytest.fixture
def company(chains: ThreeChains, request: pytest.FixtureRequest) -> Iterator[Company]:
    """An organization of the test's own, named after it. The nodes are sound before and after."""
    company = Company.founded(chains, request.node.name)
    yield company
    chains.heal()
    company.leaves()
