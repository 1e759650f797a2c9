"""The buttons on checkouts: each names its service, what it asks, and what it says it will do."""

from django import forms

from billing.acts import Act, Answers, ReasonForm
from billing.callers import Caller
from checkouts import services, simulation
from checkouts.admin.words import asked_words, is_partly_paid
from checkouts.models import Checkout, Status

READ, WRITE = "checkouts:read", "checkouts:write"

# What a person must know before an act.
CONSEQUENCES = {
    "cancel": "The customer's page says that it was canceled. What is sent all the same is kept as "
    "a late payment, for somebody to look at.",
    "fail": "The customer's page says that it failed. What is sent all the same is kept as a late "
    "payment, for somebody to look at.",
    "simulate": "The simulated chain moves on by as many blocks as it takes. Other open checkouts "
    "on it may expire by that.",
}
# What a simulation plays, by the word of the API.
_OUTCOMES = {
    "pay": "paid exactly",
    "underpaid": "paid too little, and the time runs out",
    "overpaid": "paid more than was asked",
    "late": "paid after it expired",
    "wrong_token": "paid in the other token",
    "two_parts": "paid in two halves",
    "reorg": "paid, its block leaves the chain, and it is mined again",
}


class SimulateForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[(outcome, _OUTCOMES[outcome]) for outcome in simulation.OUTCOMES],
        initial=simulation.OUTCOMES[0],
        widget=forms.RadioSelect,
        label="How the customer pays",
    )


def _simulate(caller: Caller, checkout_id: str, answers: Answers) -> None:
    simulation.simulate(caller, checkout_id, answers["outcome"])


def _cancel(caller: Caller, checkout_id: str, answers: Answers) -> None:
    services.cancel(caller, checkout_id)


def _fail(caller: Caller, checkout_id: str, answers: Answers) -> None:
    services.fail(caller, checkout_id, answers["reason"])


def _is_pending(checkout: Checkout, caller: Caller) -> bool:
    return bool(checkout.status == Status.PENDING)


def _may_simulate(checkout: Checkout, caller: Caller) -> bool:
    return not caller.is_live and _is_pending(checkout, caller)


def _may_cancel(checkout: Checkout, caller: Caller) -> bool:
    return _is_pending(checkout, caller) and not is_partly_paid(checkout)


ACTS = (
    Act(
        "simulate",
        "Simulate a payment",
        "sandbox:write",
        _simulate,
        asks=lambda c: f"Play a payment of {asked_words(c)} on the simulated chain, to its end",
        done=lambda c: "Played to its end, with every event on the way.",
        form=SimulateForm,
        offered=_may_simulate,
        look="filled",
    ),
    Act(
        "cancel",
        "Cancel",
        WRITE,
        _cancel,
        asks=lambda c: f"Cancel {asked_words(c)}: nobody is waited for any longer",
        done=lambda c: f"{asked_words(c)} is no longer waited for.",
        offered=_may_cancel,
        look="danger",
    ),
    Act(
        "fail",
        "Mark as failed",
        WRITE,
        _fail,
        asks=lambda c: f"Say that {asked_words(c)} will not be paid, and why",
        done=lambda c: f"{asked_words(c)} is marked as failed.",
        form=ReasonForm,
        offered=_is_pending,
        look="danger",
    ),
)
