"""Finds what reached an address of ours and is no payment yet, and payments whose place changed.

Zero values, and tokens that are neither pinned nor a namesake of one, are left out here: anybody
can send those, and there is nothing to record of them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from billing.chains import Chain, network

# One transaction of a chain: chain, scope, hash and key, as chainwatch keeps it.
Place = tuple[str, str, str, str]

_SCOPE = "CASE {0}.environment WHEN 'live' THEN '' ELSE {0}.organization_id END"
_IS_MONEY = "t.amount_atomic > 0 AND t.chain || ' ' || t.contract = ANY (%(tokens)s)"
# Whose address it reached: by one_deposit_address_per_address. Two organizations may have the same.
_REACHED = f"""
  JOIN wallets_depositaddress d
    ON d.chain = t.chain AND d.address = t.to_address AND t.scope = {_SCOPE.format("d")}
"""
# By the index on `transfer`: a payment names the newest sighting of its transfer, so one that was
# mined again is found here as well as one that was never recorded. Not by the index on the address,
# of which there is none on this expression: a shared one may have very many payments.
_NOT_RECORDED = """
   NOT EXISTS (
       SELECT FROM checkouts_payment p
        WHERE p.transfer_id = t.id AND p.deposit_address_id || '' = d.id)
"""
# The news by watched_news, then its transfers one by one by transfer_by_hash: left to itself the
# planner may begin with all addresses there are.
_NEWS = f"""
WITH news AS MATERIALIZED (
    SELECT chain, scope, tx_hash, key, block_hash, block_time
      FROM chainwatch_watchedtransaction
     WHERE chain = ANY (%(chains)s) AND changed_at >= %(since)s AND block_hash IS NOT NULL
       AND succeeded
)
SELECT DISTINCT w.chain, w.scope, w.tx_hash, w.key, w.block_time
  FROM news w
 CROSS JOIN LATERAL (
    SELECT *
      FROM chainwatch_transfer
     WHERE chain = w.chain AND scope = w.scope AND tx_hash = w.tx_hash AND key = w.key
       AND block_hash = w.block_hash AND orphaned_at IS NULL
    OFFSET 0
 ) t
{_REACHED} WHERE {_IS_MONEY} AND {_NOT_RECORDED}
"""  # noqa: S608  # built of the constants above
# The payments that can still change, by payment_not_finalized (few at any time), then the row that
# chainwatch keeps of each, by its hash.
_CHANGED = f"""
SELECT DISTINCT w.chain, w.scope, w.tx_hash, w.key, w.block_time
  FROM checkouts_payment p
 CROSS JOIN LATERAL (
    SELECT *
      FROM chainwatch_watchedtransaction
     WHERE chain = p.chain AND scope = {_SCOPE.format("p")} AND tx_hash = p.tx_hash
       AND key = p.key
    OFFSET 0
 ) w
 WHERE p.finalized_at IS NULL AND p.chain = ANY (%(chains)s)
   AND w.changed_at IS DISTINCT FROM p.judged_change
"""  # noqa: S608
# All addresses there are, each with what it ever got, by transfer_by_recipient: so it grows with
# the money that came in, not with what left. Measured, 100,000 addresses with a payment each among
# a million transfers: 0.8 s; left to itself the planner reads all transfers, in 1.7 s.
_MISSED = f"""
SELECT DISTINCT t.chain, t.scope, t.tx_hash, t.key, t.block_time
  FROM wallets_depositaddress d
 CROSS JOIN LATERAL (
    SELECT *
      FROM chainwatch_transfer
     WHERE chain = d.chain AND scope = {_SCOPE.format("d")} AND to_address = d.address
       AND orphaned_at IS NULL
    OFFSET 0
 ) t
 WHERE d.chain = ANY (%(chains)s) AND {_IS_MONEY} AND {_NOT_RECORDED}
"""  # noqa: S608
# What left its block first, then in the order of the chain, so that events tell it in that order.
_IN_ORDER = " ORDER BY block_time NULLS FIRST, chain, scope, tx_hash, key"
# By transfer_by_recipient. A shared address may have got very much before.
_AT_ADDRESSES = f"""
SELECT DISTINCT d.id
  FROM chainwatch_transfer t
{_REACHED}
 WHERE d.id = ANY (%(deposits)s) AND t.block_time >= %(since)s
   AND t.orphaned_at IS NULL AND {_IS_MONEY} AND {_NOT_RECORDED}
"""  # noqa: S608


def news(*, since: datetime, chain: str | None = None) -> list[Place]:
    """Return the transactions of which there is something to record or to judge anew.

    Of what was not recorded yet, those that changed since then; of what was, all.
    """
    return _places(f"{_NEWS} UNION {_CHANGED}", chain, since=since)


def missed(chain: str | None = None) -> list[Place]:
    """Return all transactions with a transfer to an address of ours that is no payment yet."""
    return _places(_MISSED, chain)


def at_addresses(deposit_ids: Collection[str], *, since: datetime) -> set[str]:
    """Return those of these deposit addresses that got money since then which is no payment yet."""
    if not deposit_ids:
        return set()
    return {row[0] for row in _rows(_AT_ADDRESSES, deposits=list(deposit_ids), since=since)}


def is_money(chain: str, contract: str) -> bool:
    """Whether the token at `contract` is pinned on this chain, or taken for one that is."""
    row = network(chain)
    return row.token_of(contract) is not None or contract in row.namesakes


def _places(statement: str, chain: str | None, **values: Any) -> list[Place]:
    chains = [chain] if chain is not None else list(Chain.values)
    rows = _rows(statement + _IN_ORDER, chains=chains, **values)
    return [(chain, scope, tx_hash, key) for chain, scope, tx_hash, key, _ in rows]


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    tokens = [
        f"{chain} {contract}"
        for chain in Chain
        for contract in (*network(chain).contracts.values(), *network(chain).namesakes)
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tokens": tokens, **values})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
