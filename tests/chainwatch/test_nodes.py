"""How nodes fare: failures in a row, rests, what was asked today; in two queries a pass."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.chains import network
from chainwatch import nodes
from chainwatch.chains.base import Cost, Head, name_of
from chainwatch.chains.evm import EvmChain
from chainwatch.chains.providers import Tally
from chainwatch.following import follow
from chainwatch.models import ChainNode
from tests.chainwatch import stub_node
from tests.chainwatch.conftest import Configure, state, watch
from tests.chainwatch.stub_node import StubNode, tx, with_status

pytestmark = pytest.mark.django_db

AT = datetime(2025, 11, 21, 9, 0, tzinfo=UTC)


class Named:
    """A node by name alone, with what it was asked."""

    def __init__(self, node: str, cost: Cost | None = None) -> None:
        self.node, self.cost = node, cost or Cost()


def note(at: datetime, *, failed: str = "", name: str = "one.example") -> ChainNode:
    """Note one pass in which a node answered, or failed with these words."""
    tally = Tally()
    if failed:
        tally.failures[name] = failed
    else:
        tally.heads[name] = Head(100, "0x1", at - timedelta(seconds=2))
    nodes.note("base", tally, at=at)
    return ChainNode.objects.get(chain="base", name=name)


def test_a_good_answer_is_written_with_its_head() -> None:
    row = note(AT)

    assert (row.head_number, row.head_time) == (100, AT - timedelta(seconds=2))
    assert (row.answered_at, row.failures, row.last_error) == (AT, 0, "")
    assert row.rests_until is None


def test_a_node_rests_from_its_third_failure_in_a_row_and_longer_each_time() -> None:
    rests = []
    for number in range(9):
        row = note(AT + timedelta(seconds=number), failed="HTTP 503")
        rested = row.rests_until - row.failed_at if row.rests_until and row.failed_at else None
        rests.append(rested.total_seconds() if rested else None)

    assert rests == [None, None, 10, 20, 40, 80, 160, 300, 300]
    assert ChainNode.objects.get().failures == 9


def test_a_failure_keeps_what_was_known_and_a_good_answer_clears_it() -> None:
    note(AT)
    for number in range(1, 4):
        failing = note(AT + timedelta(seconds=number), failed="HTTP 503")
    assert (failing.head_number, failing.answered_at, failing.last_error) == (100, AT, "HTTP 503")
    assert nodes.is_failing(failing)

    row = note(AT + timedelta(seconds=9))

    assert (row.failures, row.last_error, row.rests_until) == (0, "", None)
    assert row.failed_at == AT + timedelta(seconds=3)


def test_only_who_rests_now_rests() -> None:
    for number in range(3):
        note(AT + timedelta(seconds=number), failed="HTTP 503")
        note(AT + timedelta(seconds=number), name="two.example")

    assert nodes.resting("base", AT + timedelta(seconds=11)) == {"one.example"}
    assert nodes.resting("base", AT + timedelta(seconds=13)) == set()
    assert nodes.resting("arbitrum", AT) == set()


def test_what_was_asked_is_counted_by_the_day() -> None:
    def asked(requests: int, calls: int, at: datetime) -> ChainNode:
        cost = Cost()
        tally = Tally.of([Named("one.example", cost)])  # type: ignore[list-item]  # no reader
        cost.http_requests, cost.calls = requests, calls
        tally.heads["one.example"] = None
        nodes.note("base", tally, at=at)
        return ChainNode.objects.get()

    asked(2, 30, AT)
    second = asked(1, 5, AT + timedelta(hours=14))
    assert (second.requests_today, second.calls_today) == (3, 35)

    next_day = asked(1, 1, AT + timedelta(hours=15))
    assert (next_day.requests_today, next_day.calls_today) == (1, 1)
    assert next_day.day is not None
    assert next_day.day.isoformat() == "2025-11-22"


def test_a_pass_costs_two_queries_whatever_the_number_of_nodes() -> None:
    tally = Tally()
    tally.heads |= {f"{number}.example": None for number in range(5)}
    tally.failures["6.example"] = "HTTP 503"

    with CaptureQueriesContext(connection) as queries:
        nodes.resting("base", AT)
        nodes.note("base", tally, at=AT)
        nodes.note("base", Tally(), at=AT)

    assert len(queries) == 2
    assert ChainNode.objects.count() == 6


def test_a_node_is_called_what_its_reader_calls_itself() -> None:
    row = network("base")
    for url in ("https://user:secret@one.example:8545/v2/key?k=1", "http://127.0.0.1:9"):
        assert name_of(url) == EvmChain(row, url).node
    assert name_of("https://user:secret@one.example:8545/v2/key") == "one.example:8545"


def test_rows_of_nodes_that_settings_do_not_name_are_left_out(configure: Configure) -> None:
    row = configure("base", rpc_urls=("http://two.example", "http://one.example/key"))
    note(AT)
    note(AT, name="gone.example")

    found = nodes.of_chains([row])["base"]

    assert [each.name for each in found] == ["two.example", "one.example"]
    assert [each.pk is None for each in found] == [True, False]


# --- In passes ------------------------------------------------------------------------------------


def test_a_node_that_rests_is_asked_last(
    stub: StubNode, second: StubNode, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nodes whose newest block is old would all be asked in every pass.
    monkeypatch.setattr(stub_node, "GENESIS", int(time.time()) - 100)
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    watch(tx(1))
    stub.fault = with_status(503)
    for _ in range(3):
        assert follow("arbitrum").error.endswith("HTTP 503")
    before = stub.http_requests

    followed = follow("arbitrum")

    assert followed.error == ""
    assert stub.http_requests == before
    assert ChainNode.objects.get(name=name_of(second.url)).failures == 0


def test_a_chain_with_one_node_recovers_in_the_next_pass(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watch(tx(1))
    stub.mine(tx(1), 100)
    stub.fault = with_status(503)
    for _ in range(10):
        follow("arbitrum")
    row = ChainNode.objects.get()
    assert (row.failures, row.last_error) == (10, "HTTP 503")
    assert row.rests_until is not None

    stub.fault = None
    followed = follow("arbitrum")

    assert (followed.final, followed.error) == (1, "")
    assert state(tx(1)).final_at is not None
    recovered = ChainNode.objects.get()
    assert (recovered.failures, recovered.last_error, recovered.head_number) == (0, "", 100)
    assert recovered.rests_until is None
    assert recovered.requests_today == stub.http_requests
