"""A reorganization after settled: the settlement is reversed, and restored once mined again."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch.models import Transfer
from events.models import Event
from payouts import services
from payouts.answers import payout_json, payouts_json, settlement_json
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from payouts.reversing import reverse_and_restore
from payouts.suggestions import suggestion
from payouts.timeline import timeline
from payouts.verifying import verify
from reconciliation.resolving import resolve
from reconciliation.services import summary
from tests.payouts.making import (
    OTHER_RECIPIENT,
    USDT,
    People,
    a_hash,
    absent,
    event_types,
    executed,
    finalized,
    make_payout,
    mined,
    moved,
    orphaned,
    reload,
)
from tests.payouts.outgoing import a_source, found, left
from tests.payouts.replaying import assert_replays


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


@pytest.fixture
def settled(people: People) -> PayoutIntent:
    return make_payout(people, "settled")


@pytest.fixture
def gone(settled: PayoutIntent) -> PayoutIntent:
    """A settled payout whose block left the chain after all."""
    orphaned(hash_of(settled))
    verify()
    return reload(settled)


def the_settlement() -> Settlement:
    return Settlement.objects.get()


def open_differences(people: People) -> list[tuple[str, tuple[str, ...]]]:
    books = summary(people.admin.organization_id, people.admin.environment)
    return [(each.payout_id, each.kinds) for each in books.discrepancies]


def test_it_stays_settled_and_says_that_its_block_left(
    settled: PayoutIntent, caplog: pytest.LogCaptureFixture
) -> None:
    evidence = the_settlement().evidence
    orphaned(hash_of(settled))

    verified = verify()

    payout, settlement = reload(settled), the_settlement()
    assert (verified.reversed, verified.restored, verified.settled) == (1, 0, 0)
    assert (payout.status, payout.settlement_id) == ("settled", settlement.id)
    assert settlement.reversed_at is not None
    assert settlement.evidence == evidence
    told = payout_json(payout)["settlement_reversed_at"]
    assert told == settlement_json(settlement)["reversed_at"] is not None
    assert event_types(settlement.id) == ["settlement.reversed"]
    assert event_types(payout)[-1] == "payout.settled"
    alarm = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.args for record in alarm] == [(settlement.id, payout.id, hash_of(payout))]
    assert_replays(payout.id)


def test_it_is_an_open_discrepancy_of_the_books(people: People, gone: PayoutIntent) -> None:
    assert open_differences(people) == [(gone.id, ("reversed",))]


def test_a_second_pass_says_nothing_new(gone: PayoutIntent) -> None:
    before = the_settlement()

    verified = verify()

    assert (verified.reversed, verified.restored, verified.looked_at) == (0, 0, 0)
    assert the_settlement().reversed_at == before.reversed_at
    assert event_types(before.id) == ["settlement.reversed"]


def test_mined_again_it_heals_itself_and_says_that_too(gone: PayoutIntent) -> None:
    before = the_settlement()
    again = mined(hash_of(gone), moved(), block=1_007, fork="b")

    verified = verify()

    payout, settlement = reload(gone), the_settlement()
    assert (verified.restored, verified.late, verified.unexpected) == (1, 0, 0)
    assert (settlement.reversed_at, payout_json(payout)["settlement_reversed_at"]) == (None, None)
    assert settlement.restored_at is not None
    assert settlement.restored_transfer == Transfer.objects.get(orphaned_at=None)
    assert (settlement.block_hash, settlement.evidence) == (before.block_hash, before.evidence)
    assert event_types(settlement.id) == ["settlement.reversed", "settlement.restored"]
    told = Event.objects.get(type="settlement.restored").payload["data"]
    assert told["mined_again"]["block_number"] == 1_007
    assert told["mined_again"]["block_hash"] == again.block_hash
    assert_replays(payout.id)
    texts = [each["text"] for each in timeline(payout)]
    assert texts[-2:] == [
        "alarm: the block that settled it left the chain; its transaction is looked for again",
        "mined again in block 1,007: it is settled as before",
    ]


def test_in_a_block_that_is_not_final_yet_it_is_not_healed(gone: PayoutIntent) -> None:
    mined(hash_of(gone), moved(), block=1_007, is_final=False)

    assert verify().restored == 0
    assert the_settlement().reversed_at is not None


def test_in_the_very_block_that_had_left_it_is_restored_too(gone: PayoutIntent) -> None:
    mined(hash_of(gone), moved())

    verify()

    assert the_settlement().reversed_at is None
    assert Transfer.objects.count() == 2


def test_gone_and_final_elsewhere_between_two_passes_is_told_as_both(
    settled: PayoutIntent,
) -> None:
    orphaned(hash_of(settled))
    mined(hash_of(settled), moved(), block=1_007)

    verified = verify()

    assert (verified.reversed, verified.restored) == (1, 1)
    assert event_types(the_settlement().id) == ["settlement.reversed", "settlement.restored"]


def test_it_can_leave_and_come_back_again_and_again(gone: PayoutIntent) -> None:
    for turn in range(1, 4):
        mined(hash_of(gone), moved(), block=1_000 + turn, fork=str(turn))
        verify()
        assert the_settlement().reversed_at is None
        orphaned(hash_of(gone))
        verify()
        assert the_settlement().reversed_at is not None

    assert event_types(the_settlement().id) == [
        "settlement.reversed", *["settlement.restored", "settlement.reversed"] * 3,
    ]  # fmt: skip
    assert_replays(gone.id)


@pytest.mark.parametrize(
    "again",
    [
        (),
        (moved(499_999_999),),
        (moved(to=OTHER_RECIPIENT),),
        (moved(contract=USDT),),
        (moved(sender=OTHER_RECIPIENT),),
        (moved(to=OTHER_RECIPIENT), moved()),  # the same transfer, but of another ordinal
    ],
)
def test_mined_again_as_something_else_it_stays_reversed(
    gone: PayoutIntent, again: tuple[dict[str, Any], ...]
) -> None:
    mined(hash_of(gone), *again, block=1_007, succeeded=bool(again))

    verify()

    assert the_settlement().reversed_at is not None
    assert reload(gone).status == "settled"
    assert verify().looked_at == 0


def test_an_unexpected_settlement_is_reversed_and_restored_too(people: People) -> None:
    a_source(people)
    tx_hash = left()
    found()
    assert the_settlement().payout_id is None

    orphaned(tx_hash)
    verify()
    reversed_ = the_settlement()
    mined(tx_hash, moved(), block=1_009)
    verify()

    assert reversed_.reversed_at is not None
    assert the_settlement().reversed_at is None
    assert event_types(reversed_.id) == [
        "settlement.unexpected", "settlement.reversed", "settlement.restored",
    ]  # fmt: skip


def test_a_late_settlement_is_reversed_and_restored_too(people: People) -> None:
    payout = executed(people)
    services.fail_by_hand(people.operator, payout.id, "lost")
    mined(hash_of(payout), moved())
    verify()

    orphaned(hash_of(payout))
    verify()
    reversed_ = the_settlement()
    mined(hash_of(payout), moved(), block=1_009)
    verify()

    assert reversed_.reversed_at is not None
    assert the_settlement().reversed_at is None
    assert the_settlement().discrepancies == ["late_settlement"]
    assert reload(payout).status == "failed"
    assert_replays(payout.id)


def test_what_a_person_resolved_while_it_was_gone_is_kept(
    people: People, gone: PayoutIntent
) -> None:
    resolve(people.operator, the_settlement().id, "refund", "they sent it back")
    mined(hash_of(gone), moved(), block=1_007)

    verify()

    settlement = the_settlement()
    assert (settlement.reversed_at, settlement.resolution) == (None, "refund")
    assert settlement.resolved_at is not None
    assert open_differences(people) == []
    orphaned(hash_of(gone))
    verify()
    assert open_differences(people) == [(gone.id, ("reversed",))]


def test_what_was_failed_from_a_block_that_left_is_paid_late(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), succeeded=False)
    verify()
    assert reload(payout).failure_code == "transaction_reverted"
    orphaned(hash_of(payout))
    verify()
    mined(hash_of(payout), moved(), block=1_003)

    verify()

    assert reload(payout).status == "failed"
    assert the_settlement().discrepancies == ["late_settlement"]


def test_a_hash_is_closed_once_nothing_can_take_its_block_away(settled: PayoutIntent) -> None:
    assert SubmittedHash.objects.get().closed_at is None
    assert verify().looked_at == 0
    finalized(hash_of(settled))

    looked = [verify().looked_at, verify().looked_at]

    assert looked == [1, 0]
    assert SubmittedHash.objects.get().closed_at is not None


def test_a_failure_is_closed_only_then_too(people: People) -> None:
    payout = executed(people)
    mined(hash_of(payout), succeeded=False)
    verify()
    assert SubmittedHash.objects.get().closed_at is None

    finalized(hash_of(payout))
    verify()

    assert SubmittedHash.objects.get().closed_at is not None


def test_lists_ask_once_for_all_that_left(people: People, gone: PayoutIntent) -> None:
    make_payout(people, "settled")
    rows = list(PayoutIntent.objects.all())

    with CaptureQueriesContext(connection) as asked:
        told = {each["id"]: each["settlement_reversed_at"] for each in payouts_json(rows)}

    assert len(asked) == 1
    assert sorted(each is None for each in told.values()) == [False, True]
    assert told[gone.id] is not None


def test_a_pass_with_nothing_gone_is_one_short_question(settled: PayoutIntent) -> None:
    with CaptureQueriesContext(connection) as asked:
        reverse_and_restore()

    assert len(asked) == 1


def test_what_was_restored_is_asked_about_no_more(gone: PayoutIntent) -> None:
    mined(hash_of(gone), moved(), block=1_007)
    verify()

    with CaptureQueriesContext(connection) as asked:
        reverse_and_restore()

    assert len(asked) == 1


def test_another_chains_pass_leaves_it_alone(settled: PayoutIntent) -> None:
    orphaned(hash_of(settled))

    assert verify("base").reversed == 0
    assert verify("arbitrum").reversed == 1


def test_absence_reverses_nothing(settled: PayoutIntent) -> None:
    absent(hash_of(settled), timezone.now() + timedelta(days=30))

    assert verify().reversed == 0
    assert the_settlement().reversed_at is None


@pytest.mark.parametrize("is_named", [True, False])
def test_other_money_for_a_payout_whose_settlement_is_gone_is_no_second_payment(
    people: People, gone: PayoutIntent, is_named: bool
) -> None:
    a_source(people)
    if is_named:
        again = a_hash()
        SubmittedHash.objects.create(
            payout=gone, organization_id=gone.organization_id, environment="live",
            chain="arbitrum", tx_hash=again, submitted_at=timezone.now(),
            submitted_at_chain_time=timezone.now(), submitted_by="usr_1",
            submitted_by_name="Otto", watch_until=timezone.now() + timedelta(days=30),
        )  # fmt: skip
        mined(again, moved(), block=1_008)
        verify()
    else:
        left(block=1_008)
        found()

    settlement = Settlement.objects.get(payout=None)
    assert settlement.suggestion == f"fits {gone.id} whose settlement left the chain"
    assert suggestion(settlement) == settlement.suggestion
