"""The OpenAPI document and the page of the reference."""

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from billing import exact_json


@pytest.fixture(scope="module")
def document():
    return Client().get("/v1/openapi.json").json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_needs_no_key_and_no_database(document):
    assert document["openapi"].startswith("3.")
    assert "/v1/events" in document["paths"]


def test_it_is_what_the_views_say(document):
    made = SchemaGenerator().get_schema(request=None, public=True)

    assert document == json.loads(exact_json.dumps(made))


def test_every_operation_has_a_name_a_chapter_and_its_errors(document):
    for path, method, operation in operations(document):
        assert operation["operationId"], path
        assert operation["tags"], path
        statuses = set(operation["responses"])
        assert {"400", "429", "500", "503"} <= statuses, path
        if path != "/v1/health":
            assert {"401", "403"} <= statuses, path
            assert operation["security"] == [{"BearerAuth": []}], path
        if "{" in path:
            assert "404" in statuses, path
        if method == "post":
            assert {"409", "413", "415"} <= statuses, path


def test_every_error_is_the_envelope(document):
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, path


def test_every_answer_tells_of_the_rate_limit_and_the_request(document):
    for path, _, operation in operations(document):
        for answer in operation["responses"].values():
            assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(
                answer["headers"]
            ), path
            assert "Request-Id" in answer["headers"], path
        assert "Retry-After" in operation["responses"]["429"]["headers"]


def test_every_post_takes_an_idempotency_key(document):
    for path, method, operation in operations(document):
        names = [p["name"] for p in operation.get("parameters", [])]
        assert names.count("Idempotency-Key") == (1 if method == "post" else 0), path


def test_every_list_has_the_envelope_of_lists(document):
    schema = document["components"]["schemas"]["EventList"]

    assert set(schema["properties"]) == {"data", "has_more", "next_cursor"}
    assert schema["properties"]["next_cursor"]["nullable"] is True


def test_the_limit_of_a_page_is_documented(document):
    parameters = document["paths"]["/v1/events"]["get"]["parameters"]

    limit = next(p for p in parameters if p["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}


def test_the_page_asks_no_other_server_for_anything(client):
    answer = client.get("/docs")

    text = answer.content.decode()
    assets = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert answer.status_code == 200
    assert all(asset.startswith("/") and not asset.startswith("//") for asset in assets)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.headers["Content-Security-Policy"]
    assert "<script>" not in text


def test_the_assets_of_the_page_are_here(client):
    text = client.get("/docs").content.decode()

    for asset in re.findall(r'"/static/([^"]+)"', text):
        assert finders.find(asset), asset
