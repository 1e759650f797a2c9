"""What the front page of subscriptions shows: what waits, how many there are, what is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain
from billing.display import NOTHING, amount_html, span_words
from customers.admin.sections import Cells
from subscriptions.admin.filters import SOON, is_due
from subscriptions.admin.renewals import list_url
from subscriptions.admin.words import STATES, counted
from subscriptions.models import Renewal, RenewalStatus, Status, Subscription
from subscriptions.states import RUNNING

FAILED_WITHIN = timedelta(days=30)
_AHEAD_ENOUGH = timedelta(minutes=1)  # less than that no reader would see
_SAYS = {
    Status.ACTIVE: "paid, or asked for the first time",
    Status.TRIALING: "free at first",
    Status.PAST_DUE: "not paid in time, asked again",
    Status.PAUSED: "nobody is asked until they are resumed",
    Status.CANCELED: "what was paid stays open to its end",
    Status.EXPIRED: "over for good",
}


@dataclass(frozen=True, slots=True)
class Number:
    """How many subscriptions are in one state, and where they are listed."""

    state: Any
    count: str
    says: str
    url: str
    is_alert: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of what waits for a person."""

    count: int
    what: str
    hint: str
    url: str
    is_urgent: bool = True


@dataclass(slots=True)
class Sums:
    """What stands open of one token on one chain: how many renewals, and how much. Atomic."""

    due: int = 0
    due_atomic: int = 0
    open: int = 0
    open_atomic: int = 0
    failed: int = 0
    failed_atomic: int = 0


def context(caller: Caller, now: datetime) -> dict[str, Any]:
    """Everything the template reads, `now` being the organization's own. Three queries."""
    counts = _counts(caller)
    sums, unasked = _renewal_sums(caller, now)
    _add_those_to_come(sums, caller, now)
    shown = sorted(item for item in sums.items() if _is_any(item[1]))
    ahead = now - timezone.now()
    return {
        "numbers": _numbers(counts),
        "waiting": _waiting(counts, sums.values(), unasked),
        "rows": [_row(chain, token, each) for (chain, token), each in shown],
        "is_empty": not counts,
        "due_url": list_url("due"),
        "failed_url": list_url("failed"),
        "ahead": span_words(ahead) if ahead > _AHEAD_ENOUGH else "",
        "now": now,
    }


def _counts(caller: Caller) -> dict[str, int]:
    mine = Subscription.objects.visible_to(caller).order_by()
    return dict(mine.values_list("status").annotate(Count("pk")))


def _renewal_sums(caller: Caller, now: datetime) -> tuple[dict[tuple[str, str], Sums], int]:
    """The renewals there are, by chain and token; and how many of them nobody can be asked for."""
    is_open = Q(closed_at=None)
    failed_at = Coalesce("closed_at", "closes_at")
    mine = Renewal.objects.visible_to(caller).order_by().alias(failed_at=failed_at)
    has_failed = Q(status=RenewalStatus.FAILED, failed_at__gte=now - FAILED_WITHIN)
    groups = mine.filter(is_open | has_failed).values("chain", "token").annotate(
        unasked=Count("pk", filter=is_open & ~Q(problem="")),
        **_both("due", is_due(now)),
        **_both("open", is_open),
        **_both("failed", has_failed),
    )  # fmt: skip
    found, unasked = {}, 0
    for row in groups:
        unasked += row.pop("unasked")
        place = (row.pop("chain"), row.pop("token"))
        found[place] = Sums(**{name: int(value or 0) for name, value in row.items()})
    return found, unasked


def _both(name: str, which: Q) -> dict[str, Any]:
    """How many of `which`, and how much they are together."""
    return {name: Count("pk", filter=which), f"{name}_atomic": Sum("amount_atomic", filter=which)}


def _add_those_to_come(sums: dict[tuple[str, str], Sums], caller: Caller, now: datetime) -> None:
    """Count as due, too, the periods that begin soon and have no renewal yet.

    Where a subscription goes on and nothing of it is open, the next period begins where the current
    one ends.
    """
    mine = Subscription.objects.visible_to(caller).order_by()
    open_ = Renewal.objects.filter(subscription=OuterRef("pk"), closed_at=None)
    to_come = mine.filter(
        status__in=RUNNING,
        cancel_at_period_end=False,
        current_period_end__gt=now,
        current_period_end__lte=now + SOON,
    ).filter(~Exists(open_))
    groups = to_come.values_list("plan__chain", "plan__token").annotate(
        Count("pk"), Sum(F("plan__amount_atomic"), output_field=BigIntegerField())
    )
    for chain, token, count, atomic in groups:
        each = sums.setdefault((chain, token), Sums())
        each.due, each.due_atomic = each.due + count, each.due_atomic + int(atomic)


def _is_any(sums: Sums) -> bool:
    return bool(sums.due or sums.open or sums.failed)


def _numbers(counts: dict[str, int]) -> list[Number]:
    return [
        Number(
            state=STATES[status],
            count=f"{counts.get(status, 0):,}",
            says=says,
            url=_tab_url(status),
            is_alert=status == Status.PAST_DUE and status in counts,
        )
        for status, says in _SAYS.items()
    ]


def _waiting(counts: dict[str, int], sums: Iterable[Sums], unasked: int) -> list[Waiting]:
    """What somebody should look at, the worst first; what is none of is left out."""
    past_due, failed = counts.get(Status.PAST_DUE, 0), sum(each.failed for each in sums)
    lines = [
        Waiting(
            unasked,
            "cannot be asked for",
            "Their renewals have no page to pay on; each says what is missing.",
            list_url("open"),
        ),
        Waiting(
            past_due,
            "past due",
            "Customers who did not pay in time. Write to them, retry, or let the attempts go on.",
            _tab_url(Status.PAST_DUE),
        ),
        Waiting(
            failed,
            f"failed {'renewal' if failed == 1 else 'renewals'}, last 30 days",
            "Not paid in time, and not since.",
            list_url("failed"),
            is_urgent=False,
        ),
    ]
    return [line for line in lines if line.count]


def _tab_url(status: str) -> str:
    return f"{reverse('admin:subscriptions_subscription_changelist')}?tab={status}"


def _row(chain: str, token: str, sums: Sums) -> Cells:
    return [
        ("paid in", "lead keep", f"{token} on {Chain(chain).label}"),
        ("due in 7 days", "number", _amount(sums.due, sums.due_atomic, chain, token)),
        ("open now", "number", _amount(sums.open, sums.open_atomic, chain, token)),
        ("failed in 30 days", "number", _amount(sums.failed, sums.failed_atomic, chain, token)),
    ]


def _amount(count: int, atomic: int, chain: str, token: str) -> SafeString:
    if not count:
        return NOTHING
    return format_html(
        '{}<span class="sub">{}</span>',
        amount_html(atomic, token, chain),
        counted(count, "renewal"),
    )
