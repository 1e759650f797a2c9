"""The command, run as `make run` runs it."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command

STATUSES = {
    "draft": 4,
    "approved": 1,
    "pending_execution": 2,
    "executed": 2,
    "settled": 5,
    "failed": 2,
    "canceled": 1,
}


def demo(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("demo", "--json", *arguments, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told
