"""The first page: what needs a person now, what went out lately, and how the chains are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.admin_context import may, place_of
from billing.callers import Caller
from billing.chains import Chain, network
from billing.display import amount_html, span_words
from chainwatch.admin import health
from chainwatch.alarms import alarms
from chainwatch.models import ChainHead
from events.models import Event
from events.types import EventType
from payouts.models import PayoutIntent, Settlement, Status
from reconciliation import flows, incoming
from reconciliation.needs import Need, counted
from webhooks.models import DisabledBecause, Endpoint, EndpointStatus

QUEUE = "admin:payouts_payoutintent_changelist"
CHAINS = "admin:chainwatch_chainhead_changelist"
BOOKS = "admin:reconciliation_reconciliationrun_changelist"
WEBHOOKS = "admin:webhooks_endpoint_changelist"


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the theme asks for before it draws the first page."""
    place = place_of(request)
    if place is None or not may(request, "payouts:read"):
        return context
    caller, now = place.caller, timezone.now()
    heads = {head.chain: head for head in ChainHead.objects.filter(scope=_scope(caller))}
    return {
        **context,
        "title": "Home",
        "needs": _needs(caller, now, heads),
        "chains": _chains(caller, heads),
        "today": _today(caller, now),
        "money_out": flows.money_out(caller, now),
        "money_in": flows.money_in(caller, now),
        "first_day": flows.since(now) + timedelta(days=1),
        "may_write": may(request, "payouts:write"),
        "new_url": reverse("admin:payouts_payoutintent_new"),
    }


def _needs(caller: Caller, now: datetime, heads: Mapping[str, ChainHead]) -> list[Need]:
    """In the order of alarm; what there is none of is left out."""
    unexpected, *others = [*_to_settle_up(caller), *_held_up(caller, now)]
    needs = [
        unexpected,
        incoming.reversed_checkouts(caller, now),
        _of_chains(caller, heads),
        *_to_decide(caller),
        *others,
        *incoming.payments(caller, now),
        _of_webhooks(caller, now),
    ]
    return [need for need in needs if need.count]


def _to_decide(caller: Caller) -> list[Need]:
    """What waits for an approval or for whoever hands over, with its sums."""
    lines = list(
        PayoutIntent.objects.visible_to(caller)
        .order_by()
        .filter(status__in=(Status.DRAFT, Status.APPROVED))
        .values("status", "chain", "token")
        .annotate(count=Count("pk"), total=Sum("amount_atomic"))
    )
    queue = reverse(QUEUE)
    return [
        _of_status(lines, Status.DRAFT, "to approve", f"{queue}?tab=to_approve", "state-draft"),
        _of_status(
            lines, Status.APPROVED, "to hand over", f"{queue}?tab=to_hand_over", "state-approved"
        ),
    ]


def _held_up(caller: Caller, now: datetime) -> list[Need]:
    """What is on its way and does not get on by itself."""
    on_its_way = PayoutIntent.objects.visible_to(caller).filter(
        status__in=(Status.EXECUTED, Status.VERIFYING)
    )
    found = on_its_way.order_by().aggregate(
        stalled=Count("pk", filter=Q(stalled_at__isnull=False)),
        since=Min("stalled_at"),
        held=Count("pk", filter=~Q(attention="") | Q(proposed_tx_hash__isnull=False)),
    )
    url = f"{reverse(QUEUE)}?tab=exceptions"
    for_how_long = span_words(now - found["since"]) if found["since"] else ""
    says = f"nobody has seen the transaction; the longest for {for_how_long}"
    doubt = "its transaction can be read two ways, was replaced, or its sender is not registered"
    return [
        Need(found["stalled"], "stalled", says, url, "warning"),
        Need(found["held"], "waiting for a decision", doubt, url, "warning"),
    ]


def _of_chains(caller: Caller, heads: Mapping[str, ChainHead]) -> Need:
    """What keeps payouts from settling: nodes that fail, a chain that nobody reads."""
    found = alarms(_scope(caller), heads)
    return Need(
        len(found),
        counted(len(found), "chain alarm", "chain alarms"),
        "; ".join(dict.fromkeys(f"{each.chain.label}: {each.what}" for each in found)),
        reverse(CHAINS),
        "warning",
        is_urgent=True,
    )


