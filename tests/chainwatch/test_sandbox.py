"""The simulated chain, followed by the same code as the real ones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing.chains import Finality
from billing.errors import InvalidRequest
from chainwatch import sandbox, services
from chainwatch.chains.base import Look, reference
from chainwatch.chains.sandbox import SandboxReader
from chainwatch.following import follow, follow_sandboxes
from chainwatch.models import ChainHead, SandboxChain, Transfer
from chainwatch.sandbox import PlannedTransfer
from tests.chainwatch.conftest import standing, state, watch

pytestmark = pytest.mark.django_db

ACME, ZENITH = "org_acme", "org_zenith"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
PAYEE = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)  # 1,768,478,400 seconds, and so blocks


def pays(amount_atomic: int = 50_000_000) -> PlannedTransfer:
    return PlannedTransfer(USDC, PAYER, PAYEE, amount_atomic)


def send(tx_hash: str, key: str = "po_1", scope: str = ACME, *amounts: int) -> None:
    """Watch a hash and send it: what executing a payout does in the sandbox."""
    watch(tx_hash, scope=scope, key=key)
    sandbox.broadcast(
        scope,
        "arbitrum",
        tx_hash,
        key,
        transfers=[pays(each) for each in amounts or (50_000_000,)],
        at=timezone.now(),
    )


def look_at(
    seconds: int, *references: str, chain: str = "arbitrum", levels: tuple[Finality, ...] = ()
) -> Look:
    """What the chain says so many seconds after noon."""
    clock: Callable[[], datetime] = lambda: NOON + timedelta(seconds=seconds)  # noqa: E731
    return SandboxReader(ACME, chain, clock=clock).look(references, levels=levels)


def test_the_head_is_the_clock(settings: Settings) -> None:
    settings.SANDBOX_BLOCK_TIME_S = 1
    assert look_at(0).head.number == 1_768_478_400
    assert look_at(5).head.number == 1_768_478_405
    assert look_at(5).head.block_time == NOON + timedelta(seconds=5)

    settings.SANDBOX_BLOCK_TIME_S = 2
    assert look_at(5).head.number == 884_239_202
    assert look_at(5).head.block_time == NOON + timedelta(seconds=4)


def test_moving_ahead_moves_the_chains_time_too() -> None:
    sandbox.advance(ACME, "arbitrum", 100)

    head = look_at(0).head

    assert head.number == 1_768_478_500
    assert head.block_time == NOON + timedelta(seconds=100)
    assert sandbox.head_number(sandbox.ledger_of(ZENITH, "arbitrum"), NOON) == 1_768_478_400
    assert sandbox.head_number(sandbox.ledger_of(ACME, "base"), NOON) == 1_768_478_400


def test_levels_lag_as_on_the_networks() -> None:
    both = (Finality.SAFE, Finality.FINALIZED)
    evm = look_at(0, levels=both).head
    tron = look_at(0, chain="tron", levels=(Finality.SOLIDIFIED,)).head

    assert (evm.number - (evm.safe_number or 0), evm.number - (evm.finalized_number or 0)) == (
        32,
        64,
    )
    assert (tron.safe_number, tron.number - (tron.finalized_number or 0)) == (None, 18)


def test_block_hashes_are_of_their_scope_their_chain_and_their_number() -> None:
    arbitrum, tron = sandbox.ledger_of(ACME, "arbitrum"), sandbox.ledger_of(ACME, "tron")
    stranger = sandbox.ledger_of(ZENITH, "arbitrum")
    hashes = {
        sandbox.block_hash(arbitrum, 100),
        sandbox.block_hash(arbitrum, 101),
        sandbox.block_hash(tron, 100),
        sandbox.block_hash(stranger, 100),
    }

    assert len(hashes) == 4
    assert sandbox.block_hash(arbitrum, 100) == sandbox.block_hash(arbitrum, 100)
    assert sandbox.block_hash(tron, 100).startswith("0000000000000064")
    assert look_at(1).head.parent_hash == look_at(0).head.block_hash


def test_a_transaction_is_in_the_next_block() -> None:
    sent = sandbox.broadcast(ACME, "arbitrum", "h", "po_1", transfers=[pays()], at=NOON)
    asked = reference("h", scope=ACME, key="po_1")

    assert sent.block_number == 1_768_478_401
    assert look_at(0, asked).receipts == {asked: None}
    receipt = look_at(1, asked).receipts[asked]
    assert receipt is not None
    assert receipt.block_number == 1_768_478_401
    assert (receipt.sender, receipt.succeeded) == (PAYER, True)
    assert [(each.contract, each.to_address, each.amount_atomic) for each in receipt.transfers] == [
        (USDC, PAYEE, 50_000_000)
    ]


def test_sent_again_it_stays_what_it_was() -> None:
    first = sandbox.broadcast(ACME, "arbitrum", "h", "po_1", transfers=[pays(1)], at=NOON)

    again = sandbox.broadcast(
        ACME, "arbitrum", "h", "po_1", transfers=[pays(2)], at=NOON + timedelta(hours=1)
    )

    assert (again.pk, again.block_number, again.transfers) == (
        first.pk,
        first.block_number,
        first.transfers,
    )


def test_it_settles_by_the_clock_through_the_same_passes() -> None:
    place = {"scope": ACME, "key": "po_1"}
    watch("any hash: even this", scope=ACME, key="po_1")
    # Its block is a minute ahead of the clock: so far the test itself cannot fall behind.
    sandbox.broadcast(
        ACME,
        "arbitrum",
        "any hash: even this",
        "po_1",
        transfers=[pays()],
        in_blocks=60,
        at=timezone.now(),
    )

    assert follow("arbitrum", ACME).seen == 0
    assert follow("arbitrum").http_requests == 0

    sandbox.advance(ACME, "arbitrum", 60)
    seen = follow("arbitrum", ACME)
    assert (seen.seen, seen.final, seen.http_requests, seen.rpc_calls) == (1, 0, 0, 0)
    row = state("any hash: even this", **place)
    assert row.succeeded is True
    assert row.node == "sandbox"
    assert len(standing("any hash: even this", **place)) == 1

    sandbox.advance(ACME, "arbitrum", 12)
    assert follow("arbitrum", ACME).final == 1


@pytest.mark.parametrize(("chain", "blocks"), [("tron", 19), ("arbitrum", 12), ("base", 12)])
def test_each_chain_needs_its_own_confirmations(chain: str, blocks: int) -> None:
    at = timezone.now()
    services.watch(chain, "h", scope=ACME, key="po_1", at=at, until=at + timedelta(days=30))
    sandbox.broadcast(ACME, chain, "h", "po_1", transfers=[pays()], at=at + timedelta(seconds=60))

    # Its block is 61 seconds ahead of the clock: so far the test itself cannot fall behind.
    sandbox.advance(ACME, chain, 61 + blocks - 30)
    assert follow(chain, ACME).final == 0
    sandbox.advance(ACME, chain, 30)
    assert follow(chain, ACME).final == 1


def test_a_hash_used_again_settles_another_payout_with_other_ordinals() -> None:
    send("same", "po_1", ACME, 1, 2)
    send("same", "po_2", ACME, 3)
    send("same", "po_3", ZENITH, 4)
    sandbox.advance(ACME, "arbitrum", 20)
    sandbox.advance(ZENITH, "arbitrum", 20)

    follow_sandboxes("arbitrum")

    first = standing("same", scope=ACME, key="po_1")
    assert [(each.ordinal, int(each.amount_atomic)) for each in first] == [(0, 1), (1, 2)]
    (other,) = standing("same", scope=ACME, key="po_2")
    assert (other.ordinal, int(other.amount_atomic)) == (2, 3)
    (stranger,) = standing("same", scope=ZENITH, key="po_3")
    assert (stranger.ordinal, int(stranger.amount_atomic)) == (0, 4)


def test_a_revert_is_in_a_block_and_moves_nothing() -> None:
    watch("h", scope=ACME, key="po_1")
    sandbox.broadcast(
        ACME, "arbitrum", "h", "po_1", transfers=[pays()], succeeded=False, at=timezone.now()
    )
    sandbox.advance(ACME, "arbitrum", 20)

    follow("arbitrum", ACME)

    row = state("h", scope=ACME, key="po_1")
    assert (row.succeeded, row.final_at is not None) == (False, True)
    assert not Transfer.objects.exists()


def test_a_hash_that_nobody_sent_is_absent_and_the_chains_time_says_since_when() -> None:
    watch("h", scope=ACME, key="po_1")
    before = state("h", scope=ACME, key="po_1").changed_at
    follow("arbitrum", ACME)
    assert state("h", scope=ACME, key="po_1").changed_at == before

    sandbox.advance(ACME, "arbitrum", 72 * 3600 + 1)
    follow("arbitrum", ACME)

    row = state("h", scope=ACME, key="po_1")
    assert row.absent_block_time is not None
    assert row.absent_block_time > row.watched_at + timedelta(hours=72)
    assert row.changed_at != before


def test_what_is_dropped_before_its_block_is_never_seen() -> None:
    send("h")
    assert sandbox.drop(ACME, "arbitrum", "h", "po_1", at=timezone.now()) is True
    assert sandbox.drop(ACME, "arbitrum", "h", "po_1", at=timezone.now()) is False
    sandbox.advance(ACME, "arbitrum", 20)

    assert follow("arbitrum", ACME).seen == 0


def test_what_is_dropped_from_its_block_goes_back_and_may_be_sent_anew() -> None:
    place = {"scope": ACME, "key": "po_1"}
    send("h")
    sandbox.advance(ACME, "arbitrum", 3)
    follow("arbitrum", ACME)
    first = state("h", **place)

    sandbox.drop(ACME, "arbitrum", "h", "po_1", at=timezone.now())
    sandbox.advance(ACME, "arbitrum", 20)
    assert follow("arbitrum", ACME).orphaned == 1
    assert state("h", **place).block_number is None
    assert standing("h", **place) == []

    sandbox.broadcast(ACME, "arbitrum", "h", "po_1", transfers=[pays(7)], at=timezone.now())
    sandbox.advance(ACME, "arbitrum", 20)
    assert follow("arbitrum", ACME).final == 1
    (transfer,) = standing("h", **place)
    assert transfer.amount_atomic == 7
    assert state("h", **place).block_hash != first.block_hash


def test_taking_one_transaction_back_disturbs_no_other() -> None:
    send("first")
    sandbox.advance(ACME, "arbitrum", 1)
    send("second", "po_2")
    sandbox.advance(ACME, "arbitrum", 1)
    follow("arbitrum", ACME)
    before = state("second", scope=ACME, key="po_2")

    sandbox.drop(ACME, "arbitrum", "first", "po_1", at=timezone.now())
    sandbox.advance(ACME, "arbitrum", 30)
    followed = follow("arbitrum", ACME)

    after = state("second", scope=ACME, key="po_2")
    assert (followed.orphaned, followed.final) == (1, 1)
    assert (after.block_hash, after.orphaned_at) == (before.block_hash, None)


def test_a_fork_gives_every_block_above_it_another_hash() -> None:
    sandbox.advance(ACME, "arbitrum", 1)
    ledger = SandboxChain.objects.get()
    below, above = sandbox.block_hash(ledger, 99), sandbox.block_hash(ledger, 100)

    sandbox.fork(ledger, 100)

    ledger.refresh_from_db()
    assert sandbox.block_hash(ledger, 99) == below
    assert sandbox.block_hash(ledger, 100) != above


@pytest.mark.parametrize("blocks", [0, -1, 1_000_001])
def test_the_head_moves_by_a_sensible_number_of_blocks(blocks: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sandbox.advance(ACME, "arbitrum", blocks)

    assert (refused.value.code, refused.value.param) == ("too_many_blocks", "blocks")
    assert not SandboxChain.objects.exists()


def test_the_head_stays_within_years_of_the_clock() -> None:
    SandboxChain.objects.create(scope=ACME, chain="arbitrum", blocks_ahead=399_999_999)
    sandbox.advance(ACME, "arbitrum", 1)

    with pytest.raises(InvalidRequest):
        sandbox.advance(ACME, "arbitrum", 1)


def test_an_idle_sandbox_does_no_work() -> None:
    send("h")
    sandbox.advance(ACME, "arbitrum", 40)
    sandbox.advance(ZENITH, "arbitrum", 40)

    assert [each.scope for each in follow_sandboxes("arbitrum")] == [ACME]
    sandbox.advance(ACME, "arbitrum", 64)
    assert [each.finalized for each in follow_sandboxes("arbitrum")] == [1]
    assert follow_sandboxes("arbitrum") == []
    assert follow_sandboxes("base") == []
    assert ChainHead.objects.count() == 1


def test_a_colon_in_a_hash_confuses_no_key() -> None:
    send("po_2:h", "po_1")
    send("h", "po_2")
    sandbox.advance(ACME, "arbitrum", 20)

    follow("arbitrum", ACME)

    assert state("po_2:h", scope=ACME, key="po_1").final_at is not None
    assert state("h", scope=ACME, key="po_2").final_at is not None
    assert len(standing("h", scope=ACME, key="po_2")) == 1
