"""One person approving the same payout from many windows at once, on real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from approvals.facts import Facts
from approvals.models import Approval
from approvals.services import decide
from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from billing.errors import InvalidRequest
from organizations.services import create_organization

AT_ONCE = 8


@pytest.mark.django_db(transaction=True)
def test_of_many_equal_approvals_one_is_kept(facts: Callable[..., Facts]) -> None:
    acme = create_organization("Acme")
    jon = Caller(acme.id, Environment.LIVE, "usr_jon", "Jon", ALL_SCOPES)
    start = Barrier(AT_ONCE)

    def approve(_: int) -> str:
        start.wait()
        try:
            decide(jon, facts())
        except InvalidRequest as refusal:
            return refusal.code
        finally:
            connection.close()
        return "approved"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = sorted(threads.map(approve, range(AT_ONCE)))

    assert answers == ["already_approved"] * (AT_ONCE - 1) + ["approved"]
    assert Approval.objects.count() == 1
