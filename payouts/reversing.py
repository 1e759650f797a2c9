"""Reverse and restore: a settlement whose transfer left the chain after all, or came back.

The payout stays settled and its evidence stays as it was written: this says what is so now. Nothing
is deleted, and a person's resolution stands until the transfer leaves the chain again.

Races. Two verifiers, or one and somebody who resolves: the settlement's row lock decides, and
whoever waited for it judges what the other left. So doing this twice does it once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from billing.times import iso
from chainwatch.models import Transfer
from events import services as events
from events.types import EventType
from payouts import booking
from payouts.answers import settlement_json
from payouts.models import Settlement

logger = logging.getLogger(__name__)
CHUNK = 50  # Settlements in one transaction: short locks.

# Hashes are watched for 30 days, so nothing is mined again, as far as we learn, after that. Old
# reorganizations are left out, for else each pass would read all there ever were.
NOTICED_WITHIN = timedelta(days=60)

# Begins with the transfers that left the chain, by their partial index, and asks which of them a
# settlement stands on, and whether that transfer is final in another block by now: all that it says
# must be the same, for one that was mined again can have done something else.
_NEWS = """
WITH gone AS (
    SELECT id FROM chainwatch_transfer
     WHERE orphaned_at > %(since)s AND (%(chain)s::text IS NULL OR chain = %(chain)s)
), touched AS (
    SELECT s.* FROM gone JOIN payouts_settlement s ON s.transfer_id = gone.id
     WHERE s.restored_transfer_id IS NULL
    UNION ALL
    SELECT s.* FROM gone JOIN payouts_settlement s ON s.restored_transfer_id = gone.id
)
SELECT s.id, again.id
  FROM touched s
  LEFT JOIN LATERAL (
      SELECT t.id
        FROM chainwatch_watchedtransaction w
        JOIN chainwatch_transfer t
          ON t.chain = w.chain AND t.scope = w.scope AND t.tx_hash = w.tx_hash AND t.key = w.key
         AND t.block_hash = w.block_hash AND t.orphaned_at IS NULL
       WHERE w.chain = s.chain AND w.tx_hash = s.tx_hash AND w.key = s.key
         AND w.scope = CASE s.environment WHEN 'live' THEN '' ELSE s.organization_id END
         AND w.final_at IS NOT NULL
         AND (t.ordinal, t.contract, t.from_address, t.to_address, t.amount_atomic)
           = (s.ordinal, s.contract, s.from_address, s.to_address, s.amount_atomic)
  ) again ON TRUE
 WHERE s.reversed_at IS NULL OR again.id IS NOT NULL
 ORDER BY s.id
"""


@dataclass(slots=True)
class Turned:
    """How many settlements were reversed and how many restored in one pass."""

    reversed: int = 0
    restored: int = 0


def reverse_and_restore(chain: str | None = None) -> Turned:
    """Hold every settlement against the chain where that has changed, on one chain or all."""
    turned = Turned()
    news = list(_news(chain).items())
    for start in range(0, len(news), CHUNK):
        _judge(dict(news[start : start + CHUNK]), turned)
    return turned


def _news(chain: str | None) -> dict[str, str | None]:
    """Return the settlements whose transfer left the chain, each with where it is final again."""
    values = {"chain": chain, "since": timezone.now() - NOTICED_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, values)
        return dict(cursor.fetchall())


@transaction.atomic
def _judge(news: Mapping[str, str | None], turned: Turned) -> None:
    """Write it on locked rows, where it is still so."""
    locked = Settlement.objects.filter(id__in=news).select_for_update().order_by("id")
    settlements = list(locked)
    named = {_standing_on(each) for each in settlements} | {each for each in news.values() if each}
    transfers = Transfer.objects.in_bulk(sorted(named))
    gone, back, at = [], [], timezone.now()
    for settlement in settlements:
        if transfers[_standing_on(settlement)].orphaned_at is None:
            continue
        if settlement.reversed_at is None:
            _reverse(settlement, at)
            gone.append(settlement)
        again = transfers.get(news[settlement.id] or "")
        # Where it has left that block too since we asked, the next pass says so.
        if again is not None and again.orphaned_at is None:
            _restore(settlement, again, at)
            back.append(settlement)
    booking.take_back(gone, at=at)
    booking.book_again(back, at=at)
    turned.reversed += len(gone)
    turned.restored += len(back)


def _standing_on(settlement: Settlement) -> str:
    """Return the id of the sighting that proves the settlement: the first, or the latest since."""
    standing: str = settlement.restored_transfer_id or settlement.transfer_id
    return standing


def _reverse(settlement: Settlement, at: datetime) -> None:
    settlement.reversed_at = at
    settlement.save(update_fields=["reversed_at", "updated_at"])
    data = settlement_json(settlement)
    events.publish(_watcher(settlement), EventType.SETTLEMENT_REVERSED, settlement.id, data)
    logger.error(
        "settlement reversed, its block left the chain settlement=%s payout=%s tx=%s",
        settlement.id,
        settlement.payout_id,
        settlement.tx_hash,
    )


def _restore(settlement: Settlement, again: Transfer, at: datetime) -> None:
    settlement.reversed_at, settlement.restored_at = None, at
    settlement.restored_transfer = again
    settlement.save(update_fields=["reversed_at", "restored_at", "restored_transfer", "updated_at"])
    mined = {
        "block_number": again.block_number,
        "block_hash": again.block_hash,
        "block_time": iso(again.block_time),
        "node": again.node,
    }
    data = {**settlement_json(settlement), "mined_again": mined}
    events.publish(_watcher(settlement), EventType.SETTLEMENT_RESTORED, settlement.id, data)
    logger.warning(
        "settlement restored, mined again settlement=%s payout=%s tx=%s block=%d",
        settlement.id,
        settlement.payout_id,
        settlement.tx_hash,
        again.block_number,
    )


def _watcher(settlement: Settlement) -> Caller:
    return system(settlement.organization_id, Environment(settlement.environment), "The watcher")
