"""The simulated chain as a node: what addresses moved, who sent what, replaced and reorganized."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from billing.chains import Finality
from chainwatch import sandbox, services
from chainwatch.chains.base import ChainUnavailable, Sent, reference
from chainwatch.chains.sandbox import SandboxReader
from chainwatch.following import follow
from chainwatch.models import SandboxTransaction, WatchedTransaction
from chainwatch.sandbox import PlannedTransfer
from tests.chainwatch.conftest import standing, state, watch

pytestmark = pytest.mark.django_db

ACME, ZENITH = "org_acme", "org_zenith"
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
PAYER = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
PAYEE = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
OTHER = "0x3Ba6eB0e4327B96aDe6D4f3b578724208a590CEF"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)  # 1,768,478,400 seconds, and so blocks
HEAD = 1_768_478_400


def pays(
    amount_atomic: int = 50_000_000,
    *,
    payer: str = PAYER,
    payee: str = PAYEE,
    contract: str = USDC,
) -> PlannedTransfer:
    return PlannedTransfer(contract, payer, payee, amount_atomic)


def send(
    tx_hash: str,
    key: str = "po_1",
    *transfers: PlannedTransfer,
    scope: str = ACME,
    at: datetime = NOON,
    succeeded: bool = True,
    nonce: int | None = None,
    in_blocks: int = 1,
) -> SandboxTransaction:
    return sandbox.broadcast(
        scope,
        "arbitrum",
        tx_hash,
        key,
        transfers=transfers or [pays()],
        succeeded=succeeded,
        nonce=nonce,
        in_blocks=in_blocks,
        at=at,
    )


def reader(seconds: int = 0, *, scope: str = ACME, chain: str = "arbitrum") -> SandboxReader:
    """The chain's node so many seconds after noon."""
    clock: Callable[[], datetime] = lambda: NOON + timedelta(seconds=seconds)  # noqa: E731
    return SandboxReader(scope, chain, clock=clock)


def named(tx_hash: str, key: str = "po_1") -> str:
    return reference(tx_hash, scope=ACME, key=key)


def test_a_scan_finds_what_an_address_sent_and_got_in_its_range() -> None:
    send("a")
    send("b", "po_2", pays(payee=OTHER))
    send("c", "po_3", pays(payer=OTHER), at=NOON + timedelta(seconds=1))
    send("d", "po_4", pays(payer=OTHER, payee=OTHER), pays(), at=NOON + timedelta(seconds=2))
    send("e", "po_5", scope=ZENITH)
    node = reader(10)

    by_sender = node.scan(HEAD, HEAD + 10, senders=[PAYER])
    by_recipient = node.scan(HEAD, HEAD + 10, recipients=[PAYEE])

    assert by_sender.found == dict.fromkeys([named("a"), named("b", "po_2"), named("d", "po_4")])
    assert by_recipient.found == dict.fromkeys([named("a"), named("c", "po_3"), named("d", "po_4")])
    assert node.scan(HEAD + 2, HEAD + 2, recipients=[PAYEE]).found == {named("c", "po_3"): None}
    assert node.scan(HEAD + 4, HEAD + 10, senders=[PAYER], recipients=[PAYEE]).found == {}
    assert node.scan(HEAD, HEAD + 10).found == {}
    assert by_sender.block.number == HEAD + 10
    assert by_sender.block.parent_hash == node.block_hashes([HEAD + 9])[HEAD + 9]
    assert (node.most_blocks, node.reads_blocks, node.cost.calls) == (10**9, False, 0)


def test_zero_values_other_tokens_reverted_and_dropped_ones_are_not_found() -> None:
    send("zero", "po_1", pays(0))
    send("foreign", "po_2", pays(contract=USDC_E))
    send("reverted", "po_3", succeeded=False)
    send("dropped", "po_4")
    sandbox.drop(ACME, "arbitrum", "dropped", "po_4", at=NOON)

    assert reader(10).scan(HEAD, HEAD + 10, senders=[PAYER]).found == {}


def test_a_scan_ends_at_the_head() -> None:
    send("a")

    assert reader(0).scan(HEAD - 5, HEAD, senders=[PAYER]).found == {}
    with pytest.raises(ChainUnavailable, match="does not have block 1768478401 yet"):
        reader(0).scan(HEAD, HEAD + 1, senders=[PAYER])


def test_a_look_tells_levels_and_heights_that_were_asked() -> None:
    node = reader()

    told = node.look([], levels=[Finality.SAFE], check=[HEAD - 1, HEAD, HEAD + 1])

    assert (told.head.safe_number, told.head.finalized_number) == (HEAD - 32, None)
    assert told.block_hashes == node.block_hashes([HEAD - 1, HEAD])
    assert told.block_hashes[HEAD] == told.head.block_hash
    assert node.look([]).block_hashes == {}
    assert node.look([]).head.finalized_number is None
    tron = reader(chain="tron")
    assert tron.look([], levels=[Finality.SAFE, Finality.FINALIZED]).head.finalized_number is None
    assert tron.look([], levels=[Finality.SOLIDIFIED]).head.finalized_number == HEAD - 18


