"""What a person is asked about a recipient and about an address."""

from typing import Any

from django import forms

from billing.chains import Chain
from payouts.recipients.words import LONGEST_NAME, LONGEST_NOTE, LONGEST_REFERENCE


class RecipientForm(forms.Form):
    """Who it is. Where they are paid is proposed on their page."""

    name = forms.CharField(
        max_length=LONGEST_NAME, help_text="As people here call them: it stands first in lists."
    )
    reference = forms.CharField(
        max_length=LONGEST_REFERENCE,
        required=False,
        help_text="Your own number of them, such as a creditor's account.",
    )
    tags = forms.CharField(
        max_length=800, required=False, help_text="Words of your own, with commas between them."
    )
    note = forms.CharField(
        max_length=LONGEST_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_tags(self) -> list[str]:
        tags: str = self.cleaned_data["tags"]
        return tags.split(",")


class AddressForm(forms.Form):
    """Where a recipient is paid on one chain."""

    recipient = forms.CharField(max_length=40, widget=forms.HiddenInput)
    chain = forms.ChoiceField(choices=Chain.choices)
    address = forms.CharField(
        max_length=128,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Paste it from where it comes from. It is checked for its chain, and against "
        "every address you know.",
    )
    # Asked only when the service raised the doubt; a first sight of the form never has it.
    confirm_lookalike = forms.BooleanField(
        required=False, label="I compared the two addresses. Propose the one I gave."
    )


class ConfirmLookalikeForm(forms.Form):
    confirm_lookalike = forms.BooleanField(
        label="I compared the addresses character by character, and asked the recipient."
    )


def words_of(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers of RecipientForm, for the service."""
    return {name: answers[name] for name in ("name", "note", "tags", "reference")}
