"""Agreement: what two of three nodes say is believed, whatever the third does."""

from collections.abc import Iterator, Sequence

import pytest

from billing.chains import Finality, Network, network
from chainwatch.chains.base import (
    ChainReader,
    ChainUnavailable,
    Head,
    RangeTooLarge,
)
from chainwatch.chains.evm import EvmChain
from chainwatch.chains.providers import (
    Agreed,
    Tally,
    Vote,
    agreed,
    scanned,
    standing,
)
from tests.chainwatch.stub_node import PAYER, StubNode, tx, with_status
from tests.chainwatch.trio import (
    PAID,
    WRONGS,
    Wrong,
    answers_nothing,
    hides_the_transaction,
    invents_a_head,
    invents_a_transaction,
    lags,
    lies_about_the_amount,
    readers_of,
    running_trio,
    stands_on_another_fork,
)

EVERY_ONE = [
    pytest.param(wrong, place, id=f"{wrong.__name__}-{place}")
    for wrong in WRONGS
    for place in range(3)
]


@pytest.fixture
def trio() -> Iterator[list[StubNode]]:
    with running_trio() as nodes:
        yield nodes


@pytest.fixture
def row() -> Network:
    return network("arbitrum")


def vote(
    nodes: Sequence[ChainReader],
    *,
    quorum: int = 2,
    told_by: int = 0,
    confirmations: int = 12,
    levels: Sequence[Finality] = (),
    tally: Tally | None = None,
) -> Agreed:
    """Ask for PAID, which was seen in block 100, the node in place `told_by` first."""

    def up_to(head: Head, _: str) -> int | None:
        return head.finalized_number if levels else head.number - confirmations + 1

    return agreed(
        nodes,
        [PAID],
        told_by=nodes[told_by],
        seen_in={PAID: 100},
        block_times={},
        up_to=up_to,
        quorum=quorum,
        levels=levels,
        tally=tally,
    )


# --- A transaction --------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "place"), EVERY_ONE)
def test_two_honest_nodes_agree_whatever_the_third_does(
    wrong: Wrong, place: int, trio: list[StubNode], row: Network
) -> None:
    wrong(trio[place])
    honest = trio[(place + 1) % 3]
    nodes = readers_of(row, trio)
    first = (place + 1) % 3

    said = vote([nodes[place], *(each for each in nodes if each is not nodes[place])])
    from_honest = vote(nodes, told_by=first)

    for outcome in (said, from_honest):
        found = outcome.votes[PAID]
        assert found.receipt is not None
        assert found.is_deep
        assert found.receipt.block_hash == honest.block_hash(100)
        assert [each.amount_atomic for each in found.receipt.transfers] == [50_000_000]


@pytest.mark.parametrize(
    "wrong", [lies_about_the_amount, stands_on_another_fork, hides_the_transaction]
)
def test_with_the_third_away_a_liar_and_an_honest_node_agree_on_nothing(
    wrong: Wrong, trio: list[StubNode], row: Network
) -> None:
    wrong(trio[0])
    answers_nothing(trio[2])

    said = vote(readers_of(row, trio))

    assert said.votes == {}
    assert said.error.endswith("HTTP 503")


def test_an_invented_head_makes_nothing_deep_for_the_others(
    trio: list[StubNode], row: Network
) -> None:
    invents_a_head(trio[0])
    trio[1].head = trio[2].head = 105
    nodes = readers_of(row, trio)

    said = vote(nodes)

    (found,) = said.votes.values()
    assert found.receipt is not None
    assert not found.is_deep
    assert said.error == ""


def test_who_has_not_got_that_far_says_nothing_by_not_knowing_it(
    trio: list[StubNode], row: Network
) -> None:
    """Else a liar and a node that lags could together take back what is there."""
    hides_the_transaction(trio[0])
    hides_the_transaction(trio[1])
    trio[1].head = 99

    said = vote(readers_of(row, trio))

    assert said.votes == {}
    assert said.error == "fewer than 2 nodes agree"
    trio[1].head = 100
    assert vote(readers_of(row, trio)).votes == {PAID: Vote(None, is_deep=False)}


def test_a_level_is_each_voters_own(trio: list[StubNode], row: Network) -> None:
    """Two nodes have it finalized; the third, whose level lags, is not needed."""
    trio[1].levels = {"finalized": 60}

    said = vote(readers_of(row, trio), levels=[Finality.FINALIZED])

    assert said.votes[PAID].is_deep
    assert len(said.nodes) == 3
    trio[2].levels = {}
    assert not vote(readers_of(row, trio), levels=[Finality.FINALIZED]).votes[PAID].is_deep


def test_no_more_nodes_are_asked_than_needed(trio: list[StubNode], row: Network) -> None:
    said = vote(readers_of(row, trio))

    assert len(said.nodes) == 2
    assert trio[2].http_requests == 0


