"""POST and GET /v1/revenue/adjustments: in both spellings, once each, and never edited."""

from decimal import Decimal

import pytest

from events.models import Event
from revenue.models import Adjustment, RevenueEvent
from tests.revenue.lines import put

PATH = "/v1/revenue/adjustments"
BODY = {"type": "credit", "amount": Decimal("12.5"), "currency": "USD", "reason": "Goodwill."}


def refused(answer) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def test_an_adjustment_is_a_row_a_line_and_an_event(acme, api, events_of):
    client = api(acme)

    answer = client.post(PATH, BODY)

    assert answer.status_code == 201
    row, line = Adjustment.objects.get(), RevenueEvent.objects.get()
    assert answer.json() == {
        "id": row.id,
        "org_id": acme.id,
        "revenue_event_id": line.id,
        "type": "credit",
        "amount": 12.5,
        "currency": "USD",
        "reason": "Goodwill.",
        "customer_id": None,
        "checkout_id": None,
        "subscription_id": None,
        "applied_by": client.key.id,
        "environment": "sandbox",
        "created_at": answer.json()["created_at"],
        "updated_at": answer.json()["created_at"],
        "applied_by_name": "tests",
        "amount_atomic": "12500000",
        "metadata": {},
        "adjustment_id": row.id,
        "amount_usd": 12.5,
        "description": "Goodwill.",
        "source_type": None,
        "source_id": None,
    }
    assert (line.event_type, line.amount_atomic) == ("adjustment_credit", 12_500_000)
    assert (line.adjustment_id, line.description) == (row.id, "Goodwill.")
    assert (line.chain, line.token, line.ordinal) == (None, None, 0)
    assert events_of(row) == ["adjustment.created"]
    assert Event.objects.get(type="adjustment.created").payload["data"]["amount"] == 12.5


@pytest.mark.parametrize(
    ("type_", "line_type"),
    [
        ("credit", "adjustment_credit"),
        ("debit", "adjustment_debit"),
        ("chargeback", "chargeback"),
        ("refund", "refund"),
    ],
)
def test_each_type_writes_its_own_line(acme, api, type_, line_type):
    answer = api(acme).post(PATH, {**BODY, "type": type_})

    assert (answer.status_code, answer.json()["type"]) == (201, type_)
    assert RevenueEvent.objects.get().event_type == line_type


def test_what_it_says_of_a_checkout_is_taken_from_the_checkouts_own_line(acme, api):
    checkout_id = put(
        acme, "checkout_confirmed", 49_990_000, chain="tron", token="USDT", customer_id="cus_7",
        tx_hash="ab" * 32,
    )  # fmt: skip

    api(acme).post(PATH, {**BODY, "type": "refund", "checkout_id": checkout_id})

    line = RevenueEvent.objects.get(event_type="refund")
    assert (line.chain, line.token, line.tx_hash) == ("tron", "USDT", "ab" * 32)
    assert (line.checkout_id, line.customer_id) == (checkout_id, "cus_7")


def test_nothing_is_taken_from_a_strangers_line(acme, zenith, api):
    theirs = put(zenith, "checkout_confirmed", 1_000_000, customer_id="cus_theirs")
    other = put(acme, "checkout_confirmed", 1_000_000, environment="live", customer_id="cus_live")

    for checkout_id in (theirs, other):
        answer = api(acme).post(PATH, {**BODY, "checkout_id": checkout_id})

        line = RevenueEvent.objects.get(id=answer.json()["revenue_event_id"])
        assert (line.checkout_id, line.chain, line.customer_id) == (checkout_id, None, None)


# --- as published clients write it ---------------------------------------------------------------


def test_the_python_clients_words_are_read(acme, api):
    body = {"type": "refund", "amount_usd": 20, "source_id": "co_12", "source_type": "checkout"}

    answer = api(acme).post(PATH, body)

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["amount"], told["amount_usd"], told["currency"]) == (20, 20, "USD")
    assert (told["checkout_id"], told["source_id"], told["source_type"]) == (
        "co_12", "co_12", "checkout",
    )  # fmt: skip
    assert told["reason"] == ""


def test_the_ruby_and_go_clients_words_are_read(acme, api):
    ruby = {"type": "credit", "amount_usd": 1, "reason": "kind", "customer_id": "cus_1"}
    go = {"type": "debit", "amount_usd": 1, "description": "fee", "customer_id": "cus_1"}

    told = [api(acme).post(PATH, body).json() for body in (ruby, go)]

    assert [each["reason"] for each in told] == ["kind", "fee"]
    assert [(each["source_type"], each["source_id"]) for each in told] == [
        ("customer", "cus_1"), ("customer", "cus_1"),
    ]  # fmt: skip


