import re

import pytest
from django.db import connection
from django.test import Client

from billing import metrics
from billing.api.request_ids import RequestIdFilter


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_health_needs_no_key(db, client, headers):
    answer = client.get("/v1/health", headers=headers, content_type="application/json")

    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "version": "1.0.0"}


def test_health_takes_no_post(db, client):
    answer = client.post("/v1/health", {}, "application/json")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_healthz_asks_no_database(client):
    """Without the `db` fixture every query is an error."""
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})

    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


def test_readyz_is_ready_with_every_migration(db, client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_readyz_is_not_ready_while_a_migration_is_pending(db, client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'events'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "migrations pending"})


@pytest.mark.django_db(transaction=True)
def test_readyz_is_not_ready_without_a_database(client, settings):
    connection.close()
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], "1"
    try:
        answer = client.get("/readyz")
    finally:
        connection.settings_dict["PORT"] = port

    assert (answer.status_code, answer.json()) == (503, {"status": "database unavailable"})


def test_metrics_count_requests_by_route_and_never_by_path(db, client):
    client.get("/v1/events/evt_1")
    client.get("/v1/no-such-thing")

    text = client.get("/metrics").content.decode()

    assert re.search(
        r'billing_http_requests_total\{method="GET",route="v1/events/<str:event_id>",status="401"\}',
        text,
    )
    assert 'route="unmatched"' in text
    assert "evt_1" not in text
    assert "no-such-thing" not in text


def test_the_directory_of_shared_metrics_is_emptied_at_start(tmp_path):
    directory = tmp_path / "metrics"
    environment: dict[str, str] = {}
    directory.mkdir()
    (directory / "counter_1.db").write_bytes(b"of a dead process")

    metrics.share(directory, environment)

    assert list(directory.iterdir()) == []
    assert environment == {"PROMETHEUS_MULTIPROC_DIR": str(directory)}


@pytest.mark.parametrize(
    "path", ["/v1/health", "/v1/nope", "/v1/events", "/healthz", "/docs", "/nope"]
)
def test_every_answer_has_a_request_id_of_its_own(db, path):
    first, second = (Client().get(path).headers["Request-Id"] for _ in range(2))

    assert re.fullmatch("req_[0-9a-f]{24}", first)
    assert first != second


@pytest.mark.parametrize(
    ("offered", "is_taken"),
    [
        ("req-from-our-proxy.42", True),
        ("short", False),
        ("x" * 65, False),
        ("with a space", False),
        ("line\tbreak", False),
    ],
)
def test_a_well_formed_request_id_of_the_caller_is_kept(db, client, offered, is_taken):
    answer = client.get("/v1/health", headers={"Request-Id": offered})

    assert (answer.headers["Request-Id"] == offered) is is_taken


def test_the_request_id_stands_in_the_log(db, caplog, client, settings):
    settings.ROOT_URLCONF = "tests.api.acts"
    client.raise_request_exception = False
    caplog.handler.addFilter(RequestIdFilter())

    client.post("/v1/fails", headers={"Request-Id": "req-of-this-test"})

    assert {record.request_id for record in caplog.records} == {"req-of-this-test"}
