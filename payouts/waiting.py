"""The drafts that wait for approval, for whoever tries a policy on them (approvals.waiting)."""

from approvals.waiting import Waiting
from billing.admin import record_url
from billing.callers import Caller
from billing.display import amount_words, short
from payouts.acts.approve import facts_of_many
from payouts.models import PayoutIntent, Status


def drafts_waiting(caller: Caller, most: int) -> list[Waiting]:
    """The newest drafts, at most so many, each with its page. Two queries."""
    rows = PayoutIntent.objects.visible_to(caller).filter(status=Status.DRAFT)
    drafts = list(rows.order_by("-created_at", "-id")[:most])
    facts = facts_of_many(drafts)
    return [
        Waiting(
            facts[draft.id],
            f"{amount_words(draft.amount_atomic, draft.token, draft.chain)} to "
            f"{short(draft.recipient_address)}",
            record_url(PayoutIntent, draft.pk),
        )
        for draft in drafts
    ]
