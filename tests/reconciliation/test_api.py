from datetime import timedelta

import pytest

from organizations import services as organizations
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in

PATH = "/v1/payouts/reconciliation"
NONE = {"count": 0, "total_amount": 0}


def test_the_books_are_told_field_by_field(acme, api):
    paid, short = a_payout(acme, "settled"), a_payout(acme, "settled")
    settlement = a_settlement(acme, short, amount_atomic=499_950_000, discrepancies=["amount"])
    put_in(
        [paid, short, a_payout(acme, "approved", amount_atomic=1_500_000)],
        [a_settlement(acme, paid), settlement, a_settlement(acme, amount_atomic=1)],
    )

    answer = api(acme).get(PATH)

    assert answer.status_code == 200
    assert answer.json() == {
        "matched": {"count": 1, "total_amount": 500},
        "unmatched_payouts": {"count": 1, "total_amount": 1.5},
        "unexpected_settlements": {"count": 1, "total_amount": 0.000001},
        "discrepancies": [
            {
                "payout_intent_id": short.id,
                "settlement_id": settlement.id,
                "expected_amount": 500,
                "actual_amount": 499.95,
                "difference": -0.05,
                "chain": "base",
                "token": "USDC",
                "kinds": ["amount"],
                "opened_at": "2025-01-15T12:00:00Z",
            }
        ],
        "discrepancies_count": 1,
        "reversed_count": 0,
        "unknown_outcomes": NONE,
        "resolved_unexpected": NONE,
        "by_token": [
            {
                "chain": "base",
                "token": "USDC",
                "matched": {"count": 1, "total_amount": 500},
                "unmatched_payouts": {"count": 1, "total_amount": 1.5},
                "unexpected_settlements": {"count": 1, "total_amount": 0.000001},
                "discrepancies": {"count": 1, "total_amount": 499.95},
            }
        ],
        "is_clean": False,
        "from": None,
        "to": None,
        "environment": "sandbox",
    }
    assert b'"difference":-0.05,' in answer.content


def test_empty_books_have_every_field(acme, api):
    told = api(acme).get(PATH).json()

    assert told["matched"] == told["unmatched_payouts"] == told["unexpected_settlements"] == NONE
    assert (told["discrepancies"], told["is_clean"]) == ([], True)


def test_a_range_is_asked_for_by_from_and_to(acme, api):
    put_in(
        [a_payout(acme, "approved"), a_payout(acme, "approved", created_at=AT + timedelta(days=1))]
    )

    def count(**query):
        return api(acme).get(PATH, query).json()["unmatched_payouts"]["count"]

    assert count() == 2
    assert count(**{"from": "2025-01-15T12:00:00Z", "to": "2025-01-16T12:00:00Z"}) == 1
    assert count(**{"from": "2025-01-16T13:00:00+01:00"}) == 1
    assert count(to="2025-01-15T12:00:00Z") == 0
    told = api(acme).get(PATH, {"from": "2025-01-16T13:00:00+01:00"}).json()
    assert (told["from"], told["to"]) == ("2025-01-16T12:00:00Z", None)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": ""}, "from"),
        ({"to": "2025-01-15"}, "to"),
        ({"from": "2025-01-15T12:00:00Z", "to": "2025-01-15T12:00:00Z"}, "from"),
    ],
)
def test_a_wrong_range_is_refused_by_name(acme, api, query, param):
    answer = api(acme).get(PATH, query)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_field_value", param)


def test_neither_a_stranger_nor_the_other_environment_sees_the_books(acme, zenith, api):
    put_in([a_payout(acme, "approved")])

    assert api(zenith).get(PATH).json()["unmatched_payouts"] == NONE
    assert api(acme, "live").get(PATH).json()["unmatched_payouts"] == NONE


def test_a_key_without_the_scope_or_a_plan_without_it_is_refused(acme, api):
    small = organizations.create_organization("Small", plan="growth")

    scope = api(acme, scopes=["payouts:write"]).get(PATH)
    plan = api(small, "live").get(PATH)

    assert (scope.status_code, scope.json()["error"]["code"]) == (403, "insufficient_scope")
    assert (plan.status_code, plan.json()["error"]["code"]) == (403, "plan_required")


def test_without_a_key_it_is_401_and_writing_is_405(acme, api, client):
    assert client.get(PATH).status_code == 401
    assert api(acme).post(PATH, {}).status_code == 405
