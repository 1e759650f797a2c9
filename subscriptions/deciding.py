"""What is to be done for a subscription, and when: pure. Facts in, one step out.

The same list of what is planned says both what is due now and when to look again, so that the two
never disagree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from subscriptions.states import OVER, RUNNING, RenewalStatus, Status

AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Step(StrEnum):
    """One step of a subscription's life, as the pass takes it."""

    MAKE = "make"  # the next period's renewal
    ASK = "ask"  # for its payment, by a checkout
    PAY = "pay"  # its checkout was confirmed
    FAIL = "fail"  # its checkout closed unpaid
    DROP = "drop"  # the same, where nobody is asked again: it is skipped
    FALL_DUE = "fall_due"
    GIVE_UP = "give_up"  # every attempt failed
    ACTIVATE = "activate"
    CANCEL = "cancel"
    EXPIRE = "expire"


class Money(StrEnum):
    """What the checkouts of a renewal say."""

    AWAITED = "awaited"  # the newest is open, or something is on its way to an older one
    CONFIRMED = "confirmed"
    NONE = "none"  # there is none, or it closed unpaid


@dataclass(frozen=True, slots=True)
class OpenRenewal:
    """The renewal that is not closed yet."""

    status: RenewalStatus
    due_at: datetime
    next_attempt_at: datetime | None
    has_attempts_left: bool
    money: Money


@dataclass(frozen=True, slots=True)
class Facts:
    """How a subscription stands. `makes_at` is when its next renewal is to be made, were it to go

    on; `expires_at` is None unless it is canceled, `trial_end` None where there was no trial.
    """

    status: Status
    is_ending: bool
    period_end: datetime
    trial_end: datetime | None
    is_first_period_paid: bool
    makes_at: datetime
    expires_at: datetime | None
    renewal: OpenRenewal | None


def due(facts: Facts, now: datetime) -> Step | None:
    """Return the first step that is due; None where nothing is."""
    return next((step for at, step in _planned(facts) if at <= now), None)


def wakes_at(facts: Facts, now: datetime) -> datetime | None:
    """Return when the next step is due by time alone; None: only an act or a checkout moves it."""
    return min((at for at, _ in _planned(facts) if at > now), default=None)


def _planned(facts: Facts) -> Iterator[tuple[datetime, Step]]:
    """Every step that is to come as things stand; of several that are due, the first goes first."""
    renewal, is_running = facts.renewal, facts.status in RUNNING
    if renewal is not None and renewal.money == Money.CONFIRMED:
        yield AT_ONCE, Step.PAY
        return
    if renewal is not None and _has_closed(renewal):
        yield AT_ONCE, Step.FAIL if is_running else Step.DROP
        return
    if facts.expires_at is not None and renewal is None:
        yield facts.expires_at, Step.EXPIRE
    if facts.is_ending and facts.status not in OVER:
        yield facts.period_end, Step.CANCEL
    if renewal is not None and is_running:
        yield from _of_renewal(facts, renewal)
    if renewal is None and is_running:
        yield from _of_next_period(facts)


def _has_closed(renewal: OpenRenewal) -> bool:
    return renewal.status == RenewalStatus.CHECKOUT_CREATED and renewal.money == Money.NONE


def _of_renewal(facts: Facts, renewal: OpenRenewal) -> Iterator[tuple[datetime, Step]]:
    if renewal.status == RenewalStatus.FAILED:
        # Nobody is past due, and nobody is given up, before the period they have is over.
        if facts.status != Status.PAST_DUE:
            yield renewal.due_at, Step.FALL_DUE
        if not renewal.has_attempts_left:
            yield renewal.due_at, Step.GIVE_UP
    if renewal.status != RenewalStatus.CHECKOUT_CREATED and renewal.has_attempts_left:
        yield renewal.next_attempt_at or AT_ONCE, Step.ASK


def _of_next_period(facts: Facts) -> Iterator[tuple[datetime, Step]]:
    if facts.status == Status.TRIALING and facts.is_first_period_paid:
        assert facts.trial_end is not None, "whoever is trialing has a trial"
        yield facts.trial_end, Step.ACTIVATE
    if not facts.is_ending:
        yield facts.makes_at, Step.MAKE
