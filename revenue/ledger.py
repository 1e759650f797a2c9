"""Writes lines of the ledger, inside the transaction of what causes them.

    ledger.record([Line(…)])        # this money is there
    ledger.take_back([Source(…)])   # it is not, after all

Each is one statement for any number of lines, and doing either twice does it once: a source whose
money stands is not recorded again, one whose money does not stand is not taken back.

Races. The caller holds the lock of the source's own row, so that whoever comes second reads what
the first wrote. Where somebody does not (the back-fill, which locks otherwise), the unique place of
a line within its source decides, and the loser writes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from billing.ids import new_id
from revenue.types import REVERSED_BY, RevenueType, SourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a line comes from, and whose it is."""

    organization_id: str
    environment: str
    source_type: SourceType
    source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Source):
    """One line to be written; `amount_atomic` is above zero, and the type says which way."""

    event_type: RevenueType
    amount_atomic: int
    chain: str | None = None
    token: str | None = None
    checkout_id: str | None = None
    subscription_id: str | None = None
    renewal_id: str | None = None
    customer_id: str | None = None
    payout_id: str | None = None
    tx_hash: str | None = None
    description: str | None = None
    id: str | None = None  # None: a new one is made


# What a line says besides its place within its source and its times.
COLUMNS = (
    "id", "organization_id", "environment", "source_type", "source_id", "event_type",
    "amount_atomic", "chain", "token", "checkout_id", "subscription_id", "renewal_id",
    "customer_id", "payout_id", "tx_hash", "description",
)  # fmt: skip
UNLESS_THERE: Final = "ON CONFLICT (organization_id, source_type, source_id, ordinal) DO NOTHING"
# The last line of a source, by its unique index, and how far its organization's time is ahead.
_AROUND: Final = """
  LEFT JOIN LATERAL (
      SELECT * FROM revenue_revenueevent written
       WHERE written.organization_id = given.organization_id
         AND written.source_type = given.source_type AND written.source_id = given.source_id
       ORDER BY ordinal DESC LIMIT 1
  ) last ON true
  LEFT JOIN organizations_sandboxclock clock
         ON given.environment = 'sandbox' AND clock.organization_id = given.organization_id
"""
_RECORD: Final = """
INSERT INTO revenue_revenueevent (ordinal, occurred_at, created_at, updated_at, {columns})
SELECT coalesce(last.ordinal + 1, 0), %(at)s + coalesce(clock.ahead, interval '0'), %(at)s, %(at)s,
       {given}
  FROM jsonb_populate_recordset(null::revenue_revenueevent, %(lines)s::jsonb) given {around}
 WHERE last.ordinal IS NULL OR last.ordinal %% 2 = 1
{unless_there}
""".format(
    columns=", ".join(COLUMNS),
    given=", ".join(f"given.{name}" for name in COLUMNS),
    around=_AROUND,
    unless_there=UNLESS_THERE,
)
_KEPT = tuple(name for name in COLUMNS if name not in ("id", "event_type", "description"))
_TAKE_BACK: Final = """
INSERT INTO revenue_revenueevent
    (ordinal, occurred_at, created_at, updated_at, id, event_type, description, {columns})
SELECT last.ordinal + 1, %(at)s + coalesce(clock.ahead, interval '0'), %(at)s, %(at)s,
       given.id, %(words)s::jsonb ->> last.event_type, %(why)s, {last}
  FROM jsonb_populate_recordset(null::revenue_revenueevent, %(lines)s::jsonb) given {around}
 WHERE last.ordinal %% 2 = 0
{unless_there}
""".format(
    columns=", ".join(_KEPT),
    last=", ".join(f"last.{name}" for name in _KEPT),
    around=_AROUND,
    unless_there=UNLESS_THERE,
)


def record(lines: Sequence[Line], *, at: datetime) -> int:
    """Write that this money is there; return how many lines were written.

    A source that was taken back gets its next line; one whose money stands gets none. `at` is the
    wall clock; the line occurs then in the organization's own time.
    """
    rows = [asdict(line) | {"id": line.id or new_id("rev")} for line in lines]
    return _written(_RECORD, rows, {"at": at}) if rows else 0


def take_back(sources: Sequence[Source], *, at: datetime, why: str) -> int:
    """Write that this money is not there any more: the last line of each, the other way.

    Returns how many lines were written. A source without a standing line gets none. `why` is the
    description of the lines.
    """
    rows = [asdict(source) | {"id": new_id("rev")} for source in sources]
    words = json.dumps({given.value: back.value for given, back in REVERSED_BY.items()})
    return _written(_TAKE_BACK, rows, {"at": at, "words": words, "why": why}) if rows else 0


def _written(statement: str, rows: list[dict[str, object]], values: dict[str, Any]) -> int:
    assert connection.in_atomic_block, "a line is written in the transaction of what causes it"
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "lines": json.dumps(rows)})
        written: int = cursor.rowcount
        return written
