"""What proves a payout: a settlement's evidence, and a plain verdict for each check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import text
from billing.chains import decimals
from billing.display import address_html, amount_html, copy_html, hash_html, mined_html, moment_html
from billing.money import display
from payouts.models import PayoutIntent, Settlement


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a settlement was held against. `verdict` is "yes", "no" or "open"."""

    name: str
    verdict: str
    says: str


def evidence_rows(settlement: Settlement) -> list[tuple[str, str | SafeString]]:
    """Where the proof stands: transaction, block, log, and which node said so when."""
    chain, environment = settlement.chain, settlement.environment
    said = settlement.evidence
    return [
        ("Amount", amount_html(settlement.amount_atomic, settlement.token, chain)),
        ("From", address_html(settlement.from_address, chain, environment)),
        ("Transaction", hash_html(settlement.tx_hash, chain, environment)),
        (
            "Block",
            format_html(
                "{} · {} confirmations", f"{settlement.block_number:,}", settlement.confirmations
            ),
        ),
        ("Block hash", copy_html(settlement.block_hash, "hash", whole=False)),
        ("Mined", mined_html(settlement.block_time)),
        ("Log", f"transfer {settlement.ordinal} of its transaction, log {settlement.log_index}"),
        ("Receipt", text(said.get("receipt_status"))),
        ("Node", text(said.get("node"))),
        ("Final", moment_html(settlement.confirmed_at)),
        ("Submitted by", text(_submitted(said.get("submitted")))),
    ]


def _submitted(by: Mapping[str, str] | None) -> str:
    """Who named its hash; empty in evidence that is older than this, and where nobody did."""
    if by is None:
        return ""
    return f"{by['name']}: {by['reason']}" if by["reason"] else by["name"]


def is_open(settlement: Settlement) -> bool:
    """Whether it is among the work of the reconciliation page, where it is resolved."""
    if settlement.resolved_at is not None:
        return (
            settlement.reversed_at is not None and settlement.reversed_at > settlement.resolved_at
        )
    return (
        settlement.payout_id is None
        or bool(settlement.discrepancies)
        or settlement.reversed_at is not None
    )


def reversal_of(settlement: Settlement | None) -> dict[str, Any] | None:
    """What a page says of a settlement whose block left the chain; None where it stands."""
    if settlement is None or settlement.reversed_at is None:
        return None
    return {
        "at": settlement.reversed_at,
        "is_open": is_open(settlement),
        "is_of_payout": settlement.payout_id is not None,
    }


def checks(settlement: Settlement, payout: PayoutIntent) -> list[Check]:
    """What the transfer was held against when it settled, one plain verdict each."""
    kept = settlement.evidence.get("checks", {})
    found = [_check(name, kept[name], settlement, payout) for name in _SAYS if name in kept]
    if settlement.reversed_at is not None:
        return [*found, Check("still there", "no", "Its block left the chain afterwards.")]
    if settlement.restored_at is not None:
        return [*found, Check("still there", "yes", "Its block left the chain; mined again since.")]
    return found


# For each check of payouts.evidence: what is so where it holds, and where it does not.
_SAYS = {
    "contract": ("The pinned contract of the token.", "Another contract than the pinned one."),
    "recipient": ("The intended recipient.", "Another recipient than intended."),
    "amount": ("Exactly the intended amount.", ""),
    "source": ("From a registered source wallet.", "From a wallet that is not registered."),
    "final": ("Its block was final when it settled.", "Its block was not final."),
    "approval": ("What was approved, by its digest.", "Not what was approved, by its digest."),
}


def _check(
    name: str, kept: Mapping[str, Any], settlement: Settlement, payout: PayoutIntent
) -> Check:
    if name == "source" and str(kept["expected"]).startswith("any"):
        return Check(name, "open", "No source wallet was registered, so any sender was taken.")
    yes, no = _SAYS[name]
    if name == "amount" and not kept["passed"]:
        places = decimals(payout.chain, payout.token)
        paid = display(settlement.amount_atomic, places)
        no = f"{paid} {payout.token} arrived, {display(payout.amount_atomic, places)} was meant."
    return Check(name, "yes" if kept["passed"] else "no", yes if kept["passed"] else no)
