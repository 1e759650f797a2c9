from collections.abc import Callable
from dataclasses import replace

import pytest

from approvals.facts import Facts
from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from organizations.models import Organization

FACTS = Facts(
    subject_id="po_000000000000000000000001",
    environment="live",
    chain="base",
    contract="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    recipient="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    amount_atomic=49_990_000,
    due_date=None,
    created_by="usr_mara",
)


@pytest.fixture
def approver(acme: Organization) -> Caller:
    """Jon in live, who may approve."""
    return Caller(acme.id, Environment.LIVE, "usr_jon", "Jon", ALL_SCOPES)


@pytest.fixture
def facts() -> Callable[..., Facts]:
    """Facts of a live payout that Mara created, with whatever is different."""
    return lambda **changes: replace(FACTS, **changes)
