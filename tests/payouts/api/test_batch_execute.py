"""POST /v1/payouts/batches/{id}/execute: hashes for many, each row told."""

import pytest

from payouts import services
from payouts.models import PayoutBatch

HASH, OTHER = "0x" + "ab" * 32, "0x" + "cd" * 32


@pytest.fixture
def batch(acme, api, make_payout):
    """Three payouts on Base, handed over together: the batch's answer."""
    ids = [make_payout(acme, "approved", amount=amount)["id"] for amount in (5, 6, 7)]
    return api(acme).post("/v1/payouts/batches", {"payout_ids": ids}).json()


def states(client, batch):
    return [client.get(f"/v1/payouts/{each}").json()["status"] for each in batch["payout_ids"]]


def url(batch):
    return f"/v1/payouts/batches/{batch['id']}/execute"


def test_one_hash_pays_all_of_a_batch(acme, api, batch):
    answer = api(acme).post(url(batch), {"tx_hash": HASH})

    assert answer.status_code == 200
    rows = answer.json()["data"]
    assert [row["payout_id"] for row in rows] == batch["payout_ids"]
    assert {row["payout"]["expected_tx_hash"] for row in rows} == {HASH}
    assert states(api(acme), batch) == ["executed"] * 3


def test_each_payout_has_its_own_hash_and_each_row_is_told(acme, api, make_payout, batch):
    first, second, _ = batch["payout_ids"]
    foreign = make_payout(acme, "approved")["id"]
    rows = [
        {"payout_id": second, "tx_hash": OTHER},
        {"payout_id": foreign, "tx_hash": HASH},
        {"payout_id": first, "tx_hash": HASH},
    ]

    answer = api(acme).post(url(batch), {"executions": rows}).json()["data"]

    assert [row["payout_id"] for row in answer] == [second, foreign, first]
    assert answer[0]["payout"]["expected_tx_hash"] == OTHER
    assert answer[1]["error"]["code"] == "payout_not_in_batch"
    assert answer[2]["payout"]["expected_tx_hash"] == HASH
    assert states(api(acme), batch) == ["executed", "executed", "pending_execution"]
    assert api(acme).get(f"/v1/payouts/{foreign}").json()["status"] == "approved"


def test_a_refused_row_touches_no_other(acme, api, batch):
    client = api(acme)
    client.post(f"/v1/payouts/{batch['payout_ids'][0]}/execute", {"tx_hash": OTHER})

    rows = client.post(url(batch), {"tx_hash": HASH}).json()["data"]

    assert rows[0]["error"]["code"] == "payout_not_executable"
    assert [row["payout"]["status"] for row in rows[1:]] == ["executed", "executed"]


def test_the_same_again_changes_nothing(acme, api, batch):
    client = api(acme)
    first = client.post(url(batch), {"tx_hash": HASH}, idempotency_key="k").content
    replay = client.post(url(batch), {"tx_hash": HASH}, idempotency_key="k")
    again = client.post(url(batch), {"tx_hash": HASH})

    assert replay.content == first
    assert all("payout" in row for row in again.json()["data"])


def test_what_was_taken_back_takes_no_hash_of_its_batch(acme, api, batch):
    client = api(acme)
    services.take_back(client.caller, batch["payout_ids"][0], "Wrong.")

    all_, one = (
        client.post(url(batch), body).json()["data"]
        for body in (
            {"tx_hash": HASH},
            {"executions": [{"payout_id": batch["payout_ids"][0], "tx_hash": HASH}]},
        )
    )

    assert [row["payout_id"] for row in all_] == batch["payout_ids"][1:]
    assert one[0]["error"]["code"] == "payout_not_in_batch"


def test_a_hash_is_of_one_chain(acme, api, make_payout):
    ids = [make_payout(acme, "approved", chain=chain)["id"] for chain in ("base", "arbitrum")]
    client = api(acme)
    batch = client.post("/v1/payouts/batches", {"payout_ids": ids}).json()

    refused = client.post(url(batch), {"tx_hash": HASH})
    done = client.post(url(batch), {"tx_hash": HASH, "chain": "arbitrum"}).json()["data"]

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "chain")
    assert [row["payout"]["chain"] for row in done] == ["arbitrum"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "tx_hash"),
        ({"tx_hash": HASH, "executions": [{"payout_id": "po_1", "tx_hash": HASH}]}, "tx_hash"),
        ({"executions": []}, "executions"),
        ({"executions": [{"payout_id": "po_1"}]}, "executions"),
        ({"executions": "po_1"}, "executions"),
        ({"tx_hash": ""}, "tx_hash"),
        ({"tx_hash": HASH, "part": 2}, "part"),
        ({"tx_hash": HASH, "part": 0}, "part"),
        ({"tx_hash": HASH, "chain": "tron"}, "chain"),
    ],
)
def test_what_names_no_payments_is_refused(acme, api, batch, body, param):
    answer = api(acme).post(url(batch), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith(param)
    assert states(api(acme), batch) == ["pending_execution"] * 3


def test_a_strangers_batch_is_as_missing(acme, zenith, api, batch):
    answer = api(zenith).post(url(batch), {"tx_hash": HASH})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "batch_not_found")
    assert PayoutBatch.objects.count() == 1
    assert states(api(acme), batch) == ["pending_execution"] * 3
