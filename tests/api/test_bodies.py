"""JSON in and out: exact numbers, objects only, nothing a database text cannot hold."""

from decimal import Decimal

import pytest

from billing import exact_json

pytestmark = pytest.mark.urls("tests.api.acts")


@pytest.mark.parametrize(
    "number",
    ["49.99", "0.000001", "500.0", "500.00", "12345678901.123456", "99999999999.123456", "7"],
)
def test_a_number_comes_back_digit_for_digit(acme, api, number):
    answer = api(acme).post("/v1/acts", f'{{"amount": {number}}}'.encode())

    assert f'"amount":{number}'.encode() in answer.content


def test_a_body_of_no_bytes_is_an_empty_object(acme, api):
    answer = api(acme).post("/v1/acts")

    assert answer.status_code == 201
    assert answer.json()["said"] == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"   ",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": 1} x',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00x"}',
        b'{"a": "\\u0000"}',
        b'{"a\\u0000": 1}',
        b'{"a": ["\\u0000"]}',
        b'{"a": "\x00"}',
        b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"}",
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
def test_malformed_json_is_refused(acme, api, body):
    answer = api(acme).post("/v1/acts", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request"
    assert answer.json()["error"]["code"] == "malformed_json"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1", b"true"])
def test_a_body_that_is_no_object_is_refused(acme, api, body):
    answer = api(acme).post("/v1/acts", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "body_not_an_object"


def test_a_backslash_before_u0000_is_no_nul(acme, api):
    assert api(acme).post("/v1/acts", b'{"a": "\\\\u0000"}').json()["said"] == {"a": "\\u0000"}


def test_of_two_equal_names_the_last_counts(acme, api):
    assert api(acme).post("/v1/acts", b'{"a": 1, "a": 2}').json()["said"] == {"a": 2}


def test_an_absurd_exponent_is_read_exactly_and_refused_by_nobody_here():
    assert exact_json.loads(b"1e400") == Decimal("1E+400")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"1", b"1.000", True),
        (b"100", b"1e2", True),
        (b"0", b"0.00", True),
        (b"-0.0", b"0", True),
        (b"1e400", b"10e399", True),
        (b"1e-1", b"0.1", True),
        (b"1", b"-1", False),
        (b"1", b'"1"', False),
        (b"1", b"[1]", False),
        (b"1", b"10", False),
    ],
)
def test_the_digest_of_equal_values_is_equal(one, other, same):
    equal = exact_json.digest(exact_json.loads(one)) == exact_json.digest(exact_json.loads(other))

    assert equal is same


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "", "*/*;q=0"])
def test_every_answer_is_json_whatever_is_accepted(acme, api, accept):
    answer = api(acme).get("/v1/acts?format=xml", accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_head_is_get_without_a_body(acme, api):
    got, head = api(acme).get("/v1/acts"), api(acme).call("HEAD", "/v1/acts")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(got.content))


def test_options_says_what_is_allowed(acme, api):
    answer = api(acme).call("OPTIONS", "/v1/acts")

    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["Allow"] == "GET, POST, PATCH, HEAD, OPTIONS"
