"""The whole way of a payout over HTTP, in the sandbox, as the guide walks it."""

from chainwatch import following
from payouts import verifying
from tests.payouts.api.conftest import TX_HASH, a_body


def tick(client, blocks):
    answer = client.post("/v1/sandbox/advance_blocks", {"chain": "base", "blocks": blocks})
    assert answer.status_code == 200
    following.follow_sandboxes("base")
    verifying.verify()


def test_a_payout_goes_from_draft_to_settled_and_into_the_books(acme, api, events_of):
    client = api(acme)
    payout = client.post("/v1/payouts", a_body(amount=500)).json()
    path = f"/v1/payouts/{payout['id']}"
    assert payout["status"] == "draft"

    approved = client.patch(path, {"status": "approved"}).json()
    assert approved["status"] == "approved"
    books = client.get("/v1/payouts/reconciliation").json()
    assert books["unmatched_payouts"] == {"count": 1, "total_amount": 500}

    executed = client.post(f"{path}/execute", {"tx_hash": TX_HASH}).json()
    assert (executed["status"], executed["confirmations"]) == ("executed", 0)

    tick(client, 1)
    verifying_ = client.get(path).json()
    assert verifying_["status"] == "verifying"
    assert 1 <= verifying_["confirmations"] < 12

    tick(client, 12)
    settled = client.get(path).json()
    assert settled["status"] == "settled"
    assert settled["verified_at"] == settled["settled_at"] is not None
    assert settled["confirmations"] >= 12

    (settlement,) = client.get(
        "/v1/payouts/settlements", {"payout_intent_id": payout["id"]}
    ).json()["data"]
    assert settlement["id"] == settled["settlement_id"]
    assert (settlement["tx_hash"], settlement["amount_atomic"]) == (TX_HASH, "500000000")

    books = client.get("/v1/payouts/reconciliation").json()
    assert books["matched"] == {"count": 1, "total_amount": 500}
    assert books["unmatched_payouts"] == {"count": 0, "total_amount": 0}
    assert (books["discrepancies"], books["is_clean"]) == ([], True)

    assert events_of(payout["id"]) == [
        "payout.created",
        "payout.approved",
        "payout.executed",
        "payout.verifying",
        "payout.settled",
    ]


def test_a_reused_hash_settles_again_in_the_sandbox(acme, api, make_payout):
    client = api(acme)
    payouts = [make_payout(acme, "executed", amount=n + 1) for n in range(2)]

    tick(client, 1)
    tick(client, 12)

    for payout in payouts:
        assert client.get(f"/v1/payouts/{payout['id']}").json()["status"] == "settled"
