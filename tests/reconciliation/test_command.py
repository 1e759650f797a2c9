import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.chains import Chain
from chainwatch.models import ChainHead, WatchedTransaction
from reconciliation.models import ReconciliationRun
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in


def reconcile(*arguments):
    """Run it as from the shell; return the exit status and what it printed."""
    printed = StringIO()
    try:
        call_command("reconcile", *arguments, stdout=printed, stderr=StringIO())
    except SystemExit as end:
        return end.code, printed.getvalue()
    return 0, printed.getvalue()


def short(organization):
    payout = a_payout(organization, "settled")
    put_in([payout], [a_settlement(organization, payout, amount_atomic=499_950_000)])


def test_plain_unmatched_payouts_are_clean(acme):
    put_in([a_payout(acme, "approved")])

    status, printed = reconcile()

    assert status == 0
    assert f"{acme.id} sandbox" in printed
    assert "500.00 USDC on base  on their way" in printed
    assert "clean" in printed


@pytest.mark.parametrize("what", ["discrepancy", "unexpected", "reversed", "unknown"])
def test_what_a_person_must_see_is_status_1(acme, what):
    if what == "discrepancy":
        short(acme)
    elif what == "unexpected":
        put_in([], [a_settlement(acme)])
    elif what == "reversed":
        payout = a_payout(acme, "settled")
        put_in([payout], [a_settlement(acme, payout, reversed_at=AT)])
    else:
        put_in([a_payout(acme, "failed", outcome="unknown")])

    status, printed = reconcile()

    assert status == 1
    assert "not clean: a person must look" in printed


def test_json_is_one_object_with_numbers_that_are_numbers(acme):
    short(acme)

    status, printed = reconcile("--json", "--organization", acme.id, "--environment", "sandbox")

    assert status == 1
    data = json.loads(printed)
    (report,) = data["reports"]
    assert (data["is_clean"], data["unreadable_chains"]) == (False, [])
    assert report["run_id"] == ReconciliationRun.objects.get().id
    assert report["organization_id"] == acme.id
    assert report["discrepancies"][0]["difference"] == -0.05
    assert report["matched"] == {"count": 0, "total_amount": 0}


def test_a_second_run_says_the_same(acme):
    short(acme)

    first, second = reconcile(), reconcile()

    assert first == second
    assert ReconciliationRun.objects.count() == 2


def test_a_range_of_days_is_read_as_utc(acme):
    short(acme)

    inside = reconcile("--from", "2025-01-15", "--to", "2025-01-16")
    before = reconcile("--to", "2025-01-15")
    after = reconcile("--from", "2025-01-15T12:00:01Z")

    assert (inside[0], before[0], after[0]) == (1, 0, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "soon"),
        ("--from", "2025-01-15T12:00:00"),
        ("--environment", "moon"),
    ],
)
def test_a_wrong_argument_is_refused(db, arguments):
    with pytest.raises(CommandError):
        reconcile(*arguments)


def test_an_empty_range_or_an_unknown_organization_could_not_run(db):
    assert reconcile("--from", "2025-01-16", "--to", "2025-01-15")[0] == 2
    assert reconcile("--organization", "org_nobody")[0] == 2


def test_an_organization_without_books_is_clean(acme):
    status, printed = reconcile("--organization", acme.id)

    assert status == 0
    assert "no payouts and no settlements" in printed


class TestAChainThatCannotBeRead:
    """`base` is configured with a node that nobody runs."""

    @pytest.fixture(autouse=True)
    def _configured(self, db, settings):
        from dataclasses import replace

        base = replace(settings.NETWORKS["base"], rpc_urls=("http://127.0.0.1:9",))
        settings.NETWORKS = {**settings.NETWORKS, "base": base}

    def _head(self, age):
        ChainHead.objects.create(chain=Chain.BASE, number=7, read_at=timezone.now() - age)

    def test_never_read_is_status_2_whatever_the_books_say(self, acme):
        short(acme)

        status, printed = reconcile()

        assert status == 2
        assert "base cannot be read: never read" in printed

    def test_a_good_read_of_less_than_ten_minutes_is_enough(self):
        self._head(timedelta(minutes=9))

        assert reconcile()[0] == 0

    def test_an_older_one_is_not(self):
        self._head(timedelta(minutes=11))

        status, printed = reconcile("--json")

        assert status == 2
        assert [one["chain"] for one in json.loads(printed)["unreadable_chains"]] == ["base"]

    def test_with_something_in_flight_no_node_is_asked_any_more(self):
        self._head(timedelta(minutes=11))
        at = timezone.now()
        WatchedTransaction.objects.create(
            chain=Chain.BASE, tx_hash="0xab", watched_at=at, watch_until=at + timedelta(days=1)
        )

        assert reconcile()[0] == 2

    def test_the_sandbox_alone_needs_no_node(self, acme):
        assert reconcile("--environment", "sandbox")[0] == 0
