"""manage.py unlock_log_in EMAIL"""

from typing import Any

from django.core.management.base import CommandParser

from billing.commands import JsonCommand, Outcome
from organizations import throttling


class Command(JsonCommand):
    help = (
        "Lets an account that was refused after wrong passwords try again at once. Forgets its "
        "counted failures and writes nothing else."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def run(self, **options: Any) -> Outcome:
        forgotten = throttling.unlock(options["email"])
        data = {"email": options["email"], "failures_forgotten": forgotten}
        return Outcome(data, [f"{forgotten} failures forgotten"])
