import threading

import pytest
from django.db import connection

from billing import exact_json
from billing.chains import Environment
from organizations import services as organizations
from tests.conftest import Api
from tests.payouts.api.conftest import TX_HASH, a_body


@pytest.mark.parametrize("status", ["approved", "pending_execution"])
def test_a_hash_is_submitted(acme, api, make_payout, events_of, status):
    payout = make_payout(acme, status)

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute", {"tx_hash": TX_HASH})

    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["expected_tx_hash"]) == ("executed", TX_HASH)
    assert told["executed_at"] is not None
    assert events_of(payout["id"])[-1] == "payout.executed"


def test_the_same_hash_again_is_the_payout_as_it_is(acme, api, make_payout, events_of):
    payout = make_payout(acme, "executed")
    before = events_of(payout["id"])

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute", {"tx_hash": TX_HASH})

    assert (answer.status_code, answer.json()) == (200, payout)
    assert events_of(payout["id"]) == before


@pytest.mark.parametrize("status", ["draft", "executed", "canceled"])
def test_another_state_takes_no_new_hash(acme, api, make_payout, status):
    payout = make_payout(acme, status)

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute", {"tx_hash": "0x" + "cd" * 32})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "payout_not_executable"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_field"),
        ({"tx_hash": None}, "missing_required_field"),
        ({"tx_hash": ""}, "invalid_field_value"),
        ({"tx_hash": 5}, "invalid_field_value"),
        ({"tx_hash": ["0x"]}, "invalid_field_value"),
        ({"tx_hash": "x" * 256}, "invalid_field_value"),
    ],
)
def test_a_wrong_hash_is_refused_by_name(acme, api, make_payout, body, code):
    payout = make_payout(acme, "approved")

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute", body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, "tx_hash")


def test_in_the_sandbox_any_text_is_a_hash(acme, api, make_payout):
    payout = make_payout(acme, "approved")

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute", {"tx_hash": "my test hash"})

    assert (answer.status_code, answer.json()["expected_tx_hash"]) == (200, "my test hash")


def test_a_call_without_a_body_is_told_what_is_missing(acme, api, make_payout):
    payout = make_payout(acme, "approved")

    answer = api(acme).post(f"/v1/payouts/{payout['id']}/execute")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "missing_required_field")


def test_a_replay_answers_what_was_answered_then(acme, api, make_payout):
    payout, client = make_payout(acme, "approved"), api(acme)
    path, body = f"/v1/payouts/{payout['id']}/execute", {"tx_hash": TX_HASH}
    first = client.post(path, body, idempotency_key="k-1")

    again = client.post(path, body, idempotency_key="k-1")

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_of_two_hashes_at_the_same_time_one_is_taken():
    organization = organizations.create_organization("Acme GmbH")
    key, secret = organizations.issue_api_key(organization, Environment.SANDBOX)
    client = Api(key, secret)
    payout = exact_json.loads(client.post("/v1/payouts", a_body()).content)
    client.patch(f"/v1/payouts/{payout['id']}", {"status": "approved"})
    answers: list[int] = []

    def call(number: int) -> None:
        try:
            body = {"tx_hash": "0x" + f"{number:02d}" * 32}
            answer = Api(key, secret).post(f"/v1/payouts/{payout['id']}/execute", body)
            answers.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 400, 400, 400, 400, 400]
