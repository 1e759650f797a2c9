"""GET /v1/checkouts: newest first, in pages, narrowed by what the query says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from billing import exact_json
from billing.callers import Caller
from checkouts.models import Checkout
from organizations.models import Organization
from tests.checkouts.making import MakeApi, confirming, create, head

AT = "2025-01-15T12:00:00Z"


def ids(answer: HttpResponse) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["checkout_id"] for row in exact_json.loads(answer.content)["data"]]


def backdate(checkout_id: str, at: datetime) -> None:
    """Give a checkout another time of creation, which the database itself would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(
            "update checkouts_checkout set created_at = %s where id = %s", [at, checkout_id]
        )
        cursor.execute("set local session_replication_role = origin")


def test_the_newest_comes_first_as_each_is_answered_alone(acme: Organization, api: MakeApi) -> None:
    first, second = create(api(acme)), create(api(acme))

    answer = api(acme).get("/v1/checkouts")

    assert answer.json() == {"data": [second, first], "has_more": False, "next_cursor": None}
    path = f"/v1/checkouts/{first['checkout_id']}"
    assert api(acme).get(path).json() == first


def test_an_empty_list_is_a_list(acme: Organization, api: MakeApi) -> None:
    answer = api(acme).get("/v1/checkouts")

    assert answer.json() == {"data": [], "has_more": False, "next_cursor": None}


def test_neither_another_organization_nor_the_other_environment_is_seen(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    create(api(acme))

    assert ids(api(zenith).get("/v1/checkouts")) == []
    assert ids(api(acme, "live").get("/v1/checkouts")) == []


def test_all_pages_together_are_all_checkouts_each_once(acme: Organization, api: MakeApi) -> None:
    made = [create(api(acme))["checkout_id"] for _ in range(5)]

    walked, cursor = [], None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        answer = api(acme).get("/v1/checkouts", query).json()
        walked += [row["checkout_id"] for row in answer["data"]]
        cursor = answer["next_cursor"]
        assert answer["has_more"] is (cursor is not None)
        if cursor is None:
            break

    assert walked == made[::-1]


def test_each_filter_finds_its_own_and_all_together(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    plain = create(client)["checkout_id"]
    tron = create(client, chain="tron", token="USDT", customer_id="cus_1")["checkout_id"]
    gone = create(client)["checkout_id"]
    client.post(f"/v1/checkouts/{gone}/cancel")

    def found(**query: str) -> list[str]:
        return ids(client.get("/v1/checkouts", query))

    assert found(status="pending") == [tron, plain]
    assert found(status="expired") == [gone]
    assert found(status="failed") == []
    assert found(chain="tron") == found(token="USDT") == found(customer_id="cus_1") == [tron]
    assert found(chain="base", status="pending", token="USDC") == [plain]
    assert found(chain="tron", customer_id="cus_2") == []
    assert found(customer_id="cus") == [], "exact"


def test_times_of_creation_are_compared_strictly(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    checkout_id = create(client)["checkout_id"]
    backdate(checkout_id, datetime(2025, 1, 15, 12, tzinfo=UTC))

    def found(**query: str) -> list[str]:
        return ids(client.get("/v1/checkouts", query))

    assert found(created_after=AT) == found(created_before=AT) == []
    assert found(created_after="2025-01-15T11:59:59Z") == [checkout_id]
    assert found(created_before="2025-01-15T13:00:01+01:00") == [checkout_id]


def test_metadata_is_found_by_exact_texts_that_all_hold(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    one = create(client, metadata={"order_id": "1234", "shop": "north"})["checkout_id"]
    two = create(client, metadata={"order_id": "1234", "shop": "süd"})["checkout_id"]
    create(client, metadata={"note": "1234", "a]b[c": "x"})
    create(client)

    def found(**query: str) -> list[str]:
        return ids(client.get("/v1/checkouts", query))

    assert found(**{"metadata[order_id]": "1234"}) == [two, one]
    assert found(**{"metadata[order_id]": "1234", "metadata[shop]": "süd"}) == [two]
    assert found(**{"metadata[order_id]": "123"}) == found(**{"metadata[order_id]": ""}) == []
    assert found(**{"metadata[Order_id]": "1234"}) == []
    assert len(found(**{"metadata[a]b[c]": "x"})) == 1
    assert len(found(metadata="1234")) == 4, "an unknown parameter, which is ignored"


def test_a_cursor_belongs_to_the_metadata_that_it_was_given_with(
    acme: Organization, api: MakeApi
) -> None:
    client = api(acme)
    for _ in range(3):
        create(client, metadata={"shop": "north"})
    query = {"limit": "1", "metadata[shop]": "north"}
    cursor = client.get("/v1/checkouts", query).json()["next_cursor"]

    on = client.get("/v1/checkouts", {**query, "cursor": cursor})
    elsewhere = client.get("/v1/checkouts", {"limit": "1", "cursor": cursor})

    assert on.status_code == 200
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("status", "done", "invalid_field_value"),
        ("status", "", "invalid_field_value"),
        ("chain", "bitcoin", "invalid_chain"),
        ("token", "DAI", "invalid_token"),
        ("customer_id", "x" * 41, "invalid_field_value"),
        ("created_before", "2025-02-01T12:00:00", "invalid_field_value"),
        ("created_after", "tomorrow", "invalid_field_value"),
        ("metadata[]", "x", "invalid_field_value"),
        (f"metadata[{'x' * 41}]", "x", "invalid_field_value"),
        ("metadata[a]", "x" * 501, "invalid_field_value"),
        ("limit", "0", "invalid_limit"),
        ("limit", "101", "invalid_limit"),
        ("cursor", "nonsense", "invalid_cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    acme: Organization, api: MakeApi, name: str, value: str, code: str
) -> None:
    answer = api(acme).get("/v1/checkouts", {name: value})

    assert answer.status_code == 400
    told = answer.json()["error"]
    assert (told["code"], told["param"]) == (code, name.partition("[")[0])


def test_a_page_costs_the_same_few_statements_however_many_rows_it_has(
    acme: Organization, api: MakeApi, sandboxed: Caller
) -> None:
    client = api(acme)
    costs = []
    for rows in (1, 6):
        while Checkout.objects.count() < rows:
            checkout = Checkout.objects.get(id=create(client)["checkout_id"])
            head(confirming(checkout), 1_006)
        client.get("/v1/checkouts")
        with CaptureQueriesContext(connection) as asked:
            listed: list[Any] = client.get("/v1/checkouts").json()["data"]
        costs.append(len(asked))
        assert [row["confirmations"] for row in listed] == [7] * rows

    assert costs == [4, 4]  # key, page, payments, heads