def test_who_sent_it_is_known_where_it_was_given_a_nonce() -> None:
    send("with", nonce=4, in_blocks=30)
    send("without", "po_2")
    send("same hash", "po_3", nonce=5)
    asked = [named("with"), named("without", "po_2"), named("nobody"), named("same hash")]

    assert reader().sent(asked) == {
        named("with"): Sent(PAYER, 4),
        named("nobody"): None,
        named("same hash"): None,  # another key's
    }
    assert reader(chain="tron").sent(asked) == {}


def test_nonces_are_used_once_mined() -> None:
    send("a", "po_1", nonce=4)
    send("b", "po_2", nonce=9, in_blocks=30)
    send("c", "po_3", pays(payer=OTHER))
    send("d", "po_4", nonce=20, scope=ZENITH)

    assert reader(0).next_nonces([PAYER, OTHER]) == {PAYER: 0, OTHER: 0}
    assert reader(1).next_nonces([PAYER, OTHER]) == {PAYER: 5, OTHER: 0}
    assert reader(30).next_nonces([PAYER]) == {PAYER: 10}
    assert reader(30, chain="tron").next_nonces([PAYER]) == {}

    sandbox.drop(ACME, "arbitrum", "b", "po_2", at=NOON + timedelta(seconds=30))
    assert reader(30).next_nonces([PAYER]) == {PAYER: 5}
    assert sandbox.free_nonce(ACME, "arbitrum", PAYER) == 10
    assert sandbox.free_nonce(ACME, "arbitrum", OTHER) == 0


def test_a_replacement_makes_the_same_transfers_with_the_same_nonce() -> None:
    first = send("first", "po_1", pays(1), pays(2), nonce=7, in_blocks=30)

    by = sandbox.replace(ACME, "arbitrum", "first", "po_1", "second", at=NOON)

    assert by is not None
    assert (by.tx_hash, by.key, by.sender, by.nonce) == ("second", "po_1", PAYER, 7)
    assert (by.transfers, by.block_number, by.succeeded) == (first.transfers, HEAD + 1, True)
    node = reader(40)
    assert node.sent([named("first"), named("second")]) == {
        named("first"): None,
        named("second"): Sent(PAYER, 7),
    }
    assert node.next_nonces([PAYER]) == {PAYER: 8}
    assert node.scan(HEAD, HEAD + 40, senders=[PAYER]).found == {named("second"): None}
    look = node.look([named("first"), named("second")])
    assert look.receipts[named("first")] is None
    told = look.receipts[named("second")]
    assert told is not None
    assert [each.amount_atomic for each in told.transfers] == [1, 2]


def test_a_transaction_without_a_nonce_is_given_one_when_it_is_replaced() -> None:
    send("earlier", "po_1", nonce=2)
    send("first", "po_2")

    by = sandbox.replace(ACME, "arbitrum", "first", "po_2", "second", at=NOON)

    assert by is not None
    assert by.nonce == 3
    assert SandboxTransaction.objects.get(tx_hash="first").nonce == 3
    assert sandbox.replace(ACME, "arbitrum", "first", "po_2", "third", at=NOON) is None
    assert sandbox.replace(ACME, "arbitrum", "nobody", "po_2", "third", at=NOON) is None


def test_a_remined_transaction_is_in_the_next_block_with_the_same_logs() -> None:
    sent = send("h", "po_1", pays(1), pays(2), nonce=3)
    at = NOON + timedelta(seconds=20)
    before = reader(20).block_hashes(range(HEAD, HEAD + 21))

    assert sandbox.remine(ACME, "arbitrum", "h", "po_1", at=at) is True

    after = reader(20).block_hashes(range(HEAD, HEAD + 21))
    assert {number for number in before if before[number] != after[number]} == set(
        range(HEAD + 1, HEAD + 21)
    )
    assert reader(20).look([named("h")]).receipts[named("h")] is None
    told = reader(21).look([named("h")]).receipts[named("h")]
    assert told is not None
    assert told.block_number == HEAD + 21
    assert [(each.ordinal, each.amount_atomic) for each in told.transfers] == [(0, 1), (1, 2)]
    sent.refresh_from_db()
    assert (sent.nonce, sent.dropped_at) == (3, None)


