"""Two passes at once, and a pass beside somebody who watches: nothing twice, nothing lost."""

import pytest
from django.utils import timezone

from chainwatch import sandbox, services, tasks
from chainwatch.chains import providers
from chainwatch.following import follow
from chainwatch.models import Cursor, SandboxTransaction, Transfer, WatchedTransaction
from chainwatch.passes import Followed
from chainwatch.sandbox import PlannedTransfer
from tests.chainwatch.between import Between, at_once
from tests.chainwatch.conftest import Configure, utc, watch
from tests.chainwatch.stub_node import StubNode, tx

pytestmark = pytest.mark.django_db(transaction=True)
CHECKSUMMED = "0x" + "11" * 20  # the stub's PAYER


def test_passes_at_once_record_each_transfer_once(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    for number in range(1, 41):
        watch(tx(number))
        stub.mine(tx(number), 100)

    passes: list[Followed] = at_once(6, lambda _: follow("arbitrum"))

    assert sum(each.seen for each in passes) == 40
    assert sum(each.final for each in passes) == 40
    assert Transfer.objects.count() == 40
    assert WatchedTransaction.objects.filter(final_at__isnull=False).count() == 40


def test_jobs_at_once_make_one_pass(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1))

    done = at_once(4, lambda _: tasks.follow("arbitrum"))

    assert {each["chain"] for each in done} == {"arbitrum"}
    assert 1 <= sum(each["asked"] for each in done) <= 4
    assert sum(each["http_requests"] for each in done) == stub.http_requests


def test_a_hash_watched_by_many_at_once_is_one_row() -> None:
    at_once(8, lambda _: watch(tx(1)))

    assert WatchedTransaction.objects.count() == 1


def test_one_string_sent_by_many_at_once_numbers_its_logs_without_gaps() -> None:
    at_once(
        8,
        lambda number: sandbox.broadcast(
            "org_1",
            "base",
            "same",
            f"po_{number}",
            transfers=[PlannedTransfer("0x1", "0x2", "0x3", 1)] * 2,
            at=utc(1_768_478_400),
        ),
    )

    ordinals = SandboxTransaction.objects.values_list("first_ordinal", flat=True)
    assert sorted(ordinals) == [0, 2, 4, 6, 8, 10, 12, 14]


def test_moving_ahead_at_once_loses_no_block() -> None:
    at_once(8, lambda _: sandbox.advance("org_1", "base", 5))

    assert sandbox.ledger_of("org_1", "base").blocks_ahead == 40


def test_scans_at_once_find_each_transaction_once_and_move_one_cursor(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    stub.stand_at(100)
    services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())
    for number in range(1, 31):
        stub.mine(tx(number), 90 + number % 10)

    passes: list[Followed] = at_once(5, lambda _: follow("arbitrum"))

    assert sum(each.found for each in passes) == 30
    assert Transfer.objects.count() == 30
    assert WatchedTransaction.objects.count() == 30
    cursor = Cursor.objects.get()
    assert (cursor.next_block, cursor.version) == (101, 2)


def test_an_address_that_is_watched_while_a_scan_runs_is_not_passed_over(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    services.watch_address("arbitrum", "0x" + "33" * 20, outgoing=True, at=timezone.now())
    stub.mine(tx(1), 100)
    (reader,) = providers.readers("arbitrum")

    def register() -> None:
        services.watch_address("arbitrum", CHECKSUMMED, outgoing=True, at=timezone.now())

    first = follow("arbitrum", readers=[Between(reader, register, after="scan")])
    second = follow("arbitrum")

    assert (first.scanned, first.found) == (0, 0)
    assert second.found == 1
