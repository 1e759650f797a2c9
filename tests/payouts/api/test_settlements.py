import pytest

from payouts.models import Settlement
from tests.payouts.api.conftest import RECIPIENT, TRON_RECIPIENT


def test_a_settlement_is_told_field_by_field(acme, api, make_payout):
    payout = make_payout(acme, "settled")

    answer = api(acme).get("/v1/payouts/settlements")

    assert answer.status_code == 200
    row = Settlement.objects.get()

    def time(moment):
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    assert answer.json() == {
        "data": [
            {
                "id": payout["settlement_id"],
                "org_id": acme.id,
                "payout_intent_id": payout["id"],
                "chain": "base",
                "tx_hash": payout["expected_tx_hash"],
                "log_index": row.log_index,
                "from_address": row.from_address,
                "to_address": RECIPIENT,
                "token": "USDC",
                "amount_atomic": "500000000",
                "block_number": row.block_number,
                "block_hash": row.block_hash,
                "confirmations": row.confirmations,
                "confirmed_at": time(row.confirmed_at),
                "detected_at": time(row.detected_at),
                "environment": "sandbox",
                "created_at": time(row.created_at),
                "amount": 500,
                "ordinal": 0,
                "block_time": time(row.block_time),
                "discrepancies": [],
                "resolution": None,
                "resolved_at": None,
                "reversed_at": None,
                "restored_at": None,
                "suggestion": None,
            }
        ],
        "has_more": False,
        "next_cursor": None,
    }
    assert row.confirmations >= 12


def test_settlements_are_filtered_by_payout_and_chain(acme, api, make_payout):
    base = make_payout(acme, "settled")
    tron = make_payout(
        acme, "settled", chain="tron", token="USDT", recipient_address=TRON_RECIPIENT
    )

    def found(**query):
        data = api(acme).get("/v1/payouts/settlements", query).json()["data"]
        return [row["payout_intent_id"] for row in data]

    assert found() == [tron["id"], base["id"]]
    assert found(payout_intent_id=base["id"]) == [base["id"]]
    assert found(chain="tron") == [tron["id"]]
    assert found(chain="tron", payout_intent_id=base["id"]) == []
    assert found(payout_intent_id="po_000000000000000000000000") == []


def test_a_stranger_sees_no_settlement_by_any_filter(acme, zenith, api, make_payout):
    payout = make_payout(acme, "settled")

    for client in (api(zenith), api(acme, "live")):
        assert client.get("/v1/payouts/settlements").json()["data"] == []
        query = {"payout_intent_id": payout["id"]}
        assert client.get("/v1/payouts/settlements", query).json()["data"] == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("chain", "bitcoin", "invalid_chain"),
        ("payout_intent_id", "", "invalid_field_value"),
        ("payout_intent_id", "x" * 41, "invalid_field_value"),
        ("limit", "1000", "invalid_limit"),
        ("cursor", "x", "invalid_cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(acme, api, name, value, code):
    answer = api(acme).get("/v1/payouts/settlements", {name: value})

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, name)


def test_settlements_are_walked_page_by_page(acme, api, make_payout):
    made = [make_payout(acme, "settled", amount=n + 1)["settlement_id"] for n in range(5)]

    seen: list[str] = []
    cursor = None
    while not seen or cursor:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = api(acme).get("/v1/payouts/settlements", query).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]

    assert seen == made[::-1]


def test_a_key_without_the_scope_sees_none(acme, api):
    answer = api(acme, scopes=["wallets:read"]).get("/v1/payouts/settlements")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
