"""Which drafts wait for one person: what they may approve by the policy in force, and have not.

The policy is asked as approvals.judging asks it, but of all drafts at once: its rules become one
CASE, so that ten thousand drafts cost one statement. Limits are left out: what exceeds one today
waits all the same.
"""

from typing import Final

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from approvals.models import (
    Approval,
    ApproverGroup,
    CreatedVia,
    Outcome,
    PolicyStatus,
    RecipientIs,
    Rule,
)
from billing.callers import Caller
from payouts.models import AddressStatus, PayoutIntent, RecipientAddress, Status

NO_RULE: Final = 0  # positions count from 1
_BY_KEY, _BY_PERSON = Q(created_by__startswith="key_"), Q(created_by__startswith="usr_")
_IMPORTED = Q(payout_import__isnull=False)
# As payouts.acts.approve tells a policy who made a payout.
_MADE: Final = {
    CreatedVia.PERSON.value: _BY_PERSON & ~_IMPORTED,
    CreatedVia.KEY.value: _BY_KEY & ~_IMPORTED,
    CreatedVia.IMPORT.value: _IMPORTED,
}
# As payouts.recipients.rating rates a recipient.
_RATED: Final = {
    RecipientIs.ADDRESS_BOOK.value: Q(is_in_book=True),
    RecipientIs.KNOWN.value: Q(is_in_book=True) | Q(was_paid=True),
    RecipientIs.NEW.value: Q(is_in_book=False, was_paid=False),
}


def drafts_for(caller: Caller) -> QuerySet[PayoutIntent]:
    """The drafts whose approval by this person would count now. One query to build it."""
    given = Approval.objects.visible_to(caller).filter(person_id=caller.actor_id, voided_at=None)
    drafts = PayoutIntent.objects.visible_to(caller).filter(status=Status.DRAFT)
    theirs = drafts.exclude(_own(caller)).exclude(pk__in=given.values("subject_id"))
    return _that_i_may(theirs, caller, _rules(caller))


def proposals_for(caller: Caller) -> QuerySet[RecipientAddress]:
    """What others proposed for the address book, and this person may let in."""
    proposed = RecipientAddress.objects.visible_to(caller).filter(status=AddressStatus.PROPOSED)
    theirs: QuerySet[RecipientAddress] = proposed.exclude(_own(caller, "proposed_by"))
    return theirs


def _own(caller: Caller, by: str = "created_by") -> Q:
    """What this person would agree with themselves on, as approvals.rules.is_own has it."""
    mine = Q(**{by: caller.actor_id})
    if caller.is_live and not caller.keys_may_self_approve:
        mine |= Q(**{f"{by}_issuer": caller.actor_id})
    return mine


def _rules(caller: Caller) -> list[Rule]:
    """The rules in force, in order; `is_mine` says whether this person's approval counts there."""
    member = ApproverGroup.objects.filter(pk=OuterRef("group"), members__id=caller.actor_id)
    in_force = Rule.objects.filter(
        policy__organization_id=caller.organization_id,
        policy__environment=caller.environment,
        policy__status=PolicyStatus.PUBLISHED,
    )
    may = ~Q(outcome=Outcome.BLOCK) & (Q(group__isnull=True) | Q(Exists(member)))
    is_mine = Case(When(may, then=Value(1)), default=Value(0), output_field=IntegerField())
    return list(in_force.annotate(is_mine=is_mine).order_by("position"))


def _that_i_may(
    drafts: QuerySet[PayoutIntent], caller: Caller, rules: list[Rule]
) -> QuerySet[PayoutIntent]:
    if all(rule.is_mine for rule in rules):  # type: ignore[attr-defined]  # annotated by _rules
        return drafts
    default, cases = NO_RULE, []
    for rule in rules:
        condition = _matches(rule)
        if not condition:  # It holds for every payment: no later one is ever reached.
            default = rule.position
            break
        cases.append(When(condition, then=Value(rule.position)))
    deciding = Case(*cases, default=Value(default), output_field=IntegerField())
    mine = [NO_RULE, *(r.position for r in rules if r.is_mine)]  # type: ignore[attr-defined]  # same
    return _rated(drafts, caller).annotate(deciding=deciding).filter(deciding__in=mine)


def _matches(rule: Rule) -> Q:
    """Every condition of the rule, as approvals.judging.matches has them; empty for none."""
    found = Q()
    for field, among in (
        ("chain", rule.chains),
        ("token", rule.tokens),
        ("reference_type", rule.reference_types),
    ):
        found &= Q(**{f"{field}__in": among}) if among else Q()
    if rule.min_atomic is not None:
        found &= Q(amount_atomic__gte=rule.min_atomic)
    if rule.max_atomic is not None:
        found &= Q(amount_atomic__lte=rule.max_atomic)
    return found & _MADE.get(rule.created_via, Q()) & _RATED.get(rule.recipient_is, Q())


def _rated(drafts: QuerySet[PayoutIntent], caller: Caller) -> QuerySet[PayoutIntent]:
    book = RecipientAddress.objects.visible_to(caller).filter(
        chain=OuterRef("chain"),
        address=OuterRef("recipient_address"),
        status=AddressStatus.APPROVED,
        usable_at__lte=timezone.now(),
    )
    paid = PayoutIntent.objects.visible_to(caller).filter(
        recipient_key=OuterRef("recipient_key"),
        recipient_address=OuterRef("recipient_address"),
        chain=OuterRef("chain"),
        status=Status.SETTLED,
    )
    return drafts.annotate(is_in_book=Exists(book.order_by()), was_paid=Exists(paid.order_by()))