def test_all_that_say_it_is_unknown_agree(trio: list[StubNode], row: Network) -> None:
    for node in trio[:2]:
        hides_the_transaction(node)

    said = vote(readers_of(row, trio))

    assert said.votes == {PAID: Vote(None, is_deep=False)}
    assert trio[2].http_requests == 0


def test_too_few_nodes_say_so(trio: list[StubNode], row: Network) -> None:
    lies_about_the_amount(trio[1])
    tally = Tally()

    said = vote(readers_of(row, trio[:2]), tally=tally)

    assert said.votes == {}
    assert said.error == "fewer than 2 nodes agree"
    assert tally.failures == {}


# --- Blocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "place"), EVERY_ONE)
def test_two_honest_nodes_tell_what_stands_whatever_the_third_does(
    wrong: Wrong, place: int, trio: list[StubNode], row: Network
) -> None:
    wrong(trio[place])
    honest = trio[(place + 1) % 3]
    stands, gone = (100, honest.block_hash(100)), (99, "0x" + "dead" * 16)

    said = standing(readers_of(row, trio), {stands, gone}, quorum=2)

    assert said == ({stands}, {gone})


def test_a_height_that_a_node_does_not_have_proves_nothing(
    trio: list[StubNode], row: Network
) -> None:
    known = (100, "0x" + "dead" * 16)
    for node in trio:
        lags(node)

    assert standing(readers_of(row, trio), {known}, quorum=1) == (set(), set())
    assert standing(readers_of(row, trio), {known}, quorum=1)[1] == set()


def test_one_liar_alone_replaces_nothing(trio: list[StubNode], row: Network) -> None:
    known = (100, trio[1].block_hash(100))
    stands_on_another_fork(trio[0])
    answers_nothing(trio[1])
    tally = Tally()

    said = standing(readers_of(row, trio), {known}, quorum=2, tally=tally)

    assert said == (set(), set())
    assert list(tally.failures.values()) == ["HTTP 503"]
    assert standing(readers_of(row, trio), {known}, quorum=1)[1] == {known}


def test_no_block_costs_no_question(trio: list[StubNode], row: Network) -> None:
    assert standing(readers_of(row, trio), set(), quorum=2) == (set(), set())
    assert trio[0].http_requests == 0


# --- Ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "place"), EVERY_ONE)
def test_a_range_is_found_whole_whatever_one_node_does(
    wrong: Wrong, place: int, trio: list[StubNode], row: Network
) -> None:
    wrong(trio[place])
    honest = trio[(place + 1) % 3]

    said = scanned(readers_of(row, trio), 80, 110, senders=[PAYER], quorum=2)

    assert PAID in said.found
    assert said.block.block_hash == honest.block_hash(110)
    assert said.block.number == 110


def test_what_one_node_alone_finds_is_still_to_be_asked(trio: list[StubNode], row: Network) -> None:
    invents_a_transaction(trio[1])

    said = scanned(readers_of(row, trio), 80, 110, senders=[PAYER], quorum=2)

    assert said.found == {PAID: None, tx(666): None}
    assert trio[2].http_requests == 0


def test_nodes_that_differ_at_the_end_of_a_range_are_not_believed(
    trio: list[StubNode], row: Network
) -> None:
    for node, branch in zip(trio, "abc", strict=True):
        node.fork(90, branch)

    with pytest.raises(ChainUnavailable, match="nodes differ at block 110"):
        scanned(readers_of(row, trio), 80, 110, senders=[PAYER], quorum=2)


def test_a_range_is_too_large_only_where_too_few_others_answer(
    trio: list[StubNode], row: Network
) -> None:
    nodes = readers_of(row, trio)
    trio[0].most_blocks = 5
    tally = Tally.of(nodes)

    said = scanned(nodes, 80, 110, senders=[PAYER], quorum=2, tally=tally)

    assert PAID in said.found
    assert said.nodes == (nodes[1], nodes[2])
    # It would answer a shorter one: no fault.
    assert tally.failures == {}
    trio[1].fault = with_status(500)
    with pytest.raises(RangeTooLarge):
        scanned(nodes, 80, 110, senders=[PAYER], quorum=2)


def test_too_few_answers_are_none(trio: list[StubNode], row: Network) -> None:
    answers_nothing(trio[0])
    answers_nothing(trio[1])

    with pytest.raises(ChainUnavailable, match="HTTP 503"):
        scanned(readers_of(row, trio), 80, 110, senders=[PAYER], quorum=2)
    with pytest.raises(ChainUnavailable, match="fewer than 2 nodes to ask"):
        scanned([EvmChain(row, trio[2].url)], 80, 110, senders=[PAYER], quorum=2)
