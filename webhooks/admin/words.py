"""The words of an endpoint, a delivery and an attempt on a screen."""

from collections.abc import Sequence
from http.client import responses as PHRASES

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.display import (
    NOTHING,
    State,
    joined,
    moment_html,
    span_words,
    state_html,
    tag_html,
)
from events.types import EventType
from webhooks.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EndpointStatus,
)
from webhooks.secrets import is_rotating

EVERYTHING = "*"
# Where the plural is not the type's first word and an s.
_PLURALS = {
    "payment_method": "Payment methods",
    "api_key": "API keys",
}


def groups() -> dict[str, list[str]]:
    """The types of events by what they are about: `payout` and all of `payout.…`."""
    found: dict[str, list[str]] = {}
    for type_ in EventType.values:
        found.setdefault(type_.partition(".")[0], []).append(type_)
    return found


def group_label(group: str) -> str:
    """`Payouts`, for the types that begin with `payout.`."""
    return _PLURALS.get(group, f"{group.capitalize()}s")


def chosen_groups(events: Sequence[str]) -> tuple[list[str], list[str]]:
    """The groups of which every type is wanted, `*` among them, and the single types beyond."""
    if EVERYTHING in events:
        return [EVERYTHING], []
    wanted = set(events)
    whole = [group for group, types in groups().items() if wanted.issuperset(types)]
    covered = {type_ for group in whole for type_ in groups()[group]}
    return whole, [type_ for type_ in events if type_ not in covered]


def events_words(events: Sequence[str]) -> str:
    """`everything`, or `Payouts, Settlements and 3 single types`, or the one type itself."""
    whole, single = chosen_groups(events)
    if whole == [EVERYTHING]:
        return "everything"
    words = [group_label(group) for group in whole]
    words += single if len(single) <= 2 else [f"{len(single)} single types"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def events_html(events: Sequence[str]) -> SafeString | str:
    """All of it, whole groups by their name, with how many types they hold."""
    whole, single = chosen_groups(events)
    if whole == [EVERYTHING]:
        return "everything, and types that are added later"
    known = groups()
    names = [f"{group_label(group)}: all {len(known[group])} types" for group in whole]
    tags = joined([tag_html(name) for name in [*names, *single]])
    return format_html('<span class="tags">{}</span>', tags)


def endpoint_state(endpoint: Endpoint) -> State:
    """How an endpoint is: disabled by us or by hand, failing right now, or active."""
    if endpoint.deleted_at is not None:
        return State("deleted", "grey", "canceled", is_struck=True)
    if endpoint.status == EndpointStatus.DISABLED:
        by_hand = endpoint.disabled_because == DisabledBecause.BY_HAND
        return State("disabled", "grey" if by_hand else "red", "canceled" if by_hand else "failed")
    if endpoint.failing_since is not None:
        return State("failing", "amber", "chain")
    if endpoint.last_delivered_at is None:
        return State("active", "outline", "draft")
    return State("active", "green", "settled")


def state_of(endpoint: Endpoint) -> SafeString:
    """An endpoint's state, and what is to be known of it."""
    return state_html(endpoint_state(endpoint), _endpoint_note(endpoint))


def _endpoint_note(endpoint: Endpoint) -> str:
    if endpoint.deleted_at is not None:
        return ""
    if endpoint.status == EndpointStatus.DISABLED:
        return str(DisabledBecause(endpoint.disabled_because).label)
    if endpoint.failing_since is not None:
        return f"for {span_words(timezone.now() - endpoint.failing_since)}"
    return "" if endpoint.last_delivered_at else "nothing delivered yet"


def endpoint_tags(endpoint: Endpoint) -> list[SafeString]:
    """What is out of the ordinary: a switch of secrets under way, a listener on this machine."""
    tags = []
    if is_rotating(endpoint, timezone.now()):
        tags.append(tag_html("two secrets", "new", title="A switch of secrets is under way."))
    if endpoint.is_local:
        tags.append(tag_html("on this machine", title="Made by webhook_listen; it ends by itself."))
    return tags


def delivery_state(delivery: Delivery) -> SafeString:
    """A delivery's state, and when it is tried next."""
    return state_html(_delivery_state(delivery), _delivery_note(delivery))


def _delivery_state(delivery: Delivery) -> State:
    if delivery.status == DeliveryStatus.DELIVERED:
        return State("delivered", "green", "settled")
    if delivery.status == DeliveryStatus.FAILED:
        return State("failed", "red", "failed")
    if delivery.status == DeliveryStatus.CANCELED:
        return State("canceled", "grey", "canceled", is_struck=True)
    if delivery.tries:
        return State("trying again", "amber", "chain")
    return State("pending", "outline", "draft")


def _delivery_note(delivery: Delivery) -> str | SafeString:
    if delivery.next_attempt_at is None:
        return ""
    if delivery.endpoint.status == EndpointStatus.DISABLED:
        return "held: the endpoint is disabled"
    return due_words(delivery)


def due_words(delivery: Delivery) -> str | SafeString:
    """When it is tried next; what is due already waits for nothing but its turn."""
    if delivery.next_attempt_at is None:
        return NOTHING
    if delivery.next_attempt_at <= timezone.now():
        return "due now"
    return moment_html(delivery.next_attempt_at)


def is_success(attempt: Attempt) -> bool:
    return attempt.status_code is not None and 200 <= attempt.status_code < 300


def attempt_state(attempt: Attempt) -> SafeString:
    """What came of one attempt: `200 OK`, or why there was no answer."""
    state = (
        State("arrived", "green", "settled")
        if is_success(attempt)
        else State("failed", "red", "failed")
    )
    return state_html(state, answer_words(attempt))


def answer_words(attempt: Attempt) -> str:
    """`200 OK`, `301 Moved Permanently: redirects are not followed`, or the error in words."""
    code = attempt.status_code
    if code is None:
        return attempt.error
    words = f"{code} {PHRASES.get(code, '')}".strip()
    if attempt.error:
        return f"{words}: {attempt.error}"
    return f"{words}: redirects are not followed" if 300 <= code < 400 else words


def duration_words(duration_ms: int) -> str:
    """`84 ms`, `1.2 s`."""
    return f"{duration_ms} ms" if duration_ms < 1_000 else f"{duration_ms / 1_000:.1f} s"


def counted(count: int, noun: str) -> str:
    """`1 delivery`, `12 deliveries`, `1,000 events`."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"
