"""What is asked about exceptions: which are shown, whose one is, what is said of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from billing.chains import Chain
from organizations.models import User
from reconciliation.models import LONGEST_NOTE
from reconciliation.work import Wanted

NOBODY = "Nobody"


class WorkFilters(forms.Form):
    """Which of the open work is shown. What cannot be read filters nothing."""

    whose = forms.ChoiceField(
        required=False,
        choices=[("", "Everybody's"), ("mine", "Mine"), ("nobody", "Nobody's")],
    )
    kind = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Every kind"),
            ("unexpected", "Unexpected"),
            ("unknown", "Unknown outcome"),
            ("discrepancy", "Discrepancy"),
            ("reversed", "Left the chain"),
        ],
    )
    chain = forms.ChoiceField(required=False, choices=[("", "Every chain"), *Chain.choices])
    older_than = forms.TypedChoiceField(
        required=False,
        label="Age",
        coerce=int,
        empty_value=None,
        choices=[
            ("", "Any age"),
            (1, "Over a day"),
            (7, "Over a week"),
            (30, "Over a month"),
        ],
    )

    def wanted(self) -> Wanted:
        self.is_valid()
        chosen: Mapping[str, Any] = self.cleaned_data
        return Wanted(
            whose=chosen.get("whose", ""),
            kind=chosen.get("kind", ""),
            chain=chosen.get("chain", ""),
            older_than=timedelta(days=chosen.get("older_than") or 0),
        )


class OwnerForm(forms.Form):
    owner = forms.ChoiceField(required=False, label="Owner")
    was = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, members: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", NOBODY), *((user.pk, str(user)) for user in members)]
        self.fields["owner"] = forms.ChoiceField(required=False, label="Owner", choices=choices)


class CaseNoteForm(forms.Form):
    text = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you found out. It stays for good, with your name.",
    )


class TopUpForm(forms.Form):
    note = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the settlement, with your name.",
    )


class AgainForm(TopUpForm):
    confirm_duplicate = forms.BooleanField(
        label="I looked at the earlier payout. Pay this all the same."
    )


class LookalikeForm(TopUpForm):
    confirm_lookalike = forms.BooleanField(label="I compared the two addresses. Pay this one.")


ASKED_AGAIN: Mapping[str, type[TopUpForm]] = {
    "possible_duplicate": AgainForm,
    "lookalike_address": LookalikeForm,
}
