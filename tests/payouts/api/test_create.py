from decimal import Decimal

import pytest

from billing import exact_json
from events.models import Event
from organizations import services as organizations
from payouts.models import PayoutIntent
from tests.payouts.api.conftest import RECIPIENT, TRON_RECIPIENT, a_body


def test_a_payout_is_created_and_told_field_by_field(acme, api, events_of):
    answer = api(acme).post(
        "/v1/payouts",
        a_body(
            amount=Decimal("1250.50"),
            description="Invoice 884",
            reference_type="invoice",
            reference_id="inv_884",
            due_date="2025-02-01T13:00:00+01:00",
            metadata={"team": "red"},
            external_id="x-1",
        ),
    )

    assert answer.status_code == 201
    payout = PayoutIntent.objects.get()
    created_at = payout.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.json() == {
        "id": payout.id,
        "org_id": acme.id,
        "recipient_address": RECIPIENT,
        "chain": "base",
        "token": "USDC",
        "amount": 1250.5,
        "amount_atomic": "1250500000",
        "currency": "USD",
        "status": "draft",
        "description": "Invoice 884",
        "reference_type": "invoice",
        "reference_id": "inv_884",
        "due_date": "2025-02-01T12:00:00Z",
        "approved_at": None,
        "approved_by": None,
        "executed_at": None,
        "expected_tx_hash": None,
        "verified_at": None,
        "failed_at": None,
        "canceled_at": None,
        "failure_reason": None,
        "environment": "sandbox",
        "created_at": created_at,
        "updated_at": created_at,
        "metadata": {"team": "red"},
        "external_id": "x-1",
        "settled_at": None,
        "settlement_id": None,
        "settlement_reversed_at": None,
        "proposed_tx_hash": None,
        "confirmations": 0,
        "required_confirmations": 12,
        "failure_code": None,
        "outcome": None,
        "stalled": False,
        "retry_of": None,
        "warnings": [],
        "approvals": [],
        "recipient_id": None,
        "recipient_name": None,
    }
    assert (payout.amount_atomic, payout.created_by) == (1_250_500_000, api(acme).key.id)
    assert events_of(payout) == ["payout.created"]


def test_what_may_be_left_out_may_also_be_null(acme, api):
    nulls = ["description", "reference_id", "due_date", "metadata", "external_id", "retry_of"]

    answer = api(acme).post("/v1/payouts", a_body(**dict.fromkeys(nulls)))

    assert answer.status_code == 201
    payout = answer.json()
    assert payout["reference_type"] == "manual"
    assert payout["metadata"] == {}
    assert [payout[name] for name in nulls if name != "metadata"] == [None] * 5


def test_unknown_fields_are_ignored(acme, api):
    answer = api(acme).post("/v1/payouts", a_body(status="settled", colour="red"))

    assert (answer.status_code, answer.json()["status"]) == (201, "draft")
    assert "colour" not in answer.json()


@pytest.mark.parametrize(
    ("digits", "atomic"),
    [
        ("0.01", "10000"),
        ("0.010000", "10000"),
        ("1e2", "100000000"),
        ("0.1", "100000"),
        ("1234567.123456", "1234567123456"),
        ("1000000000000", "1000000000000000000"),
        ("33.33", "33330000"),
        ("1.15", "1150000"),
    ],
)
def test_an_amount_is_kept_digit_for_digit(acme, api, digits, atomic):
    body = exact_json.dumps(a_body(amount="AMOUNT")).replace(b'"AMOUNT"', digits.encode())

    answer = api(acme).post("/v1/payouts", body)

    assert answer.status_code == 201
    payout = exact_json.loads(answer.content)
    assert payout["amount_atomic"] == atomic
    assert payout["amount"] == Decimal(digits)


