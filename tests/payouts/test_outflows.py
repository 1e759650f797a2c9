"""Money that left a source wallet, and whose hash nobody named."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch.models import Transfer, WatchedTransaction
from events.models import Event
from payouts import outflows, services
from payouts.errors import IllegalTransition
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.timeline import timeline
from payouts.verifying import verify
from tests.payouts.making import (
    NOBODY,
    OTHER_RECIPIENT,
    RECIPIENT,
    TREASURY,
    USDC_E,
    USDT,
    People,
    a_hash,
    event_types,
    executed,
    make_payout,
    mined,
    moved,
    orphaned,
    reload,
)
from tests.payouts.outgoing import (
    OWN,
    a_source,
    an_own_wallet,
    approved,
    approved_at,
    became_final,
    found,
    left,
    minutes_ago,
)
from tests.payouts.replaying import assert_replays
from wallets import services as wallets

MATCHED, UNEXPECTED, INTERNAL, WAITING = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
NOTHING = (0, 0, 0, 0)


@pytest.mark.parametrize("status", ["approved", "pending_execution"])
def test_a_payout_is_settled_by_money_whose_hash_nobody_named(people: People, status: str) -> None:
    a_source(people)
    payout = make_payout(people, status)
    tx_hash = left()

    assert found() == MATCHED

    payout = reload(payout)
    assert (payout.status, payout.expected_tx_hash) == ("settled", tx_hash)
    assert event_types(payout)[-3:] == ["payout.executed", "payout.verifying", "payout.settled"]
    assert_replays(payout.id)
    assert payout.settlement is not None
    assert (payout.settlement.tx_hash, payout.settlement.discrepancies) == (tx_hash, [])
    assert found() == NOTHING
    assert verify().settled == 0


def test_who_found_it_is_kept_with_the_hash_the_event_and_the_timeline(people: People) -> None:
    a_source(people)
    payout = approved(people)
    left()

    found()

    named = payout.hashes.get()
    assert (named.submitted_by, named.submitted_by_name) == ("system", "The watcher")
    assert named.reason == "found by watching the wallet, nobody submitted it"
    event = Event.objects.get(resource_id=payout.id, type="payout.executed")
    assert event.actor_name == "The watcher"
    assert event.payload["data"]["found_by_watcher"] is True
    assert event.payload["data"]["reason"] == "found by watching the wallet, nobody submitted it"
    told = [line["text"] for line in timeline(reload(payout)) if line["type"] == "payout.executed"]
    assert told == ["The watcher found its transaction in the wallet; nobody submitted it"]


def test_naming_the_hash_afterwards_changes_nothing_and_another_is_refused(people: People) -> None:
    a_source(people)
    payout = approved(people)
    tx_hash = left()
    found()

    same = services.execute(people.operator, payout.id, tx_hash)

    assert same.status == "settled"
    with pytest.raises(IllegalTransition, match="takes a hash"):
        services.execute(people.operator, payout.id, a_hash())
    assert payout.hashes.count() == 1


@pytest.mark.parametrize(
    "log",
    [
        {"amount_atomic": 500_000_001},
        {"amount_atomic": 499_999_999},
        {"to": OTHER_RECIPIENT},
        {"contract": USDT},
    ],
    ids=["more", "less", "recipient", "token"],
)
def test_what_is_not_exactly_the_money_is_unexpected(
    people: People, log: dict[str, object]
) -> None:
    a_source(people)
    payout = approved(people)
    left(moved(**log))  # type: ignore[arg-type]  # as the table says

    assert found() == UNEXPECTED

    assert reload(payout).status == "approved"
    assert Settlement.objects.get().payout_id is None


@pytest.mark.parametrize(("minutes", "outcome"), [(9.9, MATCHED), (10.1, UNEXPECTED)])
def test_money_that_left_before_the_approval_does_not_pay_it_but_for_skew(
    people: People, minutes: float, outcome: tuple[int, int, int, int]
) -> None:
    a_source(people)
    approved_at(approved(people), timezone.now() + timedelta(minutes=minutes))
    left(block_time=timezone.now())

    assert found() == outcome


def test_two_payouts_of_the_same_money_are_a_person_s_choice(people: People) -> None:
    a_source(people)
    one, two = approved(people), approved(people)
    left()

    assert found() == UNEXPECTED

    assert {reload(one).status, reload(two).status} == {"approved"}
    assert Settlement.objects.get().suggestion == f"fits {one.id} and {two.id}: choose"


def test_two_transfers_of_the_same_money_are_a_person_s_choice(people: People) -> None:
    a_source(people)
    payout = approved(people)
    left()
    left(block=1_001)

    assert found() == (0, 2, 0, 0)

    assert reload(payout).status == "approved"
    assert found() == NOTHING


def test_a_second_transfer_that_is_not_final_is_waited_for(people: People) -> None:
    a_source(people)
    payout = approved(people)
    left()
    second = left(block=1_001, is_final=False)

    assert found() == WAITING
    assert (reload(payout).status, Settlement.objects.count()) == ("approved", 0)

    became_final(second)
    assert found() == (0, 2, 0, 0)
    assert reload(payout).status == "approved"


def test_a_second_transfer_that_leaves_the_chain_again_makes_nobody_choose(people: People) -> None:
    a_source(people)
    payout = approved(people)
    first = left()
    second = left(block=1_001, is_final=False)
    assert found() == WAITING

    orphaned(second)

    assert found() == MATCHED
    assert reload(payout).expected_tx_hash == first


def test_one_node_cannot_hold_a_match_up_by_inventing_a_second_transfer(people: People) -> None:
    a_source(people)
    payout = approved(people)
    first, second = left(), left(block=1_001, is_final=False)
    became_final(first, minutes_ago(119))
    outflows.catch_up(people.admin)
    assert reload(payout).status == "approved"

    became_final(first, minutes_ago(121))
    outflows.catch_up(people.admin)

    assert (reload(payout).status, reload(payout).expected_tx_hash) == ("settled", first)
    # Should it be there after all: it is told of, and the payout keeps what paid it.
    became_final(second)
    assert found() == UNEXPECTED
    assert reload(payout).status == "settled"


def test_a_second_transfer_that_left_the_chain_is_none(people: People) -> None:
    a_source(people)
    payout = approved(people)
    orphaned(left(block=1_001))
    left()

    assert found() == MATCHED
    assert reload(payout).status == "settled"


def test_one_transaction_pays_several_payouts_and_the_rest_is_unexpected(people: People) -> None:
    a_source(people)
    one, two = approved(people), approved(people, recipient_address=OTHER_RECIPIENT)
    left(moved(7), moved(to=OTHER_RECIPIENT), moved())

    assert found() == (2, 1, 0, 0)

    settled = [reload(one).settlement, reload(two).settlement]
    assert [each.ordinal for each in settled if each] == [2, 1]
    assert Settlement.objects.get(payout=None).amount_atomic == 7


def test_money_with_no_intent_behind_it_is_told_and_alarms_at_once(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    a_source(people)
    tx_hash = left()

    with caplog.at_level(logging.ERROR):
        assert found() == UNEXPECTED

    settlement = Settlement.objects.get(payout=None)
    assert settlement.suggestion == "never seen before"
    assert event_types(settlement.id) == ["settlement.unexpected"]
    assert f"unexpected settlement settlement={settlement.id} tx={tx_hash}" in caplog.text
    assert found() == NOTHING


def test_money_to_an_own_wallet_is_internal_and_alarms_nobody(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    a_source(people)
    an_own_wallet(people)
    left(moved(to=OWN))

    assert found() == INTERNAL

    settlement = Settlement.objects.get()
    assert (settlement.resolution, settlement.resolved_at is not None) == ("internal", True)
    assert event_types(settlement.id) == []
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_payout_to_an_own_wallet_is_matched_before_that_is_asked(people: People) -> None:
    a_source(people)
    an_own_wallet(people)
    payout = approved(people, recipient_address=OWN)
    left(moved(to=OWN))

    assert found() == MATCHED
    assert reload(payout).status == "settled"


@pytest.mark.parametrize(
    "log",
    [
        moved(0),
        moved(2**63),
        moved(contract=USDC_E),
        moved(sender=OTHER_RECIPIENT),
        moved(sender=NOBODY),
        # Poisoning: from an address that looks like ours to one that looks like the recipient.
        moved(1, sender="0xde709f21AAAAAAAAAAAAAAAAAAAAAAAA80e2fb77", to="0x8617E340" + "1" * 32),
    ],
    ids=["nothing", "too much", "namesake", "stranger", "mint", "look-alike"],
)
def test_what_is_no_money_of_ours_is_ignored(people: People, log: dict[str, object]) -> None:
    a_source(people)
    approved(people)
    left(log)

    assert found() == NOTHING
    assert Settlement.objects.count() == 0


def test_what_is_not_final_or_failed_is_not_judged(people: People) -> None:
    a_source(people)
    payout = approved(people)
    pending = left(is_final=False)
    left(succeeded=False, block=1_001)

    assert found() == NOTHING

    became_final(pending)
    # The reverted one has logs in this test alone; it must not count as a second transfer either.
    assert found() == MATCHED
    assert reload(payout).status == "settled"


def test_what_left_before_the_wallet_was_a_source_is_not_judged(people: People) -> None:
    a_source(people)
    left(block_time=minutes_ago(11))

    assert found() == NOTHING


def test_a_wallet_that_is_no_source_any_more_is_not_judged(people: People) -> None:
    wallet = a_source(people)
    wallets.update(people.admin, wallet.id, {"is_source": False})
    left()

    assert found() == NOTHING


def test_a_hash_that_a_payout_named_is_verify_s_affair(people: People) -> None:
    a_source(people)
    failed = make_payout(people, "failed")
    waiting = approved(people)
    tx_hash = left()
    services.execute(people.operator, approved(people, amount=Decimal(7)).id, tx_hash)

    assert found() == NOTHING
    assert (reload(failed).status, reload(waiting).status) == ("failed", "approved")


def test_a_proposed_hash_waits_for_the_end_of_the_proposal(people: People) -> None:
    a_source(people)
    payout = executed(people)
    tx_hash = left()
    became_final(tx_hash, minutes_ago(5))
    PayoutIntent.objects.filter(id=payout.id).update(proposed_tx_hash=tx_hash)

    assert found() == NOTHING

    PayoutIntent.objects.filter(id=payout.id).update(proposed_tx_hash=None)
    assert found() == UNEXPECTED
    assert Settlement.objects.get().suggestion == (
        f"fits executed {payout.id} whose transaction is in no block yet"
    )


def test_what_may_be_a_replacement_waits_until_its_nonce_was_asked(people: People) -> None:
    a_source(people)
    executed(people)
    payout = approved(people)
    tx_hash = left()

    assert found() == WAITING

    became_final(tx_hash, minutes_ago(3))
    assert found() == UNEXPECTED
    assert reload(payout).status == "approved"


def test_a_claimed_transfer_is_nobody_else_s(people: People) -> None:
    a_source(people)
    make_payout(people, "settled")
    payout = approved(people)

    assert found() == NOTHING
    assert reload(payout).status == "approved"


def test_two_organizations_with_one_wallet_each_see_their_own_side(
    people: People, strangers: People
) -> None:
    a_source(people)
    a_source(strangers)
    payout = approved(people)
    left()

    assert found() == (1, 1, 0, 0)

    assert reload(payout).status == "settled"
    other = Settlement.objects.get(payout=None)
    assert other.organization_id == strangers.admin.organization_id
    assert other.suggestion == "never seen before"


def test_a_hash_that_strangers_named_says_nothing_to_us(people: People, strangers: People) -> None:
    a_source(people)
    payout = approved(people)
    tx_hash, now = left(), timezone.now()
    SubmittedHash.objects.create(
        payout=make_payout(strangers, "draft"), organization_id=strangers.admin.organization_id,
        environment="live", chain="arbitrum", tx_hash=tx_hash, submitted_at=now,
        submitted_at_chain_time=now, submitted_by="usr_1", submitted_by_name="Zoe", watch_until=now,
    )  # fmt: skip

    assert found() == MATCHED
    assert reload(payout).expected_tx_hash == tx_hash


def test_the_other_environment_is_another_world(people: People, sandboxed: People) -> None:
    a_source(sandboxed)
    make_payout(sandboxed, "approved")
    left()

    assert found() == NOTHING


def test_old_news_is_left_to_the_reconciliation_run(people: People) -> None:
    a_source(people)
    payout = approved(people)
    became_final(left(), minutes_ago(150))

    assert found() == NOTHING
    assert outflows.catch_up(people.admin) == 1
    assert reload(payout).status == "settled"


def test_an_unexpected_transfer_that_is_named_later_is_adopted(people: People) -> None:
    a_source(people)
    one, two = approved(people), approved(people)
    tx_hash = left()
    found()

    services.execute(people.operator, two.id, tx_hash)
    verify()

    assert (reload(one).status, reload(two).status) == ("approved", "settled")
    settlement = Settlement.objects.get()
    assert event_types(settlement.id) == ["settlement.unexpected", "settlement.matched"]


def test_with_nothing_new_a_pass_is_one_query(people: People) -> None:
    a_source(people)
    approved(people)

    with CaptureQueriesContext(connection) as queries:
        assert found() == NOTHING

    assert len(queries) == 1


def test_the_facts_of_the_tests_are_those_of_the_chain(people: People) -> None:
    tx_hash = left()

    transfer = Transfer.objects.get()
    assert (transfer.from_address, transfer.to_address) == (TREASURY, RECIPIENT)
    assert WatchedTransaction.objects.get(tx_hash=tx_hash).final_at is not None
    mined(tx_hash)
    assert Transfer.objects.count() == 1
