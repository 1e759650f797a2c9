"""Which node is asked, which next, and which answer is taken: fail-over, lag, impossible heads."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing.chains import Finality, Network, network
from chainwatch import sandbox
from chainwatch.chains import providers
from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.providers import Tally, first_answer, first_look
from tests.chainwatch import stub_node
from tests.chainwatch.conftest import Configure
from tests.chainwatch.stub_node import StubNode, tx, with_status
from tests.chainwatch.trio import (
    HEAD,
    PAID,
    WRONGS,
    Wrong,
    answers_nothing,
    answers_null,
    is_of_another_chain,
    readers_of,
    running_trio,
)


@pytest.fixture
def trio() -> Iterator[list[StubNode]]:
    with running_trio() as nodes:
        yield nodes


@pytest.fixture
def row() -> Network:
    return network("arbitrum")


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block 1000 of every stub is mined just now, one a second before it."""
    monkeypatch.setattr(stub_node, "GENESIS", int(time.time()) - 1000)


# --- Order ----------------------------------------------------------------------------------------


def test_nodes_come_in_the_order_of_settings_and_those_that_rest_last(configure: Configure) -> None:
    urls = ("http://one.example", "http://two.example:8545", "http://three.example")
    configure("base", rpc_urls=urls)

    assert [each.node for each in providers.readers("base")] == [
        "one.example", "two.example:8545", "three.example",
    ]  # fmt: skip
    resting = {"one.example", "two.example:8545"}
    assert [each.node for each in providers.readers("base", resting=resting)] == [
        "three.example", "one.example", "two.example:8545",
    ]  # fmt: skip


def test_a_minute_of_blocks_may_be_missing() -> None:
    assert [providers.behind_most(network(each)) for each in ("arbitrum", "base", "tron")] == [
        240, 30, 20,
    ]  # fmt: skip


# --- The first look -------------------------------------------------------------------------------


@pytest.mark.usefixtures("recent")
@pytest.mark.parametrize("wrong", [answers_nothing, is_of_another_chain, answers_null])
def test_the_next_node_is_asked_where_the_first_is_of_no_use(
    wrong: Wrong, trio: list[StubNode], row: Network
) -> None:
    trio[0].head = trio[1].head = 1000
    wrong(trio[0])
    nodes = readers_of(row, trio)
    tally = Tally.of(nodes)

    said, node, errors = first_look(nodes, [PAID], tally=tally)

    assert node is nodes[1]
    assert said.receipts[PAID] is not None
    assert len(errors) == 1
    assert errors[0].startswith(f"{nodes[0].node}: ")
    assert list(tally.failures) == [nodes[0].node]
    assert trio[2].http_requests == 0


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("wrong", WRONGS)
def test_whatever_one_node_does_a_look_is_answered(
    wrong: Wrong, place: int, trio: list[StubNode], row: Network
) -> None:
    wrong(trio[place])

    said, _, _ = first_look(readers_of(row, trio), [PAID], newest_known=HEAD)

    assert said.head.number >= 100


def test_where_none_answers_each_says_why(trio: list[StubNode], row: Network) -> None:
    for node in trio:
        answers_nothing(node)

    with pytest.raises(ChainUnavailable) as failed:
        first_look(readers_of(row, trio), [PAID])

    assert str(failed.value).count("HTTP 503") == 3
    with pytest.raises(ChainUnavailable, match="no node is configured"):
        first_look([], [PAID])


def test_levels_and_heights_are_asked_along(trio: list[StubNode], row: Network) -> None:
    said, _, _ = first_look(readers_of(row, trio), [PAID], levels=[Finality.FINALIZED], check=[99])

    assert said.head.finalized_number == HEAD - 20
    assert said.block_hashes == {99: trio[0].block_hash(99)}
    assert trio[0].http_requests == 1


@pytest.mark.usefixtures("recent")
def test_a_node_far_behind_the_newest_known_block_is_passed_over(
    trio: list[StubNode], row: Network
) -> None:
    trio[0].head, trio[1].head = 880, 1000
    nodes = readers_of(row, trio)
    tally = Tally.of(nodes)

    said, node, errors = first_look(nodes, [], newest_known=1000, tally=tally)

    assert (said.head.number, node) == (1000, nodes[1])
    words = f"120 blocks behind {nodes[1].node}"
    assert errors == [f"{nodes[0].node}: {words}"]
    assert tally.failures == {nodes[0].node: words}
    lagging = tally.heads[nodes[0].node]
    assert lagging is not None
    assert lagging.number == 880


