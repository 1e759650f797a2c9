from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rest_framework import serializers

from billing import fields


class Everything(serializers.Serializer[Any]):
    amount = fields.AmountField(required=False)
    chain = fields.ChainField(required=False)
    token = fields.TokenField(required=False)
    currency = fields.CurrencyField(required=False)
    text = fields.StrictCharField(required=False, max_length=5, min_length=2)
    note = fields.StrictCharField(required=False, allow_null=True, allow_blank=True)
    flag = fields.StrictBooleanField(required=False)
    count = fields.StrictIntegerField(required=False, min_value=1, max_value=100)
    due_date = fields.AwareDateTimeField(required=False, allow_null=True)
    metadata = fields.MetadataField(required=False)


class Needed(serializers.Serializer[Any]):
    amount = fields.AmountField()
    text = fields.StrictCharField()


def taken(body: Mapping[str, object]) -> Any:
    serializer = Everything(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def code_of(body: Mapping[str, object], serializer: Any = Everything) -> str:
    with pytest.raises(serializers.ValidationError) as refusal:
        serializer(data=body).is_valid(raise_exception=True)
    codes: Any = refusal.value.get_codes()
    [[first]] = codes.values()
    return str(first)


def read(body: str) -> Any:
    """As the API reads a body: numbers from their own digits."""
    return msgspec.json.Decoder(float_hook=Decimal).decode(body)


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        ('{"amount": 49.99}', "49.99"),
        ('{"amount": 500}', "500"),
        ('{"amount": 0.01}', "0.01"),
        ('{"amount": 5e2}', "500"),
        ('{"amount": 99999999999.123456}', "99999999999.123456"),
        ('{"amount": 1000000000000}', "1000000000000"),
    ],
)
def test_an_amount_is_taken_from_its_own_digits(body: str, amount: str) -> None:
    value = taken(read(body))["amount"]

    assert type(value) is Decimal
    assert value == Decimal(amount)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("49.99", "invalid_field_value"),
        ("٤٩", "invalid_field_value"),
        (True, "invalid_field_value"),
        (49.99, "invalid_field_value"),
        (None, "invalid_field_value"),
        ([], "invalid_field_value"),
        ({}, "invalid_field_value"),
        (Decimal("NaN"), "invalid_field_value"),
        (Decimal("sNaN"), "invalid_field_value"),
        (Decimal("Infinity"), "invalid_field_value"),
        (Decimal("1.1234567"), "invalid_field_value"),
        (Decimal("0.009999"), "amount_too_small"),
        (0, "amount_too_small"),
        (-1, "amount_too_small"),
        (Decimal("-0.0"), "amount_too_small"),
        (Decimal("-1e999999999"), "amount_too_small"),
        (Decimal("1e-999999999"), "amount_too_small"),
        (Decimal("1e400"), "amount_too_large"),
        (Decimal("1e999999999"), "amount_too_large"),
        (10**12 + 1, "amount_too_large"),
        pytest.param(10**5000, "amount_too_large", id="5000 digits"),
        pytest.param(-(10**5000), "amount_too_small", id="minus 5000 digits"),
    ],
)
def test_what_is_no_amount_is_refused(value: object, code: str) -> None:
    assert code_of({"amount": value}) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"chain": "bitcoin"}, "invalid_chain"),
        ({"chain": "Tron"}, "invalid_chain"),
        ({"chain": 5}, "invalid_chain"),
        ({"chain": ["tron"]}, "invalid_chain"),
        ({"chain": ""}, "invalid_chain"),
        ({"token": "DAI"}, "invalid_token"),
        ({"token": "usdt"}, "invalid_token"),
        ({"token": {}}, "invalid_token"),
        ({"currency": "EUR"}, "unsupported_currency"),
        ({"currency": "usd"}, "unsupported_currency"),
        ({"currency": 840}, "invalid_field_value"),
        ({"text": 123}, "invalid_field_value"),
        ({"text": True}, "invalid_field_value"),
        pytest.param({"text": 10**5000}, "invalid_field_value", id="a huge number"),
        ({"text": ""}, "invalid_field_value"),
        ({"text": "a"}, "invalid_field_value"),
        ({"text": "abcdef"}, "invalid_field_value"),
        ({"text": "a\x00b"}, "invalid_field_value"),
        ({"text": "a\ud800"}, "invalid_field_value"),
        ({"text": None}, "invalid_field_value"),
        ({"flag": "true"}, "invalid_field_value"),
        ({"flag": 1}, "invalid_field_value"),
        ({"flag": []}, "invalid_field_value"),
        ({"count": 0}, "invalid_field_value"),
        ({"count": 101}, "invalid_field_value"),
        ({"count": True}, "invalid_field_value"),
        ({"count": "5"}, "invalid_field_value"),
        ({"count": Decimal("5.5")}, "invalid_field_value"),
        pytest.param({"count": 10**5000}, "invalid_field_value", id="a huge count"),
    ],
)
def test_every_refusal_has_its_code(body: Mapping[str, object], code: str) -> None:
    assert code_of(body) == code


