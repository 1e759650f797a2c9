"""The reconciliation summary beside the bare hash join of its two tables."""

from django.db import connection

from reconciliation import services
from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.figures import Figure
from tests.bench.loading import Book
from tests.bench.place import Tenant

ROUNDS = 15
JOIN = """
    select count(*), sum(p.amount_atomic), sum(s.amount_atomic)
    from payouts_payoutintent p join payouts_settlement s on s.payout_id = p.id
"""


def run(tenant: Tenant, book: Book) -> list[Figure]:
    workload = f"reconcile, {book.payouts:,} payouts"
    organization, environment = tenant.caller.organization_id, tenant.caller.environment
    arms = {
        "summary": seconds(lambda: services.summary(organization, environment)),
        "join": seconds(_join),
    }
    answers = interleaved(arms, ROUNDS, warm_up=2)
    summary = services.summary(organization, environment)
    beside = f"bare hash join {1000 * min(answers['join']):.0f} ms"
    return [
        Figure(workload, "summary's time", ratio(answers, "summary", "join"), "×", beside, 2.5),
        Figure(workload, "matched", summary.matched.count, "", "", book.matched, exactly=True),
        Figure(
            workload,
            "discrepancies",
            len(summary.discrepancies),
            "",
            "",
            book.different,
            exactly=True,
        ),
    ]


def _join() -> None:
    with connection.cursor() as cursor:
        cursor.execute(JOIN)
        cursor.fetchall()