def test_a_word_of_ones_own_is_kept_as_it_is(acme, api):
    body = {**BODY, "source_type": "ticket", "source_id": "T-1", "metadata": {"by": "Ann"}}

    told = api(acme).post(PATH, body).json()

    assert (told["source_type"], told["source_id"]) == ("ticket", "T-1")
    assert told["metadata"] == {"by": "Ann"}
    assert told["checkout_id"] is None


# --- what is refused -----------------------------------------------------------------------------

REFUSALS = [
    ({"type": "gift"}, "invalid_field_value", "type"),
    ({"type": None}, "missing_required_field", "type"),
    ({"amount": 0}, "amount_too_small", "amount"),
    ({"amount": -5}, "amount_too_small", "amount"),
    ({"amount": Decimal("0.0000001")}, "amount_too_small", "amount"),
    ({"amount": Decimal("1.0000001")}, "invalid_field_value", "amount"),
    ({"amount": "5"}, "invalid_field_value", "amount"),
    ({"amount": 10**13}, "amount_too_large", "amount"),
    ({"currency": "EUR"}, "unsupported_currency", "currency"),
    ({"currency": None}, "missing_required_field", "currency"),
    ({"reason": None}, "missing_required_field", "reason"),
    ({"reason": "x" * 1_025}, "invalid_field_value", "reason"),
    ({"reason": "a\x00b"}, "invalid_field_value", "reason"),
    ({"checkout_id": "x" * 41}, "invalid_field_value", "checkout_id"),
    ({"source_type": "checkout"}, "invalid_field_value", "source_id"),
    ({"source_id": "co_1"}, "invalid_field_value", "source_type"),
    ({"source_type": "checkout", "source_id": "x" * 41}, "invalid_field_value", "source_id"),
    (
        {"source_type": "checkout", "source_id": "co_1", "checkout_id": "co_2"},
        "invalid_field_value",
        "source_id",
    ),
]


@pytest.mark.parametrize(("change", "code", "param"), REFUSALS)
def test_what_is_wrong_is_said_and_nothing_is_written(acme, api, change, code, param):
    answer = api(acme).post(PATH, {**BODY, **change})

    status, said, at = refused(answer)
    assert (status, said) in {(400, code), (400, "malformed_json")}
    assert at == param or said == "malformed_json"
    assert (Adjustment.objects.count(), RevenueEvent.objects.count()) == (0, 0)
    assert not Event.objects.filter(type="adjustment.created").exists()


@pytest.mark.parametrize("body", [None, [], "text", {}, {"amount_usd": None}])
def test_a_body_that_is_none_is_refused(acme, api, body):
    assert api(acme).post(PATH, body).status_code == 400


def test_a_key_needs_the_scope(acme, api):
    reader = api(acme, scopes=["revenue:read"])
    writer = api(acme, scopes=["revenue:write"])

    assert refused(reader.post(PATH, BODY))[:2] == (403, "insufficient_scope")
    assert refused(writer.get(PATH))[:2] == (403, "insufficient_scope")
    assert Adjustment.objects.count() == 0


def test_a_repeated_key_books_once(acme, api):
    first = api(acme).post(PATH, BODY, idempotency_key="once")
    again = api(acme).post(PATH, BODY, idempotency_key="once")
    other = api(acme).post(PATH, {**BODY, "amount": 13}, idempotency_key="once")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == first.json()
    assert RevenueEvent.objects.count() == 1


def test_nothing_edits_or_deletes_one(acme, api):
    made = api(acme).post(PATH, BODY).json()

    for method in ("PATCH", "PUT", "DELETE"):
        assert api(acme).call(method, PATH).status_code == 405
        assert api(acme).call(method, f"{PATH}/{made['id']}").status_code == 404


# --- the list ------------------------------------------------------------------------------------


def test_they_are_listed_newest_first_in_pages_and_by_type(acme, zenith, api):
    made = [
        api(acme).post(PATH, {**BODY, "type": type_}).json()
        for type_ in ("credit", "debit", "credit")
    ]
    api(zenith).post(PATH, BODY)
    api(acme, "live").post(PATH, BODY)

    page = api(acme).get(PATH, {"limit": 2}).json()
    rest = api(acme).get(PATH, {"limit": 2, "cursor": page["next_cursor"]}).json()
    credits = api(acme).get(PATH, {"type": "credit"}).json()["data"]

    assert [*page["data"], *rest["data"]] == made[::-1]
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert credits == [made[2], made[0]]
    assert refused(api(acme).get(PATH, {"type": "gift"}))[1:] == ("invalid_field_value", "type")
