import pytest
from django.db import connection

from approvals.facts import digest
from payouts.acts.approve import facts_of
from payouts.models import PayoutIntent, Settlement
from reconciliation import matching, services, tasks
from reconciliation.models import ReconciliationRun
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in

ELSEWHERE = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def put(organization, status="settled", difference=0, **fields):
    payout = a_payout(organization, status)
    settlement = a_settlement(
        organization, payout, amount_atomic=payout.amount_atomic + difference, **fields
    )
    put_in([payout], [settlement])
    return payout, settlement


def test_a_run_is_kept_with_its_figures(acme):
    put(acme)
    put(acme, "settled", -50_000, discrepancies=["amount"])
    put_in(
        [a_payout(acme, "approved"), a_payout(acme, "failed", outcome="unknown")],
        [a_settlement(acme, amount_atomic=7)],
    )

    row, _ = services.run(acme.id, "sandbox")

    assert ReconciliationRun.objects.get() == row
    assert row.id.startswith("run_")
    assert (row.matched_count, int(row.matched_atomic)) == (1, 500_000_000)
    assert (row.unmatched_count, int(row.unmatched_atomic)) == (1, 500_000_000)
    assert (row.unexpected_count, int(row.unexpected_atomic)) == (1, 7)
    assert (row.discrepancies_count, int(row.difference_atomic)) == (1, -50_000)
    assert (row.reversed_count, row.unknown_count, row.is_clean) == (0, 1, False)
    assert row.started_at <= row.finished_at


def test_a_difference_nobody_recorded_is_recorded_and_told(acme, events_of):
    payout, settlement = put(acme, "settled", -50_000)

    row, summary = services.run(acme.id, "sandbox")

    settlement.refresh_from_db()
    assert settlement.discrepancies == ["amount"]
    assert events_of(payout) == ["payout.discrepancy"]
    assert (row.found_count, summary.discrepancies_count) == (1, 1)


def test_a_second_run_finds_nothing_new(acme, events_of):
    payout, settlement = put(acme, "failed", 3, to_address=ELSEWHERE)
    first, _ = services.run(acme.id, "sandbox")

    second, _ = services.run(acme.id, "sandbox")

    settlement.refresh_from_db()
    assert settlement.discrepancies == ["amount", "late_settlement", "approval_mismatch"]
    assert (first.found_count, second.found_count) == (1, 0)
    assert events_of(payout) == ["payout.discrepancy"]
    assert ReconciliationRun.objects.count() == 2


def test_what_was_settled_as_approved_is_left_alone(acme):
    due = a_payout(acme, "settled", due_date=AT)
    put_in([due], [a_settlement(acme, due)])
    put(acme)

    row, summary = services.run(acme.id, "sandbox")

    assert row.found_count == 0
    assert (summary.matched.count, row.is_clean) == (2, True)


def test_a_payout_changed_behind_the_services_back_no_longer_fits_its_approval(acme):
    _, settlement = put(acme)
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("update payouts_payoutintent set due_date = %s", [AT])
        cursor.execute("set local session_replication_role = origin")

    row, summary = services.run(acme.id, "sandbox")

    settlement.refresh_from_db()
    assert settlement.discrepancies == ["approval_mismatch"]
    assert (row.found_count, summary.discrepancies[0].kinds) == (1, ("approval_mismatch",))
    changed = PayoutIntent.objects.get()
    assert digest(facts_of(changed)) != changed.approval_digest


def test_what_a_person_resolved_is_never_opened_again(acme):
    _, settlement = put(acme, "settled", -50_000, discrepancies=["amount"], resolved_at=AT)

    row, _ = services.run(acme.id, "sandbox")

    settlement.refresh_from_db()
    assert (settlement.discrepancies, settlement.resolved_at) == (["amount"], AT)
    assert (row.found_count, row.matched_count, row.is_clean) == (0, 1, True)


def test_a_range_leaves_what_lies_outside_alone(acme):
    _, settlement = put(acme, "settled", -50_000)

    row, _ = services.run(acme.id, "sandbox", until=AT)

    settlement.refresh_from_db()
    assert (settlement.discrepancies, row.found_count, row.until) == ([], 0, AT)


def test_another_organizations_books_are_left_alone(acme, zenith):
    _, settlement = put(acme, "settled", -50_000)

    services.run(zenith.id, "sandbox")
    services.run(acme.id, "live")

    settlement.refresh_from_db()
    assert settlement.discrepancies == []


@pytest.mark.django_db(transaction=True)
def test_the_scheduled_job_runs_over_all_books_there_are(acme, zenith):
    put(acme)
    put_in([], [a_settlement(zenith, environment="live")])

    unclean = tasks.reconcile()

    places = ReconciliationRun.objects.values_list("organization_id", "environment")
    assert sorted(places) == sorted([(acme.id, "sandbox"), (zenith.id, "live")])
    assert unclean == 1


def test_an_unexpected_settlement_is_given_a_suggestion(acme):
    put_in([], [a_settlement(acme)])

    services.run(acme.id, "sandbox")

    assert Settlement.objects.get().suggestion == "never seen before"


def test_very_many_differences_are_told_in_portions(acme, events_of, monkeypatch):
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    payouts = [put(acme, "settled", -1)[0] for _ in range(5)]

    row, _ = services.run(acme.id, "sandbox")

    assert row.found_count == 5
    assert [events_of(payout) for payout in payouts] == [["payout.discrepancy"]] * 5
