"""What needs a person now: counted in one statement, then said in the order of alarm.

What somebody else must do is no need of the reader; it stands below in one line.
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Chain
from billing.display import amount_html, span_words
from events.models import Event
from events.types import EventType
from organizations.roles import APPROVE, EXECUTE
from payouts.models import ImportState, PayoutImport, PayoutIntent, Settlement, Status
from reconciliation import incoming
from reconciliation.counting import Arm, Counts, by_type, how_many, how_much
from reconciliation.mine import drafts_for, proposals_for
from reconciliation.needs import Need, counted
from webhooks.models import DisabledBecause, Endpoint, EndpointStatus

QUEUE = "admin:payouts_payoutintent_changelist"
BOOKS = "admin:reconciliation_reconciliationrun_changelist"
WEBHOOKS = "admin:webhooks_endpoint_changelist"
ADDRESSES = "admin:payouts_recipientaddress_changelist"
IMPORTS = "admin:payouts_payoutimport_changelist"
WRITE = "payouts:write"
NOT_PAID = (Status.DRAFT, Status.APPROVED, Status.PENDING_EXECUTION)
TODAY = {
    EventType.PAYOUT_SETTLED: ("settled", "settled"),
    EventType.PAYOUT_FAILED: ("failed", "failed"),
    EventType.PAYOUT_DISCREPANCY: ("discrepancy", "discrepancies"),
}


def arms(caller: Caller, now: datetime) -> list[Arm]:
    """What is counted for this person, a part of one union each."""
    return [
        *_of_settlements(caller),
        *_of_payouts(caller, now),
        *incoming.arms(caller),
        *_of_others(caller),
        by_type("today", _today(caller, now)),
    ]


def needs(counts: Counts, caller: Caller, now: datetime, alarms: Need) -> list[Need]:
    """In the order of alarm; what there is none of is left out."""
    found = [
        _unexpected(counts),
        incoming.reversed_checkouts(counts, now),
        alarms,
        *_to_decide(counts, caller),
        _overdue(counts, now),
        _different(counts),
        *_held_up(counts, now),
        _proposals(counts, now),
        _imports(counts, now),
        *incoming.payments(counts, now),
        _of_webhooks(counts, now),
    ]
    return [need for need in found if need.count]


def with_others(counts: Counts, caller: Caller) -> list[tuple[int, str, str]]:
    """What waits for others: how many, of what, and where it stands."""
    queue = reverse(QUEUE)
    approved = 0 if EXECUTE in caller.scopes else counts.of("approved")
    found = [
        (counts.of("draft") - counts.of("mine"), "to approve", f"{queue}?tab=to_approve"),
        (approved, "to hand over", f"{queue}?tab=to_hand_over"),
    ]
    return [each for each in found if each[0] > 0]


def today(counts: Counts) -> list[tuple[int, str]]:
    """How today's payouts ended, from midnight of the reader's zone."""
    found = {line.chain: line.count for line in counts.lines("today")}
    numbers = {type_: found.get(type_.value, 0) for type_ in TODAY}
    return [(number, counted(number, *TODAY[type_])) for type_, number in numbers.items()]


def _of_settlements(caller: Caller) -> list[Arm]:
    """Money that moved otherwise than intended; each arm by the index of its condition.

    As reconciliation.resolving.is_open has it: what left the chain after its resolution is open.
    """
    rows = Settlement.objects.visible_to(caller)
    paid = rows.filter(payout__isnull=False)
    gone = paid.filter(reversed_at__isnull=False)
    is_open = Q(resolved_at__isnull=True) | Q(reversed_at__gt=F("resolved_at"))
    stray = rows.filter(payout__isnull=True, resolved_at__isnull=True)
    different = paid.filter(resolved_at__isnull=True, reversed_at__isnull=True)
    return [
        how_much("unexpected", stray, "block_time"),
        how_many("different", different.exclude(discrepancies=[])),
        how_many("different", gone.filter(is_open), "reversed_at"),
    ]


def _of_payouts(caller: Caller, now: datetime) -> list[Arm]:
    rows = PayoutIntent.objects.visible_to(caller)
    drafts, late = rows.filter(status=Status.DRAFT), rows.filter(status__in=NOT_PAID)
    moving = rows.filter(status__in=(Status.EXECUTED, Status.VERIFYING))
    doubtful = moving.filter(~Q(attention="") | Q(proposed_tx_hash__isnull=False))
    mine = [how_much("mine", drafts_for(caller))] if APPROVE in caller.scopes else []
    return [
        *mine,
        how_many("draft", drafts),
        how_much("approved", rows.filter(status=Status.APPROVED)),
        how_many("overdue", late.filter(due_date__lt=now), "due_date"),
        how_many("stalled", moving.filter(stalled_at__isnull=False), "stalled_at"),
        how_many("held", doubtful),
    ]


def _of_others(caller: Caller) -> list[Arm]:
    given_up = Endpoint.objects.visible_to(caller).filter(
        status=EndpointStatus.DISABLED,
        disabled_because__in=(DisabledBecause.FAILING, DisabledBecause.GONE),
        deleted_at=None,
    )
    found = [how_many("webhooks", given_up, "disabled_at")]
    if APPROVE in caller.scopes:
        found.append(how_many("proposed", proposals_for(caller)))
    if WRITE in caller.scopes:
        checked = PayoutImport.objects.visible_to(caller).filter(state=ImportState.CHECKED)
        found.append(how_many("imports", checked))
    return found


def _today(caller: Caller, now: datetime) -> QuerySet[Event]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    mine: QuerySet[Event] = Event.objects.visible_to(caller)
    return mine.filter(created_at__gte=midnight, type__in=list(TODAY))


def _unexpected(counts: Counts) -> Need:
    count = counts.of("unexpected")
    return Need(
        count,
        counted(count, "unexpected outflow", "unexpected outflows"),
        "money left with no payout behind it",
        reverse(BOOKS),
        "warning",
        is_urgent=True,
        sums=_sums(counts, "unexpected"),
    )


def _to_decide(counts: Counts, caller: Caller) -> Iterator[Need]:
    """What this person may approve and has not, and what they may hand over."""
    queue = reverse(QUEUE)
    if APPROVE in caller.scopes:
        others = counts.of("draft") - counts.of("mine")
        hint = f"{others:,} more wait for others" if others else ""
        yield Need(
            counts.of("mine"),
            "to approve",
            hint,
            f"{queue}?tab=to_approve",
            "state-draft",
            sums=_sums(counts, "mine"),
        )
    if EXECUTE in caller.scopes:
        yield Need(
            counts.of("approved"),
            "to hand over",
            "",
            f"{queue}?tab=to_hand_over",
            "state-approved",
            sums=_sums(counts, "approved"),
        )


def _overdue(counts: Counts, now: datetime) -> Need:
    late = urlencode({"tab": "all", "status__in": ",".join(NOT_PAID), "due_date__lt": now})
    return Need(
        counts.of("overdue"),
        "overdue",
        f"due and not paid{_longest(counts, 'overdue', now)}",
        f"{reverse(QUEUE)}?{late}",
        "warning",
    )


def _different(counts: Counts) -> Need:
    count = counts.of("different")
    return Need(
        count,
        counted(count, "discrepancy", "discrepancies"),
        "paid, but not as it was meant",
        reverse(BOOKS),
        "scales",
    )


def _held_up(counts: Counts, now: datetime) -> list[Need]:
    """What is on its way and does not get on by itself."""
    url = f"{reverse(QUEUE)}?tab=exceptions"
    says = f"nobody has seen the transaction{_longest(counts, 'stalled', now)}"
    doubt = "its transaction can be read two ways, was replaced, or its sender is not registered"
    return [
        Need(counts.of("stalled"), "stalled", says, url, "warning"),
        Need(counts.of("held"), "waiting for a decision", doubt, url, "warning"),
    ]


def _proposals(counts: Counts, now: datetime) -> Need:
    count = counts.of("proposed")
    return Need(
        count,
        counted(count, "address to let in", "addresses to let in"),
        f"proposed for the address book{_longest(counts, 'proposed', now)}",
        f"{reverse(ADDRESSES)}?status__exact=proposed",
        "people",
    )


def _imports(counts: Counts, now: datetime) -> Need:
    count = counts.of("imports")
    return Need(
        count,
        counted(count, "import to confirm", "imports to confirm"),
        f"checked, and no draft is made yet{_longest(counts, 'imports', now)}",
        reverse(IMPORTS),
        "list",
    )


def _of_webhooks(counts: Counts, now: datetime) -> Need:
    """Endpoints that we gave up on. One that somebody switched off waits for nobody."""
    count, since = counts.of("webhooks"), counts.since("webhooks")
    for_how_long = span_words(now - since) if since else ""
    return Need(
        count,
        counted(count, "webhook disabled", "webhooks disabled"),
        f"nothing is sent there any more, at the longest for {for_how_long}",
        reverse(WEBHOOKS),
        "antenna",
    )


def _sums(counts: Counts, word: str) -> list[tuple[str, str]]:
    return [
        (amount_html(line.total_atomic, line.token, line.chain), str(Chain(line.chain).label))
        for line in counts.lines(word)
    ]


def _longest(counts: Counts, word: str, now: datetime) -> str:
    since = counts.since(word)
    return f"; the longest for {span_words(now - since)}" if since else ""
