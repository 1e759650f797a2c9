"""How far a checkout is for the one who pays it: one stage, and what else they must know."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, Sum

from billing.chains import network
from checkouts.answers import confirmations_of
from checkouts.models import Checkout, Payment
from checkouts.states import PaymentKind, Status


class Stage(StrEnum):
    """What the page is about. Those before `DETECTED` are of a pending checkout."""

    PAYING = "paying"  # nothing came yet
    PART = "part"  # too little came, and there is time for the rest
    UNDONE = "undone"  # a payment was found, and its block left the chain
    TIME_UP = "time_up"  # too late to pay, and the last blocks are not read yet
    DETECTED = "detected"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    REVERSED = "reversed"  # confirmed, and then a payment left the chain
    EXPIRED = "expired"
    UNDERPAID = "underpaid"  # expired, and too little had come
    CANCELED = "canceled"
    FAILED = "failed"


Came = Mapping[str, Any]  # all of one kind, token and fate that came, added up
TO_PAY = frozenset({Stage.PAYING, Stage.PART})  # the address is shown in these alone
ON_ITS_WAY = frozenset({Stage.DETECTED, Stage.CONFIRMING})
# Without JavaScript the whole page is loaded again, which takes away what was just selected.
_REFRESHED_EVERY_S = {
    Stage.PAYING: 30,
    Stage.PART: 30,
    Stage.UNDONE: 30,
    Stage.TIME_UP: 15,
    Stage.DETECTED: 5,
    Stage.CONFIRMING: 5,
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A sum that came but does not count. `token` is the name it goes by, empty where unknown."""

    amount_atomic: int
    token: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A checkout as its page shows it at one moment. Amounts are atomic."""

    stage: Stage
    received_atomic: int
    missing_atomic: int
    over_atomic: int
    confirmations: int  # never more than are required
    required: int
    seconds_left: int
    seconds_in_all: int
    late: tuple[Arrived, ...]
    wrong: tuple[Arrived, ...]

    @property
    def version(self) -> str:
        """Names what the page shows, but for what its script counts by itself."""
        shown = (self.stage, self.received_atomic, self.late, self.wrong)
        return hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()

    @property
    def refresh_s(self) -> int:
        """How long a page without a script waits before it loads itself again; 0: it does not."""
        return _REFRESHED_EVERY_S.get(self.stage, 0)


def standing_of(checkout: Checkout, now: datetime) -> Standing:
    """Return how the checkout stands, in two queries; one row for each kind of what came."""
    arrived = list(
        Payment.objects.filter(checkout=checkout)
        .values("kind", "token", "contract", "resolution", is_gone=Q(reversed_at__isnull=False))
        .annotate(amount=Sum(F("amount_atomic")))
        .order_by("kind", "contract")
    )
    received = int(checkout.amount_received_atomic)
    span = checkout.expires_at - checkout.created_at
    return Standing(
        stage=_stage(checkout, arrived, now),
        received_atomic=received,
        missing_atomic=max(checkout.amount_atomic - received, 0),
        over_atomic=max(received - checkout.amount_atomic, 0),
        confirmations=min(confirmations_of(checkout), checkout.required_confirmations),
        required=checkout.required_confirmations,
        seconds_left=max(int((checkout.expires_at - now).total_seconds()), 0),
        seconds_in_all=max(int(span.total_seconds()), 1),
        late=_uncounted(checkout, arrived, PaymentKind.LATE),
        wrong=_uncounted(checkout, arrived, PaymentKind.WRONG_TOKEN),
    )


def _stage(checkout: Checkout, arrived: Iterable[Came], now: datetime) -> Stage:
    match checkout.status:
        case Status.PENDING:
            return _stage_of_pending(checkout, arrived, now)
        case Status.CONFIRMED:
            return Stage.REVERSED if _is_reversed(checkout) else Stage.CONFIRMED
        case Status.EXPIRED if checkout.canceled_at is not None:
            return Stage.CANCELED
        case Status.EXPIRED:
            return Stage.UNDERPAID if checkout.amount_received_atomic else Stage.EXPIRED
    return Stage(checkout.status)


def _stage_of_pending(checkout: Checkout, arrived: Iterable[Came], now: datetime) -> Stage:
    if any(row["is_gone"] and row["kind"] == PaymentKind.ON_TIME for row in arrived):
        # To be told "pay now" would make the customer pay twice.
        return Stage.UNDONE
    if now >= checkout.expires_at:
        return Stage.TIME_UP
    return Stage.PART if checkout.amount_received_atomic else Stage.PAYING


def _is_reversed(checkout: Checkout) -> bool:
    gone, back = checkout.reversed_at, checkout.restored_at
    return gone is not None and (back is None or back < gone)


def _uncounted(
    checkout: Checkout, arrived: Iterable[Came], kind: PaymentKind
) -> tuple[Arrived, ...]:
    """What of this kind stands on the chain, until a person has said what becomes of it."""
    return tuple(
        Arrived(int(row["amount"]), row["token"] or _namesake(checkout.chain, row["contract"]))
        for row in arrived
        if row["kind"] == kind and not row["is_gone"] and not row["resolution"]
    )


def _namesake(chain: str, contract: str) -> str:
    """`USDC.e`: the name alone of a token that is mistaken for one of ours."""
    return network(chain).namesakes.get(contract, "").partition(",")[0]
