"""Ask each node who it is and how far it is: for `doctor`, and before a range is scanned anew."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from billing.chains import Chain, Finality, Network, network
from chainwatch.chains import providers
from chainwatch.chains.base import ChainReader, ChainRefused, ChainUnavailable
from chainwatch.finality import levels_to_ask, number_of


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """One node as `doctor` shows it. `error` is empty where it is fit to be asked.

    `lag` is how far its newest block lies behind the clock, `behind` how many blocks it is behind
    the furthest node of its chain. `final_number` is its newest block that no reorganization can
    replace (Tron: solid), `untold` the levels of finality that it was asked for and did not tell.
    """

    chain: str
    node: str
    expected_chain_id: int
    chain_id: int | None = None
    head_number: int | None = None
    lag: timedelta | None = None
    behind: int | None = None
    final_number: int | None = None
    untold: tuple[Finality, ...] = ()
    error: str = ""


def check_nodes() -> list[NodeHealth]:
    """Ask every node of every configured chain who it is and how far it is. Changes nothing."""
    return [
        health for name in Chain if network(name).is_configured for health in _check_chain(name)
    ]


def newest_block(chain: str, scope: str = "") -> int:
    """Ask a chain's nodes for the number of the newest block.

    Raises ChainUnavailable or ChainRefused.
    """
    look, _, _ = providers.first_look(providers.readers(chain, scope), [])
    return look.head.number


def _check_chain(chain: Chain) -> list[NodeHealth]:
    row = network(chain)
    try:
        nodes = providers.readers(chain)
    except ChainRefused as reason:
        return [NodeHealth(chain, "every node", row.chain_id, error=str(reason))]
    found = [_check_node(row, node) for node in nodes]
    furthest = max((each.head_number or 0 for each in found), default=0)
    return [
        each if each.head_number is None else replace(each, behind=furthest - each.head_number)
        for each in found
    ]


def _check_node(row: Network, node: ChainReader) -> NodeHealth:
    levels = levels_to_ask(row, row.levels, is_any_final=True)
    health = NodeHealth(row.chain, node.node, row.chain_id)
    try:
        claimed = node.chain_id()
        if claimed != row.chain_id:
            wrong = f"chain id {claimed} instead of {row.chain_id}"
            return replace(health, chain_id=claimed, error=wrong)
        newest = node.look([], levels=levels).head
    except (ChainUnavailable, ChainRefused) as reason:
        return replace(health, error=str(reason))
    return replace(
        health,
        chain_id=claimed,
        head_number=newest.number,
        lag=timezone.now() - newest.block_time,
        final_number=newest.finalized_number,
        untold=tuple(level for level in sorted(levels) if number_of(newest, level) is None),
    )
