"""What somebody would try who means harm, or does two things at once."""

from datetime import timedelta
from functools import partial

import pytest

from billing.callers import Caller
from checkouts.models import Checkout
from checkouts.simulation import simulate
from events.models import Event
from organizations import clock
from organizations.models import Organization
from subscriptions import renewing, sandboxing, services
from tests.checkouts.making import MakeApi, at_once, caller_of
from tests.subscriptions.making import (
    a_plan,
    last_renewal,
    now_of,
    pay,
    reload,
    states_of,
    subscribed,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandboxed(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.mark.parametrize("word", ["cancel", "cancel_immediately", "pause"])
def test_the_same_act_many_times_at_once_is_done_and_told_once(
    sandboxed: Caller, word: str
) -> None:
    subscription = subscribed(sandboxed)

    answers = at_once([partial(getattr(services, word), sandboxed, subscription.id)] * 4)

    refusals = [str(answer) for answer in answers if "subscription_" in str(answer)]
    code = {"cancel_immediately": "subscription_over", "pause": "subscription_not_running"}
    assert refusals == [code[word]] * 3 if word in code else not refusals
    type_ = {"cancel": "updated", "cancel_immediately": "canceled", "pause": "paused"}[word]
    assert told(subscription).count(type_) == 1


def test_a_pause_while_it_is_paid_loses_no_money(sandboxed: Caller) -> None:
    """Either the payment came first and its period is the customer's, or nothing can be paid."""
    for _ in range(4):
        subscription = subscribed(sandboxed)
        checkout_id = last_renewal(subscription).checkout_id
        assert checkout_id is not None
        pause = partial(services.pause, sandboxed, subscription.id)

        at_once([pause, partial(simulate, sandboxed, checkout_id)])
        renewing.renew()

        status = Checkout.objects.values_list("status", flat=True).get(id=checkout_id)
        is_paid = states_of(subscription) == ["paid"]
        assert is_paid == (status == "confirmed")
        assert is_paid or (states_of(subscription), status) == (["skipped"], "expired")


def test_a_plan_is_archived_and_renamed_under_running_subscriptions(
    acme: Organization, sandboxed: Caller, api: MakeApi
) -> None:
    plan = a_plan(sandboxed, interval="daily")
    subscription = subscribed(sandboxed, plan)
    client, path = api(acme), f"/v1/subscriptions/plans/{plan.id}"

    for fixed in ("amount", "amount_usd", "interval", "chain", "token", "trial_days"):
        answer = client.patch(path, {fixed: 1, "name": "Cheap"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "field_immutable")
    assert client.patch(path, {"name": "Old", "status": "archived"}).status_code == 200

    pay(sandboxed, subscription)
    assert last_renewal(subscription).amount_atomic == plan.amount_atomic
    assert states_of(subscription) == ["paid", "checkout_created"]


def test_ten_years_in_leaps_leave_nothing_behind(sandboxed: Caller) -> None:
    """Whatever is due is made up for; the clock then says that it goes no further."""
    plans = [a_plan(sandboxed, interval=each) for each in ("daily", "monthly", "yearly")]
    paying, idle = [subscribed(sandboxed, plan) for plan in plans], subscribed(sandboxed)

    for _ in range(9):
        for subscription in paying:
            pay(sandboxed, subscription)
        sandboxing.advance(sandboxed, clock.MOST_AT_ONCE)

    for subscription in paying:
        assert reload(subscription).status in ("active", "past_due")
        assert len(states_of(subscription)) in (9, 10)
    assert reload(idle).status == "expired"
    at = now_of(sandboxed)
    with pytest.raises(Exception, match="3652 days at most"):
        sandboxing.advance(sandboxed, clock.MOST_AT_ONCE)
    assert now_of(sandboxed) - at < timedelta(minutes=5)


def test_the_same_leap_by_two_at_once_adds_up(sandboxed: Caller) -> None:
    subscribed(sandboxed)
    day = timedelta(days=1)

    at_once([partial(sandboxing.advance, sandboxed, day)] * 2)

    assert clock.ahead(sandboxed.organization_id, "sandbox") == 2 * day


def test_a_subscriptions_checkout_cannot_be_made_by_hand(
    acme: Organization, sandboxed: Caller, api: MakeApi
) -> None:
    """Whoever names another's renewal in a checkout of his own has paid nothing of it."""
    subscription = subscribed(sandboxed)
    renewal = last_renewal(subscription)
    names = {"renewal_id": renewal.id, "subscription_id": subscription.id, "purpose": "renewal"}
    body = {"amount_usd": 1, "chain": "base", "token": "USDC"}

    made = api(acme).post("/v1/checkouts", {**body, **names})

    if made.status_code == 201:
        checkout = Checkout.objects.get(id=made.json()["checkout_id"])
        assert (checkout.renewal_id, checkout.subscription_id) == (None, None)
        simulate(sandboxed, checkout.id)
        renewing.renew()
    assert states_of(subscription) == ["checkout_created"]


def test_nobody_learns_the_customers_page_from_events_or_lists(
    acme: Organization, sandboxed: Caller, api: MakeApi
) -> None:
    subscription = subscribed(sandboxed)
    services.pause(sandboxed, subscription.id)
    services.resume(sandboxed, subscription.id)
    services.cancel_immediately(sandboxed, subscription.id)

    for event in Event.objects.all():
        assert subscription.page_token not in str(event.payload)
    for path in ("/v1/subscriptions/renewals", "/v1/customers", "/v1/checkouts", "/v1/events"):
        assert subscription.page_token not in api(acme).get(path).content.decode()
