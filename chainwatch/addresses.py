"""What a chain says of an address itself: asked by workers, read by everybody from rows."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from billing.chains import network
from chainwatch.chains import providers
from chainwatch.chains.base import ChainRefused, ChainUnavailable
from chainwatch.models import AddressFacts
from chainwatch.nodes import note, resting

logger = logging.getLogger(__name__)


def learn(chain: str, addresses: Collection[str], *, at: datetime | None = None) -> int:
    """Ask a node which of these addresses (canonical, live) have code; returns how many it said.

    Not inside a transaction: it waits for nodes. Of a chain without a node, and of Tron, nothing
    is learned; of an address whose answer cannot be used neither, so it is asked again.
    """
    row, at = network(chain), at or timezone.now()
    if not addresses or not row.is_configured or not row.is_evm:
        return 0
    nodes = providers.readers(chain, resting=resting(chain, at))
    tally = providers.Tally.of(nodes)
    asked = sorted(set(addresses))
    try:
        said, node, _ = providers.first_answer(
            nodes, lambda node: node.have_code(asked), tally=tally
        )
    except (ChainUnavailable, ChainRefused) as reason:
        logger.warning("address facts not learned chain=%s why=%s", chain, reason)
        note(chain, tally, at=at)
        return 0
    note(chain, tally, at=at)
    facts = [
        AddressFacts(
            chain=chain,
            address=address,
            has_code=has_code,
            node=node.node,
            asked_at=at,
            updated_at=at,
        )
        for address, has_code in said.items()
    ]
    AddressFacts.objects.bulk_create(
        facts,
        update_conflicts=True,
        unique_fields=["chain", "address"],
        update_fields=["has_code", "node", "asked_at", "updated_at"],
    )
    return len(facts)
