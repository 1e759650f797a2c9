import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.services import publish


def publish_many(client, count):
    for n in range(count):
        publish(client.caller, "payout.created", f"po_{n}", {})


def page_of(client, **query):
    return client.get("/v1/events", {"type": "payout.created", **query}).json()


def test_a_page_has_25_rows_unless_told_otherwise(acme, api):
    client = api(acme)
    publish_many(client, 30)

    assert len(page_of(client)["data"]) == 25
    assert len(page_of(client, limit="3")["data"]) == 3
    assert len(page_of(client, limit="100")["data"]) == 30


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "abc", "", "1.5", "1e1", "٣", "9" * 5_000, "+5", " 5"]
)
def test_another_limit_is_refused(acme, api, limit):
    answer = api(acme).get("/v1/events", {"limit": limit})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_limit"
    assert answer.json()["error"]["param"] == "limit"


def test_the_next_page_begins_where_the_first_ended(acme, api):
    client = api(acme)
    publish_many(client, 5)

    first = page_of(client, limit="3")
    second = page_of(client, limit="3", cursor=first["next_cursor"])

    assert [e["resource_id"] for e in first["data"]] == ["po_4", "po_3", "po_2"]
    assert [e["resource_id"] for e in second["data"]] == ["po_1", "po_0"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert second["next_cursor"] is None


def test_a_full_last_page_has_no_next(acme, api):
    client = api(acme)
    publish_many(client, 3)

    page = page_of(client, limit="3")

    assert (page["has_more"], page["next_cursor"]) == (False, None)


def test_a_row_that_comes_meanwhile_moves_nothing(acme, api):
    client = api(acme)
    publish_many(client, 4)
    first = page_of(client, limit="2")
    publish(client.caller, "payout.created", "po_new", {})

    second = page_of(client, limit="2", cursor=first["next_cursor"])

    assert [e["resource_id"] for e in second["data"]] == ["po_1", "po_0"]


def test_a_cursor_belongs_to_its_list_organization_environment_and_filters(acme, zenith, api):
    client = api(acme)
    publish_many(client, 3)
    cursor = page_of(client, limit="1")["next_cursor"]

    elsewhere = [
        (client, {}),
        (client, {"type": "payout.failed"}),
        (client, {"type": "payout.created", "resource_id": "po_1"}),
        (api(zenith), {"type": "payout.created"}),
        (api(acme, "live"), {"type": "payout.created"}),
    ]

    for other, query in elsewhere:
        answer = other.get("/v1/events", {**query, "cursor": cursor})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "invalid_cursor"
        assert answer.json()["error"]["param"] == "cursor"
    assert client.get("/v1/events", {"type": "payout.created", "cursor": cursor}).status_code == 200
    again = {"type": "payout.created", "cursor": cursor, "limit": "2", "_": "unknown"}
    assert client.get("/v1/events", again).status_code == 200


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "co_123", "====", base64.b64encode(b'{"id": "co_1"}').decode(), "A" * 9_999],
)
def test_a_cursor_that_is_none_of_ours_is_refused(acme, api, cursor):
    answer = api(acme).get("/v1/events", {"cursor": cursor})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_cursor"


def test_a_cursor_changed_in_one_letter_is_refused(acme, api):
    client = api(acme)
    publish_many(client, 2)
    cursor = page_of(client, limit="1")["next_cursor"]

    for place in (0, 20, 30, 45):
        other = "A" if cursor[place] != "A" else "B"
        changed = cursor[:place] + other + cursor[place + 1 :]
        assert page_of(client, cursor=changed)["error"]["code"] == "invalid_cursor"


def test_rows_are_compared_as_rows_so_that_the_index_serves(acme, api):
    client = api(acme)
    publish_many(client, 3)
    cursor = page_of(client, limit="1")["next_cursor"]

    with CaptureQueriesContext(connection) as queries:
        page_of(client, limit="1", cursor=cursor)

    sql = queries[-1]["sql"]
    assert '("events_event"."created_at", "events_event"."id") < (' in sql
    assert " OR " not in sql
    assert "COUNT" not in sql.upper()
    assert "OFFSET" not in sql
