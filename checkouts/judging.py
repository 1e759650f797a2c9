"""Which checkout a transfer names, and as what. Pure.

An address of an extended key was issued for one checkout, and whatever comes there is meant for it.
On an address that checkouts share the exact amount is the name: nothing is guessed there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.chains import Token
from checkouts.states import PaymentKind

# How far a chain's clock may be behind ours: what is mined earlier than a checkout was made cannot
# be meant for it.
SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Came:
    """A transfer to an address of ours, in the block where it stands. Amounts are atomic."""

    contract: str
    amount_atomic: int
    block_time: datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """A checkout that the transfer may be meant for; times are those of its chain.

    `exact_atomic` is the amount that names it on a shared address, None where it has an address of
    its own. `held_until` is when that amount became anybody's again, None while it is held.
    `is_named_already` says that an earlier judgement of the same transfer came to this checkout.
    """

    checkout_id: str
    contract: str
    token: str
    made_at: datetime
    deadline: datetime
    is_called_off: bool = False  # canceled, or failed by a person
    exact_atomic: int | None = None
    held_until: datetime | None = None
    is_named_already: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """`checkout_id` is None exactly where the kind is unassigned."""

    checkout_id: str | None
    kind: PaymentKind


UNASSIGNED = Judgement(None, PaymentKind.UNASSIGNED)


def judged(came: Came, askings: Iterable[Asking]) -> Judgement:
    """Return what a transfer to one deposit address is, given the checkouts of that address.

    Where an amount names several, the one it was judged to name before comes first, then the one
    that asks for this very token; of a token that is none of ours, the one that asks for USDC, the
    only name that is borrowed.
    """
    named = [asking for asking in askings if _names(asking, came)]
    if not named:
        return UNASSIGNED
    asking = min(named, key=lambda each: _distance(each, came))
    if asking.contract != came.contract:
        return Judgement(asking.checkout_id, PaymentKind.WRONG_TOKEN)
    is_late = asking.is_called_off or came.block_time > asking.deadline
    return Judgement(asking.checkout_id, PaymentKind.LATE if is_late else PaymentKind.ON_TIME)


def _names(asking: Asking, came: Came) -> bool:
    if came.block_time < asking.made_at - SKEW:
        return False
    if asking.exact_atomic is None:
        return True
    if asking.exact_atomic != came.amount_atomic:
        return False
    is_held = asking.held_until is None or came.block_time <= asking.held_until
    return is_held or asking.is_named_already


def _distance(asking: Asking, came: Came) -> tuple[bool, bool, bool, str]:
    return (
        not asking.is_named_already,
        asking.contract != came.contract,
        asking.token != Token.USDC,
        asking.checkout_id,
    )
