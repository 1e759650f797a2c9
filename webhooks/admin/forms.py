"""What a person is asked about an endpoint."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhooks.admin.words import EVERYTHING, chosen_groups, group_label, groups
from webhooks.models import Endpoint

OVERLAPS = {
    24: "24 hours",
    72: "3 days",
    168: "7 days",
    1: "1 hour",
    0: "none: the old secret stops at once",
}
OWN_TIME = "other"
SPANS = {1: "the last hour", 24: "the last 24 hours", 72: "the last 3 days", 168: "the last 7 days"}


def event_choices() -> list[tuple[str, SafeString]]:
    """Everything, then each group with the types that it holds."""
    every = _choice("Everything", "whatever happens, types that are added later too")
    return [
        (EVERYTHING, every),
        *((group, _choice(group_label(group), _last_words(t))) for group, t in groups().items()),
    ]


def _choice(name: str, says: str) -> SafeString:
    return format_html('{}<span class="help">{}</span>', name, says)


def _last_words(types: Sequence[str]) -> str:
    return ", ".join(type_.partition(".")[2].replace("_", " ") for type_ in types)


class EndpointForm(forms.Form):
    """An endpoint's fields. `cleaned_data["events"]` is what the service takes."""

    url = forms.CharField(
        max_length=2000,
        label="URL",
        help_text="A public address that answers POST within 10 seconds with any 2xx. It begins "
        "with https://, or http:// in the sandbox.",
        widget=forms.TextInput(
            attrs={
                "class": "mono",
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "https://shop.example.com/webhooks",
            }
        ),
    )
    groups = forms.MultipleChoiceField(
        label="Tell it about",
        choices=event_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    single = forms.CharField(
        label="Single types",
        required=False,
        help_text="For less than a group: payout.settled, payout.failed",
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    description = forms.CharField(
        max_length=256, required=False, help_text="What receives it: “shop backend”."
    )

    def clean(self) -> dict[str, Any]:
        """Join groups and single types. Which types there are is the service's to judge."""
        answers: dict[str, Any] = super().clean() or {}
        chosen = answers.get("groups", [])
        single = answers.get("single", "").replace(",", " ").split()
        known = groups()
        types = [type_ for group in chosen if group in known for type_ in known[group]]
        answers["events"] = [EVERYTHING] if EVERYTHING in chosen else [*types, *single]
        if not answers["events"]:
            self.add_error("groups", "Choose at least one, or name single types.")
        return answers


def answers_of(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint's fields as the form asks for them."""
    whole, single = chosen_groups(endpoint.events)
    return {
        "url": endpoint.url,
        "groups": whole,
        "single": ", ".join(single),
        "description": endpoint.description or "",
    }


class RotateForm(forms.Form):
    overlap = forms.TypedChoiceField(
        choices=list(OVERLAPS.items()),
        coerce=lambda hours: timedelta(hours=int(hours)),
        initial=24,
        label="Both secrets sign for",
        widget=forms.RadioSelect,
        help_text="Long enough to give the receiver the new one. Confirm the switch to end it "
        "sooner.",
    )


class SinceForm(forms.Form):
    """Since when events are sent again. `cleaned_data["since"]` is the moment."""

    span = forms.ChoiceField(
        label="What happened in",
        choices=[*((str(hours), words) for hours, words in SPANS.items()), (OWN_TIME, "since…")],
        initial="1",
        widget=forms.RadioSelect,
    )
    at = forms.DateTimeField(
        label="Since",
        required=False,
        help_text="For “since…”, in the organization's time zone.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    spans: ClassVar[dict[str, str]] = {"at": "half"}

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        now, span = timezone.now(), answers.get("span", "")
        since: datetime | None = answers.get("at")
        if span and span != OWN_TIME:
            since = now - timedelta(hours=int(span))
        if span == OWN_TIME and not self.has_error("at") and (since is None or since > now):
            self.add_error("at", "Say since when: a time that has passed.")
        answers["since"] = since
        return answers
