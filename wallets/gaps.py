"""Unpaid addresses in a row: what a wallet program does not look beyond.

BIP-44, "Address gap limit": a program that finds 20 unused addresses in a row expects nothing
beyond and stops. What customers paid behind such a gap it does not show; it is there all the same.
"""

from dataclasses import dataclass

from django.db import connection

from wallets.models import Wallet
from wallets.sources import scope_of

USUAL_LIMIT = 20

# By index, not by row: an index that another chain's wallet of the key took is unpaid here too.
_GAP = """
WITH issued AS NOT MATERIALIZED (
    SELECT * FROM wallets_depositaddress WHERE wallet_id = %(wallet)s
), paid AS (
    SELECT index, index - 1 - lag(index, 1, %(before)s) OVER (ORDER BY index) AS run
      FROM issued
     WHERE EXISTS (
           SELECT FROM chainwatch_transfer transfer
            WHERE transfer.chain = issued.chain AND transfer.scope = %(scope)s
              AND transfer.to_address = issued.address
              AND transfer.amount_atomic > 0 AND transfer.orphaned_at IS NULL)
)
SELECT (SELECT count(*) FROM issued), (SELECT max(index) FROM issued),
       count(*), max(index), coalesce(max(run), 0)
  FROM paid
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """How the paid addresses of an extended key's wallet lie among the others.

    `highest_paid` is an index, None where none was ever paid. `unpaid_before` is the longest run
    before an address that was paid, `unpaid_now` the run after the last one, up to the last issued.
    Addresses below the key's first index count as paid: somebody else issued them.
    """

    issued: int
    paid: int
    highest_paid: int | None
    unpaid_before: int
    unpaid_now: int

    @property
    def limit_needed(self) -> int:
        """The least gap limit that shows all that was paid, and all that may be paid as of now.

        Behind so many unpaid ones an address is only found by a program that goes one further;
        of those that follow, the last one has itself not to be counted.
        """
        return max(self.unpaid_before + 1, self.unpaid_now)

    @property
    def is_beyond_usual(self) -> bool:
        return self.limit_needed > USUAL_LIMIT


def gap(wallet: Wallet) -> Gap | None:
    """Return where the wallet's payments lie among the addresses issued; None of a single one."""
    key = wallet.extended_key
    if key is None:
        return None
    before = key.first_index - 1
    values: dict[str, str | int] = {
        "scope": scope_of(wallet),
        "wallet": wallet.pk,
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GAP, values)
        issued, last_index, paid, highest_paid, unpaid_before = cursor.fetchone()
    unpaid_now = 0
    if issued:
        unpaid_now = last_index - (before if highest_paid is None else highest_paid)
    return Gap(issued, paid, highest_paid, unpaid_before, unpaid_now)
