"""What settles a payout, and what does not: chain facts in, state, settlement and events out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from chainwatch.models import ChainHead
from payouts import services
from payouts.answers import payout_json
from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from tests.payouts.making import (
    NOBODY,
    OTHER_RECIPIENT,
    RECIPIENT,
    TREASURY,
    USDC_E,
    USDT,
    People,
    a_draft,
    a_hash,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
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


def test_a_fitting_transfer_settles_once_it_is_final(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), block=69_316_562)

    verify()

    payout = reload(payout)
    assert payout.status == "settled"
    assert payout.settled_at == payout.verified_at
    assert payout.confirmations == 21
    assert event_types(payout) == [*TO_EXECUTED, "payout.verifying", "payout.settled"]
    settlement = Settlement.objects.get(payout=payout)
    assert settlement == payout.settlement
    assert settlement.tx_hash == payout.expected_tx_hash
    assert settlement.amount_atomic == 500_000_000
    assert (settlement.ordinal, settlement.log_index, settlement.block_number) == (
        0, 40, 69_316_562,
    )  # fmt: skip
    assert (settlement.to_address, settlement.token) == (RECIPIENT, "USDC")
    assert settlement.discrepancies == []
    checks = settlement.evidence["checks"]
    assert {name: check["passed"] for name, check in checks.items()} == {
        "contract": True, "recipient": True, "amount": True, "source": True, "final": True,
        "approval": True,
    }  # fmt: skip
    assert settlement.evidence["node"] == "test"


def test_nothing_settles_before_it_is_final(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), is_final=False)

    verify()

    assert reload(payout).status == "verifying"
    assert Settlement.objects.count() == 0


def test_a_second_pass_finds_nothing_new(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved())
    verify()

    second = verify()

    assert second.looked_at == 0
    assert event_types(payout) == [*TO_EXECUTED, "payout.verifying", "payout.settled"]


@pytest.mark.parametrize(
    ("logs", "code", "outcome", "words"),
    [
        ([moved(to=OTHER_RECIPIENT)], "recipient_mismatch", "moved", OTHER_RECIPIENT),
        ([moved(contract=USDC_E)], "token_mismatch", "moved", "USDC.e"),
        ([moved(contract=USDT)], "token_mismatch", "moved", "the recipient got USDT"),
        ([moved(contract=FAKE)], "token_mismatch", "moved", FAKE),
        ([], "no_transfer", "proven", "moved none of the token"),
        ([moved(0)], "no_transfer", "proven", "moved none of the token"),
        ([moved(sender=NOBODY)], "no_transfer", "proven", "moved none of the token"),
        ([moved(contract=FAKE, to=OTHER_RECIPIENT)], "no_transfer", "proven", "moved none"),
        ([moved(contract=USDT, to=OTHER_RECIPIENT)], "recipient_mismatch", "moved", "went to"),
        ([moved(2**255)], "no_transfer", "proven", "moved none"),
    ],
    ids=[
        "another recipient", "USDC.e", "another pinned token", "a fake of the same name",
        "no transfer", "zero value", "a mint", "a stranger's token to a stranger",
        "another token to another recipient", "an impossible amount",
    ],
)  # fmt: skip
def test_a_final_transaction_that_does_not_fit_fails_the_payout(
    people: People, logs: list[dict[str, Any]], code: str, outcome: str, words: str
) -> None:
    payout = executed(people)
    mined(hash_of(payout), *logs, is_final=False)
    verify()
    assert reload(payout).status == "verifying", "a failure waits for the same finality"
    mined(hash_of(payout), *logs)

    verify()

    payout = reload(payout)
    assert (payout.status, payout.failure_code, payout.outcome) == ("failed", code, outcome)
    assert payout.failure_reason is not None
    assert payout.failure_reason.startswith(f"{code}: ")
    assert words in payout.failure_reason
    assert event_types(payout) == [*TO_EXECUTED, "payout.verifying", "payout.failed"]
    assert Settlement.objects.count() == 0


def test_a_reverted_transaction_proves_that_nothing_moved(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), succeeded=False)

    verify()

    payout = reload(payout)
    assert (payout.status, payout.failure_code) == ("failed", "transaction_reverted")
    assert payout.outcome == "proven"


def test_a_transfer_older_than_the_payout_pays_something_else(people: People) -> None:
    payout = executed(people)
    too_old = payout.created_at - timedelta(minutes=10, seconds=1)
    mined(hash_of(payout), moved(), block_time=too_old)

    verify()

    payout = reload(payout)
    assert (payout.status, payout.failure_code) == ("failed", "transfer_predates_payout")
    assert payout.outcome == "moved"


def test_ten_minutes_of_skew_are_forgiven(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), block_time=payout.created_at - timedelta(minutes=9))

    verify()

    assert reload(payout).status == "settled"


@pytest.mark.parametrize("amount_atomic", [499_950_000, 500_000_001, 1])
def test_another_amount_settles_and_is_a_discrepancy(people: People, amount_atomic: int) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(amount_atomic))

    verify()

    payout = reload(payout)
    assert payout.status == "settled"
    settlement = Settlement.objects.get(payout=payout)
    assert settlement.amount_atomic == amount_atomic
    assert settlement.discrepancies == ["amount"]
    assert settlement.evidence["checks"]["amount"] == {
        "passed": False, "expected": "500000000", "found": str(amount_atomic),
    }  # fmt: skip
    assert event_types(payout)[-2:] == ["payout.settled", "payout.discrepancy"]


def test_a_fee_on_transfer_is_two_logs_and_one_discrepancy(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(499_500_000), moved(500_000, to=OTHER_RECIPIENT))

    verify()

    assert reload(payout).status == "settled"
    assert [s.amount_atomic for s in Settlement.objects.all()] == [499_500_000]


def test_two_transfers_of_other_amounts_are_for_a_person_to_choose(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(200_000_000), moved(300_000_000))

    verify()

    payout = reload(payout)
    assert (payout.status, payout.attention) == ("verifying", "choose_transfer")


def test_another_amount_that_fits_another_open_payout_is_not_taken(people: People) -> None:
    make_payout(people, "approved", amount=Decimal(400))
    payout = executed(people)
    mined(hash_of(payout), moved(400_000_000))

    verify()

    payout = reload(payout)
    assert (payout.status, payout.attention) == ("verifying", "choose_transfer")


def test_money_from_an_unknown_wallet_waits_until_the_wallet_is_registered(
    people: People,
) -> None:
    register_source(people, OTHER_RECIPIENT)
    payout = executed(people)
    mined(hash_of(payout), moved())
    verify()
    payout = reload(payout)
    assert (payout.status, payout.attention) == ("verifying", "source_not_registered")
    assert verify().settled == 0

    register_source(people)
    verify()

    payout = reload(payout)
    assert (payout.status, payout.attention) == ("settled", "")


def test_an_approval_of_something_else_is_a_discrepancy(people: People) -> None:
    payout = executed(people)
    with connection.cursor() as cursor:  # As an intruder with a hand in the database would.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE payouts_payoutintent SET due_date = now()")
        cursor.execute("SET LOCAL session_replication_role = origin")
    mined(hash_of(payout), moved())

    verify()

    settlement = Settlement.objects.get()
    assert settlement.discrepancies == ["approval_mismatch"]
    assert not settlement.evidence["checks"]["approval"]["passed"]


def test_another_organization_claims_the_same_transfer_for_itself(
    people: People, strangers: People
) -> None:
    tx_hash = a_hash()
    ours = executed(people, tx_hash=tx_hash)
    draft = services.create(strangers.preparer, a_draft())
    # Zoe is alone there: she approves through the second door, a key of nobody's.
    theirs = _approved_by_key(strangers, draft)
    services.execute(strangers.operator, theirs.id, tx_hash)
    mined(tx_hash, moved())

    verify()

    assert (reload(ours).status, reload(theirs).status) == ("settled", "settled")
    assert Settlement.objects.count() == 2


def _approved_by_key(people: People, payout: PayoutIntent) -> PayoutIntent:
    key = replace(people.approver, actor_id="key_nobodys", issued_by=None)
    return services.approve(key, payout.id)


def test_the_head_is_read_once_for_what_is_being_verified(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), moved(), is_final=False, block=100)
    ChainHead.objects.update(number=106)
    verify()

    assert payout_json(reload(payout))["confirmations"] == 7
