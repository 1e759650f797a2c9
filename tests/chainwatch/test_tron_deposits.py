"""Addresses on Tron, whose scans read whole blocks: those at rest are looked for in passing."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch import services
from chainwatch.chains.tron import TronChain
from chainwatch.following import follow
from chainwatch.models import Cursor, RestingCursor, Transfer, WatchedTransaction
from tests.chainwatch.conftest import Configure
from tests.chainwatch.tron_stub import (
    PAYEE,
    PAYEE_BASE58,
    PAYER,
    PAYER_BASE58,
    TronStub,
    log,
    running_tron_stub,
    tx,
)

pytestmark = pytest.mark.django_db

STRANGER_BASE58 = "TJoaVSdktrnndU4dmKm33SWMKoXt4LLFbU"
NAMESAKE = "70082243784dcdf3042034e7b044d6d342a91360"
NAMESAKE_BASE58 = "TLBaRhANQoJFTqre9Nf1mjuwNWjCJeYqUL"
HEAD = 100


@pytest.fixture
def stub() -> Iterator[TronStub]:
    with running_tron_stub() as node:
        yield node


@pytest.fixture
def chain(stub: TronStub, configure: Configure) -> TronStub:
    """A chain that is followed up to its head."""
    configure("tron", rpc_urls=(stub.url,), confirmations=1)
    Cursor.objects.create(chain="tron", next_block=HEAD + 1, block_time=timezone.now())
    return stub


def fresh(*addresses: str) -> None:
    for each in addresses:
        at = timezone.now() - timedelta(minutes=1)
        services.watch_fresh_address("tron", each, at=at)


def rest(*addresses: str) -> None:
    services.rest_addresses("tron", addresses, at=timezone.now())


def a_day_passes() -> None:
    RestingCursor.objects.update(done_at=timezone.now() - timedelta(hours=25))


def found() -> list[str]:
    return sorted(Transfer.objects.values_list("tx_hash", flat=True))


def resting_at() -> int | None:
    return RestingCursor.objects.get().next_block


# --- The reader -----------------------------------------------------------------------------------


def read(stub: TronStub) -> TronChain:
    row = replace(settings.NETWORKS["tron"], namesakes={NAMESAKE_BASE58: "a namesake"})
    return TronChain(row, stub.url, total_timeout_s=5)


def test_a_scan_asks_who_of_all_recipients_is_known(stub: TronStub) -> None:
    stub.mine(tx(1), 91)
    stub.mine(tx(2), 91, log(PAYEE, PAYER))
    stub.mine(tx(3), 91, log(amount=0))
    stub.mine(tx(4), 91, log(contract="11" * 20))
    stub.mine(tx(5), 92, log(contract=NAMESAKE))
    stub.mine_trx(tx(6), 92)
    asked: list[set[str]] = []

    def known(addresses: Collection[str]) -> frozenset[str]:
        asked.append(set(addresses))
        return frozenset({PAYEE_BASE58}) & set(addresses)

    scan = read(stub).scan(90, 93, known=known)

    assert set(scan.found) == {tx(1), tx(5)}
    assert asked == [set(), {PAYEE_BASE58, PAYER_BASE58}, {PAYEE_BASE58}, set()]


def test_a_namesake_is_found_where_it_was_got_not_where_it_was_sent(stub: TronStub) -> None:
    stub.mine(tx(1), 91, log(contract=NAMESAKE))
    stub.mine(tx(2), 91, log(contract="11" * 20))

    assert set(read(stub).scan(90, 92, recipients=[PAYEE_BASE58]).found) == {tx(1)}
    assert read(stub).scan(90, 92, senders=[PAYER_BASE58]).found == {}


# --- In passing -----------------------------------------------------------------------------------


def test_a_live_scan_finds_what_rests_and_costs_no_more(chain: TronStub) -> None:
    fresh(PAYEE_BASE58, STRANGER_BASE58)
    rest(PAYEE_BASE58)
    chain.mine(tx(1), HEAD + 2)
    chain.head += 3

    followed = follow("tron")

    assert found() == [tx(1)]
    assert resting_at() == HEAD + 4
    asked = [each for each in chain.questions if each.get("num")]
    assert [each["num"] for each in asked] == [HEAD + 1, HEAD + 2, HEAD + 3]
    # It is as if the day's scan had been made.
    a_day_passes()
    chain.head += 1
    again = follow("tron")
    assert (followed.scanned, again.scanned) == (3, 1)
    assert timezone.now() - RestingCursor.objects.get().done_at < timedelta(minutes=1)


def test_a_gap_stays_a_gap_until_the_daily_scan_has_closed_it(chain: TronStub) -> None:
    fresh(PAYEE_BASE58, STRANGER_BASE58)
    rest(PAYEE_BASE58)
    chain.mine(tx(1), HEAD - 5)
    RestingCursor.objects.update(next_block=HEAD - 9)
    chain.head += 1

    follow("tron")

    assert (found(), resting_at()) == ([], HEAD - 9)
    a_day_passes()
    follow("tron")
    assert (found(), resting_at()) == ([tx(1)], HEAD + 2)
    # From here on they go together again.
    chain.head += 1
    follow("tron")
    assert resting_at() == HEAD + 3


def test_where_nothing_is_live_the_day_is_read_in_parts(chain: TronStub) -> None:
    fresh(PAYEE_BASE58)
    rest(PAYEE_BASE58)
    chain.mine(tx(1), HEAD + 44)
    chain.head += 45
    assert follow("tron").http_requests == 0
    a_day_passes()

    scanned = [follow("tron").scanned for _ in range(4)]

    assert scanned[:3] == [20, 20, 5]
    assert found() == [tx(1)]
    assert resting_at() == HEAD + 46


def test_how_many_rest_costs_a_pass_no_query(chain: TronStub) -> None:
    fresh(PAYEE_BASE58, STRANGER_BASE58, PAYER_BASE58)
    rest(PAYEE_BASE58)
    follow("tron")
    chain.head += 1
    with CaptureQueriesContext(connection) as one:
        follow("tron")
    rest(PAYER_BASE58)
    chain.head += 1

    with CaptureQueriesContext(connection) as two:
        follow("tron")

    assert len(one) == len(two)
    assert not WatchedTransaction.objects.exists()
