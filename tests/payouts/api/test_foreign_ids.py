"""Every operation with an id in its path or body answers a foreign one as a missing one."""

import re
from collections.abc import Iterator

import pytest
from drf_spectacular.generators import SchemaGenerator

from payouts.models import PayoutBatch, PayoutIntent

MISSING = {"payouts": "po_" + "0" * 24, "batches": "bat_" + "0" * 24}
# A body that would do something to the caller's own object. Operations not named take none.
BODIES = {
    ("patch", "/v1/payouts/{id}"): {"description": "mine now"},
    ("post", "/v1/payouts/{id}/execute"): {"tx_hash": "0x" + "ab" * 32},
    ("post", "/v1/payouts/batches/{id}/execute"): {"tx_hash": "0x" + "ab" * 32},
}
# Operations that name an object in their body.
IN_BODY = [
    ("/v1/payouts/batches", lambda id_: {"payout_ids": [id_]}),
    ("/v1/sandbox/simulate-payout", lambda id_: {"payout_id": id_}),
]


def operations() -> Iterator[tuple[str, str]]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    for path, item in document["paths"].items():
        if path.startswith("/v1/payouts") and "{" in path:
            yield from ((method, path) for method in item)


@pytest.mark.parametrize(("method", "path"), list(operations()))
@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_foreign_id_is_answered_as_a_missing_one(
    acme, zenith, api, make_payout, events_of, method, path, stranger
):
    payout = make_payout(acme, "pending_execution")
    own = {"payouts": payout["id"], "batches": PayoutBatch.objects.get().id}
    noun = "batches" if "/batches/" in path else "payouts"
    client = api(zenith) if stranger == "organization" else api(acme, "live")
    before = events_of(payout["id"])

    def ask(id_: str) -> tuple[int, str]:
        body = BODIES.get((method, path))
        answer = client.call(
            method.upper(), path.replace("{id}", id_).replace("{name}", "pack.zip"), body
        )
        return answer.status_code, re.sub(id_, "ID", answer.content.decode())

    foreign, missing = ask(own[noun]), ask(MISSING[noun])

    assert foreign == missing
    assert foreign[0] == 404
    assert events_of(payout["id"]) == before
    assert PayoutIntent.objects.get().description is None


def test_every_operation_with_an_id_is_among_them():
    assert set(operations()) == {
        ("get", "/v1/payouts/{id}"),
        ("patch", "/v1/payouts/{id}"),
        ("post", "/v1/payouts/{id}/execute"),
        ("get", "/v1/payouts/batches/{id}"),
        ("post", "/v1/payouts/batches/{id}/execute"),
        ("get", "/v1/payouts/batches/{id}/files/{name}"),
    }


@pytest.mark.parametrize(("path", "body"), IN_BODY)
def test_a_foreign_id_in_a_body_is_answered_as_a_missing_one(
    acme, zenith, api, make_payout, path, body
):
    payout = make_payout(acme, "approved")

    def ask(id_: str) -> tuple[int, str]:
        answer = api(zenith).post(path, body(id_))
        return answer.status_code, re.sub(id_, "ID", answer.content.decode())

    foreign, missing = ask(payout["id"]), ask(MISSING["payouts"])

    assert foreign == missing
    assert foreign[0] == 404
    assert PayoutIntent.objects.get().status == "approved"


@pytest.mark.parametrize(("method", "path"), [*operations(), ("get", "/v1/payouts")])
def test_without_a_key_nothing_is_looked_up(client, method, path):
    answer = client.generic(method.upper(), path.replace("{id}", MISSING["payouts"]))

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "api_key_missing"
