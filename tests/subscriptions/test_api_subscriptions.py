"""/v1/subscriptions and …/renewals: made, listed, acted on by either spelling, and refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.models import Organization
from subscriptions.models import Subscription
from tests.conftest import Api, MakeApi
from tests.subscriptions.asking import (
    PLANS,
    RENEWALS,
    SUBSCRIPTIONS,
    Json,
    a_customer,
    a_plan,
    a_subscription,
    got,
    patched,
    posted,
    refused,
)
from tests.subscriptions.making import pass_time


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


def the_renewal(client: Api, subscription: Json) -> Json:
    (renewal,) = got(client, RENEWALS, subscription_id=subscription["id"])["data"]
    told: Json = renewal
    return told


def failed(client: Api) -> Json:
    """A subscription whose first renewal's first attempt was not paid."""
    subscription = a_subscription(client)
    pass_time(client.caller, days=4)
    return subscription


# --- subscriptions ----------------------------------------------------------------------------


def test_a_subscription_is_told_field_by_field(client: Api, acme: Organization) -> None:
    customer, plan = a_customer(client), a_plan(client)
    body = {"customer_id": customer["id"], "plan_id": plan["id"], "metadata": {"seat": "7"}}

    told = posted(client, SUBSCRIPTIONS, body)

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "customer_id": customer["id"],
        "plan_id": plan["id"],
        "payment_method_id": None,
        "status": "active",
        "current_period_start": told["current_period_start"],
        "current_period_end": told["current_period_end"],
        "trial_end": None,
        "canceled_at": None,
        "cancel_at_period_end": False,
        "pause_start": None,
        "pause_end": None,
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "customer": customer,
        "plan": plan,
        "canceled_because": None,
        "expired_at": None,
        "time_zone": "UTC",
        "metadata": {"seat": "7"},
        "page_url": told["page_url"],
        "subscription_id": told["id"],
        "cancelled_at": None,
    }
    assert got(client, f"{SUBSCRIPTIONS}/{told['id']}") == told


def test_with_a_trial_nothing_is_asked_at_first(client: Api) -> None:
    told = a_subscription(client, a_plan(client, trial_days=14))

    assert told["status"] == "trialing"
    assert told["trial_end"] == told["current_period_end"]
    assert got(client, RENEWALS)["data"] == []


def test_a_method_can_be_named(client: Api) -> None:
    checkout = posted(client, "/v1/checkouts", {"amount_usd": 5, "chain": "base", "token": "USDC"})
    method_id = checkout["payment_method_id"]
    body = {"customer_id": a_customer(client)["id"], "plan_id": a_plan(client)["id"]}

    told = posted(client, SUBSCRIPTIONS, {**body, "payment_method_id": method_id})

    assert told["payment_method_id"] == method_id
    unknown = client.post(SUBSCRIPTIONS, {**body, "payment_method_id": "pm_none"})
    assert refused(unknown) == (400, "payment_method_not_found", "payment_method_id")


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"customer_id": None}, "missing_required_field", "customer_id"),
        ({"customer_id": "cus_none"}, "customer_not_found", "customer_id"),
        ({"customer_id": 5}, "invalid_field_value", "customer_id"),
        ({"plan_id": None}, "missing_required_field", "plan_id"),
        ({"plan_id": "plan_none"}, "plan_not_found", "plan_id"),
        ({"payment_method_id": ""}, "invalid_field_value", "payment_method_id"),
        ({"metadata": []}, "invalid_field_value", "metadata"),
    ],
)
def test_a_bad_subscription_is_refused(client: Api, changes: Json, code: str, param: str) -> None:
    body = {"customer_id": a_customer(client)["id"], "plan_id": a_plan(client)["id"]}

    assert refused(client.post(SUBSCRIPTIONS, {**body, **changes})) == (400, code, param)
    assert not Subscription.objects.exists()


def test_nobody_new_subscribes_to_an_archived_plan(client: Api) -> None:
    plan, customer = a_plan(client), a_customer(client)
    a_subscription(client, plan, customer)
    patched(client, f"{PLANS}/{plan['id']}", {"status": "archived"})

    answer = client.post(SUBSCRIPTIONS, {"customer_id": customer["id"], "plan_id": plan["id"]})

    assert refused(answer) == (400, "plan_archived", "plan_id")


