"""Addresses at rest: scanned once a day, from where live following stood, a part in each pass."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.chains import network
from chainwatch import due, resting, services, watching
from chainwatch.alarms import alarms
from chainwatch.chains import providers
from chainwatch.chains.base import ChainReader
from chainwatch.following import backfill, follow
from chainwatch.models import (
    ChainHead,
    Cursor,
    RestingCursor,
    Transfer,
    WatchedAddress,
    WatchedTransaction,
)
from chainwatch.passes import Pass
from tests.chainwatch.between import Between, at_once, beside
from tests.chainwatch.conftest import Configure
from tests.chainwatch.stub_node import StubNode, tx, word
from tests.chainwatch.trio import PAID, WRONGS, Wrong, running_trio

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "0x" + "22" * 20  # the stub's PAYEE
ANOTHER = "0x" + "44" * 20
HEAD = 20_000


@pytest.fixture
def chain(stub: StubNode, configure: Configure) -> StubNode:
    """A chain whose newest block is of just now."""
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1, block_time_ms=1_000)
    stub.stand_at(HEAD)
    return stub


def fresh(*addresses: str) -> None:
    """Issue these a minute ago."""
    for each in addresses:
        at = timezone.now() - timedelta(minutes=1)
        services.watch_fresh_address("arbitrum", each, at=at)


def rest(*addresses: str) -> None:
    services.rest_addresses("arbitrum", addresses, at=timezone.now())


def a_day_passes(node: StubNode | None = None, *, blocks: int = 0) -> None:
    """Let the daily scan be due; its node goes on by so many blocks."""
    RestingCursor.objects.update(done_at=timezone.now() - timedelta(hours=25))
    if node is not None:
        node.head += blocks
        if node.genesis is not None:
            node.genesis -= blocks * node.block_time_s


def follow_to_the_end() -> int:
    """Make passes until the day's scan is done; return how many that took."""
    for passes in range(1, 100):
        assert follow("arbitrum").error == ""
        if not due.resting(timezone.now()).exists():
            return passes
    raise AssertionError("it never ends")


def found() -> list[str]:
    return sorted(Transfer.objects.values_list("tx_hash", flat=True))


def asked_for(node: StubNode) -> set[str]:
    """Whose transfers the node was asked for, as topics hold them."""
    return {each for asked in node.filters for topic in asked["topics"][1:] for each in topic or []}


# --- When and what --------------------------------------------------------------------------------


def test_what_rests_is_asked_for_once_a_day_alone(chain: StubNode) -> None:
    fresh(OURS, ANOTHER)
    follow("arbitrum")
    rest(OURS)
    chain.filters.clear()
    chain.mine(tx(1), HEAD + 1)
    chain.head += 1

    follow("arbitrum")

    assert asked_for(chain) == {word(ANOTHER)}
    assert found() == []
    a_day_passes(chain)
    follow_to_the_end()
    assert asked_for(chain) == {word(ANOTHER), word(OURS)}
    assert found() == [tx(1)]
    row = WatchedAddress.objects.get(address=OURS)
    assert (row.is_incoming, row.rests_since is None) == (False, False)


