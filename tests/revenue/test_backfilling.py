"""What was paid before there was a ledger gets the very lines that its acts would have written."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from payouts.models import PayoutIntent, Settlement
from payouts.verifying import verify
from reconciliation import ledger, tasks
from revenue import backfilling
from revenue.ledger import COLUMNS
from revenue.models import BackFill, RevenueEvent
from tests.payouts.conftest import live as live
from tests.payouts.conftest import people as people
from tests.payouts.conftest import sandboxed as sandboxed
from tests.payouts.making import executed, make_payout, mined, moved, orphaned
from tests.revenue.lines import forget_all, lines_of
from tests.revenue.test_ledger import checkout as checkout
from tests.revenue.test_ledger import confirm

SAID = [name for name in COLUMNS if name != "id"]


def hash_of(payout: PayoutIntent) -> str:
    assert payout.expected_tx_hash is not None
    return payout.expected_tx_hash


def said() -> list[dict[str, Any]]:
    """All that the ledger says, but the ids of lines and when they were written."""
    return list(RevenueEvent.objects.order_by("source_id").values(*SAID, "ordinal"))


def filled() -> int:
    return ledger.fill()


def pass_again() -> None:
    """As if the rest between two passes were over."""
    BackFill.objects.update(pass_ended_at=timezone.now() - timedelta(hours=2))


@pytest.fixture
def history(people, checkout) -> list[dict[str, Any]]:
    """A paid checkout, settled payouts; their lines, which are then forgotten."""
    confirm(checkout, 60_000_000)
    for _ in range(3):
        make_payout(people, "settled")
    lines = said()
    assert len(lines) == 4
    forget_all()
    return lines


def test_the_lines_are_those_that_the_acts_write(history):
    assert filled() == 4
    assert said() == history


def test_they_occurred_when_it_happened_and_are_created_now(history, checkout):
    began = timezone.now()
    filled()

    checkout.refresh_from_db()
    line = RevenueEvent.objects.get(source_id=checkout.id)
    assert line.occurred_at == checkout.confirmed_at < began <= line.created_at
    for payout_line in RevenueEvent.objects.filter(source_type="settlement"):
        payout = PayoutIntent.objects.get(id=payout_line.payout_id)
        assert payout_line.occurred_at == payout.settled_at


def test_again_and_in_a_second_pass_it_writes_nothing_more(history):
    filled()
    once = list(RevenueEvent.objects.order_by("id").values())

    assert filled() == 0
    pass_again()
    assert filled() == 0

    assert list(RevenueEvent.objects.order_by("id").values()) == once
    assert set(BackFill.objects.values_list("name", "passes", "written")) == {
        ("checkouts", 2, 1), ("settlements", 2, 3),
    }  # fmt: skip


def test_the_second_pass_finds_what_the_version_before_wrote_meanwhile(history, people):
    filled()
    make_payout(people, "settled")
    forget_all()
    BackFill.objects.update(cursor="")

    pass_again()

    assert filled() == 5
    pass_again()
    assert filled() == 0


def test_between_the_passes_and_after_them_nothing_is_read(history, django_assert_max_num_queries):
    filled()
    with django_assert_max_num_queries(10):
        filled()


def test_killed_between_two_chunks_it_goes_on_from_there(history, monkeypatch):
    monkeypatch.setattr(backfilling, "CHUNK", 1)
    table = ledger.TABLES[1]
    assert backfilling._one_chunk(table) == 1
    first = BackFill.objects.get(name="settlements").cursor

    with transaction.atomic():  # killed before it commits
        backfilling._one_chunk(table)
        transaction.set_rollback(True)

    assert BackFill.objects.get(name="settlements").cursor == first
    assert filled() == 3
    assert said() == history


def test_what_stands_beside_it_already_is_left_alone(history, people):
    newer = make_payout(people, "settled")
    before = RevenueEvent.objects.get()

    assert filled() == 4

    assert RevenueEvent.objects.get(payout_id=newer.id).id == before.id
    assert RevenueEvent.objects.count() == 5


def test_what_is_reversed_gets_no_line_until_it_is_restored(people):
    payout = make_payout(people, "settled")
    settlement = Settlement.objects.get()
    orphaned(hash_of(payout))
    verify()
    forget_all()

    assert filled() == 0
    mined(hash_of(payout), moved(), block=1_007, fork="b")
    verify()

    assert lines_of(settlement.id) == [(0, "payout_settled", settlement.amount_atomic)]


def test_a_reversal_of_what_has_no_line_yet_does_not_stop_the_verifier(people):
    payout = make_payout(people, "settled")
    forget_all()

    orphaned(hash_of(payout))

    assert verify().reversed == 1
    assert RevenueEvent.objects.count() == 0


def test_money_that_nobody_meant_to_send_is_no_line(people):
    payout = executed(people)
    mined(hash_of(payout), moved(), moved())
    verify()
    forget_all()
    unexpected = Settlement.objects.filter(payout=None).count()

    assert filled() == Settlement.objects.count() - unexpected == 1


def test_the_job_says_how_many(history):
    assert tasks.fill_ledger() == 4
    assert tasks.fill_ledger() == 0


def test_it_is_known_whether_the_past_is_there(history):
    assert not backfilling.is_filled()
    filled()
    assert backfilling.is_filled()
