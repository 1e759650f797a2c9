"""What the pages of an endpoint and of a delivery show beside their facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db.models import F
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import exact_json
from billing.admin import record_url
from billing.display import NOTHING, absolute, moment_html, span_words
from events.services import event_json
from webhooks import signing
from webhooks.admin.forms import SPANS
from webhooks.admin.health import Health, wanted_since
from webhooks.admin.words import (
    answer_words,
    delivery_state,
    duration_words,
    is_success,
)
from webhooks.models import (
    Attempt,
    Delivery,
    DisabledBecause,
    Endpoint,
    EndpointStatus,
)
from webhooks.schedule import GIVEN_UP_AFTER
from webhooks.secrets import is_rotating

# One row of a table: label, class and content of each cell.
Cells = list[tuple[str, str, str | SafeString]]
NEWEST = 10
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of an endpoint's health under its name; `mood` is late, bad or empty."""

    name: str
    value: SafeString | str
    says: SafeString | str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt as the page of a delivery draws it: a sentence, where, and what came back."""

    attempt: Attempt
    sentence: str
    answer: str
    is_success: bool


def vitals(endpoint: Endpoint, health: Health) -> list[Tile]:
    """How an endpoint fares, in four tiles."""
    return [
        _delivered(endpoint),
        _failing(endpoint),
        _waiting(endpoint, health),
        _last_answer(health.last),
    ]


def _delivered(endpoint: Endpoint) -> Tile:
    if endpoint.last_delivered_at is None:
        return Tile("Last delivered", "never", "nothing has arrived there yet")
    return Tile("Last delivered", moment_html(endpoint.last_delivered_at))


def _failing(endpoint: Endpoint) -> Tile:
    since = endpoint.failing_since
    if since is None:
        return Tile("Failing since", NOTHING, "nothing failed since something last arrived")
    if endpoint.status == EndpointStatus.DISABLED:
        return Tile("Failing since", moment_html(since), "nothing is sent any more", "bad")
    left = since + GIVEN_UP_AFTER - timezone.now()
    says = f"disabled in {span_words(max(left, timedelta(0)))}, unless something arrives"
    return Tile("Failing since", moment_html(since), says, "late")


def _waiting(endpoint: Endpoint, health: Health) -> Tile:
    if not health.pending:
        return Tile("Waiting", "0", "everything that was owed was sent")
    if endpoint.status == EndpointStatus.DISABLED:
        return Tile("Waiting", health.pending_words, "kept, and sent once it is enabled", "late")
    return Tile("Waiting", health.pending_words, "owed, and not there yet")


def _last_answer(last: Attempt | None) -> Tile:
    if last is None:
        return Tile("Last answer", NOTHING, "nothing was sent yet")
    says = format_html("{} · {}", moment_html(last.at), duration_words(last.duration_ms))
    if last.status_code is None:
        return Tile("Last answer", "none", format_html("{} · {}", last.error, says), "bad")
    mood = "" if is_success(last) else "bad"
    return Tile("Last answer", answer_words(last), says, mood)


def warning(endpoint: Endpoint) -> str:
    """What stands on top of a disabled endpoint's page: why it is, and what to do."""
    if endpoint.status != EndpointStatus.DISABLED:
        return ""
    return {
        DisabledBecause.FAILING: "It was disabled because nothing arrived for three days. Repair "
        "the receiver, send it a test event once it is enabled, and redeliver what it missed.",
        DisabledBecause.GONE: "It was disabled because it answered 410 Gone, which asks never to "
        "be called again. Enable it where that was a mistake, or delete it.",
        DisabledBecause.BY_HAND: "Somebody switched it off. What happens meanwhile is not owed "
        "to it; redelivering since a time sends it all the same.",
    }[DisabledBecause(endpoint.disabled_because)]


def secret_words(endpoint: Endpoint) -> SafeString | str:
    """Which secrets sign, and which of them signs last."""
    if endpoint.previous_until is None or not is_rotating(endpoint, timezone.now()):
        return "one; shown when it was made, and never again"
    return format_html(
        "two sign: the new one first, the old one last, which is the signature that published "
        "clients check. The old one ends {} ({}), or when the switch is confirmed.",
        moment_html(endpoint.previous_until),
        absolute(endpoint.previous_until),
    )


