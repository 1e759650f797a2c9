"""Lets addresses rest that nobody is expected to pay any more: followed once a day from then on.

Money that still comes is found then, as long as the wallet exists; a checkout that is made on a
shared address later wakes it up.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from wallets import deposits

logger = logging.getLogger(__name__)

# What is paid so long after the end is found once a day; an asked amount is held as long.
LIVE_FOR = timedelta(days=7)
CHUNK = 200  # addresses in one transaction: who makes a checkout on one of them waits so long

# Oldest first, by deposit_address_followed_live; each asks its checkouts by the index of theirs. A
# shared address rests when all of its checkouts are so long closed, or when it never had one.
_IDLE = """
SELECT d.id
  FROM wallets_depositaddress d
 WHERE d.rests_since IS NULL AND d.created_at < %(until)s
   AND (%(ids)s::text[] IS NULL OR d.id = ANY (%(ids)s))
   AND NOT EXISTS (
       SELECT FROM checkouts_checkout c
        WHERE c.deposit_address_id = d.id
          AND (c.status IN ('pending', 'detected', 'confirming')
               OR coalesce(c.confirmed_at, c.expired_at, c.failed_at) >= %(until)s))
 ORDER BY d.created_at, d.id
"""


def rest(*, at: datetime) -> int:
    """Let all addresses rest whose last checkout closed seven days ago; return how many."""
    idle, rested = _idle(until=at - LIVE_FOR), 0
    for start in range(0, len(idle), CHUNK):
        rested += _rest(idle[start : start + CHUNK], at=at)
    if rested:
        logger.info("deposit addresses rest count=%d", rested)
    return rested


@transaction.atomic
def _rest(deposit_ids: Collection[str], *, at: datetime) -> int:
    """Hold them, and ask again: a shared one may have got a checkout since it was chosen."""
    deposits.hold(deposit_ids)
    idle = _idle(until=at - LIVE_FOR, ids=deposit_ids)
    deposits.rest(idle, at=at)
    return len(idle)


def _idle(*, until: datetime, ids: Collection[str] | None = None) -> list[str]:
    values = {"until": until, "ids": None if ids is None else list(ids)}
    with connection.cursor() as cursor:
        cursor.execute(_IDLE, values)
        return [row[0] for row in cursor.fetchall()]
