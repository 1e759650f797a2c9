"""What a request about customers may say, and the shape of its answer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing import exact_json
from billing.api.schema import NamedWord
from billing.chains import Environment
from billing.fields import Messages, StrictCharField, Worded
from customers.models import LONGEST_EMAIL, LONGEST_EXTERNAL_ID, LONGEST_NAME
from customers.searching import LONGEST_TERM
from customers.services import NewCustomer

MOST_KEYS = 20
LONGEST_KEY = 256
MOST_METADATA_BYTES = 16_384
LONGEST_NUMBER = 40  # digits, or places left or right of the point


@extend_schema_field({"type": "string", "format": "email"})
class EmailAddressField(StrictCharField):
    """An e-mail address as it was given. Two that differ in case alone are one."""

    default_error_messages: ClassVar[Messages] = {
        "not_an_address": "This must be an e-mail address, such as ada@example.com."
    }

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            validate_email(text)
        except ValidationError:  # Django's words are about forms; ours say what is asked for.
            self.fail("not_an_address")
        return text


@extend_schema_field({"type": "object", "maxProperties": MOST_KEYS, "additionalProperties": True})
class FreeMetadataField(Worded):
    """The merchant's own JSON object: up to 20 names, whatever below them, at most 16 kB."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "Metadata must be an object.",
        "too_many": "Metadata can have at most 20 keys.",
        "key": "A metadata key has 1 to 256 characters.",
        "too_large": "Metadata can have at most 16,384 bytes as JSON.",
        "number": "A number in metadata can have at most 40 digits.",
    }

    def to_internal_value(self, data: object) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if len(data) > MOST_KEYS:
            self.fail("too_many")
        if not all(1 <= len(key) <= LONGEST_KEY for key in data):
            self.fail("key")
        if len(exact_json.dumps(data)) > MOST_METADATA_BYTES:
            self.fail("too_large")
        self._refuse_numbers(data)
        return dict(data)

    def to_representation(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        return value

    def _refuse_numbers(self, value: object) -> None:
        """`1e400000` is five bytes here and more than a jsonb column holds."""
        if isinstance(value, Mapping):
            for inner in value.values():
                self._refuse_numbers(inner)
        elif isinstance(value, list):
            for inner in value:
                self._refuse_numbers(inner)
        elif isinstance(value, int | Decimal) and _places(Decimal(value)) > LONGEST_NUMBER:
            self.fail("number")


class _WhatIsKnown(serializers.Serializer[Any]):
    """What may be said of a customer besides the e-mail address."""

    name = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text="Shown first, where there is one.",
    )
    external_id = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=LONGEST_EXTERNAL_ID,
        help_text="Your own id of them. No two customers have the same.",
    )
    metadata = FreeMetadataField(
        required=False, allow_null=True, help_text="Up to 20 names of your own; kept as a whole."
    )


class CreateCustomerRequest(_WhatIsKnown):
    """Body of POST /v1/customers."""

    email = EmailAddressField(
        max_length=LONGEST_EMAIL,
        help_text="No two customers have the same, case aside. Kept as you write it.",
    )


class UpdateCustomerRequest(_WhatIsKnown):
    """Body of PATCH /v1/customers/{customer_id}: only what it names is changed."""

    email = EmailAddressField(
        required=False,
        max_length=LONGEST_EMAIL,
        help_text="No two customers have the same, case aside. Kept as you write it.",
    )


class CustomerFilters(serializers.Serializer[Any]):
    """Query of GET /v1/customers."""

    search = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_TERM,
        trim_whitespace=True,
        help_text="Only customers in whose e-mail address, name or external id this stands, case "
        "aside. One or two characters: where one of them begins so.",
    )


class CustomerSerializer(serializers.Serializer[Any]):
    """Somebody who pays you."""

    id = serializers.CharField()
    org_id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField(allow_null=True)
    external_id = serializers.CharField(allow_null=True, help_text="Your own id of them.")
    metadata = FreeMetadataField(allow_null=True, help_text="As you gave it.")
    environment = NamedWord("Environment", Environment.values)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    customer_id = serializers.CharField(help_text="The same as `id`, under another name.")


CREATE = CreateCustomerRequest()
UPDATE = UpdateCustomerRequest()
FILTERS = CustomerFilters()


def new_customer(data: Any) -> NewCustomer:
    """Read the body of a create. Raises ValidationError."""
    return NewCustomer(**CREATE.run_validation(data))


def customer_changes(data: Any) -> dict[str, Any]:
    """Read the body of a PATCH: only what it names. Raises ValidationError."""
    values: dict[str, Any] = UPDATE.run_validation(data)
    return values


def _places(number: Decimal) -> int:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # JSON has no NaN and no Infinity
    return max(len(digits) + exponent, len(digits), -exponent)
