"""What a person is asked who starts a subscription."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q

from billing.callers import Caller
from checkouts.models import MethodStatus, PaymentMethod
from customers.folding import folded
from customers.models import LONGEST_EMAIL, LONGEST_EXTERNAL_ID, Customer
from subscriptions.admin.words import counted, price_words
from subscriptions.models import Plan, PlanStatus

MOST_PLANS = 500


class NewSubscriptionForm(forms.Form):
    """Fields are named as the service's, for refusals."""

    customer_id = forms.CharField(
        max_length=max(LONGEST_EXTERNAL_ID, LONGEST_EMAIL),
        label="Customer",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Their e-mail address, your own id of them, or ours (cus_…).",
    )
    plan_id = forms.ChoiceField(
        label="Plan", help_text="It says the price, the period and how long it is free at first."
    )
    payment_method_id = forms.ChoiceField(
        required=False,
        label="Paid by",
        help_text="It must take the plan's token on the plan's chain.",
    )

    def __init__(self, *args: Any, caller: Caller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._caller = caller
        plans = active_plans(caller)
        self.has_plans = bool(plans)
        self._offer("plan_id", [(plan.pk, _plan_words(plan)) for plan in plans])
        methods = [(method.pk, str(method)) for method in active_methods(caller)]
        self._offer("payment_method_id", [("", "the usual one for it"), *methods])

    def clean_customer_id(self) -> str:
        """Whoever is meant, by any of the three. Raises ValidationError for nobody."""
        typed = str(self.cleaned_data["customer_id"])
        mine = Customer.objects.visible_to(self._caller)
        named = Q(pk=typed) | Q(external_id=typed) | Q(folded_email=folded(typed))
        found = list(mine.filter(named).order_by().values_list("pk", flat=True)[:2])
        if not found:
            raise forms.ValidationError("No customer of yours is called so. Add them first.")
        if len(found) > 1:
            raise forms.ValidationError("Several customers are called so. Give our id (cus_…).")
        return found[0]

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)


def active_plans(caller: Caller) -> list[Plan]:
    """What can be subscribed to, newest first."""
    mine = Plan.objects.visible_to(caller).filter(status=PlanStatus.ACTIVE)
    return list(mine.order_by("-created_at", "-id")[:MOST_PLANS])


def active_methods(caller: Caller) -> list[PaymentMethod]:
    """How it can be paid, the default first."""
    mine = PaymentMethod.objects.visible_to(caller).filter(status=MethodStatus.ACTIVE)
    return list(mine.order_by("-is_default", "-created_at", "-id"))


def _plan_words(plan: Plan) -> str:
    trial = f", {counted(plan.trial_days, 'day')} free" if plan.trial_days else ""
    return f"{plan}: {price_words(plan)}{trial}"
