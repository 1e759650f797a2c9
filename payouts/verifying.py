"""Verify: read what the chains say, decide, and write it, group by group, on locked rows.

Races. Two verifiers: the second waits for the first's row locks and then reads what that one
wrote, so it finds nothing left to do. Verify against cancel, execute or replace: whoever has the
row lock first decides, the other sees the new state. A hash that is named for another payout
while a group is judged is decided in the next pass; should it claim the same transfer, the unique
constraint `one_claim_per_transfer` refuses the second, and that chunk is judged again.
"""

import logging
from collections.abc import Collection, Sequence

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from payouts.deciding import STALLED_AFTER, decide
from payouts.reading import read
from payouts.reversing import reverse_and_restore
from payouts.writing import Verified, write

__all__ = ["Verified", "close_old_hashes", "verify", "verify_payouts"]

logger = logging.getLogger(__name__)
CHUNK = 50  # Payouts in one transaction: short locks, few commits.

# Reads only what is still open (submitted_still_open), each beside its one watched transaction.
# What a wallet registered just now can change is looked at again for an hour.
_NEWS = """
SELECT DISTINCT h.payout_id
  FROM payouts_submittedhash h
  JOIN payouts_payoutintent p ON p.id = h.payout_id
  LEFT JOIN chainwatch_watchedtransaction w
    ON w.chain = h.chain AND w.tx_hash = h.tx_hash
   AND w.scope = CASE h.environment WHEN 'live' THEN '' ELSE h.organization_id END
   AND w.key = CASE h.environment WHEN 'live' THEN '' ELSE h.payout_id END
 WHERE h.closed_at IS NULL AND (%(chain)s::text IS NULL OR h.chain = %(chain)s)
   AND (w.changed_at IS DISTINCT FROM h.judged_change
        OR h.look_again_at <= %(now)s
        OR (p.status = 'executed' AND p.stalled_at IS NULL AND w.block_hash IS NULL
            AND h.submitted_at < %(too_long_ago)s
            AND coalesce(w.orphaned_at, h.submitted_at) < %(too_long_ago)s
            AND h.tx_hash = p.expected_tx_hash)
        OR (p.attention = 'source_not_registered' AND EXISTS (
            SELECT FROM wallets_wallet x
             WHERE x.organization_id = h.organization_id AND x.environment = h.environment
               AND x.chain = h.chain AND x.updated_at > p.updated_at - interval '1 hour'))
        OR (p.attention = 'choose_transfer' AND p.updated_at < %(now)s - interval '1 minute')
        OR (p.status = 'executed' AND h.environment = 'live' AND EXISTS (
            SELECT FROM chainwatch_watchedtransaction e
             WHERE e.tx_hash = h.tx_hash AND e.scope = '' AND e.chain <> h.chain
               AND e.final_at IS NOT NULL)))
 ORDER BY h.payout_id
"""


def verify(chain: str | None = None) -> Verified:
    """Judge every payout and settlement of which there is news, on one chain or all.

    Settlements first, so that whoever judges a second payment knows that the first is gone.
    """
    turned = reverse_and_restore(chain)
    verified = Verified(reversed=turned.reversed, restored=turned.restored)
    news = _news(chain)
    for start in range(0, len(news), CHUNK):
        verified.add(_judged(news[start : start + CHUNK]))
    return verified


def verify_payouts(payout_ids: Collection[str]) -> Verified:
    """Judge these payouts, and all that share a hash with them, whether there is news or not."""
    return _judged(list(payout_ids))


def close_old_hashes() -> int:
    """Stop waiting for hashes that nobody watches any more; returns how many.

    Not those of payouts that are still open: a person has to decide these.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE payouts_submittedhash h SET closed_at = now()
              FROM payouts_payoutintent p
             WHERE p.id = h.payout_id AND h.closed_at IS NULL AND h.watch_until < now()
               AND p.status NOT IN ('executed', 'verifying')
            """
        )
        closed: int = cursor.rowcount
    return closed


def _judged(payout_ids: Sequence[str]) -> Verified:
    verified = Verified()
    try:
        with transaction.atomic():
            reading = read(payout_ids)
            for group in reading.groups:
                for verdict in decide(group):
                    write(reading, verdict, verified)
    except IntegrityError as error:
        if "one_claim_per_transfer" not in str(error):
            raise
        # Another payout claimed the transfer after we read it. All of this is undone; the next
        # pass reads that claim and judges again.
        logger.warning("a claim was taken meanwhile payouts=%d", len(payout_ids))
        return Verified()
    return verified


def _news(chain: str | None) -> list[str]:
    now = timezone.now()
    values = {"chain": chain, "now": now, "too_long_ago": now - STALLED_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, values)
        return [row[0] for row in cursor.fetchall()]
