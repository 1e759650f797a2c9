"""What each source wallet should hold by the books, beside what its chain says it holds.

Nobody knows what a wallet held before it was first asked: that first answer is its opening, and the
books begin there. From then on what was seen to come and go is added up to the block of the newest
answer, and only once the scan has passed that block, for until then something may not be seen yet.
What leaves a source is always found; what comes in from strangers is not looked for, so that more
than the books is money that came in, and less is money that left without being seen.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from billing.callers import Caller
from billing.chains import Chain, Token, network

# What is opened here is not yet seen by the update beside it, which has nothing to add to it.
# All is added up anew, so that what a reorganization took away or brought is right in the next run.
# The times only lead to the index: a block's own time may be a little before it was asked for.
_KEEP = """
WITH asked AS (
    SELECT w.id AS wallet_id, w.source_since, w.chain, w.address, b.asset AS contract,
           b.amount_atomic, b.block_number, b.asked_at
      FROM wallets_wallet w
      JOIN chainwatch_balance b ON b.chain = w.chain AND b.address = w.address
      JOIN chainwatch_cursor c
        ON c.chain = w.chain AND c.scope = '' AND c.next_block > b.block_number
     WHERE w.organization_id = %(organization)s AND w.environment = 'live' AND w.is_source
       AND b.asked_at >= w.source_since AND w.chain || ' ' || b.asset = ANY (%(pinned)s)
), opened AS (
    INSERT INTO reconciliation_walletbook
           (wallet_id, source_since, contract, opening_atomic, opening_block, opening_at,
            in_atomic, out_atomic, chain_atomic, block_number, asked_at)
    SELECT wallet_id, source_since, contract, amount_atomic, block_number, asked_at,
           0, 0, amount_atomic, block_number, asked_at
      FROM asked
     ORDER BY wallet_id, source_since, contract
        ON CONFLICT DO NOTHING
)
UPDATE reconciliation_walletbook k
   SET chain_atomic = sums.amount_atomic, block_number = sums.block_number,
       asked_at = sums.asked_at, in_atomic = sums.came, out_atomic = sums.went
  FROM (
    SELECT o.id, asked.amount_atomic, asked.block_number, asked.asked_at, moved.came, moved.went
      FROM asked
      JOIN reconciliation_walletbook o
        ON o.wallet_id = asked.wallet_id AND o.source_since = asked.source_since
       AND o.contract = asked.contract
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.amount_atomic) FILTER (WHERE t.is_out), 0) AS went,
               coalesce(sum(t.amount_atomic) FILTER (WHERE NOT t.is_out), 0) AS came
          FROM (SELECT amount_atomic, TRUE AS is_out, contract, block_number, orphaned_at
                  FROM chainwatch_transfer
                 WHERE chain = asked.chain AND scope = '' AND from_address = asked.address
                   AND block_time > o.opening_at - interval '1 day'
                 UNION ALL
                SELECT amount_atomic, FALSE, contract, block_number, orphaned_at
                  FROM chainwatch_transfer
                 WHERE chain = asked.chain AND scope = '' AND to_address = asked.address
                   AND block_time > o.opening_at - interval '1 day') t
         WHERE t.contract = asked.contract AND t.orphaned_at IS NULL
           AND t.block_number > o.opening_block AND t.block_number <= asked.block_number
     ) moved
  ) sums
 WHERE k.id = sums.id AND sums.asked_at >= k.asked_at AND sums.block_number >= k.block_number
"""
KINDS = [(chain, token) for chain in Chain for token in Token]
_READ = """
SELECT w.id, w.name, w.chain, w.address, w.source_since, pinned.token,
       k.opening_atomic, k.opening_block, k.opening_at, k.in_atomic, k.out_atomic,
       k.chain_atomic, k.block_number, k.asked_at
  FROM wallets_wallet w
  JOIN unnest(%(chains)s::varchar[], %(tokens)s::varchar[], %(contracts)s::varchar[])
       AS pinned (chain, token, contract) ON pinned.chain = w.chain
  LEFT JOIN reconciliation_walletbook k
    ON k.wallet_id = w.id AND k.source_since = w.source_since AND k.contract = pinned.contract
 WHERE w.organization_id = %(organization)s AND w.environment = %(environment)s AND w.is_source
 ORDER BY w.chain, w.created_at, w.id, pinned.token DESC
"""


class Verdict(StrEnum):
    """How a wallet's chain stands to its books."""

    UNKNOWN = "unknown"
    AGREES = "agrees"
    MORE = "more"
    LESS = "less"


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of one token in one wallet, as of the block at which its chain was asked."""

    opening_atomic: int
    opening_block: int
    opening_at: datetime
    in_atomic: int
    out_atomic: int
    chain_atomic: int
    block_number: int
    asked_at: datetime

    @property
    def expected_atomic(self) -> int:
        """What the books say: opening, and what was seen to come and go. May be below zero."""
        return self.opening_atomic + self.in_atomic - self.out_atomic

    @property
    def difference_atomic(self) -> int:
        """Chain minus books: positive where more is there than was seen to come."""
        return self.chain_atomic - self.expected_atomic


@dataclass(frozen=True, slots=True)
class Held:
    """One token in one source wallet. `book` is None while its chain has not been asked."""

    wallet_id: str
    name: str
    chain: str
    address: str
    source_since: datetime
    token: str
    book: Book | None

    @property
    def verdict(self) -> Verdict:
        if self.book is None:
            return Verdict.UNKNOWN
        if self.book.difference_atomic == 0:
            return Verdict.AGREES
        return Verdict.MORE if self.book.difference_atomic > 0 else Verdict.LESS


def keep(caller: Caller) -> int:
    """Open the books of source wallets that were asked first, and add up all of them to date.

    Returns how many were brought up to date. Of live alone: simulated chains keep no balances.
    Safe beside another: an opening is written once, and nothing is put back to an older answer.
    """
    if not caller.is_live:
        return 0
    pinned = [f"{chain} {network(chain).contracts[token]}" for chain, token in KINDS]
    values: dict[str, Any] = {"organization": caller.organization_id, "pinned": pinned}
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        added: int = cursor.rowcount
    return added


def read(caller: Caller) -> list[Held]:
    """Each token in each source wallet, by chain. One query."""
    values: dict[str, Any] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "chains": [chain.value for chain, _ in KINDS],
        "tokens": [token.value for _, token in KINDS],
        "contracts": [network(chain).contracts[token] for chain, token in KINDS],
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, values)
        return [_held(*row) for row in cursor.fetchall()]


def _held(
    wallet_id: str,
    name: str,
    chain: str,
    address: str,
    since: datetime,
    token: str,
    *book: Any,
) -> Held:
    told = None
    if book[0] is not None:
        opening, opening_block, opening_at, came, went, held, block, asked_at = book
        told = Book(
            opening_atomic=int(opening),
            opening_block=opening_block,
            opening_at=opening_at,
            in_atomic=int(came),
            out_atomic=int(went),
            chain_atomic=int(held),
            block_number=block,
            asked_at=asked_at,
        )
    return Held(wallet_id, name, chain, address, since, token, told)
