"""The acts on approvals: facts are judged, evidence is kept. What follows is not their affair."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from approvals.facts import Facts, digest
from approvals.models import Approval
from approvals.rules import default_rule, person_behind, self_approval
from billing.callers import Caller
from billing.errors import Forbidden, InvalidRequest

__all__ = ["Decision", "Facts", "approvals_of", "decide", "digest", "history_of", "void"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one more approval came to. `approvals` are all that count now, oldest first."""

    approved: bool
    approvals: tuple[Approval, ...]
    needed: int
    digest: str


def decide(caller: Caller, facts: Facts, *, at: datetime | None = None) -> Decision:
    """Record the caller's approval of exactly these facts and say whether they are now enough.

    The caller of this holds the lock on the subject, and does not commit where it then refuses.
    Raises InsufficientScope, Forbidden `self_approval`, InvalidRequest `already_approved`.
    """
    caller.require("payouts:approve")
    assert facts.environment == caller.environment  # The subject was read as visible to the caller.
    if reason := self_approval(caller, facts):
        raise Forbidden(reason, code="self_approval")
    agreed = digest(facts)
    _insert(caller, facts.subject_id, agreed, at or timezone.now())
    approvals = tuple(_valid([facts.subject_id]).filter(digest=agreed))
    needed = default_rule(facts)
    # Two keys of one person, or a person and their key, are one pair of eyes.
    people = {approval.person_id for approval in approvals}
    logger.info(
        "approval recorded subject=%s actor=%s have=%d need=%d",
        facts.subject_id,
        caller.actor_id,
        len(people),
        needed,
    )
    return Decision(len(people) >= needed, approvals, needed, agreed)


def void(subject_id: str, reason: str, at: datetime) -> int:
    """Make every approval of the subject void, and return how many there were."""
    count = Approval.objects.filter(subject_id=subject_id, voided_at=None).update(
        voided_at=at, void_reason=reason, updated_at=at
    )
    if count:
        logger.info("approvals voided subject=%s count=%d", subject_id, count)
    return count


def approvals_of(subject_ids: Iterable[str]) -> dict[str, list[Approval]]:
    """The approvals that count, oldest first, by subject; every subject asked for has a list."""
    subject_ids = list(subject_ids)
    return _by_subject(subject_ids, _valid(subject_ids))


def history_of(subject_ids: Iterable[str]) -> dict[str, list[Approval]]:
    """All approvals ever given, void ones too, oldest first, by subject."""
    subject_ids = list(subject_ids)
    return _by_subject(subject_ids, _all(subject_ids))


def _by_subject(
    subject_ids: Iterable[str], approvals: Iterable[Approval]
) -> dict[str, list[Approval]]:
    found: dict[str, list[Approval]] = {subject_id: [] for subject_id in subject_ids}
    for approval in approvals:
        found[approval.subject_id].append(approval)
    return found


def _insert(caller: Caller, subject_id: str, agreed: str, at: datetime) -> None:
    approval = Approval(
        organization_id=caller.organization_id,
        environment=caller.environment,
        subject_id=subject_id,
        digest=agreed,
        actor_id=caller.actor_id,
        actor_name=caller.actor_name,
        person_id=person_behind(caller.actor_id, caller.issued_by),
        approved_at=at,
    )
    try:
        with transaction.atomic():
            approval.save(force_insert=True)
    except IntegrityError as error:
        if "one_approval_per_actor" not in str(error):
            raise
        raise InvalidRequest(
            "You have approved this already. Another person must approve it too.",
            code="already_approved",
        ) from None


def _valid(subject_ids: Iterable[str]) -> QuerySet[Approval]:
    return _all(subject_ids).filter(voided_at=None)


def _all(subject_ids: Iterable[str]) -> QuerySet[Approval]:
    return Approval.objects.filter(subject_id__in=list(subject_ids)).order_by("approved_at", "id")