def test_anothers_customer_and_plan_are_unknown(
    client: Api, zenith: Organization, api: MakeApi
) -> None:
    mine, theirs = api(zenith), client
    body = {"customer_id": a_customer(mine)["id"], "plan_id": a_plan(mine)["id"]}

    for name, foreign in (("customer_id", a_customer(theirs)), ("plan_id", a_plan(theirs))):
        answer = mine.post(SUBSCRIPTIONS, {**body, name: foreign["id"]})
        assert refused(answer) == (400, f"{name.removesuffix('_id')}_not_found", name)


def test_a_list_is_narrowed_and_paged_in_two_queries(client: Api) -> None:
    plan, other = a_plan(client), a_plan(client, trial_days=7)
    ada, eve = a_customer(client), a_customer(client, "eve@example.com")
    one, two, three = (
        a_subscription(client, *each) for each in ((plan, ada), (other, ada), (plan, eve))
    )
    patched(client, f"{SUBSCRIPTIONS}/{one['id']}", {"action": "cancel_immediately"})

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in got(client, SUBSCRIPTIONS, **query)["data"]]

    assert ids() == [three["id"], two["id"], one["id"]]
    assert ids(customer_id=ada["id"]) == [two["id"], one["id"]]
    assert ids(status="trialing") == [two["id"]]
    assert ids(status="canceled") == ids(status="cancelled") == [one["id"]]
    assert ids(plan_id=plan["id"], status="active") == [three["id"]]
    page = got(client, SUBSCRIPTIONS, limit=2)
    assert ids(limit=2, cursor=page["next_cursor"]) == [one["id"]]
    with CaptureQueriesContext(connection) as asked:
        ids()
    assert len(asked) == 2
    assert refused(client.get(SUBSCRIPTIONS, {"status": "gone"}))[2] == "status"


# --- what can be done to one --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "cancel"}, "active"),
        ({"action": "cancel_immediately"}, "canceled"),
        ({"status": "canceled"}, "canceled"),
        ({"status": "cancelled"}, "canceled"),
        ({"action": "cancel_immediately", "status": "cancelled"}, "canceled"),
        ({"action": "pause"}, "paused"),
        ({"status": "paused"}, "paused"),
    ],
)
def test_both_spellings_of_an_act_are_read(client: Api, body: Json, status: str) -> None:
    subscription = a_subscription(client)

    told = patched(client, f"{SUBSCRIPTIONS}/{subscription['id']}", body)

    assert told["status"] == status
    assert told["cancel_at_period_end"] is (body == {"action": "cancel"})
    assert got(client, f"{SUBSCRIPTIONS}/{subscription['id']}") == told


@pytest.mark.parametrize("body", [{"action": "resume"}, {"status": "active"}])
def test_a_paused_one_is_resumed_however_soon(
    client: Api, body: Json, events_of: Callable[[str], list[str]]
) -> None:
    subscription = a_subscription(client)
    path = f"{SUBSCRIPTIONS}/{subscription['id']}"

    for _ in range(3):
        patched(client, path, {"action": "pause"})
        told = patched(client, path, body)

    assert told["status"] == "active"
    assert events_of(subscription["id"]).count("subscription.resumed") == 3


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "action"),
        ({"action": None}, "missing_required_field", "action"),
        ({"action": "stop"}, "invalid_field_value", "action"),
        ({"status": "expired"}, "missing_required_field", "action"),
        ({"status": ["paused"]}, "missing_required_field", "action"),
        ({"action": "pause", "status": "expired"}, "invalid_field_value", "status"),
        ({"action": "pause", "status": "canceled"}, "invalid_field_value", "status"),
        ({"action": "pause", "plan_id": "plan_1"}, "field_immutable", "plan_id"),
        ({"plan_id": "plan_1"}, "field_immutable", "plan_id"),
        ({"action": "resume"}, "subscription_not_paused", "action"),
    ],
)
def test_a_bad_act_changes_nothing(client: Api, body: Json, code: str, param: str) -> None:
    subscription = a_subscription(client)
    path = f"{SUBSCRIPTIONS}/{subscription['id']}"
    before = got(client, path)

    assert refused(client.patch(path, body)) == (400, code, param)
    assert got(client, path) == before


