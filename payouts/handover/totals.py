"""What a batch pays in all, per chain and token: unlike tokens are never added. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from billing.chains import decimals
from billing.money import display


class Payment(Protocol):
    """So much of a token on a chain."""

    @property
    def chain(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def amount_atomic(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Total:
    """How much of one token on one chain, in how many payouts."""

    chain: str
    token: str
    payouts: int
    amount_atomic: int

    @property
    def words(self) -> str:
        """The amount for people, without the token: `4,210.00`."""
        return display(self.amount_atomic, decimals(self.chain, self.token))


def totals_of(payments: Iterable[Payment]) -> list[Total]:
    """Return the sum per chain and token, in the order of their names."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for payment in payments:
        kind = (payment.chain, payment.token)
        count, amount_atomic = sums.get(kind, (0, 0))
        sums[kind] = (count + 1, amount_atomic + payment.amount_atomic)
    return [Total(*kind, *sums[kind]) for kind in sorted(sums)]
