import hashlib

import pytest

from events.models import Event
from payouts import services
from payouts.models import PayoutBatch

MISSING = "bat_000000000000000000000000"


def test_approved_payouts_are_handed_over_together(acme, api, make_payout, events_of):
    payouts = sorted(make_payout(acme, "approved")["id"] for _ in range(2))
    client = api(acme)

    answer = client.post("/v1/payouts/batches", {"payout_ids": payouts})

    assert answer.status_code == 201
    batch = PayoutBatch.objects.get()
    files = answer.json()["files"]
    assert answer.json() == {
        "id": batch.id,
        "org_id": acme.id,
        "environment": "sandbox",
        "payout_ids": payouts,
        "handed_over_by": client.key.id,
        "handed_over_by_name": client.caller.actor_name,
        "digest": batch.digest,
        "totals": [
            {
                "chain": "base",
                "token": "USDC",
                "payouts": 2,
                "amount": 1000,
                "amount_atomic": "1000000000",
            }
        ],
        "files": files,
        "voided_at": None,
        "created_at": batch.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert client.get(f"/v1/payouts/batches/{batch.id}").json() == answer.json()
    assert client.get("/v1/payouts/batches").json()["data"] == [answer.json()]
    for payout in payouts:
        assert client.get(f"/v1/payouts/{payout}").json()["status"] == "pending_execution"
        assert events_of(payout)[-1] == "payout.pending_execution"


def test_a_batch_names_its_files_and_gives_each_out(acme, api, make_payout):
    make_payout(acme, "pending_execution")
    client = api(acme)
    (batch,) = client.get("/v1/payouts/batches").json()["data"]

    assert [file["name"] for file in batch["files"]] == [
        "pack.zip",
        "base-safe-builder.json",
        "base-safe-airdrop.csv",
        "base-calldata.json",
        "base-payment-links.csv",
    ]
    assert batch["files"][1] == {
        "name": "base-safe-builder.json",
        "format": "safe-builder",
        "chain": "base",
        "part": 1,
        "parts": 1,
        "payouts": 1,
        "url": f"/v1/payouts/batches/{batch['id']}/files/base-safe-builder.json",
    }
    types = {"zip": "application/zip", "json": "application/json", "csv": "text/csv; charset=utf-8"}
    for file in batch["files"]:
        answer = client.get(file["url"])
        assert answer.status_code == 200
        assert answer["Content-Type"] == types[file["name"].rpartition(".")[2]]
        assert answer["Content-Disposition"] == (
            f'attachment; filename="SANDBOX-{batch["id"]}-{batch["digest"][:8]}-{file["name"]}"'
        )
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-SHA256"] == hashlib.sha256(answer.content).hexdigest()
    assert Event.objects.filter(type="payout_batch.downloaded").count() == 5


def test_a_void_batch_gives_nothing_out(acme, api, make_payout):
    payout = make_payout(acme, "pending_execution")
    client = api(acme)
    batch = PayoutBatch.objects.get()
    services.take_back(client.caller, payout["id"], "Wrong.")

    answer = client.get(f"/v1/payouts/batches/{batch.id}/files/pack.zip")

    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "batch_voided")
    assert client.get(f"/v1/payouts/batches/{batch.id}").json()["files"] == []


def test_a_file_needs_the_scope_and_its_own_organization(acme, zenith, api, make_payout):
    make_payout(acme, "pending_execution")
    url = f"/v1/payouts/batches/{PayoutBatch.objects.get().id}/files/pack.zip"

    foreign = api(zenith).get(url)
    unscoped = api(acme, scopes=["payouts:read"]).get(url)
    missing = api(acme).get(url.replace("pack", "back"))

    assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "batch_not_found")
    assert (unscoped.status_code, unscoped.json()["error"]["code"]) == (403, "insufficient_scope")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "batch_file_not_found")


def test_a_list_of_batches_costs_the_same_however_many(
    acme, api, make_payout, django_assert_max_num_queries
):
    for _ in range(4):
        make_payout(acme, "pending_execution")
    client = api(acme)

    with django_assert_max_num_queries(8):
        assert len(client.get("/v1/payouts/batches").json()["data"]) == 4


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