def _cells(delivery: Delivery, last: Attempt | None) -> list[tuple[str, str, str | SafeString]]:
    """One row of an endpoint's newest deliveries: label, class and content of each cell."""
    link = format_html(
        '<a class="to name" href="{}">{}</a>',
        record_url(Delivery, delivery.pk),
        delivery.event.type,
    )
    return [
        ("event", "lead", link),
        ("sequence", "number", f"{delivery.sequence:,}"),
        ("state", "", delivery_state(delivery)),
        ("attempts", "number", str(delivery.attempts)),
        ("last answer", "", attempt_html(last)),
        ("owed since", "", moment_html(delivery.created_at)),
    ]


def attempt_html(last: Attempt | None) -> SafeString:
    """What was answered last, in one cell: the words, and under them how long and when."""
    if last is None:
        return NOTHING
    return format_html(
        '<span class="answer-words">{}</span><span class="sub keep">{} · {}</span>',
        answer_words(last),
        duration_words(last.duration_ms),
        moment_html(last.at),
    )


def last_attempts(deliveries: Iterable[Delivery]) -> dict[str, Attempt]:
    """The last attempt of each, by the delivery's id, in one query."""
    ids = [delivery.pk for delivery in deliveries]
    last = Attempt.objects.filter(delivery_id__in=ids, number=F("delivery__attempts"))
    return {attempt.delivery_id: attempt for attempt in last}


def newest_of(endpoint: Endpoint) -> list[Cells]:
    """The newest deliveries of an endpoint, as rows of a table. Two queries."""
    rows = list(endpoint.deliveries.select_related("event").order_by("-created_at", "-id")[:NEWEST])
    for row in rows:
        row.endpoint = endpoint
    last = last_attempts(rows)
    return [_cells(row, last.get(row.pk)) for row in rows]


def how_many(endpoint: Endpoint) -> list[tuple[str, str | SafeString]]:
    """What would be sent again for each span that is offered."""
    now = timezone.now()
    moments = [now - timedelta(hours=hours) for hours in SPANS]
    counts = wanted_since(endpoint, moments)
    return [
        (words.capitalize(), f"{count} {'event' if count == '1' else 'events'}")
        for words, count in zip(SPANS.values(), counts, strict=True)
    ]


def attempts_of(delivery: Delivery) -> list[Line]:
    """The last MOST_ATTEMPTS attempts, newest first."""
    return [
        Line(attempt, _sentence(attempt), attempt.answer, is_success(attempt))
        for attempt in delivery.log.order_by("-number")[:MOST_ATTEMPTS]
    ]


def _sentence(attempt: Attempt) -> str:
    took = duration_words(attempt.duration_ms)
    words = answer_words(attempt)
    if attempt.status_code is None:
        return f"No answer: {words}"
    return f"Answered {words} in {took}"


def both_html(moment: datetime | None) -> SafeString:
    """A time as a distance and in the reader's zone, both in sight."""
    if moment is None:
        return NOTHING
    return format_html('{}<span class="sub">{}</span>', moment_html(moment), absolute(moment))


def next_html(delivery: Delivery) -> SafeString | str:
    """When it is tried next, both ways; or why it is not."""
    due = delivery.next_attempt_at
    if due is None:
        return NOTHING
    if delivery.endpoint.status == EndpointStatus.DISABLED:
        return "once the endpoint is enabled"
    return both_html(due) if due > timezone.now() else "due now"


def next_words(delivery: Delivery) -> SafeString | str:
    """The line above the attempts: what happens next, empty where nothing does."""
    if delivery.next_attempt_at is None:
        return ""
    number = delivery.attempts + 1
    return format_html("Next: attempt {}, {}", number, _when(delivery))


def _when(delivery: Delivery) -> SafeString | str:
    due = delivery.next_attempt_at
    if delivery.endpoint.status == EndpointStatus.DISABLED:
        return "once the endpoint is enabled"
    if due is None or due <= timezone.now():
        return "as soon as a sender takes it"
    return format_html("{} ({})", moment_html(due), absolute(due))


def body_of(delivery: Delivery) -> str:
    """What is sent, to the digit, with a line for each field."""
    body = exact_json.dumps(event_json(delivery.event))
    return msgspec.json.format(body, indent=2).decode()


def headers_of(delivery: Delivery, last: Attempt | None) -> list[tuple[str, str]]:
    """The headers of the last attempt, or of the next where none was made. No signature."""
    at = last.at if last else timezone.now()
    sent = signing.headers(delivery.event_id, b"", [], at, event_type=delivery.event.type)
    made = {
        "X-Billing-Signature": f"{sent['X-Billing-Signature']},v1=…",
        "webhook-signature": "v1,…",
    }
    return [(name, made.get(name, value)) for name, value in sent.items()]
