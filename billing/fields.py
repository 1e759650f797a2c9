"""Serializer fields that take exactly what the API documents, and say in words what is wrong.

Nothing is coerced: a number is no string, a string no number, and text that PostgreSQL cannot
keep (NUL, lone surrogates) is refused here. Every refusal is a ValidationError whose `code` is
the API's own, so the error handler only wraps it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from django.db.models import TextChoices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from billing.chains import Chain, Token
from billing.errors import InvalidRequest
from billing.money import to_atomic
from billing.times import iso

MISSING = "missing_required_field"
INVALID = "invalid_field_value"
LEAST_AMOUNT = Decimal("0.01")
Messages = dict[str, Any]  # Any, because the framework's own type also allows lazy translations.

# Seconds may be written with a fraction of any length; what is finer than a microsecond is dropped.
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
# Every time zone on earth can show these, so no page fails over a time that was once let in.
_YEARS = range(2, 9999)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Worded(serializers.Field[Any, Any, Any, Any]):
    """Gives refusals the API's codes and this house's words."""

    default_error_messages: ClassVar[Messages] = {
        "required": "This field is required.",
        "null": "This field cannot be null.",
    }
    invalid_code = INVALID

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        missing = key == "required" or (key == "null" and self.required)
        message = self.error_messages[key].format(**kwargs)
        raise serializers.ValidationError(message, code=MISSING if missing else self.invalid_code)


@extend_schema_field({"type": "number", "format": "double", "minimum": 0.01})
class AmountField(Worded):
    """An amount in token units: a JSON number of at most six decimals, at least 0.01, exact.

    Takes the Decimal or int that the exact JSON parser made of the request's own digits. `least`
    is another bound where a subclass has one.
    """

    least: ClassVar[Decimal] = LEAST_AMOUNT
    default_error_messages: ClassVar[Messages] = {
        "invalid": "The amount must be a JSON number, such as 49.99, not a string.",
        "too_small": "The amount must be at least {least}.",
    }

    def to_internal_value(self, data: object) -> Decimal:
        if isinstance(data, int) and not isinstance(data, bool):
            # A longer number is refused by to_atomic; turning its digits into a Decimal is slow.
            data = Decimal(max(min(data, 10**20), -1))
        if not isinstance(data, Decimal):
            self.fail("invalid")
        if data.is_finite() and data < self.least:
            message = self.error_messages["too_small"].format(least=self.least)
            raise serializers.ValidationError(message, code="amount_too_small")
        try:
            to_atomic(data, 6)
        except InvalidRequest as error:
            raise serializers.ValidationError(error.message, code=error.code) from None
        return data

    def to_representation(self, value: Decimal) -> Decimal:
        return value


class StrictCharField(Worded, serializers.CharField):
    """A string as it came, white space included; never a number or a boolean turned into one."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "This must be a string.",
        "blank": "This cannot be empty.",
        "max_length": "This can have at most {limit} characters.",
        "min_length": "This must have at least {limit} characters.",
        "unstorable": "This holds a character that cannot be stored.",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        self._given_validators: Sequence[Any] = tuple(kwargs.get("validators") or ())
        super().__init__(**kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        is_empty, data = self.validate_empty_values(data)
        if is_empty:
            return data
        text = self.to_internal_value(data)
        if self._given_validators:
            self.run_validators(text)
        return text

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = data.strip() if self.trim_whitespace else data
        if not text and not self.allow_blank:
            self.fail("blank")
        if self.max_length is not None and len(text) > self.max_length:
            self.fail("max_length", limit=self.max_length)
        if text and self.min_length is not None and len(text) < self.min_length:
            self.fail("min_length", limit=self.min_length)
        if not text.isascii() or "\x00" in text:
            self._refuse_unstorable(text)
        return text

    def _refuse_unstorable(self, text: str) -> None:
        if _UNSTORABLE.search(text):
            self.fail("unstorable")


class StrictChoiceField(Worded, serializers.ChoiceField):
    """One of a few strings. `invalid_code` is the code of the refusal."""

    default_error_messages: ClassVar[Messages] = {
        "invalid_choice": "This must be one of: {allowed}."
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", allowed=", ".join(str(c) for c in self.choices))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class _TextChoicesField(StrictChoiceField):
    """A choice field bound to one TextChoices, so that serializers name it without arguments."""

    stored: type[TextChoices]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=self.stored.choices, **kwargs)


class ChainField(_TextChoicesField):
    stored = Chain
    invalid_code = "invalid_chain"


class TokenField(_TextChoicesField):
    stored = Token
    invalid_code = "invalid_token"


class CurrencyField(StrictCharField):
    """`USD`, the one currency there is: one token is one dollar."""

    default_error_messages: ClassVar[Messages] = {"unsupported": "The currency must be USD."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text != "USD":
            raise serializers.ValidationError(
                self.error_messages["unsupported"], code="unsupported_currency"
            )
        return text


class StrictBooleanField(Worded, serializers.BooleanField):
    """true or false, and no other spelling of them."""

    default_error_messages: ClassVar[Messages] = {"invalid": "This must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictIntegerField(Worded, serializers.IntegerField):
    """A whole JSON number; give `min_value` and `max_value`."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "This must be a whole number.",
        "min_value": "This must be at least {limit}.",
        "max_value": "This must be at most {limit}.",
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        if self.min_value is not None and data < self.min_value:
            self.fail("min_value", limit=self.min_value)
        if self.max_value is not None and data > self.max_value:
            self.fail("max_value", limit=self.max_value)
        return data


class AwareDateTimeField(Worded, serializers.DateTimeField):
    """A time as RFC 3339 writes it, with its offset; UTC inside and in answers."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "This must be a time with its offset, such as 2025-01-15T12:00:00Z.",
        "impossible": "There is no such time, or it lies outside the years 2 to 9998.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail("invalid")
        try:
            moment = _moment(match)
        except (ValueError, OverflowError):
            self.fail("impossible")
        if moment.year not in _YEARS:
            self.fail("impossible")
        return moment

    def to_representation(self, value: datetime) -> str:
        return iso(value)


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "string", "maxLength": 500},
    }
)
class MetadataField(Worded):
    """The merchant's own notes: up to 20 names of 1 to 40 characters, texts up to 500."""

    default_error_messages: ClassVar[Messages] = {
        "invalid": "Metadata must be an object whose values are strings.",
        "too_many": "Metadata can have at most 20 keys.",
        "key": "A metadata key has 1 to 40 characters.",
        "value": "A metadata value has at most 500 characters.",
        "unstorable": "Metadata holds a character that cannot be stored.",
    }

    def to_internal_value(self, data: object) -> dict[str, str]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if len(data) > 20:
            self.fail("too_many")
        for key, text in data.items():
            if not isinstance(key, str) or not isinstance(text, str):
                self.fail("invalid")
            if not 1 <= len(key) <= 40:
                self.fail("key")
            if len(text) > 500:
                self.fail("value")
            if _UNSTORABLE.search(key) or _UNSTORABLE.search(text):
                self.fail("unstorable")
        return dict(data)

    def to_representation(self, value: Mapping[str, str]) -> Mapping[str, str]:
        return value


def _moment(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(match.group(n)) for n in range(1, 7))
    microsecond = int((match.group(7) or "0")[:6].ljust(6, "0"))
    zone = _zone(match.group(8))
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone).astimezone(
        UTC
    )


def _zone(offset: str) -> timezone:
    if offset in "Zz":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(offset)
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if offset[0] == "-" else distance)