def test_a_chain_of_resting_addresses_costs_that_scan_and_nothing_else(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    a_day_passes(chain, blocks=50)
    follow_to_the_end()
    before = chain.http_requests

    assert follow("arbitrum").http_requests == 0
    a_day_passes(chain, blocks=90)
    followed = follow("arbitrum")

    assert (followed.http_requests, followed.scanned) == (2, 90)
    assert chain.http_requests == before + 2
    assert follow("arbitrum").http_requests == 0
    cursor = RestingCursor.objects.get()
    assert (cursor.next_block, cursor.until_block) == (HEAD + 141, None)
    assert timezone.now() - cursor.done_at < timedelta(minutes=1)


def test_no_block_falls_between_following_and_resting(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    chain.mine(tx(1), HEAD + 1)
    chain.head += 1

    rest(OURS)
    chain.mine(tx(2), HEAD + 2)
    chain.head += 1
    a_day_passes(chain)
    follow_to_the_end()

    assert found() == [tx(1), tx(2)]


def test_one_that_comes_to_rest_behind_the_others_takes_the_scan_back(chain: StubNode) -> None:
    """The live scan may be the one that lags: after a stop, say."""
    fresh(OURS, ANOTHER)
    follow("arbitrum")
    rest(ANOTHER)
    chain.mine(tx(1), HEAD + 5)
    Cursor.objects.update(next_block=HEAD + 3)
    RestingCursor.objects.update(next_block=HEAD + 50)

    rest(OURS)

    assert RestingCursor.objects.get().next_block == HEAD + 3
    a_day_passes(chain, blocks=100)
    follow_to_the_end()
    assert found() == [tx(1)]


def test_one_that_was_never_scanned_rests_from_when_it_was_watched(chain: StubNode) -> None:
    """Nobody followed the chain for as long as it was to be followed live."""
    Cursor.objects.create(chain="arbitrum", next_block=5, block_time=None)
    services.watch_fresh_address("arbitrum", OURS, at=timezone.now() - timedelta(hours=2))
    chain.mine(tx(1), HEAD - 7_199)

    rest(OURS)

    cursor = RestingCursor.objects.get()
    assert (cursor.next_block, cursor.since is None) == (None, False)
    a_day_passes()
    follow_to_the_end()
    assert found() == [tx(1)]
    assert RestingCursor.objects.get().since is None
    assert min(int(each["fromBlock"], 16) for each in chain.filters) > HEAD - 15_000


def test_resting_twice_and_unknown_addresses_change_nothing(chain: StubNode) -> None:
    rest(OURS)
    assert not RestingCursor.objects.exists()
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    before = WatchedAddress.objects.get().rests_since, RestingCursor.objects.get().version

    rest(OURS, ANOTHER)

    assert (WatchedAddress.objects.get().rests_since, RestingCursor.objects.get().version) == before


def test_what_is_paid_from_stays_live_for_what_it_sends(chain: StubNode) -> None:
    services.watch_address("arbitrum", OURS, outgoing=True, incoming=True, at=timezone.now())
    follow("arbitrum")

    rest(OURS)

    row = WatchedAddress.objects.get()
    assert (row.is_outgoing, row.is_incoming, row.rests_since is None) == (True, False, False)
    assert watching.is_followed_live("arbitrum", "")


def test_one_that_is_watched_live_again_is_found_at_once_and_once(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    services.watch_address("arbitrum", OURS, incoming=True, at=timezone.now())
    chain.mine(tx(1), HEAD + 1)
    chain.head += 1

    assert follow("arbitrum").found == 1
    a_day_passes(chain)
    follow_to_the_end()

    assert found() == [tx(1)]


def test_a_days_scan_that_is_not_made_alarms(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    assert alarms() == []

    RestingCursor.objects.update(done_at=timezone.now() - timedelta(hours=24, minutes=9))
    ChainHead.objects.update(read_at=timezone.now() - timedelta(hours=24))
    assert alarms() == []
    RestingCursor.objects.update(done_at=timezone.now() - timedelta(hours=24, minutes=11))

    (alarm,) = alarms()
    assert (alarm.chain, alarm.what) == ("arbitrum", "Not read")
    follow_to_the_end()
    assert alarms() == []


# --- In parts -------------------------------------------------------------------------------------


def test_a_pass_does_a_bounded_part_of_the_days_blocks(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    a_day_passes(chain, blocks=60_000)
    chain.mine(tx(1), HEAD + 150)
    chain.mine(tx(2), HEAD + 60_000)
    scanned: list[int] = []

    while not scanned or RestingCursor.objects.get().until_block is not None:
        followed = follow("arbitrum")
        assert followed.http_requests <= 6
        scanned.append(followed.scanned)

    # Twice as many each time, up to the longest range; the last is what was left.
    assert scanned == [100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000, 10000, 7300]
    assert found() == [tx(1), tx(2)]


def test_a_range_that_is_too_large_is_halved(chain: StubNode) -> None:
    fresh(OURS)
    follow("arbitrum")
    rest(OURS)
    chain.most_blocks = 30
    chain.mine(tx(1), HEAD + 80)
    a_day_passes(chain, blocks=90)

    # 90, 45 and, twice, 44 blocks were refused; three times 22 and the rest were not.
    assert follow_to_the_end() == 8

    assert found() == [tx(1)]


def test_more_addresses_than_a_request_holds_are_asked_pass_by_pass(chain: StubNode) -> None:
    people = [f"0x{number:040x}" for number in range(1, resting.MOST_ADDRESSES + 502)]
    bulk_watch(people)
    follow("arbitrum")
    rest(*people)
    chain.mine(tx(1), HEAD + 10, payee=people[0])
    chain.mine(tx(2), HEAD + 20, payee=people[-1])
    a_day_passes(chain, blocks=50)
    chain.filters.clear()

    first = follow("arbitrum")

    # The head, whether the last block read still stands, the range, the receipt.
    assert (first.http_requests, len(chain.filters)) == (4, 12)
    cursor = RestingCursor.objects.get()
    assert (cursor.next_block, cursor.until_block) == (HEAD + 1, HEAD + 50)
    assert cursor.after_id > 0
    assert found() == [tx(1)]
    # Of its range it asks no more, however far the chain has gone on.
    a_day_passes(chain, blocks=10)
    chain.filters.clear()
    follow("arbitrum")
    assert [int(each["toBlock"], 16) for each in chain.filters] == [HEAD + 50]
    assert RestingCursor.objects.get().next_block == HEAD + 51
    assert found() == [tx(1), tx(2)]


def bulk_watch(addresses: list[str]) -> None:
    at = timezone.now() - timedelta(minutes=1)
    WatchedAddress.objects.bulk_create(
        WatchedAddress(chain="arbitrum", address=each, is_incoming=True, watched_at=at)
        for each in addresses
    )


def test_a_backfill_looks_for_those_at_rest_too(chain: StubNode) -> None:
    fresh(OURS, ANOTHER)
    follow("arbitrum")
    chain.mine(tx(1), HEAD - 500)
    chain.mine(tx(2), HEAD - 400, payee=ANOTHER)
    rest(OURS)

    followed = backfill("arbitrum", HEAD - 600, HEAD)

    assert (followed.found, followed.scanned) == (2, 601)
    assert found() == [tx(1), tx(2)]


# --- Beside others --------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [{"before": "look"}, {"before": "scan"}, {"after": "scan"}])
def test_one_that_comes_to_rest_in_the_midst_of_a_live_scan_is_not_passed_over(
    moment: dict[str, str], chain: StubNode
) -> None:
    fresh(OURS, ANOTHER)
    follow("arbitrum")
    chain.mine(tx(1), HEAD + 1)
    chain.head += 1
    (reader,) = providers.readers("arbitrum")

    def come_to_rest() -> None:
        beside(lambda: rest(OURS))
        chain.mine(tx(2), HEAD + 2)
        chain.head += 1

    follow("arbitrum", readers=[Between(reader, come_to_rest, **moment)])
    follow("arbitrum")
    a_day_passes(chain)
    follow_to_the_end()

    assert found() == [tx(1), tx(2)]


@pytest.mark.parametrize("moment", [{"before": "look"}, {"before": "scan"}, {"after": "scan"}])
def test_one_that_comes_to_rest_in_the_midst_of_the_daily_scan_is_not_passed_over(
    moment: dict[str, str], chain: StubNode
) -> None:
    fresh(OURS, ANOTHER)
    follow("arbitrum")
    rest(ANOTHER)
    chain.mine(tx(1), HEAD + 1)
    chain.head += 40
    # Live following has not begun with these blocks: another worker is about to.
    a_day_passes(chain)
    (reader,) = providers.readers("arbitrum")
    now = _a_pass(reader, lambda: beside(lambda: rest(OURS)), moment)

    resting.scan(now)
    follow_to_the_end()
    a_day_passes(chain)
    follow_to_the_end()

    assert found() == [tx(1)]


def _a_pass(reader: ChainReader, act: Callable[[], object], moment: dict[str, str]) -> Pass:
    """A pass that has read the head, and has its daily scan still to do."""
    stored, _ = ChainHead.objects.get_or_create(chain="arbitrum", scope="")
    between = Between(reader, act, **moment)
    now = Pass(network("arbitrum"), "", timezone.now(), [between], stored)
    now.head = between.look([]).head
    now.reachable = now.head.number
    return now


def test_while_everything_happens_at_once_no_payment_is_lost(chain: StubNode) -> None:
    people = [f"0x{number:040x}" for number in range(1, 41)]
    fresh(*people, ANOTHER)
    follow("arbitrum")
    mining, over = threading.Lock(), list[int]()

    def pay(number: int) -> None:
        with mining:
            chain.mine(tx(number), chain.head + 1, payee=people[number % 40])
            chain.head += 1

    def act(number: int) -> None:
        if number < 2:
            for each in range(number * 20, number * 20 + 20):
                pay(1 + each)
                rest(people[each])
                pay(101 + each)
            over.append(number)
        while len(over) < 2:
            if number == 4:
                a_day_passes()
            follow("arbitrum")

    at_once(5, act)
    for _ in range(2):
        a_day_passes()
        follow("arbitrum")
        follow_to_the_end()

    assert len(found()) == 80


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.__name__)
def test_one_wrong_node_of_three_neither_hides_nor_invents_what_one_at_rest_got(
    wrong: Wrong, place: int, configure: Configure
) -> None:
    with running_trio() as nodes:
        urls = tuple(node.url for node in nodes)
        configure("arbitrum", rpc_urls=urls, quorum=2, confirmations=12)
        wrong(nodes[place])
        fresh(OURS)
        rest(OURS)
        a_day_passes()

        for _ in range(8):
            follow("arbitrum")
            for node in nodes:
                node.head += 1 if node.head >= 100 else 0

        (row,) = WatchedTransaction.objects.filter(block_hash__isnull=False)
        assert (row.tx_hash, row.final_at is None) == (PAID, False)
        assert [int(each.amount_atomic) for each in services.transfers_of("arbitrum", PAID)] == [
            50_000_000
        ]
