"""No request, however malformed, gets a 5xx; every refusal has the one envelope."""

import pytest

from billing import exact_json
from payouts.models import PayoutIntent
from tests.payouts.api.conftest import a_body

AMOUNTS = [
    "NaN", "Infinity", "-Infinity", "1e400", "1e-400", "1E+999999999", "-0", "0.0000001",
    "99999999999.123456", "0.01000000000000000000000000000000000001", "1" * 400, "1" * 5000,
    "0x10", "٥", '"٥٠٠"', "1_000", "1,000", ".5", "5.", "+5", "--5", "1e", "[]", "{}", "null",
    '""', "true", "9223372036854775807", "9223372036854775808", "1e18", "1e13",
]  # fmt: skip
BODIES = [
    b"", b"{", b"}", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b"{}{}", b'{"amount":}',
    b'{"amount":1,}', b"{'amount':1}", b"\x00", b'{"a":' * 100_000, b"[" * 100_000,
    b'{"recipient_address":"\\u0000"}', b'{"recipient_address":"\\ud800"}',
    b'{"\\u0000":1}', b'{"chain":"base","chain":5}',
]  # fmt: skip
TEXTS = ["\x00", "'; drop table payouts_payoutintent; --", "%s", "{}", "😀" * 64, "\n"]


def is_refused_or_taken(answer):
    assert answer.status_code in (200, 201, 400, 404, 413, 415), answer.content
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"type", "code", "message", "param"}
    return True


@pytest.mark.parametrize("digits", AMOUNTS)
def test_a_hostile_amount_is_exact_or_refused(acme, api, digits):
    body = exact_json.dumps(a_body(amount="AMOUNT")).replace(b'"AMOUNT"', digits.encode())

    answer = api(acme).post("/v1/payouts", body)

    assert answer.status_code in (201, 400), answer.content
    if answer.status_code == 201:
        atomic = exact_json.loads(digits.encode()) * 10**6
        assert PayoutIntent.objects.get().amount_atomic == atomic
    else:
        assert not PayoutIntent.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payouts",
        "/v1/payouts/bulk",
        "/v1/payouts/batches",
        "/v1/payouts/po_1/execute",
        "/v1/sandbox/simulate-payout",
        "/v1/sandbox/advance_blocks",
    ],
)
def test_a_malformed_body_is_refused(acme, api, path):
    for body in BODIES:
        answer = api(acme).call("POST", path, body)

        assert is_refused_or_taken(answer)
        assert answer.status_code >= 400, body


@pytest.mark.parametrize(
    "name",
    ["recipient_address", "chain", "token", "currency", "description", "reference_type",
     "reference_id", "due_date", "external_id", "retry_of"],
)  # fmt: skip
def test_a_hostile_text_is_kept_or_refused(acme, api, name):
    for text in TEXTS:
        body = exact_json.dumps(a_body(**{name: text}))

        assert is_refused_or_taken(api(acme).post("/v1/payouts", body))

    half = exact_json.dumps(a_body())[:-1] + b',"' + name.encode() + b'":"\\ud800"}'
    assert api(acme).post("/v1/payouts", half).status_code == 400


QUERIES = [
        "cursor=%00", "cursor=%FF", "limit=%00", "limit=1e2", "limit=-1", "limit=٣", "status=%00",
        "reference_id=%00", "external_id=%00", "payout_intent_id=%00", "reference_id=%FF%FE",
        "reference_id=%ED%A0%80", "due_date_before=0000-00-00T00:00:00Z", "cursor=", "limit=",
        "created_after=9999-12-31T23:59:59-23:59", "created_before=0001-01-01T00:00:00%2B14:00",
        "from=%00", "to=0001-01-01T00:00:00Z", "from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z",
        "from=2025-01-01T00:00:00+00:00", "status=draft&status=settled", "&&&", "a=%", "=",
]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/v1/payouts", "/v1/payouts/settlements", "/v1/payouts/batches", "/v1/payouts/reconciliation"],
)
def test_a_hostile_query_is_read_or_refused(acme, api, path):
    for query in QUERIES:
        assert is_refused_or_taken(api(acme).get(f"{path}?{query}")), query


@pytest.mark.parametrize(
    "id_", ["%00", "%FF", "%ED%A0%80", "po_%2F", "x" * 5_000, "..", "%2e%2e", "po_%0a", "😀", "-"]
)
def test_a_hostile_id_is_not_found(acme, api, id_):
    for path in (f"/v1/payouts/{id_}", f"/v1/payouts/batches/{id_}"):
        answer = api(acme).get(path)

        assert is_refused_or_taken(answer)
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize("path", ["/v1/payouts/bulk", "/v1/payouts", "/v1/payouts/batches"])
def test_a_body_that_is_not_json_is_415_and_another_method_405(acme, api, path):
    client = api(acme)

    text = client.call("POST", path, b"amount=5", content_type="application/x-www-form-urlencoded")
    method = client.call("DELETE", path)

    assert (text.status_code, text.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert (method.status_code, method.json()["error"]["code"]) == (405, "method_not_allowed")
