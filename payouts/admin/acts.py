"""The buttons on payouts: each names its service, what it asks, and what it says it will do."""

from datetime import datetime
from typing import Any

from approvals.rules import self_approval
from billing.acts import Act, Answers, Offered, ReasonForm
from billing.callers import Caller
from payouts import services, simulation
from payouts.admin.forms import (
    DeclineForm,
    DetailsForm,
    HashForm,
    NotSignedForm,
    OverrideForm,
    ProposedHashForm,
    ReplaceHashForm,
    SimulateForm,
)
from payouts.admin.words import approval_words, approved_words, batch_words
from payouts.admin.words import money_words as _money
from payouts.models import PayoutBatch, PayoutIntent, Status

WRITE, APPROVE, EXECUTE = "payouts:write", "payouts:approve", "payouts:execute"
_ON_ITS_WAY = (Status.EXECUTED, Status.VERIFYING)
_BEFORE_A_HASH = (Status.APPROVED, Status.PENDING_EXECUTION)


def _approve(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.approve(caller, payout_id, override_reason=answers.get("override_reason", ""))


def _reject(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.reject(caller, payout_id, answers["reason"])


def _withdraw_approval(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.withdraw_approval(caller, payout_id, answers["reason"])


def _cancel(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.cancel(caller, payout_id, reason=answers["reason"], from_admin=True)


def _update(caller: Caller, payout_id: str, answers: Answers) -> None:
    changes: dict[str, Any] = {"description": answers["description"] or None}
    payout = PayoutIntent.objects.visible_to(caller).get(pk=payout_id)
    # The field shows minutes: equal minutes are no change, and would else void the approvals.
    if _minute(payout.due_date) != _minute(answers["due_date"]):
        changes["due_date"] = answers["due_date"]
    services.update(caller, payout_id, changes)


def _minute(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(second=0, microsecond=0)


def _hand_over_all(caller: Caller, payout_ids: list[str], answers: Answers) -> PayoutBatch:
    return services.hand_over(
        caller,
        payout_ids,
        override_reason=answers.get("override_reason", ""),
        confirm_not_signed=answers.get("confirm_not_signed", False),
    )


def _hand_over(caller: Caller, payout_id: str, answers: Answers) -> None:
    _hand_over_all(caller, [payout_id], answers)


def _execute(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.execute(caller, payout_id, answers["tx_hash"])


def _take_back(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.take_back(caller, payout_id, answers["reason"])


def _replace_hash(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.replace_hash(caller, payout_id, answers["tx_hash"], answers["reason"])


def _use_proposed_hash(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.use_proposed_hash(caller, payout_id, answers["tx_hash"])


def _decline_proposed_hash(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.decline_proposed_hash(caller, payout_id, answers["tx_hash"], answers["reason"])


def _fail_by_hand(caller: Caller, payout_id: str, answers: Answers) -> None:
    services.fail_by_hand(caller, payout_id, answers["reason"])


def _simulate(caller: Caller, payout_id: str, answers: Answers) -> None:
    simulation.simulate(caller, payout_id, answers["outcome"])


def _may_simulate(payout: PayoutIntent, caller: Caller) -> bool:
    is_open = payout.status in (*_BEFORE_A_HASH, *_ON_ITS_WAY)
    return not caller.is_live and is_open and EXECUTE in caller.scopes


def _is(*statuses: str) -> Offered:
    return lambda payout, caller: payout.status in statuses


def _may_approve(payout: PayoutIntent, caller: Caller) -> bool:
    """Not offered for one's own; whoever asks all the same is refused by the service."""
    if payout.status != Status.DRAFT or _approved(payout, caller):
        return False
    return self_approval(caller, services.facts_of(payout)) is None


def _approved(payout: PayoutIntent, caller: Caller) -> bool:
    return any(given["approved_by"] == caller.actor_id for given in payout.approvals)


def _may_withdraw(payout: PayoutIntent, caller: Caller) -> bool:
    return payout.status in (Status.DRAFT, Status.APPROVED) and _approved(payout, caller)


def _is_proposed(payout: PayoutIntent, caller: Caller) -> bool:
    return bool(payout.proposed_tx_hash)


def _may_cancel(payout: PayoutIntent, caller: Caller) -> bool:
    """What is approved already, only those who carry it out take away."""
    return payout.status == Status.DRAFT or (
        payout.status in _BEFORE_A_HASH and EXECUTE in caller.scopes
    )


ACTS = (
    Act(
        "approve",
        "Approve",
        APPROVE,
        _approve,
        asks=lambda p: f"Approve paying {_money(p)}",
        done=approved_words,
        outcome=approval_words,
        offered=_may_approve,
        overrules={"possibly_already_paid": OverrideForm},
        look="filled",
        is_bulk=True,
        is_delicate=True,
    ),
    Act(
        "hand_over",
        "Hand over",
        EXECUTE,
        _hand_over,
        asks=lambda p: f"Hand over {_money(p)} to whoever signs",
        done=lambda p: f"{_money(p)} is handed over. Its files to sign stand under Batches.",
        offered=_is(Status.APPROVED),
        overrules={
            "possibly_already_paid": OverrideForm,
            "handed_over_before": NotSignedForm,
        },
        run_many=_hand_over_all,
        made=batch_words,
        outcome=lambda p: "Handed over. It waits for its transaction under On chain.",
        look="filled",
        is_bulk=True,
    ),
    Act(
        "execute",
        "Submit hash",
        EXECUTE,
        _execute,
        asks=lambda p: f"Name the transaction that pays {_money(p)}",
        done=lambda p: "The transaction is being watched. This page follows it.",
        form=HashForm,
        offered=_is(*_BEFORE_A_HASH),
        look="filled",
    ),
    Act(
        "update",
        "Edit details",
        WRITE,
        _update,
        asks=lambda p: "Change what is said about this draft. Its money never changes.",
        done=lambda p: "The details are changed.",
        form=DetailsForm,
        initial=lambda p: {"description": p.description, "due_date": p.due_date},
        offered=_is(Status.DRAFT),
    ),
    Act(
        "reject",
        "Reject",
        APPROVE,
        _reject,
        asks=lambda p: (
            f"Send {_money(p)} back to {p.created_by_name}; approvals so far become void"
        ),
        done=lambda p: "Rejected. It stays a draft, and says why.",
        form=ReasonForm,
        offered=_is(Status.DRAFT),
        is_bulk=True,
    ),
    Act(
        "withdraw_approval",
        "Withdraw my approval",
        APPROVE,
        _withdraw_approval,
        asks=lambda p: (
            f"Take back your approval of {_money(p)}; it is a draft until enough approve"
        ),
        done=lambda p: "Your approval is withdrawn. The timeline says why.",
        form=ReasonForm,
        offered=_may_withdraw,
    ),
    Act(
        "take_back",
        "Take back",
        EXECUTE,
        _take_back,
        asks=lambda p: f"Take {_money(p)} back from its batch, whose files become void",
        done=lambda p: "Taken back. Make sure that the earlier pack is not signed.",
        form=ReasonForm,
        offered=_is(Status.PENDING_EXECUTION),
    ),
    Act(
        "use_proposed_hash",
        "Use this hash",
        EXECUTE,
        _use_proposed_hash,
        asks=lambda p: (
            f"Take the transaction that replaced its own for the one that pays {_money(p)}"
        ),
        done=lambda p: "The transaction that replaced it is being watched. This page follows it.",
        form=ProposedHashForm,
        initial=lambda p: {"tx_hash": p.proposed_tx_hash},
        offered=_is_proposed,
        look="filled",
    ),
    Act(
        "decline_proposed_hash",
        "It pays something else",
        EXECUTE,
        _decline_proposed_hash,
        asks=lambda p: f"Say that the transaction which replaced its own does not pay {_money(p)}",
        done=lambda p: "It is not proposed again. What it moved is looked at like any other money.",
        form=DeclineForm,
        initial=lambda p: {"tx_hash": p.proposed_tx_hash},
        offered=_is_proposed,
    ),
    Act(
        "replace_hash",
        "Replace hash",
        EXECUTE,
        _replace_hash,
        asks=lambda p: f"Name another transaction that pays {_money(p)}; the earlier stays watched",
        done=lambda p: "The new transaction is being watched, and the earlier one too.",
        form=ReplaceHashForm,
        offered=_is(*_ON_ITS_WAY),
    ),
    Act(
        "simulate",
        "Simulate",
        "sandbox:write",
        _simulate,
        asks=lambda p: f"Play {_money(p)} on the simulated chain to its end",
        done=lambda p: "Played to its end, with every event on the way.",
        form=SimulateForm,
        offered=_may_simulate,
    ),
    Act(
        "cancel",
        "Cancel",
        WRITE,
        _cancel,
        asks=lambda p: f"Cancel {_money(p)} for good",
        done=lambda p: f"{_money(p)} is canceled.",
        outcome=lambda p: "Canceled.",
        form=ReasonForm,
        offered=_may_cancel,
        look="danger",
        is_bulk=True,
    ),
    Act(
        "fail_by_hand",
        "Fail by hand",
        EXECUTE,
        _fail_by_hand,
        asks=lambda p: (
            f"Give up on {_money(p)}. Its hashes stay watched; money may still have moved"
        ),
        done=lambda p: "Failed by hand. What its transactions do is still watched.",
        form=ReasonForm,
        offered=_is(*_ON_ITS_WAY),
        look="danger",
    ),
)
