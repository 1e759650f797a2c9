"""Periods go by, customers pay or do not: what the pass makes of it, on the sandbox's clock."""

from datetime import timedelta

import pytest

from billing.callers import Caller
from checkouts import services as checkouts
from checkouts.models import Checkout, PaymentMethod
from subscriptions import renewal_settings, renewing
from subscriptions.models import RenewalSettings
from tests.checkouts.making import a_method
from tests.subscriptions.making import (
    DAY,
    a_plan,
    checkouts_of,
    last_renewal,
    now_of,
    pass_time,
    pay,
    reload,
    renewals_of,
    states_of,
    subscribed,
    told,
)

pytestmark = pytest.mark.django_db


def settings(caller: Caller, **changes) -> None:
    RenewalSettings.objects.create(
        organization_id=caller.organization_id, environment="sandbox", **changes
    )


def test_a_month_is_paid_and_the_next_one_is_asked_for_three_days_ahead(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    first = last_renewal(subscription)
    start = subscription.current_period_start

    assert subscription.status == "active"
    assert (first.status, first.period_start) == ("checkout_created", start)
    assert first.period_end == subscription.current_period_end
    assert pay(sandboxed, subscription).status == "paid"
    days = (first.period_end - start).days
    pass_time(sandboxed, days=days - 4)
    assert states_of(subscription) == ["paid"]
    pass_time(sandboxed, days=1)

    assert states_of(subscription) == ["paid", "checkout_created"]
    second = last_renewal(subscription)
    assert second.period_start == first.period_end
    assert second.closes_at == second.period_start + 3 * DAY
    pay(sandboxed, subscription)
    subscription = reload(subscription)
    assert subscription.current_period_start == second.period_start
    assert subscription.current_period_end == second.period_end
    assert told(subscription) == [
        "created", "renewal_due", "renewed", "renewal_due", "renewed",
    ]  # fmt: skip


def test_the_checkout_is_the_renewals(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    renewal = last_renewal(subscription)

    checkout = Checkout.objects.get(id=renewal.checkout_id)

    assert checkout.purpose == "renewal"
    assert (checkout.renewal_id, checkout.subscription_id) == (renewal.id, subscription.id)
    assert checkout.customer_id == subscription.customer_id
    assert checkout.amount_requested_atomic == 20_000_000
    open_for = checkout.expires_at - checkout.created_at
    assert abs(open_for - 3 * DAY) < timedelta(seconds=2)


def test_nobody_pays_three_times_and_it_is_canceled_and_later_expired(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    pay(sandboxed, subscription)
    length = subscription.current_period_end - subscription.current_period_start
    pass_time(sandboxed, days=length.days - 2.9)  # the next one is asked for
    assert states_of(subscription) == ["paid", "checkout_created"]

    pass_time(sandboxed, days=5.8)  # until just before the first attempt closes
    assert reload(subscription).status == "active"
    pass_time(sandboxed, days=0.2)
    assert reload(subscription).status == "past_due"
    second = last_renewal(subscription)
    assert (second.status, second.attempt_count) == ("checkout_created", 2)
    pass_time(sandboxed, days=4)
    assert last_renewal(subscription).attempt_count == 3
    pass_time(sandboxed, days=3)

    subscription, second = reload(subscription), last_renewal(subscription)
    assert (subscription.status, subscription.canceled_because) == ("canceled", "unpaid")
    assert (second.status, second.next_attempt_at) == ("failed", None)
    assert second.closed_at == subscription.canceled_at
    assert checkouts_of(second) == ["expired", "expired", "expired"]
    pass_time(sandboxed, days=6.9)
    assert reload(subscription).status == "canceled"
    pass_time(sandboxed, days=0.2)
    assert reload(subscription).status == "expired"
    assert reload(subscription).wakes_at is None
    assert told(subscription)[3:] == [
        "renewal_due", "renewal_failed", "past_due",
        "renewal_due", "renewal_failed", "renewal_due", "renewal_failed", "canceled", "expired",
    ]  # fmt: skip


def test_a_second_attempt_that_is_paid_recovers_it(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    pass_time(sandboxed, days=3.1)
    assert reload(subscription).status == "past_due"

    pay(sandboxed, subscription)

    subscription = reload(subscription)
    assert subscription.status == "active"
    assert last_renewal(subscription).attempt_count == 2
    assert subscription.current_period_start == last_renewal(subscription).period_start


def test_a_trial_that_is_paid_becomes_active_when_it_is_over(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, trial_days=14))
    assert subscription.status == "trialing"
    assert subscription.current_period_end == subscription.trial_end
    assert states_of(subscription) == []

    pass_time(sandboxed, days=11.1)
    assert states_of(subscription) == ["checkout_created"]
    pay(sandboxed, subscription)
    assert reload(subscription).status == "trialing"
    pass_time(sandboxed, days=3)

    subscription = reload(subscription)
    assert subscription.status == "active"
    assert subscription.current_period_start == subscription.trial_end
    assert told(subscription) == ["created", "renewal_due", "renewed", "activated"]


def test_a_trial_that_nobody_pays_is_past_due_only_when_it_is_over(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, trial_days=14))
    pass_time(sandboxed, days=11.1)
    checkout_id = last_renewal(subscription).checkout_id
    assert checkout_id is not None
    checkouts.fail(sandboxed, checkout_id, "the customer asked for another chain")
    renewing.renew()

    assert last_renewal(subscription).status == "failed"
    assert reload(subscription).status == "trialing"
    pass_time(sandboxed, days=3)

    assert reload(subscription).status == "past_due"
    assert last_renewal(subscription).attempt_count == 1  # the second opens three days after
    pass_time(sandboxed, days=3)
    assert last_renewal(subscription).attempt_count == 2


def test_a_plan_by_the_day_is_asked_for_one_period_ahead_and_no_more(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, interval="daily"))

    pay(sandboxed, subscription)

    assert states_of(subscription) == ["paid", "checkout_created"]
    pay(sandboxed, subscription)
    assert states_of(subscription) == ["paid", "paid"]
    pass_time(sandboxed, days=1)
    assert states_of(subscription) == ["paid", "paid", "checkout_created"]


def test_what_lies_far_behind_is_asked_for_as_long_as_ever(sandboxed: Caller) -> None:
    """A year in one move: the open attempt expires, the next one is open for all of its days."""
    from subscriptions import sandboxing

    subscription = subscribed(sandboxed)
    sandboxing.advance(sandboxed, timedelta(days=365))

    renewal = last_renewal(subscription)
    assert (renewal.status, renewal.attempt_count) == ("checkout_created", 2)
    assert renewal.closes_at is not None
    assert abs(renewal.closes_at - now_of(sandboxed) - 4 * DAY) < timedelta(minutes=1)
    assert len(renewals_of(subscription)) == 1


def test_a_method_that_was_disabled_is_replaced_by_another(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    first = Checkout.objects.get(id=last_renewal(subscription).checkout_id).payment_method
    other = a_method(sandboxed)
    checkouts.methods.disable(sandboxed, first.id)

    pass_time(sandboxed, days=3.1)

    second = Checkout.objects.get(id=last_renewal(subscription).checkout_id)
    assert second.payment_method_id == other.id


def test_where_no_checkout_can_be_made_no_attempt_is_lost(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    method = PaymentMethod.objects.get()
    PaymentMethod.objects.filter(id=method.id).update(min_amount_atomic=30_000_000)

    pass_time(sandboxed, days=3.1)

    renewal = last_renewal(subscription)
    assert (renewal.status, renewal.attempt_count) == ("failed", 1)
    assert renewal.problem == "This payment method takes 30 USDC at least."
    assert reload(subscription).status == "past_due"
    PaymentMethod.objects.filter(id=method.id).update(min_amount_atomic=None)
    pass_time(sandboxed, days=0.05)
    renewal = last_renewal(subscription)
    assert (renewal.status, renewal.attempt_count) == ("checkout_created", 2)
    assert renewal.problem == ""


def test_the_organization_says_when_and_how_often(sandboxed: Caller) -> None:
    settings(sandboxed, attempt_days=[0, 1], last_open_days=1, grace_days=0, ahead_days=10)
    subscription = subscribed(sandboxed)
    assert last_renewal(subscription).closes_after_days == [1, 2]

    pass_time(sandboxed, days=2.1)

    assert reload(subscription).status in ("canceled", "expired")
    assert renewal_settings.settings_of(sandboxed.organization_id, "live").attempt_days == [0, 3, 7]


def test_a_first_period_that_nobody_paid_ends_with_the_subscription(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)

    pass_time(sandboxed, days=10.1)

    subscription = reload(subscription)
    assert subscription.status == "canceled"
    assert subscription.current_period_end == subscription.canceled_at


def test_a_pass_that_finds_nothing_does_nothing(
    sandboxed: Caller, django_assert_num_queries
) -> None:
    subscription = subscribed(sandboxed)
    pay(sandboxed, subscription)

    with django_assert_num_queries(1):
        assert renewing.renew() == {}
