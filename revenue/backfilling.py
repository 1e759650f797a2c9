"""Fills the ledger with what was paid before there was one: chunk by chunk, each once.

    fill(BackFilled("checkouts", CHUNK))

A floor above knows its own table and says what of it is a line; this walks the table by its ids.
Every chunk is one statement that reads, writes and skips what is there, and commits with the place
it came to: killed anywhere, it goes on from there. A table is walked twice. The second walk begins
an hour after the first ended, for processes of the version before, which know no ledger, may
have gone on for a while beside us.

Races. The chunk's rows are locked (FOR SHARE), so that none is taken back between being read and
being written; whoever takes one back afterwards finds its line.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from revenue.ledger import COLUMNS, UNLESS_THERE
from revenue.models import BackFill

logger = logging.getLogger(__name__)

PASSES = 2
REST = timedelta(hours=1)
CHUNK = 2_000  # Rows that are locked at a time.
# A new id, as billing.ids makes them, and the times; the rest of a line is said by `lines`.
_FILL: Final = """
WITH chunk AS MATERIALIZED ({chunk}), written AS (
    INSERT INTO revenue_revenueevent (ordinal, created_at, updated_at, occurred_at, {columns})
    SELECT 0, %(at)s, %(at)s, occurred_at, {columns} FROM (
        SELECT 'rev_' || left(replace(gen_random_uuid()::text, '-', ''), 24) AS id, line.*
          FROM chunk, LATERAL ({line}) line
    ) lines
    {unless_there}
    RETURNING 1
)
SELECT (SELECT max(id) FROM chunk), (SELECT count(*) FROM written)
"""


@dataclass(frozen=True, slots=True)
class BackFilled:
    """A table that is walked. `chunk` selects its rows beyond %(after)s by id, at most %(many)s,
    and locks them; `line` makes of a row of `chunk` its line, or none: `occurred_at` and COLUMNS
    but `id`. What it leaves out is null.
    """

    name: str
    chunk: str
    line: str


def fill(table: BackFilled, *, for_s: float = 20.0) -> int:
    """Walk on for so long, or to the end; return how many lines were written."""
    ends, written = time.monotonic() + for_s, 0
    while time.monotonic() < ends:
        count = _one_chunk(table)
        if count is None:
            return written
        written += count
    return written


def is_filled() -> bool:
    """Whether every table was walked once at least: before, sums of the past may lack lines."""
    rows = list(BackFill.objects.values_list("passes", flat=True))
    return bool(rows) and min(rows) >= 1


@transaction.atomic
def _one_chunk(table: BackFilled) -> int | None:
    """How many lines the next chunk wrote; None where there is nothing to do now."""
    BackFill.objects.get_or_create(name=table.name)
    place = BackFill.objects.select_for_update().get(name=table.name)
    if place.passes >= PASSES or _rests(place):
        return None
    last, written = _written(table, place.cursor)
    place.written += written
    if last is None:
        place.passes, place.pass_ended_at, place.cursor = place.passes + 1, timezone.now(), ""
        logger.info(
            "ledger filled table=%s pass=%d written=%d", table.name, place.passes, place.written
        )
    else:
        place.cursor = last
    place.save()
    return None if last is None else written


def _rests(place: BackFill) -> bool:
    return place.pass_ended_at is not None and timezone.now() < place.pass_ended_at + REST


def _written(table: BackFilled, after: str) -> tuple[str | None, int]:
    statement = _FILL.format(
        chunk=table.chunk, line=table.line, columns=", ".join(COLUMNS), unless_there=UNLESS_THERE
    )
    values: dict[str, Any] = {"after": after, "many": CHUNK, "at": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        last, written = cursor.fetchone() or (None, 0)
        return last, written
