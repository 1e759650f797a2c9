"""manage.py create_organization NAME"""

from typing import Any

from django.core.management.base import CommandParser

from billing.commands import JsonCommand, Outcome
from billing.plans import Plan
from organizations import services


class Command(JsonCommand):
    help = "Creates an organization and prints its id. Writes one row and its event."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--plan", choices=Plan.values, default=Plan.ENTERPRISE.value)
        parser.add_argument(
            "--keys-may-self-approve",
            action="store_true",
            help="let a live key approve what it or the person who issued it created",
        )

    def run(self, **options: Any) -> Outcome:
        organization = services.create_organization(
            options["name"],
            plan=options["plan"],
            keys_may_self_approve=options["keys_may_self_approve"],
        )
        data = {"id": organization.id, "name": organization.name, "plan": organization.plan}
        return Outcome(data, [organization.id])
