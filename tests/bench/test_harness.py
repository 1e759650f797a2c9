"""The benchmarks' own instruments say what is so."""

import pytest
from django.db import connection, transaction

from reconciliation import services
from tests.bench.arms import interleaved, ratio
from tests.bench.figures import Figure, as_table
from tests.bench.loading import Book, book, load
from tests.bench.node import CountingNode, Payment
from tests.bench.place import new_tenant
from tests.bench.turns import counted


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_one_round_trip_and_a_transaction_adds_two() -> None:
    with counted() as turns:
        _select()
        before = turns.count
        _select()
        alone = turns.count - before
        with transaction.atomic():
            _select()
        in_transaction = turns.count - before - alone

    assert (alone, in_transaction) == (1, 3)


@pytest.mark.django_db(transaction=True)
def test_the_books_are_loaded_as_they_are_split() -> None:
    tenant = new_tenant("Books")

    load(tenant, book(2000))

    summary = services.summary(tenant.caller.organization_id, tenant.caller.environment)
    assert book(2000) == Book(matched=1898, different=2, unmatched=100, unexpected=2)
    assert summary.matched.count == 1898
    assert len(summary.discrepancies) == 2
    assert summary.unmatched_payouts.count == 100
    assert summary.unexpected_settlements.count == 2


def test_every_arm_runs_once_a_round_and_pairs_are_of_one_round() -> None:
    order: list[str] = []

    def arm(name: str, answer: float) -> float:
        order.append(name)
        return answer

    arms = {"ours": lambda: arm("ours", 3.0), "bare": lambda: arm("bare", 2.0)}
    answers = interleaved(arms, 2, warm_up=0)

    assert order == ["ours", "bare", "bare", "ours"]
    assert ratio(answers, "ours", "bare") == 1.5


def test_a_figure_over_its_limit_misses() -> None:
    over = Figure("w", "time", 2.3, "×", limit=2.2)
    short = Figure("w", "rows", 99, limit=100, exactly=True)

    assert not over.holds
    assert not short.holds
    assert as_table([over]).endswith("MISSES")


def test_the_counting_node_counts_each_call_of_a_batch() -> None:
    node = CountingNode(chain_id=42161)
    node.mine([Payment("0x" + "a" * 64, "0x" + "b" * 40, "0x" + "c" * 40, 5)])

    found = node.answer(
        {"id": 1, "method": "eth_getTransactionReceipt", "params": ["0x" + "a" * 64]}
    )
    missing = node.answer({"id": 2, "method": "eth_getTransactionReceipt", "params": ["0x00"]})
    node.close()

    assert found["result"]["logs"][0]["data"].endswith("5")
    assert missing["result"] is None
    assert (node.calls, node.http_requests) == (2, 0)


def _select() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        cursor.fetchall()
