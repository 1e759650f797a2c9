"""Which runs are kept, and for how long."""

from datetime import UTC, datetime, timedelta

from organizations.models import Organization
from reconciliation import services
from reconciliation.models import ReconciliationRun
from tests.reconciliation.rows import a_payout, put_in

NOW = datetime(2025, 3, 31, 12, tzinfo=UTC)


def ran(organization: Organization, at: datetime) -> ReconciliationRun:
    run, _ = services.run(organization.id, "sandbox")
    ReconciliationRun.objects.filter(pk=run.pk).update(started_at=at)
    return run


def test_after_a_month_the_last_of_each_day_is_kept(
    acme: Organization, zenith: Organization
) -> None:
    old = NOW - timedelta(days=40)
    midnight = old.replace(hour=0)
    gone = [ran(acme, midnight), ran(acme, old), ran(acme, old + timedelta(hours=1))]
    kept = [
        ran(acme, midnight - timedelta(seconds=1)),
        ran(acme, old + timedelta(hours=11)),
        ran(zenith, old),
        ran(acme, NOW - timedelta(days=30)),
        ran(acme, NOW - timedelta(days=30) + timedelta(hours=1)),
    ]

    assert services.forget_runs(at=NOW) == len(gone)

    assert set(ReconciliationRun.objects.all()) == set(kept)
    assert services.forget_runs(at=NOW) == 0


def test_a_run_keeps_its_counts_apart(acme: Organization) -> None:
    put_in([a_payout(acme, "approved"), a_payout(acme, "approved", chain="tron", token="USDT")])

    run, _ = services.run(acme.id, "sandbox")

    assert run.lines == [["base", "USDC", "unmatched", 1], ["tron", "USDT", "unmatched", 1]]
