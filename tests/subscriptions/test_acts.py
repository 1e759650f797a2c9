"""Create, cancel, pause, resume and retry, as every door does them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.callers import Caller
from billing.errors import BillingError
from checkouts import services as checkouts
from checkouts.models import Checkout
from events.models import Event
from organizations.models import Organization
from subscriptions import renewing, services
from subscriptions.models import Renewal, Subscription
from subscriptions.services import NewSubscription
from tests.checkouts.making import caller_of, detected
from tests.subscriptions.making import (
    a_customer,
    a_plan,
    checkouts_of,
    last_renewal,
    pass_time,
    pay,
    reload,
    states_of,
    subscribed,
    told,
)

pytestmark = pytest.mark.django_db


def refusal(act, *arguments) -> str:
    with pytest.raises(BillingError) as refused:
        act(*arguments)
    return refused.value.code


# --- Create --------------------------------------------------------------------------------------


def test_the_event_says_where_to_pay(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)

    event = Event.objects.get(type="subscription.renewal_due")

    renewal = last_renewal(subscription)
    data = event.payload["data"]
    assert data["hosted_url"] == f"http://localhost:8000/checkout/{renewal.checkout_id}"
    assert data["renewal"]["id"] == renewal.id
    assert (data["subscription_id"], data["customer_id"]) == (
        subscription.id, subscription.customer_id,
    )  # fmt: skip
    assert data["customer"]["name"] == "Ann"
    assert event.checkout_id == renewal.checkout_id
    assert "page_url" not in data


def test_what_cannot_be_paid_is_not_created(sandboxed: Caller) -> None:
    customer, plan = a_customer(sandboxed), a_plan(sandboxed)
    archived = a_plan(sandboxed, status="archived")
    create = services.create

    assert refusal(create, sandboxed, NewSubscription("cus_1", plan.id)) == "customer_not_found"
    assert refusal(create, sandboxed, NewSubscription(customer.id, "plan_1")) == "plan_not_found"
    draft = NewSubscription(customer.id, archived.id)
    assert refusal(create, sandboxed, draft) == "plan_archived"
    draft = NewSubscription(customer.id, plan.id, payment_method_id="pm_1")
    assert refusal(create, sandboxed, draft) == "payment_method_not_found"
    assert not Subscription.objects.exists() and not Renewal.objects.exists()
    assert not Event.objects.filter(type__startswith="subscription.").exists()


def test_a_strangers_customer_plan_or_subscription_is_not_there(
    sandboxed: Caller, zenith: Organization
) -> None:
    stranger, subscription = caller_of(zenith), subscribed(sandboxed)
    live = caller_of(Organization.objects.get(id=sandboxed.organization_id), "live")
    draft = NewSubscription(subscription.customer_id, subscription.plan_id)

    for other in (stranger, live):
        assert refusal(services.create, other, draft) == "customer_not_found"
        assert refusal(services.cancel, other, subscription.id) == "subscription_not_found"
        renewal_id = last_renewal(subscription).id
        assert refusal(services.retry, other, renewal_id) == "renewal_not_found"


# --- Cancel --------------------------------------------------------------------------------------


def test_cancel_ends_it_with_its_period(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, interval="weekly"))
    pay(sandboxed, subscription)
    pass_time(sandboxed, days=5)
    assert states_of(subscription) == ["paid", "checkout_created"]

    answered = services.cancel(sandboxed, subscription.id)

    assert (answered.status, answered.cancel_at_period_end) == ("active", True)
    assert states_of(subscription) == ["paid", "skipped"]
    assert checkouts_of(last_renewal(subscription)) == ["expired"]
    pass_time(sandboxed, days=1.9)
    assert reload(subscription).status == "active"
    pass_time(sandboxed, days=0.2)
    ended = reload(subscription)
    assert (ended.status, ended.canceled_because) == ("canceled", "requested")
    assert ended.current_period_end == subscription.current_period_end
    assert told(subscription)[-2:] == ["updated", "canceled"]


def test_cancel_twice_is_once(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    services.cancel(sandboxed, subscription.id)

    services.cancel(sandboxed, subscription.id)

    assert told(subscription).count("updated") == 1


def test_the_current_period_is_still_to_be_paid(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)

    services.cancel(sandboxed, subscription.id)

    assert states_of(subscription) == ["checkout_created"]


def test_cancel_immediately_keeps_what_was_paid(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    pay(sandboxed, subscription)

    ended = services.cancel_immediately(sandboxed, subscription.id)

    assert (ended.status, ended.canceled_because) == ("canceled", "requested")
    assert ended.current_period_end == subscription.current_period_end
    assert refusal(services.cancel, sandboxed, subscription.id) == "subscription_over"
    assert refusal(services.pause, sandboxed, subscription.id) == "subscription_over"
    assert refusal(services.resume, sandboxed, subscription.id) == "subscription_over"


def test_cancel_immediately_ends_what_was_not_paid(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)

    ended = services.cancel_immediately(sandboxed, subscription.id)

    assert states_of(subscription) == ["skipped"]
    assert checkouts_of(last_renewal(subscription)) == ["expired"]
    assert ended.current_period_end - ended.current_period_start < timedelta(minutes=1)


def test_money_that_is_on_its_way_is_not_refused_by_a_cancel(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    checkout = Checkout.objects.get(id=last_renewal(subscription).checkout_id)
    detected(checkout)

    services.cancel_immediately(sandboxed, subscription.id)

    assert states_of(subscription) == ["checkout_created"]
    checkout.begin_confirming(at=timezone.now())
    checkout.save()
    checkout.confirm(at=timezone.now(), tx_hash="0xab", block_number=1, confirmations=12)
    checkout.save()
    renewing.renew()
    assert states_of(subscription) == ["paid"]
    ended = reload(subscription)
    assert ended.status == "canceled"
    assert ended.current_period_end == last_renewal(subscription).period_end


def test_money_that_left_the_chain_again_after_a_cancel_pays_nothing(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    checkout = Checkout.objects.get(id=last_renewal(subscription).checkout_id)
    detected(checkout)
    services.cancel_immediately(sandboxed, subscription.id)

    checkout.reorg()
    checkout.save()
    checkout.expire(at=timezone.now())
    checkout.save()
    renewing.renew()

    assert states_of(subscription) == ["skipped"]
    ended = reload(subscription)
    assert ended.current_period_end < last_renewal(subscription).period_end


# --- Pause and resume ----------------------------------------------------------------------------


def test_a_pause_asks_for_nothing_and_resuming_begins_a_new_period(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    pay(sandboxed, subscription)
    services.pause(sandboxed, subscription.id)
    pass_time(sandboxed, days=40)
    assert states_of(subscription) == ["paid"]
    assert refusal(services.pause, sandboxed, subscription.id) == "subscription_not_running"

    resumed = services.resume(sandboxed, subscription.id)

    renewal = last_renewal(subscription)
    assert resumed.status == "active"
    assert resumed.pause_start is not None and resumed.pause_end == resumed.current_period_start
    assert (renewal.period_start, renewal.period_end) == (
        resumed.current_period_start, resumed.current_period_end,
    )  # fmt: skip
    assert renewal.period_start - subscription.current_period_start > timedelta(days=39)
    assert states_of(subscription) == ["paid", "checkout_created"]
    assert refusal(services.resume, sandboxed, subscription.id) == "subscription_not_paused"


def test_a_pause_takes_the_open_checkout_away(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)

    paused = services.pause(sandboxed, subscription.id)

    assert states_of(subscription) == ["skipped"]
    assert checkouts_of(last_renewal(subscription)) == ["expired"]
    assert paused.current_period_end - paused.current_period_start < timedelta(minutes=1)


def test_no_pause_while_a_payment_is_being_confirmed(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    detected(Checkout.objects.get(id=last_renewal(subscription).checkout_id))

    assert refusal(services.pause, sandboxed, subscription.id) == "renewal_being_paid"
    assert reload(subscription).status == "active"


def test_a_paused_one_ends_at_its_period_end_if_that_was_said(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, interval="weekly"))
    pay(sandboxed, subscription)
    services.pause(sandboxed, subscription.id)
    services.cancel(sandboxed, subscription.id)

    pass_time(sandboxed, days=7.1)

    assert reload(subscription).status == "canceled"


# --- Retry ---------------------------------------------------------------------------------------


def a_failed_renewal(caller: Caller) -> Renewal:
    renewal = last_renewal(subscribed(caller))
    assert renewal.checkout_id is not None
    checkouts.fail(caller, renewal.checkout_id, "the customer asked for another time")
    renewing.renew()
    return Renewal.objects.get(id=renewal.id)


def test_a_retry_is_the_next_attempt_brought_forward(sandboxed: Caller) -> None:
    renewal = a_failed_renewal(sandboxed)
    assert (renewal.status, renewal.next_attempt_at) == ("failed", renewal.closes_at)

    retried = services.retry(sandboxed, renewal.id)

    assert (retried.status, retried.attempt_count) == ("checkout_created", 2)
    assert retried.checkout_id != renewal.checkout_id
    assert retried.next_attempt_at is None
    pay(sandboxed, renewal.subscription)
    assert reload(renewal.subscription).status == "active"


def test_only_a_failed_renewal_can_be_retried(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    renewal = last_renewal(subscription)

    assert refusal(services.retry, sandboxed, renewal.id) == "renewal_not_failed"
    pay(sandboxed, subscription)
    assert refusal(services.retry, sandboxed, renewal.id) == "renewal_not_failed"


def test_a_renewal_that_failed_for_good_is_not_retried(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    pass_time(sandboxed, days=10.1)

    renewal = last_renewal(subscription)

    assert renewal.status == "failed"
    assert refusal(services.retry, sandboxed, renewal.id) == "renewal_not_failed"
