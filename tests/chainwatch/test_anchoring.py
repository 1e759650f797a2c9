"""Anchors: what a pass makes of blocks that stand no more, and of nodes on forks of their own."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.conf import settings
from django.utils import timezone

from chainwatch import services
from chainwatch.chains.base import ChainReader, Scan
from chainwatch.chains.evm import EvmChain
from chainwatch.following import follow
from chainwatch.models import Block, ChainNode, Cursor
from tests.chainwatch.conftest import Configure, state, watch
from tests.chainwatch.stub_node import StubNode, running_stub, tx
from tests.chainwatch.trio import HEAD, PAID, WRONGS, Wrong, running_trio

pytestmark = pytest.mark.django_db
CHECKSUMMED = "0x" + "11" * 20  # the stub's PAYER


@pytest.fixture
def trio(configure: Configure) -> Iterator[list[StubNode]]:
    """Three nodes of which two must agree, with a transfer 21 blocks below the head."""
    with running_trio() as nodes:
        urls = tuple(node.url for node in nodes)
        configure("arbitrum", rpc_urls=urls, quorum=2, confirmations=12)
        yield nodes


def advance(nodes: list[StubNode], blocks: int = 1) -> None:
    for node in nodes:
        if node.head >= 100:
            node.head += blocks


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.__name__)
def test_one_node_of_three_neither_hinders_nor_misleads(
    trio: list[StubNode], wrong: Wrong, place: int
) -> None:
    wrong(trio[place])
    watch(PAID)
    services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())

    for _ in range(8):
        follow("arbitrum")
        advance(trio)

    row = state(PAID)
    assert row.final_at is not None
    assert row.finalized_at is not None
    assert row.block_hash == StubNode().block_hash(100)
    assert [int(each.amount_atomic) for each in services.transfers_of("arbitrum", PAID)] == [
        50_000_000
    ]
    assert (Cursor.objects.get().next_block or 0) > HEAD


def test_a_node_on_a_fork_of_its_own_counts_as_failed(trio: list[StubNode]) -> None:
    for node in trio:
        node.levels = {"finalized": 10_000}
    watch(PAID)
    follow("arbitrum")
    trio[0].fork(90, "liar")
    for _ in range(3):
        advance(trio)
        follow("arbitrum")

    assert state(PAID).orphaned_at is None
    liar = ChainNode.objects.get(name=trio[0].url.removeprefix("http://"))
    assert liar.failed_at is not None


def test_one_word_of_two_is_not_enough_to_take_a_block_away(trio: list[StubNode]) -> None:
    watch(PAID)
    follow("arbitrum")
    trio[0].fork(90, "liar")
    trio[1].fault = trio[2].fault = _unavailable

    for _ in range(3):
        advance(trio)
        followed = follow("arbitrum")

    assert state(PAID).orphaned_at is None
    assert followed.orphaned == 0


def test_what_one_node_alone_calls_finalized_can_still_be_taken_back(
    trio: list[StubNode],
) -> None:
    for node in trio:
        node.levels = {"safe": 10, "finalized": 60}
    trio[0].levels = {"safe": 0, "finalized": 0}
    watch(PAID)
    for _ in range(6):  # Each node is asked first twice.
        follow("arbitrum")
        advance(trio)
    assert state(PAID).final_at is not None
    assert state(PAID).finalized_at is None

    for node in trio:
        node.fork(90, "another")
        del node.receipts[PAID]
    for _ in range(2):
        follow("arbitrum")

    assert state(PAID).block_number is None


def test_a_fork_deeper_than_the_newest_anchors_is_found(trio: list[StubNode]) -> None:
    watch(PAID)
    services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())
    for node in trio:
        node.levels = {"finalized": 10_000}
    for _ in range(30):
        follow("arbitrum")
        advance(trio)

    for node in trio:
        node.fork(124, "b")
    left = follow("arbitrum")

    assert left.error == ""
    assert left.orphaned == 0, "the transaction stands below the fork"
    standing = Block.objects.filter(orphaned_at=None)
    assert {each.block_hash for each in standing} == {
        trio[0].block_hash(each.number) for each in standing
    }
    assert left.scanned == trio[0].head - 123


class Behind:
    """A reader of one address with several machines: one that stayed behind tells range `number`.

    It stands on the old fork, as high as the others stand on the new one.
    """

    def __init__(self, stub: StubNode, number: int, *, from_block: int) -> None:
        self._reader = EvmChain(settings.NETWORKS["arbitrum"], stub.url)
        self._stub, self._number, self._from_block = stub, number, from_block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def scan(self, first: int, last: int, **kwargs: Any) -> Scan:
        self._number -= 1
        if self._number == 0:
            self._stub.branch = ""
        said = self._reader.scan(first, last, **kwargs)
        if self._number == 0:
            self._stub.fork(self._from_block, "new")
            self._stub.mine(tx(1), last)
        return said


@pytest.mark.parametrize(
    ("span", "number", "error"),
    [
        (8, 1, "another fork than block 98"),  # the next range tells another parent
        (8, 2, "another fork than block 110"),  # it tells another parent itself, and another end
        (100, 1, "another fork than block 110"),  # it ends where the head is known
    ],
)
def test_a_range_told_from_a_fork_that_was_left_is_scanned_again(
    configure: Configure, span: int, number: int, error: str
) -> None:
    with running_stub() as stub:
        configure("arbitrum", rpc_urls=(stub.url,), confirmations=12)
        stub.head, stub.levels = 90, {"safe": 60, "finalized": 60}
        services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())
        follow("arbitrum")
        stub.head = 110
        stub.fork(94, "new")
        Cursor.objects.update(span=span)
        Cursor.objects.update(block_time=timezone.now())  # or it would begin earlier, to be sure

        behind = cast(ChainReader, Behind(stub, number, from_block=94))
        told = follow("arbitrum", readers=[behind])
        assert error in told.error
        for _ in range(2):
            told = follow("arbitrum", readers=[behind])

        assert (told.error, Cursor.objects.get().next_block) == ("", 111)
        assert (state(tx(1)).block_number or 0) >= 94
        standing = Block.objects.filter(orphaned_at=None)
        assert {each.block_hash for each in standing} == {
            stub.block_hash(each.number) for each in standing
        }


def test_old_anchors_are_forgotten_but_for_the_newest_that_is_finalized(
    trio: list[StubNode],
) -> None:
    watch(PAID)
    for _ in range(6):
        follow("arbitrum")
        advance(trio, 10)

    numbers = sorted(Block.objects.values_list("number", flat=True))
    assert state(PAID).finalized_at is not None
    # The transaction was finalized when the head was at 140.
    assert numbers[0] == 120, "the newest one of those that no reorganization can reach"
    assert len(numbers) <= 3


def _unavailable(handler, answers) -> None:
    handler.send_response(503)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def test_a_head_that_went_down_hides_no_replaced_block(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=5)
    services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())
    stub.head = 129
    follow("arbitrum")

    # Two blocks give way to one, which pays; then the chain grows past where it was.
    stub.fork(128, "b")
    stub.head = 128
    stub.mine(PAID, 128)
    follow("arbitrum")
    stub.head = 144
    follow("arbitrum")

    assert state(PAID).block_hash == stub.block_hash(128)


def test_what_one_node_invents_in_a_block_that_stands_is_taken_back(
    trio: list[StubNode],
) -> None:
    invented = tx(7)
    watch(invented)
    trio[0].mine(invented, 110)
    for _ in range(6):
        follow("arbitrum")
        advance(trio, 3)

    trio[0].receipts.clear()
    for _ in range(3):
        follow("arbitrum")

    row = state(invented)
    assert (row.block_hash, row.final_at) == (None, None)
    assert row.absent_block_time is not None
