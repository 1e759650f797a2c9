"""manage.py reset_two_factor EMAIL"""

from typing import Any

from django.core.management.base import CommandParser

from billing.commands import JsonCommand, Outcome
from organizations import two_factor
from organizations.queries import person_with_email


class Command(JsonCommand):
    help = (
        "Removes somebody's authenticator app and recovery codes, ends their sessions, writes to "
        "them, and writes the event in each of their organizations. For whoever lost both, and "
        "after SECRET_KEY was changed. Make sure that it is really they who ask."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def run(self, **options: Any) -> Outcome:
        user = person_with_email(options["email"])
        is_removed = two_factor.reset(user)
        line = "removed; they are told" if is_removed else "there was none; sessions ended"
        return Outcome({"id": user.id, "email": user.email, "removed": is_removed}, [line])
