"""What a person is asked who books an adjustment."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from billing.errors import InvalidRequest
from billing.money import from_text, to_atomic
from revenue.adjusting import DECIMALS, NewAdjustment
from revenue.types import AdjustmentType

# What an adjustment can be about, by the prefix of the id.
_ABOUT = {"co_": "checkout_id", "sub_": "subscription_id", "cus_": "customer_id"}
LEAST = Decimal("0.01")


class AmountField(forms.CharField):
    """Digits as they were typed, with or without thousands separators; never a float."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace(",", "").replace(" ", "")
        try:
            amount = from_text(text)
            to_atomic(amount, DECIMALS)
        except InvalidRequest as error:
            raise forms.ValidationError(error.message) from None
        if amount < LEAST:
            raise forms.ValidationError(f"The amount must be at least {LEAST}.")
        return amount


class NewAdjustmentForm(forms.Form):
    spans: ClassVar[dict[str, str]] = {"type": "third", "amount": "third", "about": "third"}
    type = forms.ChoiceField(choices=AdjustmentType.choices, label="What it is")
    amount = AmountField(
        label="Amount in USD",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Above zero, such as 1,250.00: what it is says which way.",
    )
    about = forms.CharField(
        max_length=40,
        required=False,
        label="What it is about",
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="The id of a checkout (co_…), a subscription (sub_…) or a customer (cus_…).",
    )
    reason = forms.CharField(
        max_length=1024,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Why",
        help_text="Kept in the ledger, with your name.",
    )

    def clean_about(self) -> str:
        about = str(self.cleaned_data["about"])
        if about and not about.startswith(tuple(_ABOUT)):
            raise forms.ValidationError("This must begin with co_, sub_ or cus_.")
        return about


def draft_of(answers: dict[str, Any]) -> NewAdjustment:
    """What the form says, for the service."""
    about = answers["about"]
    named = next((name for prefix, name in _ABOUT.items() if about.startswith(prefix)), None)
    return NewAdjustment(
        type=answers["type"],
        amount=answers["amount"],
        reason=answers["reason"],
        **({named: about} if named else {}),
    )
