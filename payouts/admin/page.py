"""What a payout's own page says: facts, hashes, settlements, the verdict of each check."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import quote
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals import services as approvals
from approvals.reading import members_of
from approvals.rules import require_counts, self_approval
from approvals.services import Standing
from billing.admin import Facts, record_url, text
from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.display import (
    address_html,
    amount_html,
    copy_html,
    due_html,
    hash_html,
    joined,
    moment_html,
    short,
    tag_html,
)
from billing.errors import BillingError
from billing.money import display
from organizations.roles import EXECUTE
from payouts import services
from payouts.admin.batch_page import link_to_batch
from payouts.admin.proof import checks, evidence_rows, is_open, reversal_of
from payouts.admin.standing import (
    cautions,
    doubts,
    known_lookalikes,
    likeness_html,
    likenesses,
    name_of,
    standings_of,
)
from payouts.admin.words import risk_of, state_of
from payouts.answers import Heads, warnings_of
from payouts.asking import is_asked
from payouts.models import PayoutIntent, Settlement, Status, SubmittedHash
from payouts.timeline import timeline


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the timeline; `at` is None for what has not happened yet."""

    sentence: str
    at: datetime | None
    tone: str
    shape: str
    is_next: bool


# The mark beside each line: its colour and its shape.
MARKS: dict[str, tuple[str, str]] = {
    "payout.created": ("grey", "state-draft"),
    "payout.updated": ("grey", "state-draft"),
    "payout.approved": ("blue", "state-approved"),
    "payout.rejected": ("red", "warning"),
    "payout.canceled": ("grey", "state-canceled"),
    "payout.pending_execution": ("violet", "state-handed"),
    "payout.approval_lapsed": ("amber", "warning"),
    "payout.approval_withdrawn": ("amber", "warning"),
    "payout.taken_back": ("amber", "warning"),
    "payout.executed": ("amber", "state-chain"),
    "payout.verifying": ("amber", "state-chain"),
    "payout.reorged": ("red", "warning"),
    "payout.settled": ("green", "state-settled"),
    "payout.failed": ("red", "state-failed"),
    "payout.stalled": ("red", "warning"),
    "payout.replacement_found": ("amber", "warning"),
    "settlement.reversed": ("red", "warning"),
    "settlement.restored": ("green", "state-settled"),
    "payout.discrepancy": ("red", "warning"),
    "payout.commented": ("grey", "info"),
    "payout.file_attached": ("grey", "receipt"),
    "chain.confirmations": ("amber", "state-chain"),
    "payout.next": ("grey", "right"),
}


# Whole ones stand beside the story, each with its copy button.
_WHOLE_HASH = re.compile(r"\b(?:0x)?[0-9a-f]{64}\b")


def context(caller: Caller, payout: PayoutIntent, heads: Heads) -> dict[str, Any]:
    """What the page's template needs of one payout."""
    standing = standings_of(caller, [payout])[payout.id]
    risks = [*doubts(payout, standing), *risk_of(payout, is_first=not standing.was_paid)]
    settlements = [_told(settlement, payout) for settlement in _settlements(payout)]
    open_ = [each["resolve_id"] for each in settlements if each["resolve_id"]]
    is_draft = payout.status == Status.DRAFT
    asked = (
        approvals.standing(services.facts_of(payout), payout.organization_id) if is_draft else None
    )
    return {
        "payout": payout,
        "amount": display(payout.amount_atomic, decimals(payout.chain, payout.token)),
        "chain_label": Chain(payout.chain).label,
        "address": address_html(
            payout.recipient_address, payout.chain, payout.environment, whole=True
        ),
        "payee": name_of(payout, standing),
        "lookalikes": likenesses(caller, payout),
        "state": state_of(payout, heads, asked.verdict if asked else None),
        "risks": joined(risks),
        "warnings": [
            *cautions(payout, standing),
            *(_sentence(warning) for warning in _warnings(payout)),
        ],
        "proposal": _proposal(payout),
        "reversal": reversal_of(payout.settlement),
        "why_not_approve": _why_not_approve(caller, payout, asked),
        "timeline": lines_of(payout),
        "settlements": settlements,
        "resolve_id": open_[0] if open_ and EXECUTE in caller.scopes else "",
    }


def _warnings(payout: PayoutIntent) -> list[str]:
    """What is not said elsewhere on the page: a proposal stands there with both its hashes."""
    said = warnings_of(payout)
    return said[:-1] if payout.proposed_tx_hash else said


def _proposal(payout: PayoutIntent) -> dict[str, Any] | None:
    """The two transactions of which one took the other's place, None where nothing is proposed."""
    if payout.proposed_tx_hash is None:
        return None
    chain, environment = payout.chain, payout.environment
    return {
        "tx_hash": payout.proposed_tx_hash,
        "proposed": hash_html(payout.proposed_tx_hash, chain, environment, whole=True),
        "submitted": hash_html(payout.expected_tx_hash or "", chain, environment, whole=True),
    }


def _why_not_approve(caller: Caller, payout: PayoutIntent, standing: Standing | None) -> str | None:
    """Why this very person may not approve it; None for everybody else."""
    if standing is None or "payouts:approve" not in caller.scopes:
        return None
    if own := self_approval(caller, services.facts_of(payout)):
        return own
    try:
        require_counts(caller, standing.verdict, members_of(standing.verdict.group))
    except BillingError as refusal:  # Asked before the act, so it is an answer and no failure.
        return refusal.message
    return None


def lines_of(payout: PayoutIntent) -> list[Line]:
    """The timeline as the page draws it: newest on top, what happens next above all."""
    return [_line(entry) for entry in reversed(timeline(payout))]


