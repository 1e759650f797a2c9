from itertools import islice

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


def test_the_list_can_be_narrowed_to_a_time(acme, api):
    client = api(acme)
    made = [publish(client.caller, "payout.created", f"po_{n}", {}) for n in range(3)]
    since, until = made[1].created_at.isoformat(), made[2].created_at.isoformat()

    def ids(**query):
        data = client.get("/v1/events", {"type": "payout.created", **query}).json()["data"]
        return [e["resource_id"] for e in data]

    assert ids(since=since) == ["po_2", "po_1"]
    assert ids(until=until) == ["po_1", "po_0"]
    assert ids(since=since, until=until) == ["po_1"]
    assert ids(since=until, until=since) == []


def test_since_a_sequence_all_later_events_come_in_their_order(acme, api):
    client = api(acme)
    for n in range(3):
        publish(client.caller, "payout.created", f"po_{n}", {})
    assign_sequences()
    publish(client.caller, "payout.created", "po_without_a_number", {})

    all_of_them = client.get("/v1/events", {"since_sequence": "0"}).json()
    later = client.get("/v1/events", {"since_sequence": "2"}).json()
    none = client.get("/v1/events", {"since_sequence": "4"}).json()

    assert [e["sequence"] for e in all_of_them["data"]] == [1, 2, 3, 4]
    assert [e["resource_id"] for e in later["data"]] == ["po_1", "po_2"]
    assert (none["data"], none["has_more"], none["next_cursor"]) == ([], False, None)


def test_since_a_sequence_goes_with_the_other_filters(acme, api):
    client = api(acme)
    for n, type_ in enumerate(["payout.created", "payout.approved", "payout.settled"] * 2):
        publish(client.caller, type_, f"po_{n // 3}", {})
    assign_sequences()

    answer = client.get(
        "/v1/events?since_sequence=2&resource_id=po_1&type=payout.created,payout.settled"
    ).json()

    assert [(e["type"], e["sequence"]) for e in answer["data"]] == [
        ("payout.created", 5),
        ("payout.settled", 7),
    ]


@pytest.mark.parametrize("limit", ["1", "7", "100"])
def test_state_is_rebuilt_by_cursor_or_by_the_last_sequence_alike(acme, api, limit):
    client = api(acme)
    for n in range(30):
        publish(client.caller, "payout.created", f"po_{n}", {})
    assign_sequences()

    def by_cursor():
        query = {"since_sequence": "0", "limit": limit}
        while True:
            page = client.get("/v1/events", query).json()
            yield from (e["sequence"] for e in page["data"])
            if not page["has_more"]:
                return
            query["cursor"] = page["next_cursor"]

    def by_the_last():
        last = 0
        while data := client.get(
            "/v1/events", {"since_sequence": str(last), "limit": limit}
        ).json()["data"]:
            yield from (e["sequence"] for e in data)
            last = data[-1]["sequence"]

    # Never more than 50: a walk that stands still would not end.
    walks = [list(islice(walk(), 50)) for walk in (by_cursor, by_the_last)]
    assert walks == [list(range(1, 32))] * 2


def test_a_cursor_of_one_order_is_no_cursor_of_the_other(acme, api):
    client = api(acme)
    for n in range(3):
        publish(client.caller, "payout.created", f"po_{n}", {})
    assign_sequences()
    newest = client.get("/v1/events", {"limit": "1"}).json()["next_cursor"]
    upwards = client.get("/v1/events", {"limit": "1", "since_sequence": "0"}).json()["next_cursor"]

    for query in (
        {"cursor": newest, "since_sequence": "0"},
        {"cursor": upwards},
        {"cursor": upwards, "since_sequence": "1"},
    ):
        answer = client.get("/v1/events", query)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("since", "2025-01-15T12:00:00"),
        ("until", ""),
        ("until", "2025-13-15T12:00:00Z"),
        ("since_sequence", "-1"),
        ("since_sequence", ""),
        ("since_sequence", "1.5"),
        ("since_sequence", "٣"),
        ("since_sequence", str(2**63)),
        ("since_sequence", "9" * 400),
    ],
)
def test_a_wrong_time_or_sequence_is_refused(acme, api, name, value):
    answer = api(acme).get("/v1/events", {name: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_field_value"
    assert answer.json()["error"]["param"] == name


def test_the_highest_sequence_can_be_asked_for(acme, api):
    answer = api(acme).get("/v1/events", {"since_sequence": str(2**63 - 1)})

    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_a_page_upwards_costs_one_query_beside_the_keys_and_walks_its_index(acme, api):
    client = api(acme)
    publish(client.caller, "payout.created", "po_1", {})
    assign_sequences()
    client.get("/v1/events")  # notes the key's first use

    with CaptureQueriesContext(connection) as queries:
        client.get("/v1/events", {"since_sequence": "0"})
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain " + queries[1]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert len(queries) == 2
    assert "one_event_per_sequence_number" in plan
    assert "Sort" not in plan
