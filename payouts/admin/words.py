"""The words of a payout on a screen: its state, what is risky about it, what it sums up to."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.judging import Verdict
from billing.admin import record_url
from billing.display import State, amount_words, bar_html, joined, state_html, tag_html
from payouts.answers import Heads, confirmations_of
from payouts.models import Attention, Outcome, PayoutBatch, PayoutIntent, Settlement, Status

STATES: dict[str, State] = {
    Status.DRAFT: State("draft", "outline", "draft"),
    Status.APPROVED: State("approved", "blue", "approved"),
    Status.PENDING_EXECUTION: State("handed over", "violet", "handed"),
    Status.EXECUTED: State("on chain", "amber", "chain"),
    Status.VERIFYING: State("on chain", "amber", "chain"),
    Status.SETTLED: State("settled", "green", "settled"),
    Status.FAILED: State("failed", "red", "failed"),
    Status.CANCELED: State("canceled", "grey", "canceled", is_struck=True),
}
ATTENTION = {
    Attention.SOURCE_NOT_REGISTERED: "unknown wallet",
    Attention.CHOOSE_TRANSFER: "choose a transfer",
}
OUTCOME = {
    Outcome.PROVEN: "nothing moved",
    Outcome.MOVED: "money moved",
    Outcome.UNKNOWN: "outcome unknown",
}
DIFFERENCES = {
    "amount": "another amount",
    "late_settlement": "paid late",
    "approval_mismatch": "not as approved",
    "reversed": "left the chain",
}
# The code that a warning begins with, and the short word for it.
WARNINGS = {"same_reference": "same reference", "same_amount": "paid lately"}


def state_of(payout: PayoutIntent, heads: Heads, verdict: Verdict | None = None) -> SafeString:
    """A payout's state with what it waits for; marked where it waits for a person.

    `verdict` is what the policy says of a draft; None for what is no draft.
    """
    parts = [state_html(STATES[payout.status], _note(payout, heads, verdict))]
    if payout.status == Status.DRAFT and verdict is not None and verdict.is_blocked:
        parts.append(tag_html("blocked", "danger", "warning", f"By {verdict.words}."))
    if payout.stalled_at is not None:
        parts.append(
            tag_html("stalled", "danger", "warning", "Nobody has seen its transaction yet.")
        )
    if payout.proposed_tx_hash:
        why = "Another transaction of the same sender and nonce took the place of its own."
        parts.append(tag_html("replaced", "warning", "warning", why))
    if payout.attention:
        parts.append(tag_html(ATTENTION[Attention(payout.attention)], "danger", "warning"))
    if payout.status == Status.FAILED:
        tone = "" if payout.outcome == Outcome.PROVEN else "danger"
        shape = "" if payout.outcome == Outcome.PROVEN else "warning"
        parts.append(tag_html(OUTCOME[Outcome(payout.outcome)], tone, shape))
    parts += settlement_tags(payout.settlement) if payout.settlement_id else []
    return format_html('<span class="state-line">{}</span>', joined(parts))


def settlement_tags(settlement: Settlement | None) -> list[SafeString]:
    """What is open about a settlement: each difference nobody resolved, and a reversal."""
    if settlement is None:
        return []
    tags = []
    if settlement.discrepancies and settlement.resolved_at is None:
        tags += [
            tag_html(DIFFERENCES.get(kind, kind), "danger", "warning")
            for kind in settlement.discrepancies
        ]
    if settlement.reversed_at is not None:
        tags.append(tag_html(DIFFERENCES["reversed"], "danger", "warning"))
    return tags


def _note(payout: PayoutIntent, heads: Heads, verdict: Verdict | None) -> str | SafeString:
    if payout.status == Status.DRAFT and verdict is not None:
        return "" if verdict.is_blocked else f"{len(payout.approvals)} of {verdict.needed}"
    if payout.status == Status.EXECUTED:
        return "waiting for a block"
    if payout.status == Status.VERIFYING:
        needed = payout.required_confirmations
        seen = min(confirmations_of(payout, heads), needed)
        return bar_html(seen, needed, f"{seen} of {needed} confirmations")
    return ""


def risk_of(payout: PayoutIntent, *, is_first: bool) -> list[SafeString]:
    """What to look at before approving: a first payment, a doubt raised at create, a retry."""
    tags = []
    if is_first and payout.status in (Status.DRAFT, Status.APPROVED, Status.PENDING_EXECUTION):
        tags.append(tag_html("first payment", "new", title="This address was never paid before."))
    for warning in payout.warnings:
        code, found, _ = warning.partition(": ")
        word = WARNINGS.get(code, "check the address") if found else "check the address"
        tags.append(tag_html(word, "warning", "warning", warning))
    if payout.retry_of_id:
        tags.append(tag_html("tries again", "warning", title=f"Tries {payout.retry_of_id} again."))
    return tags


@dataclass(frozen=True, slots=True)
class Sum:
    """How much of one token on one chain. Unlike tokens are never added."""

    chain: str
    token: str
    amount_atomic: int

    @property
    def words(self) -> str:
        return amount_words(self.amount_atomic, self.token, self.chain)


def sums_of(payouts: Iterable[PayoutIntent]) -> list[Sum]:
    """The sum per chain and token, in the order in which the rows name them first."""
    totals: dict[tuple[str, str], int] = {}
    for payout in payouts:
        kind = (payout.chain, payout.token)
        totals[kind] = totals.get(kind, 0) + payout.amount_atomic
    return [Sum(chain, token, total) for (chain, token), total in totals.items()]


def money_words(payout: PayoutIntent) -> str:
    """`500.00 USDC on Base`."""
    return amount_words(payout.amount_atomic, payout.token, payout.chain)


def approval_words(payout: PayoutIntent) -> str:
    """What the approval just given led to, of one payout among many."""
    if _is_still_draft(payout):
        return "Your approval is kept. Somebody else must approve it too."
    return "Approved. It can be handed over now."


def approved_words(payout: PayoutIntent) -> str:
    """The same of one payout alone."""
    is_draft = _is_still_draft(payout)
    what_next = "Somebody else must approve it too." if is_draft else "It can be handed over now."
    return f"You approved {money_words(payout)}. {what_next}"


def _is_still_draft(payout: PayoutIntent) -> bool:
    """Read anew: the row at hand is from before the approval."""
    is_draft: bool = PayoutIntent.objects.filter(pk=payout.pk, status=Status.DRAFT).exists()
    return is_draft


def batch_words(batch: PayoutBatch) -> SafeString:
    """What is said of the batch that many payouts were handed over in."""
    return format_html(
        'They are one batch now. <a href="{}">Open it</a> for the files to sign.',
        record_url(PayoutBatch, batch.pk),
    )
