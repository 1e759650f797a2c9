"""manage.py revoke_api_key KEY_ID"""

from typing import Any

from django.core.management.base import CommandParser

from billing.commands import JsonCommand, Outcome
from billing.times import iso
from organizations import services


class Command(JsonCommand):
    help = "Revokes an API key at once: its next call is refused. Writes its row and an event."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("key_id", metavar="KEY_ID", help="key_…, never the secret itself")

    def run(self, **options: Any) -> Outcome:
        key = services.revoke_api_key(options["key_id"])
        assert key.revoked_at is not None  # that is what revoking is
        revoked_at = iso(key.revoked_at)
        return Outcome(
            {"id": key.id, "revoked_at": revoked_at}, [f"{key.id} revoked at {revoked_at}"]
        )