def test_what_is_in_no_block_cannot_be_remined() -> None:
    send("waits")
    assert sandbox.remine(ACME, "arbitrum", "waits", "po_1", at=NOON) is False
    assert sandbox.remine(ACME, "arbitrum", "nobody", "po_1", at=NOON) is False

    send("dropped", "po_2")
    sandbox.drop(ACME, "arbitrum", "dropped", "po_2", at=NOON)
    later = NOON + timedelta(seconds=9)
    assert sandbox.remine(ACME, "arbitrum", "dropped", "po_2", at=later) is False


def test_the_blocks_of_others_keep_their_hashes() -> None:
    send("h")
    send("neighbour", "po_2", at=NOON + timedelta(seconds=60))
    before = reader(90).block_hashes(range(HEAD, HEAD + 91))

    sandbox.remine(ACME, "arbitrum", "h", "po_1", at=NOON + timedelta(seconds=90))

    after = reader(90).block_hashes(range(HEAD, HEAD + 91))
    changed = {number - HEAD for number in before if before[number] != after[number]}
    # Its own, and the newest fifty but for the neighbour's.
    assert changed == {1, *range(41, 91)} - {61}


def test_a_change_makes_waiting_hashes_due_at_once() -> None:
    for tx_hash in ("h", "other"):
        watch(tx_hash, scope=ACME, key="po_1")
        send(tx_hash, nonce=1, in_blocks=10**6, at=timezone.now())
    at = timezone.now()
    WatchedTransaction.objects.update(asked_at=at, nonce_asked_at=at)

    sandbox.replace(ACME, "arbitrum", "h", "po_1", "by", at=at)

    row, other = (state(each, scope=ACME, key="po_1") for each in ("h", "other"))
    assert (row.asked_at, row.nonce_asked_at) == (None, None)
    assert (other.asked_at, other.nonce_asked_at) == (at, at)

    sandbox.advance(ACME, "arbitrum", 1)
    other.refresh_from_db()
    assert (other.asked_at, other.nonce_asked_at) == (None, None)


# --- Followed by the same passes as the real ones ------------------------------------------------


def test_what_a_watched_address_sends_is_found_without_a_hash() -> None:
    services.watch_address("arbitrum", PAYER, scope=ACME, outgoing=True, at=timezone.now())
    follow("arbitrum", ACME)
    send("told by nobody", "po_9", at=timezone.now())
    sandbox.advance(ACME, "arbitrum", 3)

    follow("arbitrum", ACME)

    row = state("told by nobody", scope=ACME, key="po_9")
    assert row.found_at is not None
    assert len(standing("told by nobody", scope=ACME, key="po_9")) == 1

    sandbox.advance(ACME, "arbitrum", 20)
    follow("arbitrum", ACME)
    assert state("told by nobody", scope=ACME, key="po_9").final_at is not None


@pytest.mark.parametrize("depth", [2, 40], ids=["before it is final", "after it was"])
def test_a_remined_transaction_leaves_and_comes_back(depth: int) -> None:
    place = {"scope": ACME, "key": "po_1"}
    watch("h", scope=ACME, key="po_1")
    send("h", at=timezone.now())
    sandbox.advance(ACME, "arbitrum", depth)
    follow("arbitrum", ACME)
    before = state("h", **place)
    assert before.block_number is not None
    assert (before.final_at is not None) is (depth == 40)

    sandbox.remine(ACME, "arbitrum", "h", "po_1", at=timezone.now())
    left = follow("arbitrum", ACME)

    assert left.orphaned == 1
    row = state("h", **place)
    assert row.orphaned_at is not None
    assert row.final_at is None

    sandbox.advance(ACME, "arbitrum", 20)
    follow("arbitrum", ACME)
    follow("arbitrum", ACME)

    row = state("h", **place)
    assert row.block_number is not None
    assert row.block_number > before.block_number
    assert row.final_at is not None
    (transfer,) = standing("h", **place)
    assert (transfer.ordinal, int(transfer.amount_atomic)) == (0, 50_000_000)


def test_what_took_the_place_of_a_vanished_hash_is_found() -> None:
    place = {"scope": ACME, "key": "po_1"}
    watch("first", scope=ACME, key="po_1")
    send("first", nonce=0, in_blocks=10**6, at=timezone.now())
    follow("arbitrum", ACME)
    follow("arbitrum", ACME)
    assert (state("first", **place).sender, state("first", **place).nonce) == (PAYER, 0)

    sandbox.replace(ACME, "arbitrum", "first", "po_1", "second", at=timezone.now())
    sandbox.advance(ACME, "arbitrum", 2)
    follow("arbitrum", ACME)
    follow("arbitrum", ACME)

    row = state("first", **place)
    assert (row.replaced_by, row.block_number) == ("second", None)
    assert row.superseded_at is not None
    follow("arbitrum", ACME)
    assert len(standing("second", **place)) == 1
