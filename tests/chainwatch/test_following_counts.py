"""What following costs, exactly, at a node that counts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch import services, watching
from chainwatch.following import follow
from chainwatch.models import ChainHead, Transfer, WatchedAddress, WatchedTransaction
from tests.chainwatch.conftest import Configure, state, watch
from tests.chainwatch.stub_node import StubNode, tx

pytestmark = pytest.mark.django_db


def test_a_chain_with_nothing_in_flight_is_asked_nothing(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))

    followed = follow("arbitrum")

    assert (followed.http_requests, followed.rpc_calls, followed.head_number) == (0, 0, None)
    assert stub.http_requests == 0
    assert not ChainHead.objects.exists()


def test_250_payouts_cost_two_receipts_each_and_one_head_a_request(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=20)
    for number in range(1, 251):
        watch(tx(number))
        stub.mine(tx(number), 100)

    # The chain id, 250 receipts, a hundred a request, and the head with each.
    first = follow("arbitrum")
    assert (first.http_requests, first.rpc_calls) == (3, 1 + 3 + 250)
    assert first.seen == 250

    # Until they are deep enough: one head a pass.
    for number in range(101, 119):
        stub.head = number
        waiting = follow("arbitrum")
        assert (waiting.http_requests, waiting.rpc_calls, waiting.final) == (1, 1, 0)

    # A head, then every receipt once more and the head with each request.
    stub.head = 119
    last = follow("arbitrum")
    assert (last.http_requests, last.rpc_calls) == (4, 1 + 3 + 250)
    assert last.final == 250
    assert stub.calls.count("eth_getTransactionReceipt") == 500

    # Until the block of all of them is finalized: the head and how far that is.
    stub.head = 120
    finalized = follow("arbitrum")
    assert (finalized.http_requests, finalized.rpc_calls, finalized.finalized) == (2, 3, 250)

    assert follow("arbitrum").http_requests == 0
    assert stub.http_requests == 3 + 18 + 4 + 2
    assert len(stub.calls) == 254 + 18 + 254 + 3
    assert stub.calls.count("eth_getTransactionReceipt") == 500
    head = ChainHead.objects.get(chain="arbitrum", scope="")
    assert (head.http_requests, head.rpc_calls) == (27, 529)


def test_block_times_are_asked_once_per_block_where_receipts_do_not_say_them(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    for number in range(1, 31):
        watch(tx(number))
        stub.mine(tx(number), 95 + number % 3, says_time=False)
    stub.head = 97

    first = follow("arbitrum")
    stub.head = 99
    last = follow("arbitrum")

    # 95 and 96 are asked; 97 is the head. In the end no block is asked again. The oldest third was
    # deep enough at once: asked again, with the head.
    assert (first.http_requests, first.rpc_calls) == (3, 1 + 1 + 30 + 2 + 1 + 10)
    assert (first.seen, first.final) == (30, 10)
    # The head, how far blocks are finalized, the block read last (it is not the head's parent),
    # and the head once more.
    assert (last.http_requests, last.rpc_calls, last.final) == (3, 3 + 1 + 20, 20)
    row = state(tx(1))
    assert row.block_time is not None
    assert row.block_time.timestamp() == 1_700_000_096


def test_a_fresh_hash_is_asked_in_every_pass_an_old_one_each_minute_a_late_one_hourly(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), not_found_limit=timedelta(hours=72))
    watch(tx(1), age=timedelta(minutes=14))
    watch(tx(2), age=timedelta(minutes=16))
    watch(tx(3), age=timedelta(hours=73))
    watch(tx(4), age=timedelta(days=31))  # watched for 30 days

    assert follow("arbitrum").asked == 3
    assert follow("arbitrum").asked == 1
    asked_long_ago(minutes=2)
    assert follow("arbitrum").asked == 2
    asked_long_ago(minutes=61)
    assert follow("arbitrum").asked == 3


def asked_long_ago(*, minutes: int) -> None:
    for row in WatchedTransaction.objects.exclude(asked_at=None):
        assert row.asked_at is not None
        row.asked_at -= timedelta(minutes=minutes)
        row.save(update_fields=["asked_at"])


def test_a_pass_in_which_nothing_is_due_asks_nothing(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1), age=timedelta(hours=1))
    follow("arbitrum")

    assert follow("arbitrum").http_requests == 0


def test_the_requests_of_a_failed_pass_are_counted_too(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.chain_id = 1
    watch(tx(1))

    followed = follow("arbitrum")

    assert (followed.http_requests, followed.rpc_calls) == (1, 3)
    assert ChainHead.objects.get().http_requests == 1


# --- Very many addresses --------------------------------------------------------------------------


def people(first: int, last: int) -> list[str]:
    return [f"0x{number:040x}" for number in range(first, last + 1)]


def watched(addresses: list[str], chain: str = "arbitrum", *, is_resting: bool = False) -> None:
    """Let these be followed live for what they get, or rest."""
    now = timezone.now()
    WatchedAddress.objects.bulk_create(
        WatchedAddress(
            chain=chain,
            address=each,
            is_incoming=not is_resting,
            watched_at=now,
            rests_since=now if is_resting else None,
        )
        for each in addresses
    )


def test_ten_thousand_addresses_cost_a_tick_two_requests(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watched(people(1, 10_000))
    services.watch_address("arbitrum", "0x" + "44" * 20, outgoing=True, at=timezone.now())
    follow("arbitrum")
    stub.head += 1

    tick = follow("arbitrum")

    # The head; then the range's last block, ten filters of recipients and one of senders.
    assert (tick.http_requests, tick.rpc_calls, tick.scanned) == (2, 13, 1)
    assert follow("arbitrum").http_requests == 1
    stub.mine(tx(1), 102, payee=people(7_777, 7_777)[0])
    stub.head += 1
    assert follow("arbitrum").http_requests == 3
    assert Transfer.objects.get().tx_hash == tx(1)


def test_how_many_rest_is_nothing_to_a_tick(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watched(people(1, 10))
    follow("arbitrum")
    stub.head += 1
    with CaptureQueriesContext(connection) as few:
        follow("arbitrum")
    watched(people(100_001, 120_000), is_resting=True)
    stub.head += 1

    with CaptureQueriesContext(connection) as many:
        tick = follow("arbitrum")

    assert len(many) == len(few)
    assert (tick.http_requests, tick.rpc_calls) == (2, 3)


def test_no_query_of_a_tick_reads_past_those_that_rest() -> None:
    watched(people(1, 10))
    watched(people(100_001, 110_000), "base", is_resting=True)
    watched(people(100_001, 120_000), is_resting=True)
    watched(people(1, 500), "tron", is_resting=True)
    with connection.cursor() as cursor:
        cursor.execute("analyze chainwatch_watchedaddress")

    live = watching.followed_live("arbitrum", "").values_list("address", "watched_at")
    rest = watching.resting("tron", "").filter(pk__gt=5).order_by("pk")[:100]
    # Few of many: for two hundred the whole table is about as cheap, so small as it is here.
    among = watching.resting("arbitrum", "").filter(address__in=people(1, 50))

    assert "watched_live" in live.explain()
    assert "watched_resting" in rest.explain()
    assert "one_watch_per_address" in among.explain()
