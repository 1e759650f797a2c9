"""manage.py export_revenue ORG [--environment E] [--period P] [--time-zone Z] [--lines] …"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from billing import exact_json
from billing.callers import Caller, system
from billing.chains import Environment
from billing.commands import DONE, FOUND, JsonCommand, Outcome
from billing.sheets import Sheet, csv_bytes
from organizations.queries import organization_named
from revenue import exporting, services
from revenue.accounting import Accounts
from revenue.answers import accounts_json
from revenue.backfilling import is_filled
from revenue.filters import Asked, asked
from revenue.models import RevenueEvent

STILL = "what was paid before there was a ledger is still being written: sums may lack lines"


class Command(JsonCommand):
    help = (
        "Writes the revenue of an organization as CSV, by month or week, or line by line; with "
        "--json as the API answers it. Writes an event that it was exported. Exit status: 0 done, "
        "1 what was paid before there was a ledger is still being written into it, 2 could not run."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("organization", metavar="ORG", help="its org_… id, or its name")
        parser.add_argument("--environment", choices=Environment.values, default="live")
        parser.add_argument(
            "--period", default="monthly", metavar="P", help="monthly, weekly, 2025-01 or 2025-W03"
        )
        parser.add_argument(
            "--time-zone", default="UTC", metavar="Z", help="whose midnights begin a period: UTC"
        )
        parser.add_argument("--from", dest="since", metavar="D", help="a day there, or a time")
        parser.add_argument(
            "--to", dest="until", metavar="D", help="a day, included, or a time, not included"
        )
        parser.add_argument("--lines", action="store_true", help="every line of the ledger")
        parser.add_argument("--output", metavar="FILE", type=Path, help="not to stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command's; but in JSON the amounts are exact numbers, as in the API."""
        outcome = self._outcome(options)
        if options["json"]:
            self.stdout.write(exact_json.dumps(outcome.data).decode())
        if outcome.status != DONE:
            sys.exit(outcome.status)

    def run(self, **options: Any) -> Outcome:
        if options["json"] and options["lines"]:
            raise CommandError("JSON has the periods alone. Leave out --lines or --json.")
        caller = system(
            organization_named(options["organization"]).id,
            Environment(options["environment"]),
            "export_revenue",
        )
        wanted = asked(_query(options))
        accounts = services.accounts(
            caller, every=wanted.every, zone=wanted.zone, since=wanted.since, until=wanted.until
        )
        sheet = self._sheet(caller, wanted, accounts, options)
        if not options["json"]:
            self._write(sheet, options["output"])
        if not is_filled():
            self.progress(STILL)
        return Outcome(accounts_json(accounts), (), DONE if is_filled() else FOUND)

    def _sheet(
        self, caller: Caller, wanted: Asked, accounts: Accounts, options: dict[str, Any]
    ) -> Sheet:
        what = "revenue ledger" if options["lines"] else "revenue"
        format_ = "json" if options["json"] else "csv"
        with transaction.atomic():
            exporting.told(caller, what, format_, wanted.zone, _query(options))
        if not options["lines"]:
            return exporting.accounts_sheet(accounts)
        lines = RevenueEvent.objects.visible_to(caller)
        if wanted.since:
            lines = lines.filter(occurred_at__gte=wanted.since)
        if wanted.until:
            lines = lines.filter(occurred_at__lt=wanted.until)
        return exporting.lines_sheet(lines, wanted.zone)

    def _write(self, sheet: Sheet, output: Path | None) -> None:
        pieces: Iterator[bytes] = csv_bytes(sheet, has_bom=output is not None)
        if output is None:
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")
            return
        try:
            with output.open("wb") as file:
                file.writelines(pieces)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None


def _query(options: dict[str, Any]) -> dict[str, str]:
    """The options as the query of the API has them; what was not given is left out."""
    named = {
        "period": options["period"],
        "time_zone": options["time_zone"],
        "period_start": options["since"],
        "period_end": options["until"],
    }
    return {name: value for name, value in named.items() if value is not None}
