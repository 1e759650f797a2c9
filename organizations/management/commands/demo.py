"""manage.py demo: the demonstration organization, once."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from billing.commands import JsonCommand, Outcome
from billing.locks import advisory_lock
from organizations.demonstration.place import Demonstration, load

RECIPIENT = "0x6dB54437bedC4Db640384C9827128ecc6baC6C56"


class Command(JsonCommand):
    help = (
        "Makes the demonstration organization: three people, a sandbox key, wallets, and sandbox "
        "payouts and checkouts in every state. Safe to repeat: what is there stays, what is "
        "missing of an interrupted run is made. Log-ins are kept in DATA_DIR/demo.json (mode "
        "0600); with DATABASE_URL set they are printed once and not kept. Touches no other "
        "organization."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new-credentials",
            action="store_true",
            help="give the demonstration's people new passwords and a new key; the old ones end",
        )

    def run(self, **options: Any) -> Outcome:
        with advisory_lock("demo") as is_ours:
            if not is_ours:
                raise CommandError("The demonstration is being loaded by another process. Wait.")
            demonstration = load(new_credentials=options["new_credentials"])
        lines = _lines(demonstration)
        return Outcome({**_data(demonstration), "lines": lines}, lines)


def _data(demonstration: Demonstration) -> dict[str, Any]:
    return {
        "organization": demonstration.organization.id,
        "admin_url": f"{settings.PUBLIC_URL}/admin/",
        "people": [
            {"email": p.email, "password": p.password, "role": p.role}
            for p in demonstration.credentials.people
        ],
        "api_key": demonstration.credentials.api_key,
        "curl": _curl(demonstration.credentials.api_key),
        "is_new": demonstration.is_new,
    }


def _lines(demonstration: Demonstration) -> list[str]:
    known = demonstration.credentials
    lines = [f"Admin        {settings.PUBLIC_URL}/admin/   ({demonstration.organization.name})"]
    for person in known.people:
        password = person.password or "(password shown when it was made)"
        lines.append(f"  {person.role:<10} {person.email:<20} {password}")
    if known.api_key is None:
        return [*lines, "Lost them? manage.py demo --new-credentials makes new ones."]
    return [*lines, f"Sandbox key  {known.api_key}", "Try", f"  {_curl(known.api_key)}"]


def _curl(api_key: str | None) -> str | None:
    if api_key is None:
        return None
    body = (
        f'{{"recipient_address": "{RECIPIENT}", "chain": "base", "token": "USDC", '
        '"amount": 49.99, "currency": "USD"}'
    )
    return (
        f"curl -s {settings.PUBLIC_URL}/v1/payouts -H 'Authorization: Bearer {api_key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )
