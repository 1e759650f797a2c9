"""Rolling limits: how much was approved lately, and whether one more payment still fits.

A sum is made of the approvals themselves, not of a counter: what is void falls out of it at once,
and what is older than the window by itself. The caller holds approvals.locks.count_limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet, Sum, Window

from approvals.errors import LimitExceeded
from approvals.facts import Facts
from approvals.models import Approval, Limit, LimitScope


@dataclass(frozen=True, slots=True)
class Asked:
    """One payment as limits see it: where, how much, and who answers for the approval."""

    organization_id: str
    facts: Facts
    person_id: str
    at: datetime


def check(limits: Iterable[Limit], asked: Asked, *, decides: bool) -> None:
    """Raise LimitExceeded where this approval would take a sum above a limit.

    Limits of the organization and of a recipient count what was decided, so an approval that does
    not decide is not held against them; limits of an approver count each approval.
    """
    for limit in limits:
        is_counted = decides or limit.scope == LimitScope.APPROVER
        if is_counted and concerns(limit, asked.facts):
            _check(limit, asked)


def concerns(limit: Limit, facts: Facts) -> bool:
    """Whether the limit is about this chain and token."""
    return limit.chain in ("", facts.chain) and limit.token in ("", facts.token)


def used(limit: Limit, asked: Asked) -> int:
    """How much of the limit is used up in the window that ends now, in atomic units."""
    return counted(limit, asked).aggregate(sum=Sum("amount_atomic"))["sum"] or 0


def counted(limit: Limit, asked: Asked) -> QuerySet[Approval]:
    """The approvals whose amounts the limit adds up; never those of the asked payment itself."""
    facts = asked.facts
    rows = Approval.objects.filter(
        organization_id=asked.organization_id,
        environment=facts.environment,
        voided_at=None,
        approved_at__gt=asked.at - limit.window,
    ).exclude(subject_id=facts.subject_id)
    if limit.scope == LimitScope.APPROVER:
        rows = rows.filter(person_id=asked.person_id)
    else:
        rows = rows.filter(decides=True)
    if limit.scope == LimitScope.RECIPIENT:
        rows = rows.filter(recipient=facts.recipient)
    if limit.chain:
        rows = rows.filter(chain=limit.chain)
    return rows.filter(token=limit.token) if limit.token else rows


def frees_at(limit: Limit, asked: Asked, excess_atomic: int) -> datetime | None:
    """When enough has left the window for the payment to fit; None where it never does."""
    running = Window(Sum("amount_atomic"), order_by=[F("approved_at"), F("id")])
    rows = counted(limit, asked).annotate(gone=running).filter(gone__gte=excess_atomic)
    first = rows.order_by("approved_at", "id").values_list("approved_at", flat=True).first()
    if first is None or asked.facts.amount_atomic > limit.amount_atomic:
        return None
    return first + limit.window


def _check(limit: Limit, asked: Asked) -> None:
    used_atomic, asked_atomic = used(limit, asked), asked.facts.amount_atomic
    excess_atomic = used_atomic + asked_atomic - limit.amount_atomic
    if excess_atomic > 0:
        raise LimitExceeded(
            limit,
            used_atomic=used_atomic,
            asked_atomic=asked_atomic,
            frees_at=frees_at(limit, asked, excess_atomic),
        )
