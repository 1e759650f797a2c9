"""What every management command shares: `--json`, exit statuses, progress for people on stderr.

    class Command(JsonCommand):
        help = "Creates an organization; writes one row."

        def run(self, **options: Any) -> Outcome:
            self.progress("creating …")
            return Outcome({"id": "org_…"}, ["org_…"])

Exit status: 0 done, 1 found something a person must see, 2 could not run.
"""

import json
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from billing.database.holding import EmbeddedPostgresFailed
from billing.errors import BillingError

DONE, FOUND, FAILED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: `data` for machines (`--json`), `lines` for people, the exit status."""

    data: Mapping[str, Any]
    lines: Sequence[str] = field(default=())
    status: int = DONE


class JsonCommand(BaseCommand):
    """A command with `--json` and exit statuses: write `run`, and `add_options` where it has any.

    BillingError, CommandError and database errors end it with status 2 and one line on stderr.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_options(parser)
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object on stdout, nothing else"
        )

    def add_options(self, parser: CommandParser) -> None:
        """Add this command's own arguments."""

    @abstractmethod
    def run(self, **options: Any) -> Outcome:
        """Do it and say what was done. `options` are the parsed arguments."""

    def progress(self, line: str) -> None:
        """Tell people on stderr how far it is; machines read stdout alone."""
        self.stderr.write(line, self.style.NOTICE)
        self.stderr.flush()

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = self._outcome(options)
        if options["json"]:
            self.stdout.write(json.dumps(outcome.data, default=str))
        else:
            for line in outcome.lines:
                self.stdout.write(line)
        self.stdout.flush()
        if outcome.status != DONE:
            sys.exit(outcome.status)

    def _outcome(self, options: dict[str, Any]) -> Outcome:
        try:
            return self.run(**options)
        except (BillingError, CommandError, DatabaseError, EmbeddedPostgresFailed) as error:
            text = error.message if isinstance(error, BillingError) else str(error)
            self.stderr.write(f"error: {text.strip()}", self.style.ERROR)
            failed = {"error": {"message": text.strip(), "code": getattr(error, "code", None)}}
            return Outcome(failed, (), FAILED)
