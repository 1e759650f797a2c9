import pytest

from chainwatch import following
from payouts import verifying
from payouts.models import Settlement
from tests.payouts.api.conftest import TRON_RECIPIENT


@pytest.mark.parametrize(
    ("outcome", "status", "failure_code", "known"),
    [
        ("settle", "settled", None, None),
        ("wrong_amount", "settled", None, None),
        ("revert", "failed", "transaction_reverted", "proven"),
        ("wrong_recipient", "failed", "recipient_mismatch", "moved"),
        ("wrong_token", "failed", "token_mismatch", "moved"),
        ("not_found", "failed", "transaction_not_found", "unknown"),
    ],
)
def test_each_outcome_ends_as_it_says(acme, api, make_payout, outcome, status, failure_code, known):
    payout = make_payout(acme)

    answer = api(acme).post(
        "/v1/sandbox/simulate-payout", {"payout_id": payout["id"], "outcome": outcome}
    )

    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["failure_code"], told["outcome"]) == (status, failure_code, known)
    if status == "failed":
        assert told["failure_reason"].startswith(f"{failure_code}: ")
        assert told["failed_at"] is not None
        assert not Settlement.objects.exists()
    else:
        assert told["settlement_id"] == Settlement.objects.get().id
    assert told["timeline"][0]["type"] == "payout.created"


@pytest.mark.parametrize("chain", ["base", "tron"])
@pytest.mark.parametrize(
    ("outcome", "status", "told_of"),
    [
        ("reorg", "settled", "payout.reorged"),
        ("replaced", "settled", "payout.executed"),
        ("late", "failed", "payout.discrepancy"),
        ("duplicate_log", "settled", "payout.settled"),
    ],
)
def test_what_goes_another_way_first_ends_paid_all_the_same(
    acme, api, make_payout, chain, outcome, status, told_of
):
    tron = {"chain": "tron", "token": "USDT", "recipient_address": TRON_RECIPIENT}
    payout = make_payout(acme, **(tron if chain == "tron" else {}))

    answer = api(acme).post(
        "/v1/sandbox/simulate-payout", {"payout_id": payout["id"], "outcome": outcome}
    )

    assert answer.status_code == 200
    told = answer.json()
    settlement = Settlement.objects.get(payout_id=payout["id"])
    assert (told["status"], told["settlement_id"]) == (status, settlement.id)
    assert told_of in [step["type"] for step in told["timeline"]]
    assert told["expected_tx_hash"] == settlement.tx_hash
    assert (told["proposed_tx_hash"], told["settlement_reversed_at"]) == (None, None)


def test_a_settled_one_has_all_its_events_in_order(acme, api, make_payout, events_of):
    payout = make_payout(acme, "settled")

    assert events_of(payout["id"]) == [
        "payout.created",
        "payout.approved",
        "payout.executed",
        "payout.verifying",
        "payout.settled",
    ]


def test_without_an_outcome_it_settles(acme, api, make_payout):
    payout = make_payout(acme, "approved")

    answer = api(acme).post("/v1/sandbox/simulate-payout", {"payout_id": payout["id"]})

    assert (answer.status_code, answer.json()["status"]) == (200, "settled")


def test_what_has_ended_is_not_played_again(acme, api, make_payout):
    payout = make_payout(acme, "settled")

    answer = api(acme).post("/v1/sandbox/simulate-payout", {"payout_id": payout["id"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "payout_not_executable")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "payout_id"),
        ({"payout_id": 5}, "invalid_field_value", "payout_id"),
        ({"payout_id": "po_1", "outcome": "explode"}, "unknown_outcome", "outcome"),
        ({"payout_id": "po_1", "outcome": None}, "unknown_outcome", "outcome"),
    ],
)
def test_a_wrong_value_is_refused_by_name(acme, api, body, code, param):
    answer = api(acme).post("/v1/sandbox/simulate-payout", body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)


def test_a_strangers_payout_is_as_missing(acme, zenith, api, make_payout):
    payout = make_payout(acme)

    answer = api(zenith).post("/v1/sandbox/simulate-payout", {"payout_id": payout["id"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "payout_not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/sandbox/simulate-payout", {"payout_id": "po_1"}),
        ("/v1/sandbox/advance_blocks", {"chain": "base", "blocks": 1}),
    ],
)
def test_a_live_key_is_refused(acme, api, path, body):
    answer = api(acme, "live").post(path, body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "sandbox_only")


def test_a_replay_plays_nothing_twice(acme, api, make_payout, events_of):
    body = {"payout_id": make_payout(acme)["id"]}
    first = api(acme).post("/v1/sandbox/simulate-payout", body, idempotency_key="k-1")

    again = api(acme).post("/v1/sandbox/simulate-payout", body, idempotency_key="k-1")

    assert (again.status_code, again.content) == (200, first.content)
    assert events_of(body["payout_id"]).count("payout.settled") == 1


def test_blocks_advance_and_an_executed_payout_settles_by_the_watcher_alone(acme, api, make_payout):
    payout = make_payout(acme, "executed")
    client = api(acme)

    first = client.post("/v1/sandbox/advance_blocks", {"chain": "base", "blocks": 1}).json()
    second = client.post("/v1/sandbox/advance_blocks", {"chain": "base", "blocks": 20}).json()
    following.follow_sandboxes("base")
    verifying.verify()

    assert first["chain"] == second["chain"] == "base"
    assert second["head"] >= first["head"] + 20
    assert client.get(f"/v1/payouts/{payout['id']}").json()["status"] == "settled"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"blocks": 1}, "missing_required_field", "chain"),
        ({"chain": "base"}, "missing_required_field", "blocks"),
        ({"chain": "bitcoin", "blocks": 1}, "invalid_chain", "chain"),
        ({"chain": "base", "blocks": 0}, "invalid_field_value", "blocks"),
        ({"chain": "base", "blocks": -1}, "invalid_field_value", "blocks"),
        ({"chain": "base", "blocks": 10**9}, "invalid_field_value", "blocks"),
        ({"chain": "base", "blocks": True}, "invalid_field_value", "blocks"),
        ({"chain": "base", "blocks": "1"}, "invalid_field_value", "blocks"),
        ({"chain": "base", "blocks": 1.5}, "invalid_field_value", "blocks"),
    ],
)
def test_a_wrong_advance_is_refused_by_name(acme, api, body, code, param):
    answer = api(acme).post("/v1/sandbox/advance_blocks", body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)
