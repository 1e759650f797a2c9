"""Addresses on simulated chains: found by the scan of their scope, made where there is news."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch import due, sandbox, services, tasks
from chainwatch.following import follow, follow_sandboxes
from chainwatch.models import (
    ChainHead,
    Cursor,
    SandboxChain,
    Transfer,
    WatchedAddress,
    WatchedTransaction,
)
from chainwatch.sandbox import PlannedTransfer
from tests.chainwatch.conftest import standing, state, watch

pytestmark = pytest.mark.django_db

ACME, ZENITH = "org_acme", "org_zenith"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
PAYEE = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"


def fresh(scope: str = ACME, chain: str = "arbitrum") -> None:
    services.watch_fresh_address(chain, PAYEE, scope=scope, at=timezone.now())


def pay(
    tx_hash: str = "paid",
    *,
    scope: str = ACME,
    contract: str = USDC,
    payee: str = PAYEE,
    late: timedelta = timedelta(0),
    in_blocks: int = 1,
) -> None:
    """Send 50 dollars, in the next block of the moment `late` ago."""
    sandbox.broadcast(
        scope,
        "arbitrum",
        tx_hash,
        "co_1",
        transfers=[PlannedTransfer(contract, PAYER, payee, 50_000_000)],
        in_blocks=in_blocks,
        at=timezone.now() - late,
    )


def found(tx_hash: str = "paid", scope: str = ACME) -> list[str]:
    return [each.contract for each in standing(tx_hash, scope=scope, key="co_1")]


# --- What is found --------------------------------------------------------------------------------


def test_a_payment_is_found_by_the_job_and_followed_to_its_end() -> None:
    fresh()
    pay()
    sandbox.advance(ACME, "arbitrum", 3)

    did = tasks.follow("arbitrum")

    assert (did["found"], did["seen"], did["http_requests"]) == (1, 1, 0)
    assert found() == [USDC]
    sandbox.advance(ACME, "arbitrum", 100)
    tasks.follow("arbitrum")
    tasks.follow("arbitrum")
    assert state("paid", scope=ACME, key="co_1").finalized_at is not None


def test_one_that_was_mined_long_before_the_first_scan_is_found() -> None:
    """The chain may be moved ahead by days between a payment and the pass that looks at it."""
    fresh()
    pay()
    sandbox.advance(ACME, "arbitrum", 900_000)

    tasks.follow("arbitrum")

    assert found() == [USDC]


def test_one_that_is_committed_after_its_block_was_scanned_is_found() -> None:
    fresh()
    pay("first", payee=PAYER)
    sandbox.advance(ACME, "arbitrum", 1)
    tasks.follow("arbitrum")
    assert not WatchedTransaction.objects.exists()  # Nothing else keeps the chain in flight.

    pay("second", late=timedelta(seconds=40))
    tasks.follow("arbitrum")

    assert found("second") == [USDC]


def test_a_namesake_is_found_too_and_an_unknown_token_is_not() -> None:
    fresh()
    pay("namesake", contract=USDC_E)
    pay("unknown", contract="0x3Ba6eB0e4327B96aDe6D4f3b578724208a590CEF")
    sandbox.advance(ACME, "arbitrum", 3)

    tasks.follow("arbitrum")

    assert (found("namesake"), found("unknown")) == ([USDC_E], [])


def test_a_namesake_that_a_source_sends_is_not_found() -> None:
    services.watch_address("arbitrum", PAYER, scope=ACME, outgoing=True, at=timezone.now())
    pay(contract=USDC_E)
    sandbox.advance(ACME, "arbitrum", 3)

    tasks.follow("arbitrum")

    assert not WatchedTransaction.objects.exists()


def test_what_reaches_an_address_at_rest_is_found_in_the_same_passes() -> None:
    fresh()
    services.rest_addresses("arbitrum", [PAYEE], scope=ACME, at=timezone.now())
    assert WatchedAddress.objects.get().is_incoming is False
    pay()
    sandbox.advance(ACME, "arbitrum", 3)

    tasks.follow("arbitrum")

    assert found() == [USDC]


def test_each_organization_has_a_chain_of_its_own() -> None:
    fresh()
    fresh(ZENITH)
    pay(scope=ZENITH)
    sandbox.advance(ZENITH, "arbitrum", 3)

    tasks.follow("arbitrum")

    assert (found(), found(scope=ZENITH)) == ([], [USDC])


# --- What it costs --------------------------------------------------------------------------------


def test_only_a_chain_with_news_is_followed() -> None:
    for scope in (ACME, ZENITH):
        fresh(scope)
    pay(payee=PAYER)
    assert due.scopes_in_flight("arbitrum") == []  # It is in the next block.

    sandbox.advance(ACME, "arbitrum", 1)

    assert due.scopes_in_flight("arbitrum") == [ACME]
    assert due.scopes_in_flight("base") == []
    follow_sandboxes("arbitrum")
    sandbox.advance(ACME, "arbitrum", 61)
    follow_sandboxes("arbitrum")
    assert due.scopes_in_flight("arbitrum") == []


def test_a_chain_on_which_nobody_is_watched_has_no_news() -> None:
    pay()
    sandbox.advance(ACME, "arbitrum", 1)
    assert due.scopes_in_flight("arbitrum") == []

    fresh()
    assert due.scopes_in_flight("arbitrum") == [ACME]
    services.unwatch_address("arbitrum", PAYEE, scope=ACME, incoming=True)
    assert due.scopes_in_flight("arbitrum") == []


def test_what_waits_for_a_far_block_is_no_news_until_then() -> None:
    fresh()
    pay(in_blocks=1_000)
    sandbox.advance(ACME, "arbitrum", 900)
    assert due.scopes_in_flight("arbitrum") == []

    sandbox.advance(ACME, "arbitrum", 100)

    assert due.scopes_in_flight("arbitrum") == [ACME]


def test_a_chain_in_use_is_read_each_minute_for_those_who_wait_for_many_confirmations() -> None:
    fresh()
    pay()
    for blocks in (3, 200, 61):
        sandbox.advance(ACME, "arbitrum", blocks)
        follow_sandboxes("arbitrum")
    assert state("paid", scope=ACME, key="co_1").finalized_at is not None
    assert due.scopes_in_flight("arbitrum") == []

    ChainHead.objects.update(read_at=timezone.now() - timedelta(seconds=61))
    assert due.scopes_in_flight("arbitrum") == [ACME]
    (followed,) = follow_sandboxes("arbitrum")
    assert followed.head_number == ChainHead.objects.get().number
    assert due.scopes_in_flight("arbitrum") == []

    ChainHead.objects.update(read_at=timezone.now() - timedelta(seconds=61))
    SandboxChain.objects.update(used_at=timezone.now() - timedelta(days=2, minutes=1))
    assert due.scopes_in_flight("arbitrum") == []


def test_whatever_is_put_on_a_chain_it_is_in_use_again() -> None:
    fresh()
    pay()
    sandbox.advance(ACME, "arbitrum", 1)
    SandboxChain.objects.update(used_at=timezone.now() - timedelta(days=31))
    assert due.scopes_in_flight("arbitrum") == []

    pay("second")
    sandbox.advance(ACME, "arbitrum", 1)

    assert due.scopes_in_flight("arbitrum") == [ACME]


def test_many_idle_organizations_cost_one_query_together() -> None:
    for number in range(30):
        fresh(f"org_{number}")
        pay(scope=f"org_{number}", payee=PAYER)
        sandbox.advance(f"org_{number}", "arbitrum", 1)
    follow_sandboxes("arbitrum")
    for number in range(30):
        sandbox.advance(f"org_{number}", "arbitrum", 61)
    follow_sandboxes("arbitrum")

    with CaptureQueriesContext(connection) as queries:
        assert follow_sandboxes("arbitrum") == []

    assert len(queries) == 1


# --- How far that is ------------------------------------------------------------------------------


def test_a_chain_with_nothing_on_it_is_followed_up_to_its_newest_block() -> None:
    assert services.followed_until("arbitrum", ACME) is None
    fresh()

    first = services.followed_until("arbitrum", ACME)
    sandbox.advance(ACME, "arbitrum", 3_600)
    second = services.followed_until("arbitrum", ACME)

    assert first is not None
    assert second is not None
    assert abs(timezone.now() - first) < timedelta(seconds=5)
    assert timedelta(seconds=3_600) <= second - first <= timedelta(seconds=3_605)
    assert not Cursor.objects.exists()
    assert services.followed_until("arbitrum", ZENITH) is None


def test_a_chain_with_news_is_followed_no_further_than_it_was_scanned() -> None:
    fresh()
    pay()
    sandbox.advance(ACME, "arbitrum", 3_600)

    assert services.followed_until("arbitrum", ACME) is None
    follow("arbitrum", ACME)
    scanned = ChainHead.objects.get().block_time
    pay("second")
    sandbox.advance(ACME, "arbitrum", 3_600)

    assert scanned is not None
    assert services.followed_until("arbitrum", ACME) == scanned
    follow("arbitrum", ACME)
    after = services.followed_until("arbitrum", ACME)
    assert after is not None
    assert after - scanned >= timedelta(seconds=3_600)
    assert Transfer.objects.count() == 2


def test_a_chain_is_ahead_of_the_clock_by_what_it_was_moved() -> None:
    assert sandbox.clock_ahead(ACME, "arbitrum") == timedelta(0)

    sandbox.advance(ACME, "arbitrum", 90)

    assert sandbox.clock_ahead(ACME, "arbitrum") == timedelta(seconds=90)
    assert sandbox.clock_ahead(ACME, "base") == timedelta(0)
    assert sandbox.clock_ahead(ZENITH, "arbitrum") == timedelta(0)


def test_blocks_of_a_minute_move_it_by_minutes(settings) -> None:
    settings.SANDBOX_BLOCK_TIME_S = 60
    sandbox.advance(ACME, "arbitrum", 3)

    assert sandbox.clock_ahead(ACME, "arbitrum") == timedelta(minutes=3)
    assert sandbox.late_blocks() == 2


def test_a_hash_that_waits_is_followed_on_a_chain_without_addresses() -> None:
    watch("h", scope=ACME, key="po_1")

    assert due.scopes_in_flight("arbitrum") == [ACME]
