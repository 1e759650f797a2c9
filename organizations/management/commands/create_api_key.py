"""manage.py create_api_key ORG --environment sandbox|live"""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from billing.chains import Environment
from billing.commands import JsonCommand, Outcome
from billing.errors import InvalidRequest
from organizations import services
from organizations.queries import organization_named


class Command(JsonCommand):
    help = (
        "Creates an API key and prints it, alone, on stdout: it is shown this once and stored "
        "nowhere. Writes one row and its event."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("organization", metavar="ORG", help="its org_… id, or its name")
        parser.add_argument("--environment", choices=Environment.values, required=True)
        parser.add_argument(
            "--scopes",
            metavar="all|a:read,b:write",
            help="unsaid: every scope, in live all but payouts:approve",
        )
        parser.add_argument("--expires-in-days", type=int, metavar="N")
        parser.add_argument("--name", default="", help="what it is for, shown in the admin")

    def run(self, **options: Any) -> Outcome:
        days = options["expires_in_days"]
        if days is not None and not 1 <= days <= 36_500:
            raise InvalidRequest("--expires-in-days takes 1 to 36500.")
        key, secret = services.issue_api_key(
            organization_named(options["organization"]),
            options["environment"],
            scopes=services.scopes_said(options["scopes"]),
            name=options["name"],
            expires_at=None if days is None else timezone.now() + timedelta(days=days),
        )
        return Outcome(
            {"id": key.id, "key": secret, "environment": key.environment, "scopes": key.scopes},
            [secret],
        )
