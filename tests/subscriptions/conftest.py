import pytest

from billing.callers import Caller
from organizations.models import Organization
from tests.checkouts.making import caller_of


@pytest.fixture
def sandboxed(acme: Organization) -> Caller:
    """Somebody who may do everything in acme's sandbox."""
    return caller_of(acme)
