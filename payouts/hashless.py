"""Match without a hash: which payout is paid by a transfer that nobody named. Pure.

Rule: product.md, "Match without a hash". Money is taken only where nothing else could be meant.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from payouts.matching import AGE_SKEW


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payout that waits for money. `key` is what chainwatch keys its transactions by.

    `has_hash` is true of one whose own transaction is in no block: a hash was named for it, so it
    is never matched without one, but what replaced that transaction may be what we see.
    """

    payout_id: str
    contract: str
    recipient: str
    amount_atomic: int
    approved_at: datetime
    key: str = ""
    has_hash: bool = False


@dataclass(frozen=True, slots=True)
class Outflow:
    """A transfer, final or not, that left a source wallet, and that nobody claims or named."""

    transfer_id: str
    contract: str
    recipient: str
    amount_atomic: int
    block_time: datetime
    key: str = ""
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Matching:
    """What the rule makes of them. `pays` names the payout of each transfer that is certain.

    `would_pay` is the same, were nothing there but what is final. `fitting` has, for every
    transfer, each payout that it could be meant for.
    """

    pays: Mapping[str, str]
    would_pay: Mapping[str, str]
    fitting: Mapping[str, Sequence[Waiting]]


def match(payouts: Iterable[Waiting], outflows: Iterable[Outflow]) -> Matching:
    """Pair each transfer with the payout that it fits, where neither fits anything else."""
    payouts, outflows = list(payouts), list(outflows)
    fitting = {o.transfer_id: [p for p in payouts if fits(o, p)] for o in outflows}
    final = [outflow for outflow in outflows if outflow.is_final]
    return Matching(_certain(outflows, fitting), _certain(final, fitting), fitting)


def _certain(
    outflows: Sequence[Outflow], fitting: Mapping[str, Sequence[Waiting]]
) -> Mapping[str, str]:
    """Which payout each of these transfers pays, as far as only one of either can be meant."""
    wanted = Counter(payout.payout_id for o in outflows for payout in fitting[o.transfer_id])
    return {
        outflow.transfer_id: payout.payout_id
        for outflow in outflows
        for payout in fitting[outflow.transfer_id][:1]
        if len(fitting[outflow.transfer_id]) == 1
        and wanted[payout.payout_id] == 1
        and payout.key == outflow.key
        and not payout.has_hash
    }


def fits(outflow: Outflow, payout: Waiting) -> bool:
    """Whether it moves exactly what was approved, and not before that was.

    In the sandbox, a transfer that was keyed for another payout is that one's.
    """
    return (
        outflow.contract == payout.contract
        and outflow.recipient == payout.recipient
        and outflow.amount_atomic == payout.amount_atomic
        and outflow.block_time >= payout.approved_at - AGE_SKEW
        and outflow.key in ("", payout.key)
    )
