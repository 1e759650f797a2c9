"""/v1/subscriptions/entitlements: what a plan opens, by either spelling, and what is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from organizations.models import Organization
from subscriptions import entitlements
from subscriptions.entitlements import NewEntitlement
from subscriptions.models import Entitlement
from tests.checkouts.making import at_once
from tests.conftest import Api, MakeApi
from tests.subscriptions.asking import (
    ENTITLEMENTS,
    Json,
    a_customer,
    a_plan,
    a_subscription,
    an_entitlement,
    got,
    patched,
    posted,
    refused,
)


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


def test_an_entitlement_is_told_field_by_field(
    client: Api, acme: Organization, events_of: Callable[[str], list[str]]
) -> None:
    plan = a_plan(client)

    told = an_entitlement(client, plan, value_type="numeric", value_numeric=5)

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "plan_id": plan["id"],
        "feature_key": "seats",
        "value_type": "numeric",
        "value_boolean": None,
        "value_numeric": 5,
        "value_string": None,
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "entitlement_id": told["id"],
        "subscription_id": None,
        "value": "5",
    }
    assert got(client, f"{ENTITLEMENTS}/{told['id']}") == told
    assert events_of(told["id"]) == ["entitlement.created"]


@pytest.mark.parametrize(
    ("value", "stored", "text"),
    [
        ({"value_type": "boolean", "value_boolean": False}, (False, None, None), "false"),
        ({"value_type": "string", "value_string": "gold"}, (None, None, "gold"), "gold"),
        ({"value_type": "string", "value_string": ""}, (None, None, ""), ""),
        ({"value_type": "numeric", "value_numeric": 0}, (None, 0, None), "0"),
        ({"value_type": "numeric", "value_numeric": -1.5}, (None, -1.5, None), "-1.5"),
        ({"value_type": "numeric", "value_numeric": 10**27}, (None, 10**27, None), "1" + "0" * 27),
        ({"value_type": "numeric", "value_numeric": 100, "value_string": None},
         (None, 100, None), "100"),
        ({"value_type": "boolean", "value": "true"}, (True, None, None), "true"),
        ({"value_type": "numeric", "value": "12.50"}, (None, 12.5, None), "12.5"),
        ({"value": "gold"}, (None, None, "gold"), "gold"),
        ({"value": "5"}, (None, None, "5"), "5"),
        ({"value": 5}, (None, 5, None), "5"),
        ({"value": True}, (True, None, None), "true"),
        ({"value": False}, (False, None, None), "false"),
    ],
)  # fmt: skip
def test_each_kind_of_value_is_read_by_either_spelling(
    client: Api, value: Json, stored: tuple[Any, ...], text: str
) -> None:
    told = an_entitlement(client, a_plan(client), **value)

    values = (told["value_boolean"], told["value_numeric"], told["value_string"])
    assert values == stored
    assert [type(each) is bool for each in values] == [type(each) is bool for each in stored]
    assert told["value"] == text
    assert got(client, f"{ENTITLEMENTS}/{told['id']}") == told


def test_by_a_subscription_it_is_its_plans(client: Api) -> None:
    subscription = a_subscription(client)
    body = {"subscription_id": subscription["id"], "feature_key": "export"}

    told = posted(client, ENTITLEMENTS, body)
    numeric = posted(client, ENTITLEMENTS, {**body, "feature_key": "seats", "value_numeric": 3})

    assert (told["plan_id"], told["subscription_id"]) == (
        subscription["plan_id"], subscription["id"],
    )  # fmt: skip
    assert (told["value_type"], told["value_boolean"]) == ("boolean", True)
    assert (numeric["value_type"], numeric["value"]) == ("numeric", "3")
    listed = got(client, ENTITLEMENTS, subscription_id=subscription["id"])["data"]
    assert [row["feature_key"] for row in listed] == ["seats", "export"]
    assert {row["subscription_id"] for row in listed} == {subscription["id"]}


def test_a_list_is_of_one_plan_or_of_all(client: Api, zenith: Organization, api: MakeApi) -> None:
    one, two = a_plan(client), a_plan(client)
    an_entitlement(client, one, "a", value=True)
    an_entitlement(client, two, "b", value=True)
    stranger = api(zenith)

    def keys(client: Api, **query: str) -> list[str]:
        return [row["feature_key"] for row in got(client, ENTITLEMENTS, **query)["data"]]

    assert keys(client) == ["b", "a"]
    assert keys(client, plan_id=one["id"]) == ["a"]
    assert keys(client, plan_id="plan_none") == []
    assert keys(client, subscription_id="sub_none") == []
    assert keys(stranger) == []
    assert keys(stranger, plan_id=one["id"]) == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "value_type"),
        ({"value_type": "numeric"}, "missing_required_field", "value_numeric"),
        ({"value_type": "numeric", "value_numeric": None}, "missing_required_field",
         "value_numeric"),
        ({"value_type": "numeric", "value_boolean": True}, "invalid_field_value", "value_boolean"),
        ({"value_type": "numeric", "value_numeric": 5, "value_string": "5"}, "invalid_field_value",
         "value_string"),
        ({"value_type": "numeric", "value_numeric": "5"}, "invalid_field_value", "value_numeric"),
        ({"value_type": "numeric", "value_numeric": True}, "invalid_field_value", "value_numeric"),
        ({"value_type": "numeric", "value_numeric": 10**28}, "invalid_field_value",
         "value_numeric"),
        ({"value_type": "boolean", "value_boolean": 1}, "invalid_field_value", "value_boolean"),
        ({"value_type": "boolean", "value": 1}, "invalid_field_value", "value"),
        ({"value_type": "boolean", "value": "yes"}, "invalid_field_value", "value"),
        ({"value_type": "numeric", "value": "five"}, "invalid_field_value", "value"),
        ({"value_type": "numeric", "value": "1e3"}, "invalid_field_value", "value"),
        ({"value_type": "numeric", "value": True}, "invalid_field_value", "value"),
        ({"value_type": "string", "value": 5}, "invalid_field_value", "value"),
        ({"value_type": "string", "value_string": "a", "value": "b"}, "invalid_field_value",
         "value"),
        ({"value_type": "list", "value": "a"}, "invalid_field_value", "value_type"),
        ({"value": []}, "invalid_field_value", "value"),
        ({"value": "x" * 1025}, "invalid_field_value", "value"),
        ({"value": True, "feature_key": ""}, "invalid_field_value", "feature_key"),
        ({"value": True, "feature_key": "x" * 257}, "invalid_field_value", "feature_key"),
        ({"value": True, "plan_id": "plan_none"}, "plan_not_found", "plan_id"),
        ({"value": True, "plan_id": None}, "missing_required_field", "plan_id"),
    ],
)  # fmt: skip
def test_a_bad_body_is_refused(client: Api, body: Json, code: str, param: str) -> None:
    plan = a_plan(client)

    answer = client.post(ENTITLEMENTS, {"plan_id": plan["id"], "feature_key": "seats", **body})

    assert refused(answer) == (400, code, param)
    assert not Entitlement.objects.exists()


@pytest.mark.parametrize("digits", ["1e400000", "1e-400000", "0.1234567890123", "1e28"])
def test_a_number_that_the_column_does_not_hold_is_refused(client: Api, digits: str) -> None:
    plan = a_plan(client)
    body = f'{{"plan_id": "{plan["id"]}", "feature_key": "a", "value_type": "numeric"'

    answer = client.post(ENTITLEMENTS, f'{body}, "value_numeric": {digits}}}'.encode())

    assert refused(answer) == (400, "invalid_field_value", "value_numeric")


def test_numbers_are_exact(client: Api) -> None:
    plan = a_plan(client)
    body = f'{{"plan_id": "{plan["id"]}", "feature_key": "a", "value_type": "numeric"'

    answer: Any = client.post(
        ENTITLEMENTS, f'{body}, "value_numeric": 1234567890123456789.123456789012}}'.encode()
    )

    assert b'"value_numeric":1234567890123456789.123456789012' in answer.content


def test_a_plan_says_once_how_far_a_feature_is_open(client: Api) -> None:
    plan = a_plan(client)
    an_entitlement(client, plan, value=True)

    answer = client.post(ENTITLEMENTS, {"plan_id": plan["id"], "feature_key": "seats", "value": 5})

    assert refused(answer) == (400, "entitlement_exists", "feature_key")
    assert an_entitlement(client, a_plan(client), value=True)["feature_key"] == "seats"


def test_a_plan_and_a_subscription_of_another_contradict(client: Api) -> None:
    subscription, other = a_subscription(client), a_plan(client)
    body = {"feature_key": "a", "value": True, "subscription_id": subscription["id"]}

    answer = client.post(ENTITLEMENTS, {**body, "plan_id": other["id"]})

    assert refused(answer) == (400, "invalid_field_value", "subscription_id")
    assert posted(client, ENTITLEMENTS, {**body, "plan_id": subscription["plan_id"]})
    unknown = client.post(ENTITLEMENTS, {**body, "subscription_id": "sub_none"})
    assert refused(unknown) == (400, "subscription_not_found", "subscription_id")


def test_a_value_changes_and_its_type_with_it(
    client: Api, events_of: Callable[[str], list[str]]
) -> None:
    made = an_entitlement(client, a_plan(client), value_type="numeric", value_numeric=5)
    path = f"{ENTITLEMENTS}/{made['id']}"

    assert patched(client, path, {"value_numeric": 10})["value"] == "10"
    assert patched(client, path, {"value": "11"})["value_numeric"] == 11
    for same in ({}, {"value_numeric": 11.0}, {"value_type": "numeric"}, {"value": None}):
        assert patched(client, path, same)["value"] == "11"
    told = patched(client, path, {"value_type": "string", "value_string": "many"})
    assert (told["value_type"], told["value_numeric"], told["value_string"]) == (
        "string", None, "many",
    )  # fmt: skip
    assert events_of(made["id"]) == ["entitlement.created"] + ["entitlement.updated"] * 3


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"value_type": "string"}, "missing_required_field", "value_string"),
        ({"value_boolean": True}, "invalid_field_value", "value_boolean"),
        ({"value_type": "string", "value_numeric": 5}, "invalid_field_value", "value_numeric"),
        ({"value": "many"}, "invalid_field_value", "value"),
    ],
)
def test_a_bad_change_changes_nothing(client: Api, body: Json, code: str, param: str) -> None:
    made = an_entitlement(client, a_plan(client), value_type="numeric", value_numeric=5)

    assert refused(client.patch(f"{ENTITLEMENTS}/{made['id']}", body)) == (400, code, param)
    assert got(client, f"{ENTITLEMENTS}/{made['id']}") == made


def test_a_deleted_one_is_gone_and_told(client: Api, events_of: Callable[[str], list[str]]) -> None:
    made = an_entitlement(client, a_plan(client), value=True)
    path = f"{ENTITLEMENTS}/{made['id']}"

    assert client.call("DELETE", path).status_code == 204

    assert refused(client.call("DELETE", path)) == (404, "entitlement_not_found", "id")
    assert refused(client.get(path))[0] == 404
    assert events_of(made["id"]) == ["entitlement.created", "entitlement.deleted"]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_kept_and_one_deletion_told(
    acme: Organization, api: MakeApi, events_of: Callable[[str], list[str]]
) -> None:
    client = api(acme)
    plan = a_plan(client)
    draft = NewEntitlement(plan["id"], "seats", "boolean", True)

    made = at_once([partial(entitlements.create, client.caller, draft)] * 8)

    kept = Entitlement.objects.get()
    assert sorted(str(each) for each in made if each != kept) == ["entitlement_exists"] * 7
    gone = at_once([partial(entitlements.delete, client.caller, kept.id)] * 8)
    assert sorted(map(str, gone)) == ["None"] + ["entitlement_not_found"] * 7
    assert events_of(kept.id) == ["entitlement.created", "entitlement.deleted"]


def test_anothers_plan_opens_nothing(
    client: Api, zenith: Organization, api: MakeApi, acme: Organization
) -> None:
    plan = a_plan(client)
    body = {"plan_id": plan["id"], "feature_key": "seats", "value": True}

    assert refused(api(zenith).post(ENTITLEMENTS, body))[1] == "plan_not_found"
    a_customer(client)
    reader = api(acme, scopes=["subscriptions:read"])
    assert refused(reader.post(ENTITLEMENTS, body))[:2] == (403, "insufficient_scope")
