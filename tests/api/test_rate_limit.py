import multiprocessing
import time
from pathlib import Path

import pytest
from django.test import Client

from billing.api.counting import FileCounter, RedisCounter
from billing.api.throttling import Limit, parse

pytestmark = pytest.mark.urls("tests.api.acts")
LIMIT_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.fixture
def three_an_hour(settings):
    settings.API_RATE_LIMIT = "3/hour"


def test_every_answer_says_where_the_caller_stands(acme, api, three_an_hour):
    client = api(acme)

    answers = [client.get("/v1/acts"), client.post("/v1/acts", b"{"), client.get("/v1/acts?x=%00")]

    assert [a.status_code for a in answers] == [200, 400, 400]
    assert [a.headers["X-RateLimit-Limit"] for a in answers] == ["3", "3", "3"]
    assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["2", "1", "0"]
    assert 0 < int(answers[0].headers["X-RateLimit-Reset"]) - time.time() <= 3600


def test_one_call_too_many_is_429_and_says_when_to_come_back(acme, api, three_an_hour):
    client = api(acme)
    for _ in range(3):
        client.get("/v1/acts")

    answer = client.post("/v1/acts", {"a": 1})

    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "rate_limited"
    assert answer.json()["error"]["code"] == "too_many_requests"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    wait_s, reset = int(answer.headers["Retry-After"]), int(answer.headers["X-RateLimit-Reset"])
    assert 1 <= wait_s <= 3600
    assert abs(time.time() + wait_s - reset) < 5


def test_each_key_is_counted_for_itself(acme, api, three_an_hour):
    for _ in range(4):
        api(acme).get("/v1/acts")

    assert api(acme, name="another").get("/v1/acts").status_code == 200


@pytest.mark.parametrize("path", ["/v1/health", "/v1/acts", "/v1/nope"])
def test_without_a_key_the_address_is_counted(db, three_an_hour, path):
    client = Client(REMOTE_ADDR=f"2001:db8::{time.time_ns():x}"[-38:])

    answers = [client.get(path) for _ in range(4)]

    assert answers[0].headers.keys() >= LIMIT_HEADERS
    assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert answers[3].status_code == 429
    assert "Retry-After" in answers[3].headers


def test_switched_off_there_is_no_limit_and_no_header(acme, api, settings):
    settings.API_RATE_LIMIT = "off"

    answers = [api(acme).get("/v1/acts") for _ in range(150)]

    assert {a.status_code for a in answers} == {200}
    assert not answers[0].headers.keys() & LIMIT_HEADERS


def test_probes_are_never_limited(db, settings, client):
    settings.API_RATE_LIMIT = "1/hour"

    assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("100/second", Limit(100, 1)),
        ("600/minute", Limit(600, 60)),
        ("9000/hour", Limit(9000, 3600)),
        ("off", None),
    ],
)
def test_the_setting_is_read(text, limit):
    assert parse(text) == limit


@pytest.mark.parametrize(
    "text", ["", "100", "0/second", "-1/second", "1/day", "x/second", "٣/hour"]
)
def test_another_setting_is_refused(text):
    with pytest.raises(ValueError, match="API_RATE_LIMIT"):
        parse(text)


def test_the_file_counts_each_caller_and_each_window(tmp_path):
    counter = FileCounter(tmp_path / "rates")

    counts = [
        counter.hit("mara", 7, 1),
        counter.hit("mara", 7, 1),
        counter.hit("jon", 7, 1),
        counter.hit("mara", 8, 1),
        counter.hit("mara", 7, 60),
    ]

    assert counts == [1, 2, 1, 1, 1]


def test_the_file_keeps_100000_callers_apart_over_time(tmp_path):
    counter = FileCounter(tmp_path / "rates")

    for n in range(100_000):
        counter.hit(f"caller {n}", n // 1_000, 1)

    assert [counter.hit(f"caller {n}", 99, 1) for n in range(99_000, 99_003)] == [2, 2, 2]


def _hit_500_times(path: Path) -> None:
    counter = FileCounter(path)
    for _ in range(500):
        counter.hit("mara", 7, 3600)


def test_the_file_is_shared_by_all_processes_of_the_machine(tmp_path):
    spawning = multiprocessing.get_context("spawn")
    workers = [
        spawning.Process(target=_hit_500_times, args=(tmp_path / "rates",)) for _ in range(3)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert FileCounter(tmp_path / "rates").hit("mara", 7, 3600) == 1_501


def test_redis_counts_for_all_machines(redis_url):
    one, other = RedisCounter(redis_url), RedisCounter(redis_url)

    assert [one.hit("mara", 7, 1), other.hit("mara", 7, 1), one.hit("jon", 7, 1)] == [1, 2, 1]


def test_without_redis_calls_are_served_uncounted(caplog):
    counter = RedisCounter("redis://127.0.0.1:1/0")

    assert counter.hit("mara", 7, 1) == 1
    assert "rate limit not counted" in caplog.text