def _line(entry: Mapping[str, str]) -> Line:
    is_next = entry["type"] == "payout.next"
    words = entry["text"].removeprefix("next: ") if is_next else entry["text"]
    sentence = _WHOLE_HASH.sub(lambda found: short(found[0]), words[:1].upper() + words[1:])
    tone, shape = MARKS.get(entry["type"], ("grey", "info"))
    at = None if is_next else datetime.fromisoformat(entry["at"])
    return Line(f"Next: {words}" if is_next else sentence, at, tone, shape, is_next)


def facts(payout: PayoutIntent) -> list[Facts]:
    """What is so of the payout, whatever its state."""
    ended = payout.status in (Status.SETTLED, Status.FAILED, Status.CANCELED)
    rows: list[tuple[str, str | SafeString]] = [
        ("Id", copy_html(payout.id, "id")),
        ("Reference", _reference(payout)),
        ("Description", text(payout.description)),
        ("Due", due_html(payout.due_date, is_open=not ended)),
        ("Made by", payout.created_by_name),
        ("Made", moment_html(payout.created_at)),
        ("Pinned contract", address_html(payout.contract, payout.chain, payout.environment)),
    ]
    if payout.external_id:
        rows.append(("External id", copy_html(payout.external_id, "external id")))
    if payout.retry_of_id:
        rows.append(("Tries again", link_to(payout.retry_of_id)))
    if payout.batch_id:
        rows.append(("Batch", link_to_batch(payout.batch_id)))
    if payout.failure_reason:
        rows.append(("Why it failed", _sentence(payout.failure_reason)))
    rows += [(name, str(value)) for name, value in payout.metadata.items()]
    hashes = list(payout.hashes.order_by("-submitted_at", "-id"))
    return [Facts("Facts", rows), *_hash_facts(payout, hashes)]


def what_it_pays(payout: PayoutIntent, caller: Caller) -> list[Facts]:
    """What is before one's eyes when one confirms: how much, where to, what is doubtful."""
    standing = standings_of(caller, [payout])[payout.id]
    payee = name_of(payout, standing)
    rows: list[tuple[str, str | SafeString]] = [
        ("Amount", amount_html(payout.amount_atomic, payout.token, payout.chain)),
        ("On", str(Chain(payout.chain).label)),
        *([("For", payee)] if payee else []),
        (
            "To",
            address_html(payout.recipient_address, payout.chain, payout.environment, whole=True),
        ),
        ("Reference", _reference(payout)),
        ("Made by", payout.created_by_name),
    ]
    if risks := [*doubts(payout, standing), *risk_of(payout, is_first=not standing.was_paid)]:
        rows.append(("Look at", joined(risks)))
    rows += [("Warning", warning) for warning in cautions(payout, standing)]
    if standing.lookalike is not None:
        address = payout.recipient_address
        rows += [
            ("Looks like", likeness_html(address, known))
            for known in known_lookalikes(caller, address)
        ]
    rows += [("Warning", _sentence(warning)) for warning in _warnings(payout)]
    if payout.status == Status.DRAFT:
        needs = is_asked(payout).removeprefix("next: ")
        rows.append(("Needs", f"{needs[:1].upper()}{needs[1:]}"))
    return [Facts("What it pays", rows), *_proposal_facts(payout)]


def _proposal_facts(payout: PayoutIntent) -> list[Facts]:
    """The two transactions of which a person says which one pays it."""
    proposal = _proposal(payout)
    if proposal is None:
        return []
    rows = [("Submitted", proposal["submitted"]), ("Mined instead", proposal["proposed"])]
    return [Facts("Two transactions of one nonce", rows)]


def _settlements(payout: PayoutIntent) -> list[Settlement]:
    return list(payout.settlements.order_by("-created_at", "-id"))


def _told(settlement: Settlement, payout: PayoutIntent) -> dict[str, Any]:
    return {
        "id": settlement.id,
        "url": record_url(Settlement, settlement.pk),
        "checks": checks(settlement, payout),
        "resolve_id": quote(settlement.pk) if is_open(settlement) else "",
        "rows": evidence_rows(settlement),
    }


def _hash_facts(payout: PayoutIntent, hashes: list[SubmittedHash]) -> list[Facts]:
    if not hashes:
        return []
    rows = []
    for each in hashes:
        is_named = each.tx_hash == payout.expected_tx_hash
        shown = hash_html(each.tx_hash, payout.chain, payout.environment)
        who = format_html("{} by {}", moment_html(each.submitted_at), each.submitted_by_name)
        parts = [shown, tag_html("replaced")] if not is_named else [shown]
        rows.append(
            (
                "Transaction",
                format_html(
                    '{}<br><span class="hint">{}{}</span>',
                    joined(parts),
                    who,
                    f": {each.reason}" if each.reason else "",
                ),
            )
        )
    return [Facts("Named transactions", rows)]


def link_to(payout_id: str) -> SafeString:
    """A link to another payout, its id quoted in the address."""
    return format_html(
        '<a href="{}"><code>{}</code></a>', record_url(PayoutIntent, payout_id), payout_id
    )


def _reference(payout: PayoutIntent) -> SafeString | str:
    if not payout.reference_id:
        return payout.reference_type
    return format_html("{} {}", payout.reference_type, copy_html(payout.reference_id, "reference"))


def _sentence(coded: str) -> str:
    """A warning or a reason without the code in front of it, beginning with a capital."""
    code, found, rest = coded.partition(": ")
    sentence = rest if found and " " not in code else coded
    return sentence[:1].upper() + sentence[1:]