@pytest.mark.usefixtures("recent")
def test_a_node_a_little_behind_is_as_good_as_any(trio: list[StubNode], row: Network) -> None:
    trio[0].head, trio[1].head = 900, 920
    nodes = readers_of(row, trio)

    _, node, errors = first_look(nodes, [], newest_known=920)

    assert (node, errors) == (nodes[0], [])
    assert trio[1].http_requests == 0


@pytest.mark.usefixtures("recent")
def test_a_node_that_stands_still_is_passed_over_by_the_clock_alone(
    trio: list[StubNode], row: Network
) -> None:
    trio[0].head, trio[1].head = 600, 999
    nodes = readers_of(row, trio)

    said, node, errors = first_look(nodes, [])

    assert (said.head.number, node) == (999, nodes[1])
    assert errors == [f"{nodes[0].node}: 399 blocks behind {nodes[1].node}"]


@pytest.mark.usefixtures("recent")
def test_a_block_that_was_mined_just_now_is_not_late_whatever_another_node_claims(
    trio: list[StubNode], row: Network
) -> None:
    trio[0].head = 999
    nodes = readers_of(row, trio)

    _, node, errors = first_look(nodes, [], newest_known=1_000_000)

    assert (node, errors) == (nodes[0], [])


def test_where_all_lag_the_furthest_is_used(trio: list[StubNode], row: Network) -> None:
    trio[0].head, trio[1].head, trio[2].head = 90, 110, 100
    nodes = readers_of(row, trio)

    said, node, errors = first_look(nodes, [PAID], newest_known=5_000)

    assert (said.head.number, node) == (110, nodes[1])
    assert len(errors) == 2


def test_a_chain_that_stands_still_everywhere_is_no_fault_of_a_node(
    trio: list[StubNode], row: Network
) -> None:
    nodes = readers_of(row, trio)
    tally = Tally.of(nodes)

    _, node, errors = first_look(nodes, [PAID], tally=tally)

    assert (node, errors) == (nodes[0], [])
    assert tally.failures == {}


def test_a_head_from_the_future_is_no_answer(
    trio: list[StubNode], row: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stub_node, "GENESIS", int(time.time()) + 3700)
    trio[0].block_time_s = trio[1].block_time_s = 1
    trio[1].head = HEAD

    with pytest.raises(ChainUnavailable, match="a newest block from the future"):
        first_look(readers_of(row, trio[:1]), [])


@pytest.mark.django_db
def test_a_simulated_chain_may_be_ahead_of_the_clock() -> None:
    sandbox.advance("org_1", "base", 20_000)

    said, _, errors = first_look(providers.readers("base", "org_1"), [])

    assert errors == []
    assert said.head.block_time.timestamp() > time.time() + 3600


# --- Other questions, and what is counted ---------------------------------------------------------


def test_any_other_question_is_passed_on_until_it_is_answered(
    trio: list[StubNode], row: Network
) -> None:
    trio[0].fault = with_status(500)
    nodes = readers_of(row, trio)
    tally = Tally.of(nodes)

    hashes, node, errors = first_answer(nodes, lambda each: each.block_hashes([99]), tally=tally)

    assert (hashes, node) == ({99: trio[1].block_hash(99)}, nodes[1])
    assert errors == [f"{nodes[0].node}: HTTP 500"]
    assert tally.failures == {nodes[0].node: "HTTP 500"}
    for each in trio:
        each.fault = with_status(500)
    with pytest.raises(ChainUnavailable):
        first_answer(nodes, lambda each: each.block_hashes([99]))


@pytest.mark.usefixtures("recent")
def test_what_each_node_was_asked_is_counted_since_the_pass_began(
    trio: list[StubNode], row: Network
) -> None:
    trio[0].head = 1000
    nodes = readers_of(row, trio)
    first_look(nodes, [])
    tally = Tally.of(nodes)

    first_look(nodes, [PAID, tx(2)], tally=tally)

    spent = tally.spent(nodes[0].node)
    assert (spent.http_requests, spent.calls) == (1, 3)
    assert tally.spent(nodes[1].node).http_requests == 0
    assert (providers.total_cost(nodes).http_requests, trio[0].http_requests) == (2, 2)


def test_two_keys_of_one_provider_are_counted_together(trio: list[StubNode], row: Network) -> None:
    urls = (f"{trio[0].url}/key-one", f"{trio[0].url}/key-two")
    row = replace(row, rpc_urls=urls)
    nodes = [*readers_of(row, trio[:1]), *readers_of(row, trio[:1])]
    first_look(nodes[1:], [])
    tally = Tally.of(nodes)

    for node in nodes:
        node.chain_id()

    assert tally.spent(nodes[0].node).http_requests == 2
