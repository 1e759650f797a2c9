"""Two passes, or a pass and an act, at the same time: one renewal for a period, one checkout."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from billing.callers import Caller
from checkouts.models import Checkout
from organizations import clock
from organizations.models import Organization
from subscriptions import renewing, services
from subscriptions.models import Renewal, Subscription
from tests.checkouts.making import at_once, caller_of
from tests.subscriptions.making import (
    a_customer,
    a_plan,
    last_renewal,
    pay,
    reload,
    renewals_of,
    states_of,
    subscribed,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandboxed(acme: Organization) -> Caller:
    return caller_of(acme)


def due_subscriptions(caller: Caller, count: int = 5) -> list[Subscription]:
    """Paid for a month, and the month is over but for a day: the next renewal is to be made."""
    plan = a_plan(caller)
    made = [subscribed(caller, plan, a_customer(caller)) for _ in range(count)]
    for subscription in made:
        pay(caller, subscription)
    last = max(each.current_period_end for each in made)
    clock.advance(caller.organization_id, last - clock.now(caller.organization_id, "sandbox"))
    return made


def test_two_passes_at_once_make_one_renewal_each(sandboxed: Caller) -> None:
    made = due_subscriptions(sandboxed)

    answers = at_once([renewing.renew] * 4)

    assert sum(answer.get("make", 0) for answer in answers) == len(made)
    for subscription in made:
        assert states_of(subscription) == ["paid", "checkout_created"]
    assert Checkout.objects.count() == 2 * len(made)


def test_a_payment_is_counted_once_by_two_passes(sandboxed: Caller) -> None:
    from checkouts.simulation import simulate

    subscription = subscribed(sandboxed)
    checkout_id = last_renewal(subscription).checkout_id
    assert checkout_id is not None
    simulate(sandboxed, checkout_id)

    answers = at_once([renewing.renew] * 4)

    assert sum(answer.get("pay", 0) for answer in answers) == 1
    assert states_of(subscription) == ["paid"]


def test_a_cancel_and_a_pass_at_once_leave_nothing_to_pay(sandboxed: Caller) -> None:
    for subscription in due_subscriptions(sandboxed):
        cancel = partial(services.cancel_immediately, sandboxed, subscription.id)
        at_once([cancel, renewing.renew])

        assert reload(subscription).status == "canceled"
        assert states_of(subscription)[1:] in ([], ["skipped"])
        open_ones = Checkout.objects.filter(subscription_id=subscription.id, status="pending")
        assert not open_ones.exists()


def test_two_resume_at_once_and_one_period_begins(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    services.pause(sandboxed, subscription.id)

    answers = at_once([lambda: services.resume(sandboxed, subscription.id)] * 3)

    assert sorted(str(answer) for answer in answers)[1:] == ["subscription_not_paused"] * 2
    assert states_of(subscription) == ["skipped", "checkout_created"]


def test_two_retries_at_once_make_one_checkout(sandboxed: Caller) -> None:
    from checkouts import services as checkouts

    subscription = subscribed(sandboxed)
    renewal = last_renewal(subscription)
    assert renewal.checkout_id is not None
    checkouts.fail(sandboxed, renewal.checkout_id, "another time")

    answers = at_once([lambda: services.retry(sandboxed, renewal.id)] * 3)

    assert sum(answer == "renewal_not_failed" for answer in answers) == 2
    assert last_renewal(subscription).attempt_count == 2


def test_the_database_itself_refuses_a_second_renewal(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    (renewal,) = renewals_of(subscription)

    def again(**changes) -> None:
        values = {
            field.attname: getattr(renewal, field.attname)
            for field in Renewal._meta.fields
            if field.name not in ("id", "checkout", "status", "attempt_count")
        }
        with transaction.atomic():
            Renewal.objects.create(**{**values, **changes})

    with pytest.raises(IntegrityError, match=r"one_renewal_per_period|one_open_renewal"):
        again()
    with pytest.raises(IntegrityError, match="one_open_renewal_per_subscription"):
        again(period_start=renewal.period_start + timedelta(days=1))
    pay(sandboxed, subscription)
    with pytest.raises(IntegrityError, match="one_renewal_per_period"):
        again()


@pytest.mark.parametrize(
    ("table", "statement", "words"),
    [
        ("subscription", "update {table} set status = 'expired', expired_at = now()", "cannot go"),
        ("subscription", "delete from {table}", "never deleted"),
        ("subscription", "update {table} set page_token = 'known'", "never changes"),
        ("renewal", "update {table} set status = 'pending'", "cannot go"),
        ("renewal", "update {table} set amount_atomic = 1", "never changes"),
        ("renewal", "delete from {table}", "never deleted"),
        ("plan", "update {table} set amount_atomic = 1", "never changes"),
        ("plan", "delete from {table}", "never deleted"),
    ],
)
def test_raw_sql_is_held_to_the_same(sandboxed: Caller, table, statement, words) -> None:
    from django.db import connection

    subscribed(sandboxed)

    with (
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table=f"subscriptions_{table}"))
