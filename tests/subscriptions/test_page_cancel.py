"""GET and POST /subscription/<token>/cancel: a customer ends it, as far as that is offered."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from billing.callers import Caller
from chainwatch.models import ChainHead
from checkouts.models import Checkout
from events.models import Event
from events.sentences import sentence_of
from organizations import clock
from subscriptions import renewing, services
from subscriptions.hosted.standing import Stage
from subscriptions.models import RenewalSettings, Subscription
from tests.checkouts.making import at_once
from tests.checkouts.paying import made_final
from tests.checkouts.staging import arrived, at_head
from tests.checkouts.test_pages import words
from tests.subscriptions.making import last_renewal, pass_time, reload, states_of, told
from tests.subscriptions.staging import in_stage, path_of
from tests.subscriptions.test_page import english, heading, shown

pytestmark = pytest.mark.django_db
races = pytest.mark.django_db(transaction=True)


def asked(subscription: Subscription, query: str = "") -> Any:
    return Client().get(f"{path_of(subscription)}/cancel{query}")


def canceled(subscription: Subscription, query: str = "") -> Any:
    """Open the page that asks, and press its button, as a browser does."""
    browser = Client(enforce_csrf_checks=True)
    path = f"{path_of(subscription)}/cancel{query}"
    form = browser.get(path).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token is not None, form
    return browser.post(path, {"csrfmiddlewaretoken": token[1]})


def overdue(caller: Caller) -> Subscription:
    """Its paid period is over, the first attempt for the next one failed, the second is open."""
    it = in_stage(caller, Stage.ACTIVE, interval="daily")
    pass_time(caller, days=4.5)
    assert reload(it).status == "past_due"
    return reload(it)


def not_offered(caller: Caller) -> None:
    RenewalSettings.objects.create(
        organization_id=caller.organization_id, environment="sandbox", customer_may_cancel=False
    )


def test_it_is_asked_first_and_nothing_happens_by_looking(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    page = asked(it)

    assert "Cancel Pro?" in words(page)
    end = english(it.current_period_end)
    assert f"You can use it until {end}. Then it ends, and nothing more is asked" in words(page)
    assert "This cannot be undone." in words(page)
    assert not reload(it).cancel_at_period_end


def test_a_customer_lets_it_end_with_its_period(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    answer = canceled(it, "?lang=en")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path_of(it)}?lang=en")
    assert (reload(it).status, reload(it).cancel_at_period_end) == ("active", True)
    page = shown(it)
    assert heading(page) == "Canceled"
    assert f"You can use it until {english(it.current_period_end)}." in words(page)
    assert "Cancel this subscription" not in words(page)


def test_the_event_says_that_the_customer_did_it_on_the_page(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    canceled(it)

    event = Event.objects.get(resource_id=it.id, type="subscription.updated")
    assert (event.actor_id, event.actor_name) == ("system", "The customer")
    assert event.address == "127.0.0.1"
    assert event.payload["data"]["canceled_on"] == "customer_page"
    assert it.page_token not in str(event.payload)
    assert sentence_of(event) == (
        "The customer canceled the subscription of Ann to Pro on its page: it ends with its period"
    )


def test_a_cancel_by_the_organization_is_told_as_before(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ENDING)

    event = Event.objects.get(resource_id=it.id, type="subscription.updated")

    assert sentence_of(event) == "Tests had the subscription of Ann to Pro end with its period"
    assert "canceled_on" not in event.payload["data"]


def test_a_form_that_is_not_of_the_page_changes_nothing(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    answer = Client(enforce_csrf_checks=True).post(f"{path_of(it)}/cancel")

    assert answer.status_code == 403
    assert "Nothing was changed" in words(answer)
    assert "/admin/" not in answer.text
    assert not reload(it).cancel_at_period_end


@pytest.mark.parametrize("stage", [Stage.ENDING, Stage.CANCELED, Stage.OVER, Stage.EXPIRED])
def test_a_second_cancel_is_harmless_and_says_so(sandboxed: Caller, stage: Stage) -> None:
    it = in_stage(sandboxed, stage)
    before = told(it)

    for answer in (asked(it), Client().post(f"{path_of(it)}/cancel")):
        assert answer.status_code == 200
        assert "It was canceled before" in words(answer)
        assert "<form" not in answer.text
    assert (reload(it).status, told(it)) == (it.status, before)


def test_an_overdue_one_ends_at_once_and_nothing_is_left_to_pay(sandboxed: Caller) -> None:
    it = overdue(sandboxed)
    page = words(asked(it))
    assert "It ends at once, and nothing more is asked for." in page
    assert "do not send anything to its address any more." in page

    canceled(it)

    assert (reload(it).status, states_of(it)) == ("canceled", ["paid", "skipped"])
    assert not Checkout.objects.filter(subscription_id=it.id, status="pending").exists()
    assert "nothing more is to be paid" in words(shown(it))


@pytest.mark.parametrize("stage", [Stage.DUE, Stage.PAST_DUE])
def test_the_first_period_is_still_to_be_paid(sandboxed: Caller, stage: Stage) -> None:
    it = in_stage(sandboxed, stage)
    page = words(asked(it))
    assert "The payment of the current period is still to be made." in page
    assert "called off" not in page

    canceled(it)

    page = words(shown(it))
    assert f"It was canceled, and ends on {english(it.current_period_end)}." in page
    assert "Pay now" in page and "Cancel this subscription" not in page
    again = words(asked(it))
    assert "It was canceled before" in again and "ends on" in again


def test_money_that_is_on_its_way_is_told_of_and_not_lost(sandboxed: Caller) -> None:
    it = overdue(sandboxed)
    checkout = last_renewal(it).checkout
    assert checkout is not None
    head = ChainHead.objects.get(chain="base", scope=checkout.scope)
    block, made_at = head.number + 1, checkout.created_at + checkout.clock_ahead
    tx_hash = arrived(checkout, block=block, block_time=made_at + timedelta(seconds=1))
    assert "has arrived and is being confirmed." in words(asked(it))

    canceled(it)
    assert reload(it).status == "canceled"
    assert "has arrived and is being confirmed." in words(shown(it))
    made_final(tx_hash)
    at_head(checkout, block + checkout.required_confirmations)
    renewing.renew()

    renewal = last_renewal(it)
    assert (renewal.status, reload(it).status) == ("paid", "canceled")
    end = english(max(renewal.period_end, reload(it).canceled_at or renewal.period_end))
    assert end in words(shown(it))


def test_a_paused_one_stays_paused_until_it_ends(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)
    it = services.pause(sandboxed, it.id)
    assert "It stays paused until" in words(asked(it))

    canceled(it)

    assert heading(shown(it)) == "Paused"
    assert "It was canceled, and ends on" in words(shown(it))


def test_where_it_is_not_offered_the_merchant_is_named(sandboxed: Caller) -> None:
    not_offered(sandboxed)
    it = in_stage(sandboxed, Stage.ACTIVE)
    assert "To cancel, contact Acme GmbH." in words(shown(it))
    assert "Cancel this subscription" not in words(shown(it))

    for answer in (asked(it), Client().post(f"{path_of(it)}/cancel")):
        assert answer.status_code == 403
        assert "It cannot be canceled here To cancel, contact Acme GmbH." in words(answer)
        assert "<form" not in answer.text
    assert not reload(it).cancel_at_period_end


# --- at the same time ----------------------------------------------------------------------------


def on_page(subscription: Subscription) -> Any:
    return partial(
        services.cancel_on_page,
        subscription.organization_id,
        subscription.environment,
        subscription.id,
    )


@races
def test_two_cancels_at_once_are_one(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    at_once([on_page(it)] * 4)

    assert told(it).count("updated") == 1


@races
def test_a_cancel_while_the_pass_renews_leaves_nothing_to_pay(sandboxed: Caller) -> None:
    for _ in range(5):
        it = in_stage(sandboxed, Stage.ACTIVE)
        left = it.current_period_end - clock.now(it.organization_id, "sandbox")
        clock.advance(it.organization_id, left / 2 + left / 2 * 0.97)

        answers = at_once([on_page(it), renewing.renew])

        assert not [answer for answer in answers if isinstance(answer, str)]
        assert states_of(it) in (["paid"], ["paid", "skipped"])
        assert reload(it).cancel_at_period_end
        assert not Checkout.objects.filter(subscription_id=it.id, status="pending").exists()


@races
def test_an_overdue_one_ends_once_by_two_cancels_and_a_pass(sandboxed: Caller) -> None:
    it = overdue(sandboxed)

    answers = at_once([on_page(it), on_page(it), renewing.renew])

    assert "subscription_over" in answers, "the second one finds it canceled"
    assert reload(it).status == "canceled"
    assert told(it).count("canceled") == 1
