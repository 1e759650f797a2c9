"""manage.py reconcile [--organization ORG] [--environment E] [--from D --to D]"""

import sys
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from billing import exact_json
from billing.chains import Environment
from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome
from organizations.queries import organization_named
from reconciliation import freshness, services
from reconciliation.answers import summary_json
from reconciliation.reporting import report_lines, unreadable_lines


class Command(JsonCommand):
    help = (
        "Matches payouts and settlements, records differences nobody had recorded, keeps a run for "
        "each organization and environment, and reports. Exit status: 0 clean (payouts on their "
        "way are), 1 an open discrepancy, an unexpected or reversed settlement, an unknown "
        "outcome, 2 a configured chain without a good read in the last 10 minutes: then the "
        "report cannot be trusted, whatever it says."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="ORG", help="its org_… id, or its name")
        parser.add_argument("--environment", choices=Environment.values)
        parser.add_argument(
            "--from",
            dest="since",
            type=moment,
            metavar="D",
            help="inclusive; a date means 00:00 UTC",
        )
        parser.add_argument("--to", dest="until", type=moment, metavar="D", help="exclusive")

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command's; but in JSON the amounts are exact numbers, as in the API."""
        if not options["json"]:
            super().handle(*args, **options)
            return
        outcome = self._outcome(options)
        self.stdout.write(exact_json.dumps(outcome.data).decode())
        if outcome.status != DONE:
            sys.exit(outcome.status)

    def run(self, **options: Any) -> Outcome:
        since, until = options["since"], options["until"]
        if since and until and since >= until:
            raise CommandError("--from must be earlier than --to.")
        named = options["organization"]
        organization_id = organization_named(named).id if named else None
        places = services.places(organization_id, options["environment"])
        runs = [services.run(*place, since, until) for place in places]
        # Simulated chains are never unreadable.
        is_sandbox = options["environment"] == Environment.SANDBOX
        unreadable = [] if is_sandbox else freshness.unreadable_chains()
        reports = [
            {"run_id": row.id, "organization_id": row.organization_id, **summary_json(books)}
            for row, books in runs
        ]
        is_clean = all(row.is_clean for row, _ in runs)
        data = {
            "is_clean": is_clean,
            "reports": reports,
            "unreadable_chains": [{"chain": one.chain, "why": one.why} for one in unreadable],
        }
        lines = [line for _, books in runs for line in report_lines(books)]
        status = FAILED if unreadable else DONE if is_clean else FOUND
        return Outcome(data, [*lines, *unreadable_lines(unreadable)], status)


def moment(text: str) -> datetime:
    """Read a date (its first moment, UTC) or a time with its offset. Raises ValueError."""
    day = parse_date(text)
    if day is not None:
        return datetime.combine(day, time(), UTC)
    at = parse_datetime(text)
    if at is None or at.tzinfo is None:
        raise ValueError(text)
    return at
