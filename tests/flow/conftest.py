"""The installations that tests of the whole flow share: starting one costs more than using it."""

from collections.abc import Iterator

import pytest

from tests.flow.company import Company, Site, installed


@pytest.fixture(scope="package")
def site(django_db_setup: None) -> Iterator[Site]:
    """`django_db_setup` only because it makes sure that the tests' server runs."""
    with installed() as site:
        yield site


@pytest.fixture
def company(site: Site, request: pytest.FixtureRequest) -> Company:
    """An organization of the test's own, named after it."""
    return Company.founded(site, request.node.name)
