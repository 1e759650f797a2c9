import pytest

from payouts.models import PayoutBatch

MISSING = "bat_000000000000000000000000"


def test_approved_payouts_are_handed_over_together(acme, api, make_payout, events_of):
    payouts = sorted(make_payout(acme, "approved")["id"] for _ in range(2))
    client = api(acme)

    answer = client.post("/v1/payouts/batches", {"payout_ids": payouts})

    assert answer.status_code == 201
    batch = PayoutBatch.objects.get()
    assert answer.json() == {
        "id": batch.id,
        "org_id": acme.id,
        "environment": "sandbox",
        "payout_ids": payouts,
        "handed_over_by": client.key.id,
        "handed_over_by_name": client.caller.actor_name,
        "voided_at": None,
        "created_at": batch.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert client.get(f"/v1/payouts/batches/{batch.id}").json() == answer.json()
    assert client.get("/v1/payouts/batches").json()["data"] == [answer.json()]
    for payout in payouts:
        assert client.get(f"/v1/payouts/{payout}").json()["status"] == "pending_execution"
        assert events_of(payout)[-1] == "payout.pending_execution"


def test_all_are_handed_over_or_none(acme, api, make_payout):
    approved, draft = make_payout(acme, "approved"), make_payout(acme)

    answer = api(acme).post("/v1/payouts/batches", {"payout_ids": [approved["id"], draft["id"]]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "payout_not_approved")
    assert api(acme).get(f"/v1/payouts/{approved['id']}").json()["status"] == "approved"
    assert not PayoutBatch.objects.exists()


@pytest.mark.parametrize(
    "payout_ids", [None, [], "po_1", [1], [None], ["po_1" * 20], ["po_1"] * 1_001]
)
def test_what_is_no_list_of_ids_is_refused(acme, api, payout_ids):
    answer = api(acme).post("/v1/payouts/batches", {"payout_ids": payout_ids})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("payout_ids")


def test_a_strangers_payout_is_as_missing(acme, zenith, api, make_payout):
    foreign = make_payout(zenith, "approved")

    answer = api(acme).post("/v1/payouts/batches", {"payout_ids": [foreign["id"]]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "payout_not_found")


def test_a_strangers_batch_is_as_missing(acme, zenith, api, make_payout):
    payout = make_payout(zenith, "pending_execution")
    batch = PayoutBatch.objects.get()

    foreign = api(acme).get(f"/v1/payouts/batches/{batch.id}")
    missing = api(acme).get(f"/v1/payouts/batches/{MISSING}")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["error"]["code"] == missing.json()["error"]["code"] == "batch_not_found"
    assert api(acme).get("/v1/payouts/batches").json()["data"] == []
    assert payout["status"] == "pending_execution"


def test_a_replay_hands_nothing_over_twice(acme, api, make_payout):
    body = {"payout_ids": [make_payout(acme, "approved")["id"]]}
    first = api(acme).post("/v1/payouts/batches", body, idempotency_key="k-1")

    again = api(acme).post("/v1/payouts/batches", body, idempotency_key="k-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
