"""Subscriptions and renewals in the admin: found, read, acted on, and summed up."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.callers import Caller
from checkouts import services as checkouts
from events.models import Event
from organizations import clock
from organizations.models import Organization, User
from subscriptions import entitlements, renewal_settings, renewing, services
from subscriptions.models import Renewal, Subscription
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.checkouts.making import caller_of
from tests.subscriptions.making import (
    a_customer,
    a_plan,
    last_renewal,
    pass_time,
    pay,
    reload,
    subscribed,
)

LIST = "/admin/subscriptions/subscription/"
OVERVIEW = f"{LIST}overview/"
RENEWALS = "/admin/subscriptions/renewal/"
NEW = f"{LIST}new/"
MOST_QUERIES = 8


@pytest.fixture
def caller(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def client_(ada: User, desk: Desk) -> Client:
    return desk(ada, "sandbox")


@pytest.fixture
def administrator(acme: Organization, ada: User, as_person: Callable[..., Caller]) -> Caller:
    return as_person(ada, acme)


def past_due(caller: Caller) -> Subscription:
    """One whose first payment failed: its checkout was marked so."""
    subscription = subscribed(caller)
    checkout_id = last_renewal(subscription).checkout_id
    assert checkout_id is not None
    checkouts.fail(caller, checkout_id, "It bounced.")
    renewing.renew(caller.organization_id, "sandbox")
    return reload(subscription)


# --- the list ------------------------------------------------------------------------------------


def test_empty_pages_say_what_comes_and_how(client_: Client, acme: Organization) -> None:
    assert "No subscriptions yet" in text_of(client_.get(OVERVIEW))
    assert "POST /v1/subscriptions" in text_of(client_.get(LIST))
    assert "None is past due" in text_of(client_.get(LIST, {"tab": "past_due"}))
    renewals = text_of(client_.get(RENEWALS))
    assert "Nobody is asked to pay" in renewals
    assert "Each period of a subscription has one" in renewals


def test_a_tab_has_the_subscriptions_of_its_state(client_: Client, caller: Caller) -> None:
    subscribed(caller, customer=a_customer(caller, name="Running"))
    paused = subscribed(caller, customer=a_customer(caller, name="Resting"))
    services.pause(caller, paused.id)
    trial = a_plan(caller, trial_days=14)
    subscribed(caller, trial, a_customer(caller, name="Trying"))

    everybody = text_of(client_.get(LIST))
    resting = text_of(client_.get(LIST, {"tab": "paused"}))

    assert all(name in everybody for name in ("Running", "Resting", "Trying"))
    assert "Trialing 1 Active 1 Past due Paused 1 Canceled" in everybody
    assert "Resting" in resting
    assert "Running" not in resting
    assert "Trying" not in resting


def test_the_list_is_searched_by_customer_and_id(client_: Client, caller: Caller) -> None:
    ada = a_customer(caller, email="ada@example.com", name="Ada Lovelace", external_id="user-1815")
    theirs = subscribed(caller, a_plan(caller, name="Gold"), ada)
    subscribed(caller, customer=a_customer(caller, name="Grace Hopper"))
    renewal = last_renewal(theirs)
    terms = ["love", "ADA@ex", "user-18", theirs.id, ada.id, theirs.plan_id, renewal.id,
             renewal.checkout_id]  # fmt: skip

    for term in terms:
        for path in (LIST, RENEWALS):
            page = text_of(client_.get(path, {"q": term}))
            assert "Ada Lovelace" in page, (path, term)
            assert "Grace Hopper" not in page, (path, term)
    assert "Nothing matches" in text_of(client_.get(LIST, {"q": "nobody"}))


# --- how many queries ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIST, f"{LIST}?tab=active", f"{LIST}?q=ann", RENEWALS,
                                  f"{RENEWALS}?tab=due", f"{RENEWALS}?q=ann", OVERVIEW, NEW,
                                  "/admin/subscriptions/plan/"])  # fmt: skip
def test_a_page_takes_as_many_queries_for_one_row_as_for_many(
    client_: Client, caller: Caller, path: str
) -> None:
    subscribed(caller)
    first = queries_of(client_, path)
    for _ in range(7):
        subscribed(caller)

    assert queries_of(client_, path) == first
    assert first <= MOST_QUERIES


def test_a_record_takes_as_many_queries_whatever_it_has(client_: Client, caller: Caller) -> None:
    plan = a_plan(caller)
    subscription = subscribed(caller, plan)
    rows = [subscription, plan, last_renewal(subscription)]
    first = [queries_of(client_, page_of(row)) for row in rows]
    for number in range(5):
        draft = entitlements.NewEntitlement(plan.id, f"f{number}", "boolean", True)
        entitlements.create(caller, draft)
        subscribed(caller, plan)
    pay(caller, subscription)
    services.pause(caller, subscription.id)
    services.resume(caller, subscription.id)

    after = [queries_of(client_, page_of(row)) for row in rows]
    assert all(now <= before for now, before in zip(after, first, strict=True))
    assert max(first) <= MOST_QUERIES


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


# --- one subscription ----------------------------------------------------------------------------


def test_a_page_has_its_facts_in_the_zone_of_its_periods(
    client_: Client, caller: Caller, administrator: Caller
) -> None:
    renewal_settings.update(administrator, time_zone="Asia/Tokyo")
    subscription = subscribed(caller, a_plan(caller, name="Gold"))

    page = text_of(client_.get(page_of(subscription)))

    assert "Ann: Gold" in page
    assert "20.00 USDC on Base every month" in page
    period = r"Current period \d+ \w+ \d{4}, \d\d:\d\d JST to \d+ \w+ \d{4}, \d\d:\d\d JST"
    assert re.search(period, page)
    assert "Time zone Asia/Tokyo" in page
    assert f"/subscription/{subscription.page_token}" in page


def test_a_page_leads_to_where_its_renewal_is_paid(client_: Client, caller: Caller) -> None:
    subscription = subscribed(caller)
    checkout_id = last_renewal(subscription).checkout_id

    page = client_.get(page_of(subscription)).content.decode()

    assert f"/checkout/{checkout_id}" in page
    assert "/admin/checkouts/checkout/co_5F" in page
    assert "Ann is asked for 20.00 USDC on Base." in text_of(client_.get(page_of(subscription)))


def test_its_story_is_told_in_sentences(client_: Client, caller: Caller) -> None:
    subscription = past_due(caller)
    client_.post(act_of(last_renewal(subscription), "retry"))
    pay(caller, subscription)
    client_.post(act_of(subscription, "pause"))
    client_.post(act_of(subscription, "cancel_immediately"))

    page = text_of(client_.get(page_of(subscription)))

    told = [
        "ada canceled it", "ada paused it", "20.00 USDC on Base was paid: it goes on until",
        "20.00 USDC on Base was asked for, attempt 2 of 3", "It is past due: the period began",
        "It was not paid, attempt 1 of 3", "20.00 USDC on Base was asked for, attempt 1 of 3",
        "started it",
    ]  # fmt: skip
    places = [page.lower().find(words.lower()) for words in told]
    assert -1 not in places
    assert places == sorted(places)
    assert "Next: it expires on" in page


def test_the_one_next_act_is_the_filled_button(client_: Client, caller: Caller) -> None:
    late, resting = past_due(caller), subscribed(caller)
    services.pause(caller, resting.id)

    assert filled_buttons(client_.get(page_of(late))) == ["Retry the renewal"]
    assert filled_buttons(client_.get(page_of(resting))) == ["Resume"]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("cancel", "This cannot be taken back."),
        ("cancel_immediately", "Nobody is asked to pay any more"),
        ("pause", "Access ends now"),
    ],
)
def test_an_act_says_first_what_follows_and_does_nothing(
    client_: Client, caller: Caller, act: str, says: str
) -> None:
    subscription = subscribed(caller)
    events = Event.objects.count()

    page = text_of(client_.get(act_of(subscription, act)))

    assert "the subscription of Ann to Pro" in page
    assert says in page
    assert "20.00 USDC on Base every month" in page
    assert reload(subscription).status == "active"
    assert Event.objects.count() == events


def test_an_act_that_is_refused_says_why_and_changes_nothing(
    client_: Client, caller: Caller
) -> None:
    subscription = subscribed(caller)
    services.cancel_immediately(caller, subscription.id)

    answer = client_.post(act_of(subscription, "pause"))

    assert answer.status_code == 400
    assert "is canceled, which is final" in text_of(answer)
    assert reload(subscription).status == "canceled"


def test_buttons_are_those_of_the_state(client_: Client, caller: Caller) -> None:
    subscription = subscribed(caller)

    def offered() -> set[str]:
        page = client_.get(page_of(subscription)).content.decode()
        return set(re.findall(r"subscription/[^\"/]+/act/(\w+)/", page))

    assert offered() == {"pause", "cancel", "cancel_immediately"}
    services.cancel(caller, subscription.id)
    assert offered() == {"pause", "cancel_immediately"}
    subscription = subscribed(caller)
    services.pause(caller, subscription.id)
    assert offered() == {"resume", "cancel", "cancel_immediately"}
    services.cancel_immediately(caller, subscription.id)
    assert offered() == set()


# --- a new one -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["id", "email", "external_id"])
def test_a_subscription_is_started_for_a_customer_by_any_name(
    client_: Client, caller: Caller, ada: User, by: str
) -> None:
    customer = a_customer(caller, email="grace@example.com", external_id="user-7")
    plan = a_plan(caller, trial_days=14)
    named = str(getattr(customer, by)).upper() if by == "email" else getattr(customer, by)

    answer = client_.post(NEW, {"customer_id": named, "plan_id": plan.id}, follow=True)

    subscription = Subscription.objects.get()
    assert (subscription.customer, subscription.plan) == (customer, plan)
    assert subscription.status == "trialing"
    assert "Ann: Pro is created." in text_of(answer)
    assert Event.objects.get(type="subscription.created").actor_id == ada.id


def test_the_form_offers_active_plans_with_their_price_and_trial(
    client_: Client, caller: Caller
) -> None:
    plan = a_plan(caller, name="Gold", trial_days=14)
    a_plan(caller, name="Old", status="archived")

    page = client_.get(NEW, {"plan": plan.id})

    assert "Gold: 20.00 USDC on Base every month, 14 days free" in text_of(page)
    assert "Old:" not in text_of(page)
    assert f'value="{plan.id}" selected' in page.content.decode()


def test_without_a_plan_the_form_says_to_make_one(client_: Client, acme: Organization) -> None:
    assert "Make one first" in text_of(client_.get(NEW))


def test_an_unknown_customer_is_said_at_the_field(client_: Client, caller: Caller) -> None:
    plan = a_plan(caller)

    page = client_.post(NEW, {"customer_id": "nobody", "plan_id": plan.id})

    assert "No customer of yours is called so." in text_of(page)
    assert Subscription.objects.count() == 0


def test_a_refusal_of_the_service_stands_at_its_field(client_: Client, caller: Caller) -> None:
    plan, customer = a_plan(caller, chain="tron", token="USDT"), a_customer(caller)
    form = {"customer_id": customer.id, "plan_id": plan.id}

    answer = client_.post(NEW, form)

    assert answer.status_code in (302, 400)
    assert Subscription.objects.count() == (1 if answer.status_code == 302 else 0)


# --- renewals ------------------------------------------------------------------------------------


def test_tabs_have_what_is_due_open_failed_and_paid(client_: Client, caller: Caller) -> None:
    paid = subscribed(caller, customer=a_customer(caller, name="Payer"))
    pay(caller, paid)
    past_due(caller)

    def names(tab: str) -> list[str]:
        page = text_of(client_.get(RENEWALS, {"tab": tab}))
        return [name for name in ("Payer", "Ann") if name in page]

    assert names("paid") == ["Payer"]
    assert names("failed") == ["Ann"]
    assert names("open") == ["Ann"]
    assert names("due") == []
    assert names("all") == ["Payer", "Ann"]
    pass_time(caller, days=28)
    assert names("due") == ["Payer"]


def test_the_list_says_who_tells_the_customers(client_: Client, administrator: Caller) -> None:
    assert "Customers are not e-mailed by us" in text_of(client_.get(RENEWALS))

    renewal_settings.update(administrator, emails_customers=True)

    assert "We e-mail customers" in text_of(client_.get(RENEWALS))


def test_a_renewal_says_who_must_be_told_of_which_page(client_: Client, caller: Caller) -> None:
    renewal = last_renewal(subscribed(caller, customer=a_customer(caller, email="x@example.com")))

    page = text_of(client_.get(page_of(renewal)))

    assert "Who must be told Customer Ann E-mail x@example.com" in page
    assert f"/checkout/{renewal.checkout_id}" in page
    assert "Not by us: send it them." in page


def test_a_failed_renewal_is_retried_and_leads_to_its_new_page(
    client_: Client, caller: Caller, ada: User
) -> None:
    subscription = past_due(caller)
    renewal = last_renewal(subscription)
    before = renewal.checkout_id
    assert "attempt 2 of 3, brought forward: 1 more can follow" in text_of(
        client_.get(act_of(renewal, "retry"))
    )

    answer = client_.post(act_of(renewal, "retry"), follow=True)

    renewal = Renewal.objects.get()
    assert (renewal.status, renewal.attempt_count) == ("checkout_created", 2)
    assert renewal.checkout_id != before
    assert f"/checkout/{renewal.checkout_id}" in answer.content.decode()
    for path in (LIST, RENEWALS):  # found by the checkout of the attempt before, too
        assert "Ann" in text_of(client_.get(path, {"q": before}))
    again = client_.post(act_of(renewal, "retry"))
    assert again.status_code == 400
    assert "Only a failed one can be retried" in text_of(again)


# --- the page that sums up -----------------------------------------------------------------------


def test_the_overview_counts_by_state_and_sums_by_token(client_: Client, caller: Caller) -> None:
    pay(caller, subscribed(caller))
    past_due(caller)
    subscribed(caller, a_plan(caller, trial_days=5, amount_atomic=7_500_000))

    page = client_.get(OVERVIEW)

    words = text_of(page)
    assert "Needs you" in words
    assert "1 past due" in words
    assert "1 failed renewal, last 30 days" in words
    assert "1 paid, or asked for the first time" in words
    # To be paid when the trial is over, though its renewal is not made yet.
    assert "USDC on Base 7.50 USDC 1 renewal 20.00 USDC 1 renewal 20.00 USDC 1 renewal" in words
    assert "?tab=past_due" in page.content.decode()
    assert "?tab=failed" in page.content.decode()


def test_what_is_due_is_counted_once_before_and_after_it_is_made(
    client_: Client, caller: Caller
) -> None:
    subscription = subscribed(caller)
    pay(caller, subscription)
    due_in(caller, subscription, days=6)
    assert Renewal.objects.count() == 1
    assert "USDC on Base 20.00 USDC 1 renewal – –" in text_of(client_.get(OVERVIEW))

    due_in(caller, subscription, days=2)

    assert Renewal.objects.count() == 2
    page = text_of(client_.get(OVERVIEW))
    assert "USDC on Base 20.00 USDC 1 renewal 20.00 USDC 1 renewal –" in page
    pay(caller, subscription)
    assert "Nothing is due" in text_of(client_.get(OVERVIEW))
    assert "Nothing is due in the next 7 days" in text_of(client_.get(RENEWALS, {"tab": "due"}))


def test_of_what_ends_nothing_is_due(client_: Client, caller: Caller) -> None:
    subscription = subscribed(caller)
    pay(caller, subscription)
    due_in(caller, subscription, days=6)

    services.cancel(caller, subscription.id)

    assert "Nothing is due" in text_of(client_.get(OVERVIEW))


def test_a_failure_of_long_ago_is_none_of_the_last_days(client_: Client, caller: Caller) -> None:
    past_due(caller)
    pass_time(caller, days=10)
    assert "1 failed renewal, last 30 days" in text_of(client_.get(OVERVIEW))

    pass_time(caller, days=31)

    assert "failed renewal, last 30 days" not in text_of(client_.get(OVERVIEW))


def due_in(caller: Caller, subscription: Subscription, *, days: int) -> None:
    """Let time pass until the period ends in so many days."""
    ends: datetime = reload(subscription).current_period_end
    left = ends - timedelta(days=days) - clock.now(caller.organization_id, "sandbox")
    pass_time(caller, days=left.total_seconds() / 86_400)
