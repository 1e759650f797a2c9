"""What a person is asked about a customer."""

from typing import Any

from django import forms

from billing import exact_json
from customers.models import LONGEST_EMAIL, LONGEST_EXTERNAL_ID, LONGEST_NAME, Customer


class CustomerForm(forms.Form):
    """Who it is. Fields are named as the service's, for refusals."""

    email = forms.EmailField(
        max_length=LONGEST_EMAIL,
        label="E-mail address",
        help_text="No two customers have the same, capitals or not.",
    )
    name = forms.CharField(
        max_length=LONGEST_NAME, required=False, help_text="Shown first, where there is one."
    )
    external_id = forms.CharField(
        max_length=LONGEST_EXTERNAL_ID,
        required=False,
        strip=False,
        label="External id",
        help_text="Your own id of them, such as the one in your shop. No two have the same.",
    )


def answers_of(customer: Customer) -> dict[str, Any]:
    """A customer as the form asks for it."""
    return {
        "email": customer.email,
        "name": customer.name or "",
        "external_id": customer.external_id or "",
    }


def metadata_lines(customer: Customer) -> list[tuple[str, str]]:
    """Each name of its metadata and the value: a text as it is, anything else as JSON."""
    said: dict[str, Any] = customer.metadata or {}
    return [(name, _value(value)) for name, value in sorted(said.items())]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else exact_json.dumps(value).decode()