@pytest.mark.parametrize("name", ["recipient_address", "chain", "token", "amount", "currency"])
def test_a_missing_field_is_named(acme, api, name):
    body = a_body()
    del body[name]

    answer = api(acme).post("/v1/payouts", body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request"
    assert error["code"] == "missing_required_field"
    assert error["param"] == name


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("chain", "bitcoin", "invalid_chain"),
        ("chain", 1, "invalid_chain"),
        ("token", "DAI", "invalid_token"),
        ("token", "usdc", "invalid_token"),
        ("currency", "EUR", "unsupported_currency"),
        ("currency", "usd", "unsupported_currency"),
        ("amount", 0.009999, "amount_too_small"),
        ("amount", 0, "amount_too_small"),
        ("amount", -5, "amount_too_small"),
        ("amount", 1e13, "amount_too_large"),
        ("amount", Decimal("1.1234567"), "invalid_field_value"),
        ("amount", "500", "invalid_field_value"),
        ("amount", True, "invalid_field_value"),
        ("amount", None, "missing_required_field"),
        ("amount", [5], "invalid_field_value"),
        ("recipient_address", "0xyz", "invalid_address"),
        ("recipient_address", 5, "invalid_field_value"),
        ("recipient_address", TRON_RECIPIENT, "invalid_address"),
        ("description", "x" * 513, "invalid_field_value"),
        ("description", 5, "invalid_field_value"),
        ("reference_type", "salary", "invalid_field_value"),
        ("reference_type", None, "invalid_field_value"),
        ("reference_id", 5, "invalid_field_value"),
        ("due_date", "tomorrow", "invalid_field_value"),
        ("due_date", "2025-02-01T12:00:00", "invalid_field_value"),
        ("metadata", {"k": 1}, "invalid_field_value"),
        ("metadata", {"k" * 41: "v"}, "invalid_field_value"),
        ("metadata", {str(n): "v" for n in range(21)}, "invalid_field_value"),
        ("external_id", "", "invalid_field_value"),
        ("external_id", "x" * 256, "invalid_field_value"),
        ("retry_of", "po_000000000000000000000000", "payout_not_found"),
        ("confirm_duplicate", "yes", "invalid_field_value"),
        ("confirm_lookalike", 1, "invalid_field_value"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_nothing_is_written(acme, api, name, value, code):
    answer = api(acme).post("/v1/payouts", a_body(**{name: value}))

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, name)
    assert not PayoutIntent.objects.exists()
    assert not Event.objects.filter(type="payout.created").exists()


def test_the_zero_address_is_no_recipient(acme, api):
    answer = api(acme).post("/v1/payouts", a_body(recipient_address="0x" + "0" * 40))

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_recipient")


def test_a_second_payout_with_one_external_id_is_refused(acme, zenith, api):
    first = api(acme).post("/v1/payouts", a_body(external_id="x-1"))

    second = api(acme).post("/v1/payouts", a_body(external_id="x-1", amount=6))
    elsewhere = api(zenith).post("/v1/payouts", a_body(external_id="x-1"))

    assert (first.status_code, elsewhere.status_code) == (201, 201)
    assert (second.status_code, second.json()["error"]["code"]) == (400, "external_id_taken")
    assert PayoutIntent.objects.count() == 2


def test_a_retry_names_one_of_the_callers_own_payouts(acme, zenith, api, make_payout):
    own, foreign = make_payout(acme), make_payout(zenith)

    kept = api(acme).post("/v1/payouts", a_body(retry_of=own["id"], amount=7))
    refused = api(acme).post("/v1/payouts", a_body(retry_of=foreign["id"], amount=8))

    assert (kept.status_code, kept.json()["retry_of"]) == (201, own["id"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "payout_not_found")


def test_a_key_without_the_scope_is_told_which(acme, api):
    answer = api(acme, scopes=["payouts:read"]).post("/v1/payouts", a_body())

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
    assert "payouts:write" in answer.json()["error"]["message"]


def test_in_live_a_plan_below_scale_has_no_payouts(db, api):
    small = organizations.create_organization("Small", plan="growth")

    live = api(small, "live").post("/v1/payouts", a_body())
    sandbox = api(small).post("/v1/payouts", a_body())

    assert (live.status_code, live.json()["error"]["code"]) == (403, "plan_required")
    assert sandbox.status_code == 201


def test_in_live_a_chain_without_a_node_is_refused(acme, api):
    answer = api(acme, "live").post("/v1/payouts", a_body())

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "chain_not_configured")


def test_the_same_key_and_body_again_is_the_same_payout_with_200(acme, api, events_of):
    client = api(acme)
    first = client.post("/v1/payouts", a_body(amount=500), idempotency_key="k-1")

    again = client.post("/v1/payouts", a_body(amount=Decimal("500.00")), idempotency_key="k-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Idempotency-Key"] == "k-1"
    assert events_of(first.json()["id"]) == ["payout.created"]


def test_the_same_key_with_another_body_is_a_conflict(acme, api):
    client = api(acme)
    client.post("/v1/payouts", a_body(amount=500), idempotency_key="k-1")

    answer = client.post("/v1/payouts", a_body(amount=501), idempotency_key="k-1")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "idempotency_key_reused"
    assert PayoutIntent.objects.count() == 1
