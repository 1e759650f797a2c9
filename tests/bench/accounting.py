"""Accounting over a million lines beside the bare GROUP BY of their table."""

from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from revenue import ledger, services
from revenue.models import RevenueEvent
from revenue.periods import Every
from revenue.types import RevenueType, SourceType
from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.figures import Figure
from tests.bench.loading import copy
from tests.bench.place import Tenant, new_tenant

LINES = 1_000_000
ROUNDS = 9
ZONE = ZoneInfo("Europe/Berlin")
BARE = """
    select date_trunc('month', occurred_at), event_type, count(*), sum(amount_atomic)
    from revenue_revenueevent where organization_id = %s and environment = %s
    group by 1, 2
"""
# Two years, a line every minute, of five types.
TYPES = ["checkout_confirmed", "subscription_charged", "payout_settled", "refund", "chargeback"]
CHANGES = {
    "id": "'rev_' || lpad(to_hex(n), 24, '0')",
    "source_id": "'co_' || lpad(to_hex(n), 24, '0')",
    "event_type": f"(array{TYPES})[1 + n %% 5]",
    "amount_atomic": "1 + n * 7919::bigint %% 100000000",
    "occurred_at": "now() - n * interval '63 seconds'",
}


def run(lines: int = LINES) -> list[Figure]:
    tenant = new_tenant("Ledger")
    first = load(tenant, lines)
    arms = {
        "monthly": seconds(lambda: services.accounts(tenant.caller, zone=ZONE)),
        "weekly": seconds(lambda: services.accounts(tenant.caller, zone=ZONE, every=Every.WEEK)),
        "bare": seconds(lambda: _bare(tenant)),
    }
    answers = interleaved(arms, ROUNDS, warm_up=2)
    total = services.accounts(tenant.caller, zone=ZONE).total
    workload, beside = (
        f"accounting, {lines:,} lines",
        f"bare GROUP BY by month {1000 * min(answers['bare']):.0f} ms",
    )
    counted = sum(total.counts.values())
    return [
        Figure(workload, "months' time", ratio(answers, "monthly", "bare"), "×", beside, 1.5),
        Figure(workload, "weeks' time", ratio(answers, "weekly", "bare"), "×", beside, 1.5),
        Figure(workload, "lines counted", counted, "", "", lines, exactly=True),
        Figure(workload, "sum is the ledger's", _sum(tenant) - sum(total.sums.values()), "",
               f"first line {first.id}", 0, exactly=True),
    ]  # fmt: skip


def load(tenant: Tenant, lines: int) -> RevenueEvent:
    """Write one line as the product does, and copies of it."""
    organization, environment = tenant.caller.organization_id, str(tenant.caller.environment)
    line = ledger.Line(
        organization_id=organization, environment=environment, source_type=SourceType.CHECKOUT,
        source_id="co_first", event_type=RevenueType.CHECKOUT_CONFIRMED, amount_atomic=49_990_000,
        chain="base", token="USDC", checkout_id="co_first", tx_hash="0x" + "ab" * 32,
    )  # fmt: skip
    with transaction.atomic():
        ledger.record([line], at=timezone.now())
    first = RevenueEvent.objects.get(source_id="co_first")
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = 0")  # a request writes no million lines
        copy(RevenueEvent, first.id, lines - 1, CHANGES)
        cursor.execute("analyze revenue_revenueevent")
        cursor.execute("reset statement_timeout")
    return first


def _bare(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE, [tenant.caller.organization_id, str(tenant.caller.environment)])
        cursor.fetchall()


def _sum(tenant: Tenant) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(amount_atomic) from revenue_revenueevent where organization_id = %s",
            [tenant.caller.organization_id],
        )
        (found,) = cursor.fetchone() or (0,)
        return int(found)
