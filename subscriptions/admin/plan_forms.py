"""What a person is asked about a plan, and about what it opens."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from billing.chains import Chain, Token
from checkouts.admin.amounts import AmountField
from subscriptions.entitlement_answers import exact
from subscriptions.entitlements import Value
from subscriptions.models import Entitlement, Interval, Plan, ValueType
from subscriptions.models.plans import LONGEST_TRIAL_DAYS, MOST_INTERVALS

_UNITS = {
    Interval.DAILY.value: "days",
    Interval.WEEKLY.value: "weeks",
    Interval.MONTHLY.value: "months",
    Interval.YEARLY.value: "years",
}
_KINDS = {
    ValueType.BOOLEAN.value: "yes or no",
    ValueType.NUMERIC.value: "a number",
    ValueType.STRING.value: "a word",
}
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}


class PlanForm(forms.Form):
    """What may be changed of a plan: what people read."""

    name = forms.CharField(max_length=256, help_text="Shown to customers.")
    description = forms.CharField(
        max_length=1024,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it is, in a sentence.",
    )


class NewPlanForm(PlanForm):
    """Fields are named as the service's, for refusals."""

    spans: ClassVar[dict[str, str]] = dict.fromkeys(
        ("amount_usd", "token", "chain", "interval_count", "interval", "trial_days"), "third"
    )

    amount_usd = AmountField(label="Amount of each period", help_text="In token units: 20.00.")
    token = forms.ChoiceField(choices=Token.choices)
    chain = forms.ChoiceField(choices=Chain.choices, help_text="Where it is paid.")
    interval_count = forms.IntegerField(
        min_value=1, max_value=MOST_INTERVALS, initial=1, label="A period is so many"
    )
    interval = forms.ChoiceField(
        choices=list(_UNITS.items()),
        initial=Interval.MONTHLY.value,
        label="of these",
        help_text="By the calendar: 3 months are a quarter.",
    )
    trial_days = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_TRIAL_DAYS,
        initial=0,
        label="Days free at first",
        help_text="0 for no trial.",
    )


class ValueForm(forms.Form):
    """How far a feature is open. `value` is read as the type that stands beside it."""

    spans: ClassVar[dict[str, str]] = {"feature_key": "third", "value_type": "third",
                                       "value": "third"}  # fmt: skip

    value_type = forms.ChoiceField(choices=list(_KINDS.items()), label="It is")
    value = forms.CharField(
        max_length=1024, label="Value", help_text="Such as yes, 25 or priority."
    )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if "value_type" in answers and "value" in answers:
            answers["value"] = self._read(answers["value_type"], answers["value"])
        return answers

    def _read(self, value_type: str, typed: str) -> Value | None:
        if value_type == ValueType.BOOLEAN and typed.lower() not in _YES_OR_NO:
            self.add_error("value", "This must be yes or no.")
            return None
        if value_type == ValueType.BOOLEAN:
            return _YES_OR_NO[typed.lower()]
        return self._number(typed) if value_type == ValueType.NUMERIC else typed

    def _number(self, typed: str) -> Decimal | None:
        field = forms.DecimalField(max_digits=40, decimal_places=12)
        try:
            number: Decimal | None = field.clean(typed.replace(",", "").replace(" ", ""))
        except forms.ValidationError as error:
            self.add_error("value", error)
            return None
        return number


class NewEntitlementForm(ValueForm):
    field_order = ("feature_key", "value_type", "value")

    feature_key = forms.CharField(
        max_length=256, label="Feature", help_text="Your own name of it: api_calls."
    )


def answers_of_plan(plan: Plan) -> dict[str, Any]:
    """A plan as the form asks for what may be changed of it."""
    return {"name": plan.name, "description": plan.description or ""}


def answers_of_entitlement(entitlement: Entitlement) -> dict[str, Any]:
    """An entitlement as the form asks for its value."""
    return {"value_type": entitlement.value_type, "value": value_words(entitlement)}


def value_words(entitlement: Entitlement) -> str:
    """`yes`, `25`, `priority`."""
    if entitlement.value_type == ValueType.BOOLEAN:
        return "yes" if entitlement.value_boolean else "no"
    if entitlement.value_type == ValueType.NUMERIC:
        return str(exact(entitlement.value_numeric))
    return entitlement.value_string or ""
