"""What waits for one person: only what their role lets them do something about."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from billing.callers import Caller
from checkouts.admin.finding import to_look_at
from checkouts.models import Payment
from payouts.models import PayoutIntent, Settlement, Status
from reconciliation.mine import drafts_for
from reconciliation.needs import counted
from webhooks.models import DisabledBecause, Endpoint, EndpointStatus

MOST = 500  # of a kind are named; more are "500 or more"
QUEUE = "admin:payouts_payoutintent_changelist"
BOOKS = "admin:reconciliation_reconciliationrun_changelist"
PAYMENTS = "admin:checkouts_payment_changelist"
WEBHOOKS = "admin:webhooks_endpoint_changelist"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits: their ids, the words for them, and the page to do it on."""

    ids: tuple[str, ...]
    one: str
    many: str
    path: str

    @property
    def words(self) -> str:
        """`3 to approve`. A count and no more: this stands in the subject of a mail."""
        count = len(self.ids)
        number = f"{MOST} or more" if count == MOST else str(count)
        return f"{number} {counted(count, self.one, self.many)}"


def waiting_for(caller: Caller) -> list[Waiting]:
    """What this person could act on now, in the order of alarm. At most two queries a kind."""
    return [each for each in _kinds(caller) if each.ids]


def _kinds(caller: Caller) -> Iterator[Waiting]:
    queue = reverse(QUEUE)
    if "payouts:execute" in caller.scopes:
        yield from _of_books(caller)
        stuck = Q(stalled_at__isnull=False) | ~Q(attention="") | Q(proposed_tx_hash__isnull=False)
        on_its_way = _payouts(caller, Status.EXECUTED, Status.VERIFYING).filter(stuck)
        path = f"{queue}?tab=exceptions"
        yield Waiting(_ids(on_its_way), "payout to look at", "payouts to look at", path)
    if "payouts:approve" in caller.scopes:
        path = f"{queue}?tab=to_approve"
        yield Waiting(_ids(drafts_for(caller)), "to approve", "to approve", path)
    if "payouts:execute" in caller.scopes:
        path = f"{queue}?tab=to_hand_over"
        approved = _ids(_payouts(caller, Status.APPROVED))
        yield Waiting(approved, "to hand over", "to hand over", path)
    if "checkouts:write" in caller.scopes:
        payments = to_look_at(Payment.objects.visible_to(caller))
        path = f"{reverse(PAYMENTS)}?tab=look"
        yield Waiting(_ids(payments), "payment to look at", "payments to look at", path)
    if "webhooks:write" in caller.scopes:
        found = _ids(_given_up(caller))
        yield Waiting(found, "webhook disabled", "webhooks disabled", reverse(WEBHOOKS))


def _of_books(caller: Caller) -> Iterator[Waiting]:
    rows = Settlement.objects.visible_to(caller)
    unexpected = rows.filter(payout__isnull=True, resolved_at__isnull=True)
    # As reconciliation.resolving.is_open has it: what left the chain after its resolution is open.
    different = rows.filter(payout__isnull=False).filter(
        Q(resolved_at__isnull=True) & (~Q(discrepancies=[]) | Q(reversed_at__isnull=False))
        | Q(reversed_at__gt=F("resolved_at"))
    )
    path = reverse(BOOKS)
    yield Waiting(_ids(unexpected), "unexpected outflow", "unexpected outflows", path)
    yield Waiting(_ids(different), "discrepancy", "discrepancies", path)


def _given_up(caller: Caller) -> QuerySet[Endpoint]:
    return Endpoint.objects.visible_to(caller).filter(
        status=EndpointStatus.DISABLED,
        disabled_because__in=(DisabledBecause.FAILING, DisabledBecause.GONE),
        deleted_at=None,
    )


def _payouts(caller: Caller, *statuses: str) -> QuerySet[PayoutIntent]:
    found: QuerySet[PayoutIntent] = PayoutIntent.objects.visible_to(caller)
    return found.filter(status__in=statuses)


def _ids(rows: QuerySet[Any]) -> tuple[str, ...]:
    return tuple(rows.order_by("-created_at").values_list("pk", flat=True)[:MOST])
