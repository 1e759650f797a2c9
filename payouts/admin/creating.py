"""The form that makes a payout: what is doubtful about it is shown, and asked again."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest

from billing.admin import NUL
from billing.admin_context import caller_of, may
from billing.chains import Chain, Token, decimals
from billing.creating import CreatesAdmin
from billing.errors import BillingError
from billing.many import ManyActsAdmin
from billing.money import from_atomic
from payouts import services
from payouts.admin.standing import compared, known_lookalikes
from payouts.models import PayoutIntent, RecipientAddress, ReferenceType, Status
from payouts.recipients.naming import id_of, live_names

MOST_SUGGESTED = 500  # names; a larger book is written by heart or searched in its own list


class ExactAmountField(forms.DecimalField):
    """Digits as they were typed, with or without thousands separators; never a float."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(",", "").replace(" ", "")
        return super().to_python(value)


class NewPayoutForm(forms.Form):
    spans: ClassVar[dict[str, str]] = {
        "amount": "third",
        "token": "third",
        "chain": "third",
        "reference_type": "third",
        "reference_id": "third",
        "due_date": "third",
    }
    amount = ExactAmountField(
        max_digits=18,
        decimal_places=6,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="In token units: 1,250.00.",
    )
    token = forms.ChoiceField(choices=[(token, token) for token in Token.values])
    chain = forms.ChoiceField(choices=Chain.choices)
    recipient_id = forms.CharField(
        label="Recipient",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"list": "recipients", "autocomplete": "off"}),
        help_text="A name of the address book; its approved address on the chain is paid.",
    )
    recipient_address = forms.CharField(
        label="Recipient's address",
        max_length=128,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Only for whom the book does not know. Paste it; it is checked for its chain.",
    )
    reference_type = forms.ChoiceField(
        choices=ReferenceType.choices, initial=ReferenceType.MANUAL.value, label="What it is for"
    )
    reference_id = forms.CharField(
        max_length=255, required=False, label="Reference", help_text="Your invoice number."
    )
    due_date = forms.DateTimeField(
        required=False,
        label="Due",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    description = forms.CharField(
        max_length=512, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    retry_of = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    # Asked only when the service raised the doubt; a first sight of the form never has them.
    confirm_lookalike = forms.BooleanField(
        required=False, label="I compared the two addresses. Pay the one I gave."
    )
    confirm_duplicate = forms.BooleanField(
        required=False, label="I looked at the earlier payout. Pay again all the same."
    )


class CreatesPayouts(CreatesAdmin, ManyActsAdmin):
    """The page "New payout"."""

    new_form = NewPayoutForm
    new_scope = "payouts:write"
    new_label = "New payout"
    submit_label = "Create draft"
    new_intro = (
        "A draft. Nothing is paid before another person has approved it and somebody has sent it."
    )
    new_template = "admin/payouts/new.html"

    def form_for(self, request: HttpRequest) -> forms.Form:
        if request.method == "POST":
            return NewPayoutForm(request.POST)
        return NewPayoutForm(initial=self._again(request))

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> PayoutIntent:
        due: datetime | None = answers["due_date"]
        caller = caller_of(request)
        draft = services.NewPayout(
            recipient_address=answers["recipient_address"],
            recipient_id=id_of(caller, name) if (name := answers["recipient_id"]) else None,
            chain=answers["chain"],
            token=answers["token"],
            amount=answers["amount"],
            description=answers["description"] or None,
            reference_type=answers["reference_type"],
            reference_id=answers["reference_id"] or None,
            due_date=due,
            retry_of=answers["retry_of"] or None,
            confirm_lookalike=answers["confirm_lookalike"],
            confirm_duplicate=answers["confirm_duplicate"],
        )
        return services.create(caller, draft)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        """Keep a confirmation only where it is asked for, or was just given."""
        code = refusal.code if refusal else ""
        data = getattr(form, "cleaned_data", {})
        if code != "lookalike_address" and not data.get("confirm_lookalike"):
            del form.fields["confirm_lookalike"]
        if code != "possible_duplicate" and not data.get("confirm_duplicate"):
            del form.fields["confirm_duplicate"]
        caller = caller_of(request)
        context: dict[str, Any] = {"recipient_names": live_names(caller, most=MOST_SUGGESTED)}
        if code != "lookalike_address":
            return context | {"is_duplicate": code == "possible_duplicate"}
        address = form.data["recipient_address"]  # the error at its field took it out of data
        known = known_lookalikes(caller, address)
        return context | {"lookalikes": [compared(address, each) for each in known]}

    def retry_context(self, request: HttpRequest, payout: PayoutIntent) -> dict[str, Any]:
        """A failed payout can be tried again by whoever may make one."""
        if payout.status != Status.FAILED or not may(request, self.new_scope):
            return {}
        return {"retry_url": f"{self.new_url()}?retry_of={payout.id}"}

    def _to_book(self, request: HttpRequest) -> dict[str, Any]:
        """A form filled with an address of the book, if one of ours was chosen there."""
        address = (
            RecipientAddress.objects.visible_to(caller_of(request))
            .filter(pk=request.GET.get("to", "").replace(NUL, ""))
            .select_related("recipient")
            .first()
        )
        if address is None:
            return {}
        return {
            "chain": address.chain,
            "recipient_id": address.recipient.name,
            "recipient_address": address.address,
        }

    def _again(self, request: HttpRequest) -> dict[str, Any]:
        """A form filled from the payout that shall be tried again, if it is one of ours."""
        if place := self._to_book(request):
            return place
        earlier: PayoutIntent | None = (
            PayoutIntent.objects.visible_to(caller_of(request))
            .filter(pk=request.GET.get("retry_of", "").replace(NUL, ""))
            .first()
        )
        if earlier is None:
            return {}
        return {
            "amount": from_atomic(earlier.amount_atomic, decimals(earlier.chain, earlier.token)),
            "token": earlier.token,
            "chain": earlier.chain,
            "recipient_address": earlier.recipient_address,
            "reference_type": earlier.reference_type,
            "reference_id": earlier.reference_id,
            "description": earlier.description,
            "retry_of": earlier.id,
        }
