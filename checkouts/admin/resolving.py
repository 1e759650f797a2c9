"""The button that says what became of a payment, and what is asked for it."""

from django import forms

from billing.acts import Act, Answers
from billing.callers import Caller
from checkouts import resolving
from checkouts.admin.words import paid_words
from checkouts.models import Payment, PaymentResolution

SCOPE = "checkouts:write"

_SAYS = {
    PaymentResolution.REFUNDED: "refunded: sent back to the customer from your own wallet",
    PaymentResolution.ACCEPTED: "accepted as it is: it is taken for the payment, deliver",
    PaymentResolution.CREDITED: "credited to the customer: kept for what they buy next",
    PaymentResolution.WRITTEN_OFF: "written off: nobody is known to whom it belongs",
}


class ResolveForm(forms.Form):
    resolution = forms.ChoiceField(
        choices=list(_SAYS.items()), widget=forms.RadioSelect, label="What became of it"
    )
    note = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why, and where it can be seen: the refund's hash, the order. Kept with the "
        "payment, with your name.",
    )


def _resolve(caller: Caller, payment_id: str, answers: Answers) -> None:
    resolving.resolve(caller, payment_id, answers["resolution"], answers["note"])


def may_resolve(payment: Payment, caller: Caller) -> bool:
    return resolving.is_open(payment)


RESOLVE = Act(
    "resolve",
    "Resolve",
    SCOPE,
    _resolve,
    asks=lambda p: f"Say what became of {paid_words(p)}",
    done=lambda p: "It is resolved, and no longer among what is to be looked at.",
    form=ResolveForm,
    offered=may_resolve,
    look="filled",
)
