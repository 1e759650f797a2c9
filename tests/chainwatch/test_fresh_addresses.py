"""Fresh addresses: inserted without a lock, and never passed over; where a scan begins for them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from chainwatch import services
from chainwatch.chains import providers
from chainwatch.following import follow
from chainwatch.models import Cursor, Transfer, WatchedAddress
from tests.chainwatch.between import Between, at_once, beside
from tests.chainwatch.conftest import Configure
from tests.chainwatch.stub_node import StubNode, tx

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "0x" + "22" * 20  # the stub's PAYEE
ANOTHER = "0x" + "44" * 20
MONTHS = timedelta(days=90)


def fresh(address: str = OURS, *, age: timedelta = timedelta(0)) -> None:
    services.watch_fresh_address("arbitrum", address, at=timezone.now() - age)


def stands_at(next_block: int, *, age: timedelta) -> None:
    """Let the last scan have ended below this block, so long ago."""
    values = {"next_block": next_block, "block_time": timezone.now() - age}
    Cursor.objects.update_or_create(chain="arbitrum", scope="", defaults=values)


def found() -> list[str]:
    return sorted(Transfer.objects.values_list("tx_hash", flat=True))


def test_it_is_one_row_that_waits_for_no_cursor_and_moves_none() -> None:
    services.watch_address("arbitrum", ANOTHER, incoming=True, at=timezone.now())
    before = Cursor.objects.get().version
    with transaction.atomic():
        Cursor.objects.select_for_update().get()  # As a scan does that writes what it found.

        beside(fresh)  # It would wait for the lock, and give up after five seconds.

    row = WatchedAddress.objects.get(address=OURS)
    assert (row.is_incoming, row.is_outgoing, row.rests_since) == (True, False, None)
    assert Cursor.objects.get().version == before


def test_one_that_is_known_to_us_is_watched_as_any_other() -> None:
    services.watch_address("arbitrum", OURS, outgoing=True, at=timezone.now())
    before = Cursor.objects.get().version

    fresh()

    row = WatchedAddress.objects.get()
    assert (row.is_outgoing, row.is_incoming) == (True, True)
    assert Cursor.objects.get().version == before + 1


def test_what_is_undone_was_never_watched() -> None:
    with transaction.atomic():
        fresh()
        transaction.set_rollback(True)

    assert not WatchedAddress.objects.exists()


# --- Beside a scan --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment", [{"before": "look"}, {"after": "look"}, {"before": "scan"}, {"after": "scan"}]
)
def test_one_issued_and_paid_in_the_midst_of_a_pass_is_found(
    moment: dict[str, str], stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    services.watch_address("arbitrum", ANOTHER, incoming=True, at=timezone.now())
    follow("arbitrum")
    stub.head += 1
    (reader,) = providers.readers("arbitrum")

    def issue_and_pay() -> None:
        beside(fresh)
        stub.mine(tx(1), stub.head + 1)
        stub.head += 1

    follow("arbitrum", readers=[Between(reader, issue_and_pay, **moment)])
    follow("arbitrum")

    assert found() == [tx(1)]
    assert (Cursor.objects.get().next_block, stub.head) == (103, 102)


def test_many_issued_and_paid_at_once_while_scans_run_are_all_found(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    services.watch_address("arbitrum", ANOTHER, incoming=True, at=timezone.now())
    stub.stand_at(1_000)
    follow("arbitrum")
    mining, done = threading.Lock(), list[int]()

    def issue(number: int) -> None:
        for each in range(number * 100 + 1, number * 100 + 13):
            address = f"0x{each:040x}"
            fresh(address)
            with mining:  # A payer may be quicker than the next pass.
                stub.mine(tx(each), stub.head + 1, payee=address)
                stub.head += 1

    def act(number: int) -> None:
        if number < 3:
            try:
                issue(number)
            finally:
                done.append(number)
        while len(done) < 3:
            follow("arbitrum")

    at_once(5, act)
    follow("arbitrum")

    assert len(found()) == 36


# --- Where a scan begins --------------------------------------------------------------------------


def test_the_first_on_a_chain_left_alone_for_months_begins_near_the_head(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    stands_at(1_000, age=MONTHS)
    stub.stand_at(8_000_000)
    fresh()
    stub.mine(tx(1), 8_000_000)

    followed = follow("arbitrum")

    assert found() == [tx(1)]
    assert followed.scanned <= 25
    # The head, the range, the receipt: so short a time ago nothing has to be asked for.
    assert followed.http_requests == 3


def test_after_a_stop_the_whole_gap_is_scanned_however_fresh_the_newest_is(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    services.watch_address("arbitrum", OURS, incoming=True, at=timezone.now() - MONTHS)
    stub.stand_at(500_000)
    stub.mine(tx(1), 490_001)
    stub.mine(tx(2), 495_000)
    stands_at(490_001, age=timedelta(seconds=9_999))
    fresh(ANOTHER)
    stub.mine(tx(3), 500_000, payee=ANOTHER)

    while follow("arbitrum").scanned:
        assert not WatchedAddress.objects.filter(is_incoming=False).exists()

    assert found() == [tx(1), tx(2), tx(3)]


def test_the_first_one_waits_for_a_stopped_worker_and_loses_nothing(
    stub: StubNode, configure: Configure
) -> None:
    # Blocks come twice as fast as is usual on this chain.
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1, block_time_ms=2_000)
    stands_at(1_000, age=MONTHS)
    stub.stand_at(8_000_000)
    fresh(age=timedelta(hours=1))
    stub.mine(tx(1), 8_000_000 - 3_599)

    scanned = follow("arbitrum").scanned

    assert found() == [tx(1)]
    assert 3_600 <= scanned <= 8_000


def test_blocks_that_come_all_at_once_are_scanned_from_the_cursor(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    fresh(age=timedelta(seconds=5))
    stub.stand_at(8_000_400)
    stands_at(8_000_001, age=timedelta(seconds=1))
    stub.mine(tx(1), 8_000_010)

    follow("arbitrum")

    assert found() == [tx(1)]


def test_a_chain_that_comes_back_from_a_stop_pays_in_blocks_of_an_earlier_time(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1, block_time_ms=1_000)
    stands_at(1_000, age=MONTHS)
    stub.stand_at(8_000_000)
    fresh()
    # It is twenty minutes behind the clock, and mines a hundred blocks at once.
    stub.mine(tx(1), 8_000_001)
    stub.head += 100
    assert stub.genesis is not None
    stub.genesis -= 1_300

    follow("arbitrum")

    assert found() == [tx(1)]


def test_a_scan_for_hashes_alone_leaves_no_gap_to_the_first_address(
    stub: StubNode, configure: Configure
) -> None:
    """Whatever moved the cursor when nobody was watched, it says nothing of what comes after."""
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    stub.stand_at(10_000)
    stands_at(9_000, age=timedelta(seconds=1_001))
    fresh(age=timedelta(seconds=30))
    stub.mine(tx(1), 9_975)

    followed = follow("arbitrum")

    assert found() == [tx(1)]
    assert followed.scanned < 300


# --- How far that is ------------------------------------------------------------------------------


def test_nothing_is_followed_where_nobody_is_watched(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stands_at(100, age=timedelta(0))

    assert services.followed_until("arbitrum") is None
    fresh()
    assert services.followed_until("arbitrum") is not None
    assert services.followed_until("base") is None
    services.rest_addresses("arbitrum", [OURS], at=timezone.now())
    assert services.followed_until("arbitrum") is None


def test_the_chain_is_followed_up_to_the_last_block_that_was_scanned(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    fresh()
    assert services.followed_until("arbitrum") is None

    follow("arbitrum")
    assert services.followed_until("arbitrum") == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)

    # Time alone does not move it, and neither does a head whose blocks nobody tells.
    stub.head, stub.failing = 110, {"eth_getLogs": {"code": -32000, "message": "busy"}}
    follow("arbitrum")
    assert services.followed_until("arbitrum") == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    stub.failing = {}
    follow("arbitrum")
    assert services.followed_until("arbitrum") == datetime(2023, 11, 14, 22, 15, 10, tzinfo=UTC)


def test_replaced_blocks_are_not_followed_until_they_were_scanned_anew(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    fresh()
    follow("arbitrum")
    stub.head = 105
    follow("arbitrum")
    stub.fork(103, "b")
    stub.failing = {"eth_getLogs": {"code": -32000, "message": "busy"}}

    follow("arbitrum")

    # Block 100 was kept of those below the fork.
    assert services.followed_until("arbitrum") == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
