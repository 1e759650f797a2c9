"""Every error is the envelope, on every path of the API."""

import logging

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.api.acts")


def envelope(answer):
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "code", "message", "param"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["type"], body["error"]["code"], body["error"]["param"]


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nope", "/v1/acts/", "/v1/acts/x", "/nope"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_url_is_404_also_without_a_key(db, path, method):
    answer = Client().generic(method, path)

    assert envelope(answer) == (404, "not_found", "url_not_found", None)


@pytest.mark.urls("billing.urls")
def test_a_browser_gets_a_page_where_there_is_no_page(db):
    answer = Client().get("/nope", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "PROPFIND"])
def test_a_wrong_method_is_405_and_says_which_are_right(acme, api, method):
    answer = api(acme).call(method, "/v1/acts")

    assert envelope(answer) == (405, "invalid_request", "method_not_allowed", None)
    assert answer.headers["Allow"] == "GET, POST, PATCH, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx", "é"],
)
def test_a_body_that_is_not_json_is_415(acme, api, content_type):
    answer = api(acme).call("POST", "/v1/acts", b'{"a": 1}', content_type=content_type)

    assert envelope(answer) == (415, "invalid_request", "unsupported_media_type", None)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_a_content_type_may_have_parameters_and_capitals(acme, api, content_type):
    assert api(acme).call("POST", "/v1/acts", b"{}", content_type=content_type).status_code == 201


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_413(acme, api, announced):
    body = b'{"a": "' + b"x" * 2**20 + b'"}'

    answer = api(acme).call("POST", "/v1/acts", body)

    assert envelope(answer) == (413, "invalid_request", "payload_too_large", None)


def test_a_mistake_of_ours_is_500_says_nothing_of_it_and_is_logged(acme, api, caplog):
    client = api(acme)
    client._client.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        answer = client.get("/v1/crashes")

    assert envelope(answer) == (500, "internal_error", "internal_server_error", None)
    assert "a mistake of ours" not in answer.content.decode()
    assert "a mistake of ours" in caplog.text
    assert "path=/v1/crashes" in caplog.text


def test_a_database_that_is_down_is_503(acme, api):
    answer = api(acme).post("/v1/crashes", {})

    assert envelope(answer) == (503, "internal_error", "service_unavailable", None)
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "name"),
        ({"name": "mara"}, "missing_required_field", "chain"),
        ({"name": None, "chain": "base"}, "invalid_field_value", "name"),
        ({"name": "too long", "chain": "base"}, "invalid_field_value", "name"),
        ({"name": "mara", "chain": "solana"}, "invalid_field_value", "chain"),
        ({"name": "mara", "chain": "base", "rows": "x"}, "invalid_field_value", "rows"),
        ({"name": "mara", "chain": "base", "rows": [1, "x"]}, "invalid_field_value", "rows.1"),
        ({"name": ["x"], "chain": "base"}, "invalid_field_value", "name"),
    ],
)
def test_the_first_field_that_is_wrong_is_named(acme, api, body, code, param):
    answer = api(acme).patch("/v1/acts", body)

    assert envelope(answer) == (400, "invalid_request", code, param)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/acts?x=%00", 400, "malformed_query"),
        ("/v1/acts/%00/again", 404, "url_not_found"),
        ("/v1/acts?x=%ff%fe", 200, None),
        ("/v1/acts?x=%zz&&&==&%", 200, None),
        ("/v1/acts?" + "&".join(f"a{n}=1" for n in range(2_000)), 200, None),
        ("/v1/%ff", 404, "url_not_found"),
        ("/v1/acts/" + "x" * 5_000, 404, "url_not_found"),
    ],
)
def test_a_malformed_url_is_never_a_5xx(acme, api, path, status, code):
    answer = api(acme).get(path)

    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code") == code


@pytest.mark.parametrize("host", ["evil.example", "", "a b", "[::1", "é", "*"])
def test_an_absurd_host_is_400(acme, api, host):
    answer = api(acme).get("/v1/acts", host=host)

    assert envelope(answer) == (400, "invalid_request", "invalid_host", None)


def test_a_body_without_a_length_is_refused_and_not_taken_for_an_empty_one(acme, api):
    answer = api(acme).post("/v1/acts", None, transfer_encoding="chunked")

    assert envelope(answer) == (400, "invalid_request", "length_required", None)