def _of_webhooks(caller: Caller, now: datetime) -> Need:
    """Endpoints that we gave up on. One that somebody switched off waits for nobody."""
    given_up = Endpoint.objects.visible_to(caller).filter(
        status=EndpointStatus.DISABLED,
        disabled_because__in=(DisabledBecause.FAILING, DisabledBecause.GONE),
        deleted_at=None,
    )
    found = given_up.order_by().aggregate(count=Count("pk"), since=Min("disabled_at"))
    for_how_long = span_words(now - found["since"]) if found["since"] else ""
    return Need(
        found["count"],
        counted(found["count"], "webhook disabled", "webhooks disabled"),
        f"nothing is sent there any more, at the longest for {for_how_long}",
        reverse(WEBHOOKS),
        "antenna",
    )


def _to_settle_up(caller: Caller) -> list[Need]:
    """Money that moved otherwise than intended, the alarming kind first."""
    all_ = Settlement.objects.visible_to(caller).order_by()
    unexpected = all_.filter(payout__isnull=True, resolved_at__isnull=True).count()
    # As reconciliation.resolving.is_open has it: what left the chain after its resolution is open.
    different = all_.filter(payout__isnull=False).filter(
        Q(resolved_at__isnull=True) & (~Q(discrepancies=[]) | Q(reversed_at__isnull=False))
        | Q(reversed_at__gt=F("resolved_at"))
    )
    count, url = different.count(), reverse(BOOKS)
    return [
        Need(
            unexpected,
            counted(unexpected, "unexpected outflow", "unexpected outflows"),
            "money left with no payout behind it",
            url,
            "warning",
            is_urgent=True,
        ),
        Need(
            count,
            counted(count, "discrepancy", "discrepancies"),
            "paid, but not as it was meant",
            url,
            "scales",
        ),
    ]


def _of_status(
    lines: Iterable[dict[str, Any]], status: str, what: str, url: str, shape: str
) -> Need:
    mine = [line for line in lines if line["status"] == status]
    sums = [
        (amount_html(int(line["total"]), line["token"], line["chain"]), Chain(line["chain"]).label)
        for line in sorted(mine, key=lambda line: -line["total"])
    ]
    return Need(sum(line["count"] for line in mine), what, "", url, shape, sums=sums)


def _today(caller: Caller, now: datetime) -> list[tuple[int, str]]:
    """How today's payouts ended, from midnight of the reader's zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    words = {
        EventType.PAYOUT_SETTLED: ("settled", "settled"),
        EventType.PAYOUT_FAILED: ("failed", "failed"),
        EventType.PAYOUT_DISCREPANCY: ("discrepancy", "discrepancies"),
    }
    found = (
        Event.objects.visible_to(caller)
        .order_by()
        .filter(created_at__gte=midnight, type__in=list(words))
        .values_list("type")
        .annotate(count=Count("pk"))
    )
    counts: Counter[str] = Counter(dict(found))
    return [(counts[type_], counted(counts[type_], *word)) for type_, word in words.items()]


def _scope(caller: Caller) -> str:
    """Whose chains the reader sees: the live ones, or their own simulated ones."""
    return "" if caller.is_live else caller.organization_id


def _chains(caller: Caller, heads: Mapping[str, ChainHead]) -> list[dict[str, Any]]:
    """Each chain with its head and how it is; in live also those that are switched off."""
    rows = []
    for chain in Chain:
        head = heads.get(chain)
        is_off = caller.is_live and not network(chain).is_configured
        rows.append(
            {
                "label": chain.label,
                "head": head,
                "state": health(head) if head else None,
                "is_off": is_off,
                "mood": "off" if is_off or head is None else _mood(head),
            }
        )
    return rows


def _mood(head: ChainHead) -> str:
    return {"failed": "bad", "settled": "ok"}.get(health(head).shape, "off")
