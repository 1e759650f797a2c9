import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.callers import system
from billing.chains import Environment
from events.models import Event
from events.services import assign_sequences, event_fields, publish


def test_an_event_is_told_as_the_contract_has_it(acme, api):
    client = api(acme)
    event = publish(client.caller, "payout.created", "po_1", {"id": "po_1", "amount": 5})
    assign_sequences()

    answer = client.get(f"/v1/events/{event.id}")

    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {
        "event_id", "type", "checkout_id", "data", "created_at", "environment", "resource_id",
        "sequence",
    }  # fmt: skip
    assert told["event_id"] == event.id
    assert told["type"] == "payout.created"
    assert told["checkout_id"] is None
    assert (told["data"]["id"], told["data"]["amount"]) == ("po_1", 5)
    assert told["environment"] == "sandbox"
    assert told["sequence"] == 2  # the first was the creation of the key


def test_an_event_without_its_number_says_null(acme, api):
    client = api(acme)
    event = publish(client.caller, "payout.created", "po_1", {})

    assert client.get(f"/v1/events/{event.id}").json()["sequence"] is None


def test_a_missing_event_is_404(acme, api):
    answer = api(acme).get("/v1/events/evt_000000000000000000000000")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found"
    assert answer.json()["error"]["code"] == "event_not_found"
    assert answer.json()["error"]["param"] == "event_id"


@pytest.mark.parametrize("environment", ["sandbox", "live"])
def test_another_organizations_or_environments_event_is_404_as_if_missing(
    acme, zenith, api, environment
):
    other = zenith if environment == "sandbox" else acme
    event = publish(system(other.id, Environment(environment)), "payout.created", "po_1", {})

    answer = api(acme).get(f"/v1/events/{event.id}")

    assert answer.status_code == 404
    assert event.id not in [e["event_id"] for e in api(acme).get("/v1/events").json()["data"]]


def test_the_list_is_newest_first(acme, api):
    client = api(acme)
    for n in range(3):
        publish(client.caller, "payout.created", f"po_{n}", {})

    answer = client.get("/v1/events", {"type": "payout.created"}).json()

    assert [e["resource_id"] for e in answer["data"]] == ["po_2", "po_1", "po_0"]
    assert answer["has_more"] is False
    assert answer["next_cursor"] is None


def test_the_list_can_be_narrowed_to_types(acme, api):
    client = api(acme)
    for type_ in ("payout.created", "payout.approved", "payout.settled"):
        publish(client.caller, type_, "po_1", {})

    one = client.get("/v1/events", {"type": "payout.approved"}).json()["data"]
    said_twice = client.get("/v1/events?type=payout.approved&type=payout.settled").json()["data"]
    by_comma = client.get("/v1/events?type=payout.approved,payout.settled").json()["data"]

    assert [e["type"] for e in one] == ["payout.approved"]
    assert [e["type"] for e in said_twice] == ["payout.settled", "payout.approved"]
    assert by_comma == said_twice


def test_an_unknown_type_is_refused(acme, api):
    answer = api(acme).get("/v1/events", {"type": "payout.paid"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_field_value"
    assert answer.json()["error"]["param"] == "type"


def test_the_list_can_be_narrowed_to_one_object(acme, api):
    client = api(acme)
    publish(client.caller, "payout.created", "po_1", {})
    publish(client.caller, "payout.created", "po_2", {})
    publish(client.caller, "checkout.created", "co_1", {}, checkout_id="co_1")

    by_resource = client.get("/v1/events", {"resource_id": "po_2"}).json()["data"]
    by_checkout = client.get("/v1/events", {"checkout_id": "co_1"}).json()["data"]

    assert [e["resource_id"] for e in by_resource] == ["po_2"]
    assert [e["checkout_id"] for e in by_checkout] == ["co_1"]


def test_a_page_costs_one_query_beside_the_keys(acme, api):
    client = api(acme)
    publish(client.caller, "payout.created", "po_1", {})
    client.get("/v1/events")  # notes the key's first use

    with CaptureQueriesContext(connection) as queries:
        client.get("/v1/events")

    assert len(queries) == 2
    assert "COUNT" not in queries[1]["sql"].upper()


def test_a_walk_over_3000_events_of_one_moment_sees_each_once(acme, api):
    client = api(acme)
    moment = Event.objects.latest("created_at").created_at
    Event.objects.bulk_create(
        Event(**{**event_fields(client.caller, "payout.created", "po_1", {}), "created_at": moment})
        for _ in range(3_000)
    )

    seen, query = [], {"limit": "100", "type": "payout.created"}
    while True:
        page = client.get("/v1/events", query).json()
        seen += [event["event_id"] for event in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]

    assert len(seen) == len(set(seen)) == 3_000