@pytest.mark.parametrize("action", ["cancel", "cancel_immediately", "pause", "resume"])
def test_what_is_over_stays_over(client: Api, action: str) -> None:
    subscription = a_subscription(client)
    path = f"{SUBSCRIPTIONS}/{subscription['id']}"
    patched(client, path, {"action": "cancel_immediately"})

    assert refused(client.patch(path, {"action": action}))[:2] == (400, "subscription_over")


def test_without_the_scope_nothing_is_done(acme: Organization, api: MakeApi, client: Api) -> None:
    subscription = a_subscription(client)
    reader = api(acme, scopes=["subscriptions:read"])

    for answer in (
        reader.post(SUBSCRIPTIONS, {}),
        reader.patch(f"{SUBSCRIPTIONS}/{subscription['id']}", {"action": "pause"}),
        reader.post(f"{RENEWALS}/{the_renewal(client, subscription)['id']}/retry"),
    ):
        assert refused(answer)[:2] == (403, "insufficient_scope")


# --- renewals ---------------------------------------------------------------------------------


def test_a_renewal_is_told_field_by_field(client: Api, acme: Organization) -> None:
    subscription = a_subscription(client)

    told = the_renewal(client, subscription)

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "subscription_id": subscription["id"],
        "period_start": subscription["current_period_start"],
        "period_end": subscription["current_period_end"],
        "amount": 29.99,
        "token": "USDC",
        "checkout_id": told["checkout_id"],
        "status": "checkout_created",
        "attempt_count": 1,
        "max_attempts": 3,
        "next_attempt_at": None,
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "chain": "base",
        "amount_atomic": "29990000",
        "hosted_url": told["hosted_url"],
        "closes_at": told["closes_at"],
        "paid_at": None,
        "closed_at": None,
        "problem": None,
        "renewal_id": told["id"],
        "plan_id": subscription["plan_id"],
        "amount_usd": 29.99,
        "attempted_at": told["attempted_at"],
        "next_retry_at": None,
    }
    assert got(client, f"{RENEWALS}/{told['id']}") == told
    checkout = got(client, f"/v1/checkouts/{told['checkout_id']}")
    assert (checkout["purpose"], checkout["hosted_url"]) == ("renewal", told["hosted_url"])


def test_a_paid_one_moves_the_period_on(client: Api) -> None:
    subscription = a_subscription(client)
    renewal = the_renewal(client, subscription)
    posted(client, "/v1/sandbox/simulate-payment", {"checkout_id": renewal["checkout_id"]}, 200)
    posted(client, "/v1/sandbox/clock", {"advance_seconds": 60}, 200)

    assert the_renewal(client, subscription)["status"] == "paid"
    for word in ("paid", "succeeded"):
        assert len(got(client, RENEWALS, status=word)["data"]) == 1
    assert got(client, RENEWALS, status="failed")["data"] == []


def test_a_failed_one_is_retried_with_a_new_checkout(client: Api) -> None:
    subscription = failed(client)
    before = the_renewal(client, subscription)
    path = f"{RENEWALS}/{before['id']}/retry"

    if before["status"] != "failed":  # the next attempt was made by itself
        assert refused(client.post(path))[:2] == (400, "renewal_not_failed")
        return
    told = posted(client, path, status=200)

    assert told["checkout_id"] != before["checkout_id"]
    assert told["attempt_count"] == before["attempt_count"] + 1


def test_one_that_did_not_fail_is_not_retried(client: Api) -> None:
    renewal = the_renewal(client, a_subscription(client))

    answer = client.post(f"{RENEWALS}/{renewal['id']}/retry")

    assert refused(answer) == (400, "renewal_not_failed", "status")
    assert got(client, f"{RENEWALS}/{renewal['id']}") == renewal


def test_nobody_sees_anothers(client: Api, zenith: Organization, api: MakeApi) -> None:
    subscription = a_subscription(client)
    stranger = api(zenith)

    assert got(stranger, SUBSCRIPTIONS, customer_id=subscription["customer_id"])["data"] == []
    assert got(stranger, RENEWALS, subscription_id=subscription["id"])["data"] == []
    assert refused(stranger.get(f"{SUBSCRIPTIONS}/{subscription['id']}"))[0] == 404
