"""What becomes of transactions over time: reorganized, unseen, replaced, mined twice, elsewhere."""

from datetime import timedelta

from django.utils import timezone

from billing.chains import network
from chainwatch.models import WatchedTransaction
from payouts import services
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.verifying import verify
from tests.payouts.making import (
    TREASURY,
    People,
    a_hash,
    absent,
    event_types,
    executed,
    mined,
    moved,
    orphaned,
    reload,
)
from wallets import services as wallets

TO_EXECUTED = ["payout.created", "payout.approved", "payout.executed"]
FAKE = "0x1111111111111111111111111111111111111111"


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


def register_source(people: People, address: str = TREASURY) -> None:
    draft = wallets.NewWallet(chain="arbitrum", address=address, is_source=True)
    wallets.create(people.admin, draft)


def test_a_reorganization_takes_it_back_and_another_block_forward_again(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), is_final=False, block=100)
    verify()
    orphaned(hash_of(payout))
    verify()
    assert reload(payout).status == "executed"
    mined(hash_of(payout), moved(), block=103, fork="f")

    verify()

    assert reload(payout).status == "settled"
    assert event_types(payout) == [
        *TO_EXECUTED, "payout.verifying", "payout.reorged", "payout.verifying", "payout.settled",
    ]  # fmt: skip
    assert Settlement.objects.get().block_number == 103


def test_a_block_replaced_between_two_passes_is_told_as_a_reorganization(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), is_final=False, block=100)
    verify()
    orphaned(hash_of(payout))
    mined(hash_of(payout), moved(), is_final=False, block=100, fork="f")

    verify()

    assert event_types(payout)[3:] == ["payout.verifying", "payout.reorged", "payout.verifying"]


def test_a_hash_unseen_for_a_quarter_of_an_hour_stalls_and_does_not_fail(people: People) -> None:
    payout = executed(people)
    long_ago = timezone.now() - timedelta(minutes=16)
    SubmittedHash.objects.update(submitted_at=long_ago, submitted_at_chain_time=long_ago)

    verify()
    verify()

    payout = reload(payout)
    assert (payout.status, payout.stalled_at is not None) == ("executed", True)
    assert event_types(payout) == [*TO_EXECUTED, "payout.stalled"]


def test_a_stalled_payout_goes_on_when_its_transaction_is_mined(people: People) -> None:
    payout = executed(people)
    long_ago = timezone.now() - timedelta(minutes=16)
    SubmittedHash.objects.update(submitted_at=long_ago, submitted_at_chain_time=long_ago)
    verify()
    mined(hash_of(payout), moved())

    verify()

    payout = reload(payout)
    assert (payout.status, payout.stalled_at) == ("settled", None)


def test_not_found_fails_only_past_the_limit(people: People) -> None:
    payout = executed(people)
    assert payout.executed_at is not None
    limit = network("arbitrum").not_found_limit
    absent(hash_of(payout), payout.executed_at + limit)
    verify()
    assert reload(payout).status == "executed"
    absent(hash_of(payout), payout.executed_at + limit + timedelta(seconds=1))

    verify()

    payout = reload(payout)
    assert (payout.status, payout.failure_code) == ("failed", "transaction_not_found")
    assert payout.outcome == "unknown"


def test_no_answer_is_no_failure(people: People) -> None:
    payout = executed(people)
    long_ago = timezone.now() - timedelta(days=20)
    SubmittedHash.objects.update(submitted_at=long_ago, submitted_at_chain_time=long_ago)

    verify()

    assert reload(payout).status == "executed"


def test_any_hash_ever_submitted_can_settle_it(people: People) -> None:
    payout = executed(people)
    first = hash_of(payout)
    services.replace_hash(people.operator, payout.id, a_hash(), "sped up")
    mined(first, moved())

    verify()

    payout = reload(payout)
    assert (payout.status, payout.expected_tx_hash) == ("settled", first)


def test_one_bad_hash_does_not_fail_a_payout_while_another_may_still_pay_it(
    people: People,
) -> None:
    payout = executed(people)
    second = a_hash()
    services.replace_hash(people.operator, payout.id, second, "sped up")
    mined(second, succeeded=False)

    verify()

    assert reload(payout).status == "verifying"
    mined(hash_of(payout), moved())
    verify()
    assert reload(payout).status == "settled"


def test_a_second_payment_by_another_hash_is_an_unexpected_settlement(people: People) -> None:
    payout = executed(people)
    second = a_hash()
    first = hash_of(payout)
    services.replace_hash(people.operator, payout.id, second, "sped up")
    mined(second, moved())
    verify()
    assert reload(payout).status == "settled"
    mined(first, moved())

    verified = verify()

    assert verified.unexpected == 1
    unexpected = Settlement.objects.get(payout=None)
    assert unexpected.suggestion == f"second payment of {payout.id}"
    assert unexpected.tx_hash == first
    assert event_types(unexpected.id) == ["settlement.unexpected"]
    assert verify().looked_at == 0


def test_settling_adopts_an_unexpected_settlement(people: People) -> None:
    test_a_second_payment_by_another_hash_is_an_unexpected_settlement(people)
    unexpected = Settlement.objects.get(payout=None)
    late_comer = executed(people, tx_hash=unexpected.tx_hash)

    verify()

    late_comer = reload(late_comer)
    assert (late_comer.status, late_comer.settlement_id) == ("settled", unexpected.id)
    assert event_types(unexpected.id) == ["settlement.unexpected", "settlement.matched"]


def test_an_extra_transfer_beside_the_payment_waits_an_hour(people: People) -> None:
    register_source(people)
    payout = executed(people)
    mined(hash_of(payout), moved(), moved())
    verify()
    assert (reload(payout).status, Settlement.objects.count()) == ("settled", 1)
    an_hour_ago = timezone.now() - timedelta(hours=1, seconds=1)
    WatchedTransaction.objects.update(final_at=an_hour_ago)
    SubmittedHash.objects.update(look_again_at=an_hour_ago)

    verify()

    assert Settlement.objects.filter(payout=None).count() == 1
    assert verify().looked_at == 0


def test_an_extra_transfer_from_a_stranger_s_wallet_is_no_affair_of_ours(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), moved(sender=FAKE))

    verify()
    WatchedTransaction.objects.update(final_at=timezone.now() - timedelta(hours=2))
    SubmittedHash.objects.update(look_again_at=timezone.now())
    verify()

    assert reload(payout).status == "settled"
    assert Settlement.objects.filter(payout=None).count() == 0


def test_a_transaction_on_another_chain_fails_as_wrong_chain(people: People) -> None:
    payout = executed(people)
    long_ago = timezone.now() - timedelta(minutes=16)
    SubmittedHash.objects.update(submitted_at=long_ago, submitted_at_chain_time=long_ago)
    verify()
    assert WatchedTransaction.objects.filter(chain="base", tx_hash=hash_of(payout)).exists()
    mined(hash_of(payout), moved(), chain="base")

    verify()

    payout = reload(payout)
    assert (payout.status, payout.failure_code) == ("failed", "wrong_chain")
    assert payout.outcome == "moved"
    assert payout.failure_reason == (
        "wrong_chain: the transaction is on Base, not on Arbitrum One. Ask the recipient whether "
        "the address is theirs on Base too."
    )


def test_in_a_block_of_its_own_chain_it_waits_whatever_another_chain_says(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), is_final=False)
    mined(hash_of(payout), chain="base")

    verify()

    assert reload(payout).status == "verifying"
    mined(hash_of(payout), moved())
    verify()
    assert reload(payout).status == "settled"
