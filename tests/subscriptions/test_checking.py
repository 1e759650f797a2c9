"""GET …/entitlements/check: who may use what, in each state, with one statement."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from billing.callers import Caller
from customers.models import Customer
from organizations.models import Organization
from subscriptions import renewal_settings, services
from subscriptions.checking import Opened, best_of
from subscriptions.models import Entitlement, Plan, Subscription
from tests.conftest import Api, MakeApi
from tests.subscriptions.asking import CHECK, Json, got, refused
from tests.subscriptions.making import a_customer, a_plan, pass_time, pay, subscribed

NO: Json = {
    "has_access": False,
    "feature_key": "seats",
    "value_type": "boolean",
    "value_boolean": False,
    "value_numeric": None,
    "value_string": None,
    "plan_id": None,
    "subscription_id": None,
    "entitled": False,
    "value": "false",
}


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


@pytest.fixture
def caller(client: Api) -> Caller:
    return client.caller


def opens(plan: Plan, value: bool | str | float, feature_key: str = "seats") -> Entitlement:
    kind = {bool: "boolean", str: "string"}.get(type(value), "numeric")
    return Entitlement.objects.create(
        organization_id=plan.organization_id,
        environment=plan.environment,
        plan=plan,
        feature_key=feature_key,
        value_type=kind,
        **{f"value_{kind}": value},
    )


def has_access(client: Api, customer: Customer) -> bool:
    told = got(client, CHECK, customer_id=customer.id, feature_key="seats")
    assert told["entitled"] is told["has_access"]
    answer: bool = told["has_access"]
    return answer


def test_what_is_open_is_told_with_whose_it_is(client: Api, caller: Caller) -> None:
    plan, customer = a_plan(caller), a_customer(caller)
    opens(plan, 5)
    subscription = subscribed(caller, plan, customer)

    assert got(client, CHECK, customer_id=customer.id, feature_key="seats") == {
        **NO,
        "has_access": True,
        "entitled": True,
        "value_type": "numeric",
        "value_boolean": None,
        "value_numeric": 5,
        "value": "5",
        "plan_id": plan.id,
        "subscription_id": subscription.id,
    }


def test_a_check_takes_one_query_beside_the_keys(client: Api, caller: Caller) -> None:
    customer = a_customer(caller)
    for _ in range(5):
        plan = a_plan(caller)
        opens(plan, True)
        subscribed(caller, plan, customer)
    got(client, CHECK, customer_id=customer.id, feature_key="seats")

    with CaptureQueriesContext(connection) as asked:
        got(client, CHECK, customer_id=customer.id, feature_key="seats")

    assert len(asked) == 2


@pytest.mark.parametrize("customer_id", ["cus_none", "x", "cus_'; --"])
def test_whom_nobody_knows_has_no_access(client: Api, customer_id: str) -> None:
    assert got(client, CHECK, customer_id=customer_id, feature_key="seats") == NO


def test_another_feature_and_another_place_are_closed(
    client: Api, caller: Caller, zenith: Organization, acme: Organization, api: MakeApi
) -> None:
    plan, customer = a_plan(caller), a_customer(caller)
    opens(plan, True)
    subscribed(caller, plan, customer)

    assert got(client, CHECK, customer_id=customer.id, feature_key="SEATS")["has_access"] is False
    for other in (api(zenith), api(acme, "live")):
        assert got(other, CHECK, customer_id=customer.id, feature_key="seats") == NO


# --- by state ---------------------------------------------------------------------------------


def a_subscriber(caller: Caller, **plan: Any) -> tuple[Customer, Subscription]:
    offered, customer = a_plan(caller, **plan), a_customer(caller)
    opens(offered, True)
    return customer, subscribed(caller, offered, customer)


def test_trialing_and_active_have_access(client: Api, caller: Caller) -> None:
    for plan in ({"trial_days": 7}, {}):
        customer, _ = a_subscriber(caller, **plan)
        assert has_access(client, customer)


def test_paused_has_none_until_it_is_resumed(client: Api, caller: Caller) -> None:
    customer, subscription = a_subscriber(caller)
    services.pause(caller, subscription.id)
    assert not has_access(client, customer)

    services.resume(caller, subscription.id)

    assert has_access(client, customer)


@pytest.mark.parametrize("keeps", [True, False])
def test_past_due_keeps_it_as_the_organization_says(
    client: Api, caller: Caller, keeps: bool, ada: Any, as_person: Callable[..., Caller],
    acme: Organization,
) -> None:  # fmt: skip
    if not keeps:
        renewal_settings.update(as_person(ada, acme), past_due_keeps_access=False)
    customer, subscription = a_subscriber(caller)

    pass_time(caller, days=4)

    subscription.refresh_from_db()
    assert subscription.status == "past_due"
    assert has_access(client, customer) is keeps


def test_canceled_keeps_it_until_the_period_is_over_by_the_sandboxs_clock(
    client: Api, caller: Caller
) -> None:
    customer, subscription = a_subscriber(caller, interval="daily", interval_count=10)
    pay(caller, subscription)
    services.cancel_immediately(caller, subscription.id)
    subscription.refresh_from_db()
    assert subscription.status == "canceled"
    assert has_access(client, customer)

    pass_time(caller, days=9)
    assert has_access(client, customer)
    pass_time(caller, days=1.01)

    subscription.refresh_from_db()
    assert subscription.status == "canceled"
    assert not has_access(client, customer)


def test_an_edit_and_a_deletion_reach_subscribers_at_once(client: Api, caller: Caller) -> None:
    plan, customer = a_plan(caller), a_customer(caller)
    entitlement = opens(plan, 5)
    subscribed(caller, plan, customer)

    Entitlement.objects.filter(id=entitlement.id).update(value_numeric=7)
    told = got(client, CHECK, customer_id=customer.id, feature_key="seats")
    assert told["value_numeric"] == 7

    entitlement.delete()
    assert not has_access(client, customer)


# --- of several -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([False], None),
        ([True, False], 0),
        ([False, True], 1),
        ([5, 10, 10, 7], 1),
        ([0, -1], 0),
        (["gold", "silver"], 0),
        ([False, 5], 1),
        ([5, True, 9], 2),
        (["gold", 9], 0),
        ([True, 9], 0),
    ],
)  # fmt: skip
def test_of_several_the_best_counts(
    client: Api, caller: Caller, values: list[bool | str | int], best: int | None
) -> None:
    """Given newest first: any yes wins, the greatest number, the newest text."""
    customer = a_customer(caller)
    made: list[Subscription] = []
    for value in reversed(values):
        plan = a_plan(caller)
        opens(plan, value)
        made.insert(0, subscribed(caller, plan, customer))

    told = got(client, CHECK, customer_id=customer.id, feature_key="seats")

    assert told["subscription_id"] == (None if best is None else made[best].id)
    assert told["has_access"] is (best is not None)


numbers = st.decimals(-100, 100, places=2)
values = st.one_of(st.booleans(), numbers, st.text("ab", max_size=2))


@given(st.lists(values, max_size=6))
def test_the_best_is_that_of_a_plain_walk(given_values: list[bool | Decimal | str]) -> None:
    opened = [
        Opened(
            "boolean" if isinstance(v, bool) else "string" if isinstance(v, str) else "numeric",
            v if isinstance(v, bool) else None,
            v if isinstance(v, Decimal) else None,
            v if isinstance(v, str) else None,
            f"plan_{n}",
            f"sub_{n}",
        )
        for n, v in enumerate(given_values)
    ]

    best = best_of(opened)

    yes = [v for v in given_values if v is not False]
    if not yes:
        assert best is None
    elif isinstance(yes[0], Decimal):
        assert best is not None
        assert best.value_numeric == max(v for v in yes if isinstance(v, Decimal))
    else:
        assert best is opened[given_values.index(yes[0])] or best == opened[0]
        assert (best.value_boolean, best.value_string) == (
            (True, None) if yes[0] is True else (None, yes[0])
        )


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"feature_key": "a"}, "missing_required_field", "customer_id"),
        ({"customer_id": "cus_1"}, "missing_required_field", "feature_key"),
        ({"customer_id": "", "feature_key": "a"}, "invalid_field_value", "customer_id"),
        ({"customer_id": "x" * 41, "feature_key": "a"}, "invalid_field_value", "customer_id"),
        ({"customer_id": "cus_1", "feature_key": "x" * 257}, "invalid_field_value", "feature_key"),
    ],
)
def test_a_bad_question_is_refused(client: Api, query: Json, code: str, param: str) -> None:
    assert refused(client.get(CHECK, query)) == (400, code, param)


def test_without_the_scope_nothing_is_told(acme: Organization, api: MakeApi) -> None:
    answer = api(acme, scopes=["subscriptions:write"]).get(
        CHECK, {"customer_id": "cus_1", "feature_key": "a"}
    )

    assert refused(answer)[:2] == (403, "insufficient_scope")
