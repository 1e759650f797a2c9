"""What a person is asked about how renewals go."""

import re
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms

from subscriptions.models import RenewalSettings
from subscriptions.renewal_settings import LATEST_ATTEMPT_DAY, MOST_ATTEMPTS

_DAYS = re.compile(r"\d{1,3}(?: *,? *\d{1,3})*")


class DaysField(forms.CharField):
    """Whole numbers with commas between them: `0, 3, 7`."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not _DAYS.fullmatch(text):
            raise forms.ValidationError("Write whole days with commas between them, as 0, 3, 7.")
        return [int(day) for day in re.findall(r"\d+", text)]


class RenewalSettingsForm(forms.Form):
    """Fields are named as the settings, for refusals; the service says which days are sensible."""

    spans: ClassVar[dict[str, str]] = {
        "ahead_days": "half", "attempt_days": "half", "last_open_days": "half",
        "grace_days": "half",
    }  # fmt: skip

    ahead_days = forms.IntegerField(
        label="Asked for so many days ahead",
        help_text="Before the period begins. 0 to 30.",
    )
    attempt_days = DaysField(
        max_length=80,
        label="Asked on these days",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Counted from when it is due. The first is 0, then they rise: up to "
        f"{MOST_ATTEMPTS} of them, to day {LATEST_ATTEMPT_DAY}.",
    )
    last_open_days = forms.IntegerField(
        label="The last page stays open for days",
        help_text="Then the subscription is canceled as unpaid. 1 to 30.",
    )
    grace_days = forms.IntegerField(
        label="Days of grace",
        help_text="What is canceled expires so many days later. 0 to 365.",
    )
    past_due_keeps_access = forms.BooleanField(
        required=False,
        label="Who is past due keeps what the plan opens",
        help_text="While attempts are left.",
    )
    customer_may_cancel = forms.BooleanField(
        required=False, label="Customers may cancel on their own page"
    )
    emails_customers = forms.BooleanField(
        required=False,
        label="We e-mail customers when they are asked to pay",
        help_text="Else your shop tells them, or you do.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name) for name in sorted(available_timezones())],
        help_text="In which days and months begin. Subscriptions that there are keep theirs.",
    )


def days_words(days: list[int]) -> str:
    """`0, 3, 7`."""
    return ", ".join(map(str, days))


def answers_of(settings: RenewalSettings) -> dict[str, Any]:
    """The settings as the form asks for them."""
    names = (name for name in RenewalSettingsForm.base_fields if name != "attempt_days")
    return {
        **{name: getattr(settings, name) for name in names},
        "attempt_days": days_words(settings.attempt_days),
    }
