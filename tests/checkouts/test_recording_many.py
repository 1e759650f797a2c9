"""Recording many payments costs no more statements than recording few."""

from pytest_django import DjangoAssertNumQueries

from billing.callers import Caller
from checkouts import recording, services
from checkouts.models import Payment
from tests.checkouts.making import a_draft, a_method
from tests.checkouts.paying import a_pass, made_final, paid


def test_many_that_change_nothing_cost_no_more_statements_than_few(
    in_live: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    a_method(in_live)
    checkouts = [services.create(in_live, a_draft()) for _ in range(40)]
    hashes = [paid(each, 1) for each in checkouts]
    a_pass()
    made_final(*hashes)

    with django_assert_max_num_queries(25):
        recording.record()

    assert not Payment.objects.filter(final_at=None).exists()
