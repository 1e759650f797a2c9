"""The story of a subscription in sentences: what was asked and paid, and what happens next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.chains import Chain, Token
from billing.display import amount_words
from events.models import Event
from events.sentences import who_of
from events.types import EventType
from subscriptions.admin.words import day_in, in_zone, renewal_words
from subscriptions.models import Renewal, RenewalStatus, Status, Subscription
from subscriptions.states import OVER

MOST = 40
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the story; `at` is None for what has not happened yet."""

    sentence: str
    at: datetime | None
    tone: str
    shape: str
    note: str = ""
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """One event with what its sentence needs."""

    who: str
    data: Data
    zone: str


def timeline(subscription: Subscription, renewal: Renewal | None) -> tuple[list[Line], bool]:
    """Its newest events, above them what happens next; and whether there are older ones.

    `renewal` is the open one, None where none is. One query.
    """
    rows = Event.objects.filter(resource_id=subscription.id).order_by("-created_at", "-id")
    events = list(rows[: MOST + 1])
    lines = [_line(event, subscription.time_zone) for event in events[:MOST]]
    if step := next_step(subscription, renewal):
        lines.insert(0, Line(f"Next: {step}", None, "grey", "right", is_next=True))
    return lines, len(events) > MOST


def next_step(subscription: Subscription, renewal: Renewal | None) -> str:
    """What happens next if nobody does anything else; empty where nothing does."""
    zone = subscription.time_zone
    if subscription.status == Status.PAUSED:
        return "somebody resumes it, or cancels it"
    if subscription.status == Status.CANCELED and subscription.wakes_at is not None:
        return f"it expires on {day_in(subscription.wakes_at, zone)}"
    if subscription.status in OVER:
        return ""
    if renewal is not None:
        return _of_renewal(renewal, zone)
    ends = in_zone(subscription.current_period_end, zone)
    if subscription.cancel_at_period_end:
        return f"it is canceled when its period is over, on {ends}"
    return f"the next period begins on {ends}; its payment is asked for some days before"


def _of_renewal(renewal: Renewal, zone: str) -> str:
    amount = renewal_words(renewal)
    if renewal.problem:
        return f"{amount} is asked for once this is mended: {renewal.problem}"
    if renewal.status == RenewalStatus.CHECKOUT_CREATED and renewal.closes_at is not None:
        return f"the customer pays {amount} until {in_zone(renewal.closes_at, zone)}"
    if renewal.next_attempt_at is not None:
        return f"{amount} is asked for again on {in_zone(renewal.next_attempt_at, zone)}"
    return f"{amount} is asked for" if renewal.has_attempts_left else "it is canceled as unpaid"


# --- the sentences --------------------------------------------------------------------------------


def _line(event: Event, zone: str) -> Line:
    tone, shape, say = _SENTENCES.get(event.type, ("grey", "info", _plainly))
    sentence = say(_Told(who_of(event), event.payload["data"], zone))
    return Line(sentence[:1].upper() + sentence[1:], event.created_at, tone, shape)


def _created(told: _Told) -> str:
    trial_end = told.data.get("trial_end")
    return f"{told.who} started it" + (f", free until {_day(trial_end, told)}" if trial_end else "")


def _asked(told: _Told) -> str:
    return f"{_amount(told)} was asked for{_attempt(told)}"


def _failed(told: _Told) -> str:
    return f"it was not paid{_attempt(told)}"


def _renewed(told: _Told) -> str:
    until = _day(told.data.get("current_period_end"), told)
    return f"{_amount(told)} was paid: it goes on until {until}"


def _canceled(told: _Told) -> str:
    if reason := told.data.get("reason"):
        return f"it was canceled: {reason}"
    return f"{told.who} canceled it"


def _amount(told: _Told) -> str:
    renewal: Data = told.data.get("renewal") or {}
    atomic, token, chain = (renewal.get(key) for key in ("amount_atomic", "token", "chain"))
    if token not in Token.values or chain not in Chain.values or not str(atomic).isdigit():
        return "the next payment"
    return amount_words(int(str(atomic)), str(token), str(chain))


def _attempt(told: _Told) -> str:
    renewal: Data = told.data.get("renewal") or {}
    count, most = renewal.get("attempt_count"), renewal.get("max_attempts")
    return f", attempt {count} of {most}" if count and most else ""


def _day(told_at: object, told: _Told) -> str:
    """A time as the event tells it, as a day of the subscription's zone."""
    moment = datetime.strptime(str(told_at), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return day_in(moment, told.zone)


def _plainly(told: _Told) -> str:
    return f"{told.who} changed it"


# For each type: the colour and the shape of the mark beside its sentence, and the sentence.
_SENTENCES: dict[str, tuple[str, str, Callable[[_Told], str]]] = {
    EventType.SUBSCRIPTION_CREATED: ("grey", "state-draft", _created),
    EventType.SUBSCRIPTION_UPDATED: (
        "grey", "state-expired", lambda told: f"{told.who} had it end with its period",
    ),
    EventType.SUBSCRIPTION_ACTIVATED: (
        "green", "state-approved", lambda told: "the trial is over, and it is paid",
    ),
    EventType.SUBSCRIPTION_RENEWAL_DUE: ("amber", "state-chain", _asked),
    EventType.SUBSCRIPTION_RENEWAL_FAILED: ("red", "state-failed", _failed),
    EventType.SUBSCRIPTION_RENEWED: ("green", "state-settled", _renewed),
    EventType.SUBSCRIPTION_PAST_DUE: (
        "red", "warning", lambda told: "it is past due: the period began unpaid",
    ),
    EventType.SUBSCRIPTION_PAUSED: ("amber", "pause", lambda told: f"{told.who} paused it"),
    EventType.SUBSCRIPTION_RESUMED: ("green", "state-approved",
                                     lambda told: f"{told.who} resumed it"),
    EventType.SUBSCRIPTION_CANCELED: ("grey", "state-canceled", _canceled),
    EventType.SUBSCRIPTION_EXPIRED: ("grey", "state-expired", lambda told: "it expired"),
}  # fmt: skip
