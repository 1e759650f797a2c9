import threading

import pytest
from django.db import connection

from billing import exact_json
from billing.chains import Environment
from organizations import services as organizations
from payouts.models import PayoutIntent
from tests.conftest import Api
from tests.payouts.api.conftest import a_body


@pytest.mark.django_db(transaction=True)
def test_equal_creates_at_the_same_time_make_one_payout():
    organization = organizations.create_organization("Acme GmbH")
    key, secret = organizations.issue_api_key(organization, Environment.SANDBOX)
    statuses: list[int] = []

    def call() -> None:
        try:
            answer = Api(key, secret).post("/v1/payouts", a_body(), idempotency_key="k-1")
            statuses.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(set(statuses)) in ([200, 201], [201, 409], [200, 201, 409])
    assert statuses.count(201) == 1
    assert PayoutIntent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_creates_with_one_external_id_at_the_same_time_make_one_payout():
    organization = organizations.create_organization("Acme GmbH")
    key, secret = organizations.issue_api_key(organization, Environment.SANDBOX)
    answers: list[tuple[int, str | None]] = []

    def call(number: int) -> None:
        try:
            answer = Api(key, secret).post(
                "/v1/payouts", a_body(external_id="x-1", amount=number + 1)
            )
            answers.append(
                (answer.status_code, exact_json.loads(answer.content).get("error", {}).get("code"))
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers, key=str) == [(201, None), *[(400, "external_id_taken")] * 7]
    assert PayoutIntent.objects.count() == 1