@pytest.mark.parametrize(
    "body",
    [
        {"chain": "tron"},
        {"token": "USDC"},
        {"currency": "USD"},
        {"text": "äöü😀"},
        {"text": "  a  "},
        {"note": None},
        {"note": ""},
        {"flag": False},
        {"count": 100},
        {"metadata": {}},
        {"metadata": {"order": "17", "empty": ""}},
        {"metadata": {"k" * 40: "v" * 500}},
        {"metadata": {str(n): "x" for n in range(20)}},
    ],
)
def test_what_is_documented_is_taken_as_it_came(body: Mapping[str, object]) -> None:
    assert dict(taken(body)) == body


def test_a_missing_field_is_named_as_missing() -> None:
    assert code_of({"amount": 5}, Needed) == "missing_required_field"
    assert code_of({"text": "a"}, Needed) == "missing_required_field"
    assert code_of({"amount": None, "text": "a"}, Needed) == "missing_required_field"
    assert code_of({"amount": 5, "text": ""}, Needed) == "invalid_field_value"


@pytest.mark.parametrize(
    "metadata",
    [
        "text",
        [],
        {"a": 1},
        {"a": None},
        {"a": {"b": "c"}},
        {"": "empty key"},
        {"k" * 41: "v"},
        {"k": "v" * 501},
        {"k": "a\x00"},
        {"\x00": "v"},
        {"k": "\udfff"},
        {str(n): "x" for n in range(21)},
    ],
)
def test_metadata_of_another_shape_is_refused(metadata: object) -> None:
    assert code_of({"metadata": metadata}) == "invalid_field_value"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-15T12:00:00Z", datetime(2025, 1, 15, 12, tzinfo=UTC)),
        ("2025-01-15t12:00:00z", datetime(2025, 1, 15, 12, tzinfo=UTC)),
        ("2025-01-15T12:00:00+05:30", datetime(2025, 1, 15, 6, 30, tzinfo=UTC)),
        ("2025-01-15T12:00:00-00:00", datetime(2025, 1, 15, 12, tzinfo=UTC)),
        ("2024-02-29T23:59:59.5-12:00", datetime(2024, 3, 1, 11, 59, 59, 500_000, tzinfo=UTC)),
        (
            "2025-01-15T12:00:00.123456789Z",
            datetime(2025, 1, 15, 12, 0, 0, 123_456, tzinfo=UTC),
        ),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_offset_becomes_utc(text: str, moment: datetime) -> None:
    value = taken({"due_date": text})["due_date"]

    assert value == moment
    assert value.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-15T12:00:00",
        "2025-01-15",
        "2025-01-15 12:00:00Z",
        "2025-1-15T12:00:00Z",
        "2025-01-15T12:00Z",
        "2025-01-15T12:00:00+0530",
        "2025-01-15T12:00:00+24:00",
        "2025-01-15T12:00:00+05:60",
        "2025-02-30T12:00:00Z",
        "2025-01-15T24:00:00Z",
        "2025-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "20250115T120000Z",
        "٢٠٢٥-01-15T12:00:00Z",
        "2025-01-15T12:00:00Z\n",
        "",
        "tomorrow",
        1736942400,
        True,
        [],
    ],
)
def test_a_time_that_is_naive_or_impossible_is_refused(text: object) -> None:
    assert code_of({"due_date": text}) == "invalid_field_value"


def test_a_time_is_written_in_utc_and_whole_seconds() -> None:
    field = fields.AwareDateTimeField()

    moment = datetime(2025, 1, 15, 12, 0, 0, 999_999, tzinfo=UTC)

    assert field.to_representation(moment) == "2025-01-15T12:00:00Z"
