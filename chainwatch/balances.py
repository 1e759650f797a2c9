"""What source wallets hold: asked by a worker, kept as rows, read by screens.

Whose addresses they are and when they are due, the callers know. No call within a transaction.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from chainwatch import nodes
from chainwatch.chains import providers
from chainwatch.chains.base import ChainRefused, ChainUnavailable
from chainwatch.chains.holdings import Holdings
from chainwatch.models import Balance

logger = logging.getLogger(__name__)

# One EVM request holds a hundred questions: two tokens and the fee coin of so many addresses, the
# newest block and the chain's id.
MOST_ADDRESSES = 32

Balances = Mapping[tuple[str, str], Balance]  # by address and asset


@dataclass(frozen=True, slots=True)
class AskedBalances:
    """What one round of questions cost, and why there is no answer where there is none."""

    chain: str
    addresses: int
    http_requests: int
    calls: int
    error: str = ""


def balances(chain: str, addresses: Collection[str]) -> Balances:
    """Return what is known of these addresses of a live network, by address and asset. One query.

    `asked_at` says when it was so; an address that was never asked for has no entry.
    """
    rows = Balance.objects.filter(chain=chain, address__in=addresses)
    return {(row.address, row.asset): row for row in rows}


def ask_balances(
    chain: str, addresses: Sequence[str], *, at: datetime | None = None
) -> AskedBalances:
    """Ask one node what these addresses hold, and keep it; the next node where one fails.

    At most MOST_ADDRESSES are asked, the first ones. Two rounds at once would only write the same
    thing twice. An answer that is not there leaves what was known.
    """
    at, asked = at or timezone.now(), addresses[:MOST_ADDRESSES]
    readers = providers.readers(chain, resting=nodes.resting(chain, at))
    tally, error = providers.Tally.of(readers), ""
    before = providers.total_cost(readers)
    cost_before = (before.http_requests, before.calls)
    try:
        said, _, _ = providers.first_answer(readers, lambda node: node.holdings(asked), tally=tally)
        _write(chain, said, at)
    except (ChainUnavailable, ChainRefused) as reason:
        error = str(reason)
        logger.warning("balances not told chain=%s reason=%s", chain, error)
    nodes.note(chain, tally, at=at)
    after = providers.total_cost(readers)
    return AskedBalances(
        chain=chain,
        addresses=len(asked),
        http_requests=after.http_requests - cost_before[0],
        calls=after.calls - cost_before[1],
        error=error,
    )


def _write(chain: str, said: Holdings, at: datetime) -> None:
    rows = [
        Balance(
            chain=chain,
            address=address,
            asset=asset,
            amount_atomic=amount,
            block_number=said.block_number,
            node=said.node,
            asked_at=at,
            updated_at=at,
        )
        # In one order, so that two writers of the same rows never wait in a circle.
        for (address, asset), amount in sorted(said.amounts.items())
    ]
    Balance.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["chain", "address", "asset"],
        update_fields=["amount_atomic", "block_number", "node", "asked_at", "updated_at"],
    )
