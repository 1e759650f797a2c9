"""What the buttons on payouts ask, each a small form."""

from django import forms

from billing.acts import ReasonForm
from payouts import simulation


class HashForm(forms.Form):
    tx_hash = forms.CharField(
        label="Transaction hash",
        max_length=255,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="From the wallet that sent it. What it paid is then proved from the chain.",
    )


class ReplaceHashForm(HashForm, ReasonForm):
    field_order = ("tx_hash", "reason")


class ProposedHashForm(forms.Form):
    """The proposal as it was shown, so that no other one is accepted by the click."""

    tx_hash = forms.CharField(max_length=255, widget=forms.HiddenInput)


class DeclineForm(ProposedHashForm, ReasonForm):
    field_order = ("tx_hash", "reason")


class OverrideForm(forms.Form):
    override_reason = forms.CharField(
        label="Why it is all right to go on",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the timeline, with your name.",
    )


class NotSignedForm(forms.Form):
    confirm_not_signed = forms.BooleanField(
        label="I made sure that the earlier pack was not signed and will not be."
    )


class SimulateForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[(each, each.replace("_", " ")) for each in simulation.OUTCOMES],
        help_text="How it shall end.",
    )


class DetailsForm(forms.Form):
    description = forms.CharField(
        max_length=512, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    due_date = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Another due date makes approvals given so far void.",
    )
